"""Commands on the neutral CSV feeds: check a file before it is imported, write the pages that describe them."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from tasuke.cli.output import Exit, messages, show_problems, stop, write_json
from tasuke.core.problems import Problem, Severity, in_file
from tasuke.formats import csv_layout, layout_docs, my_number_feed, transfer_result_feed
from tasuke.formats.feeds import FEEDS
from tasuke.formats.other_kind import name_other_kind

app = typer.Typer(no_args_is_help=True)
_OWN_READERS = {
    "my-numbers": my_number_feed.parse,  # no digit of a 個人番号 on the screen, also where it is mistyped
    "transfer-results": transfer_result_feed.parse,  # totals
}


@app.command("check")
def check(
    kind: Annotated[str, typer.Argument(help=" ".join(FEEDS))],
    file: Annotated[Path, typer.Argument(help="検査するファイル")],
    most: Annotated[int, typer.Option(min=0, help="結果に載せる問題の数")] = 200,
) -> None:
    """連携ファイルを取り込まずに検査し、件数と問題をJSONで出す。終了状態は0=使える 1=誤りがある 2=使い方の誤り。"""
    if kind not in FEEDS:
        stop(f"種類「{kind}」はありません: {', '.join(FEEDS)}", status=Exit.WRONG_USE)
    if not file.is_file():
        stop(f"ファイルがありません: {file}", status=Exit.WRONG_USE)
    try:
        data = file.read_bytes()
    except OSError as error:
        stop(f"ファイルを読めません: {file}（{error.strerror}）", status=Exit.WRONG_USE)
    read = _OWN_READERS.get(kind)
    frame, found = read(data) if read else csv_layout.parse(data, FEEDS[kind])
    problems = in_file(name_other_kind(found, data, kind=kind), file.name)
    show_problems(problems, most=min(most, 50))
    refused = [p for p in problems if p.severity is not Severity.WARNING]
    write_json(
        {
            "file": file.name,
            "kind": kind,
            "layout": FEEDS[kind].id,
            "version": FEEDS[kind].version,
            "usable": not any(p.severity is Severity.FATAL for p in problems),
            "rows": frame.height,
            "rows_refused": len({p.line for p in refused if p.severity is Severity.ERROR}),
            "problems_by_severity": dict(Counter(p.severity.value for p in problems)),
            "problems_by_code": _by_code(problems),
            "problems": problems[:most],
            "problems_left_off": max(0, len(problems) - most),
        }
    )
    raise typer.Exit(int(Exit.PROBLEMS if refused else Exit.GOOD))


@app.command("pages")
def pages(folder: Annotated[Path, typer.Argument(help="書き出すフォルダー（docs/interfaces）")]) -> None:
    """連携ファイルの説明の頁を、配置の定義から書き出す。"""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in layout_docs.pages().items():
        (folder / name).write_text(text, encoding="utf-8")
        messages.print(str(folder / name), markup=False)


def _by_code(problems: list[Problem]) -> list[dict[str, str | int | None]]:
    """Counts by code and field, the most frequent first."""
    counted = Counter((p.code, p.field) for p in problems)
    return [{"code": code, "field": field, "count": count} for (code, field), count in counted.most_common()]
