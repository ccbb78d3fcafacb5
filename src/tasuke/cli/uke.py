"""Commands on receipt files (レセプト電算): read one as JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from tasuke.cli.output import Exit, show_problems, stop, write_json
from tasuke.core.problems import in_file
from tasuke.formats.uke import UkeFile, UkeKind, parse

app = typer.Typer(no_args_is_help=True)


@app.callback()
def uke() -> None:
    """レセプト電算ファイル(UKE・CYO・HEN・SAH、レセ電コード情報ファイル)"""


@app.command("read")
def read(
    file: Annotated[Path, typer.Argument(help="レセプト電算のファイル")],
    kind: Annotated[UkeKind | None, typer.Option(help="種類(既定: ファイルから判断する)")] = None,
    details: Annotated[bool, typer.Option("--details", help="日ごとの金額と明細のレコードも出す")] = False,
    summary: Annotated[bool, typer.Option("--summary", help="レセプトを出さず、見出しと合計だけを出す")] = False,
) -> None:
    """レセプト電算のファイルを読み、見出し・合計・レセプト・問題をJSONで出す。"""
    read_file, found = parse(_bytes(file), kind=kind)
    problems = in_file(found, file.name)
    show_problems(problems)
    told = {"file": file.name, **_as_json(read_file)}
    if not summary:
        told["claims"] = _claims(read_file, details=details)
    write_json({**told, "problems": problems})
    raise typer.Exit(int(Exit.PROBLEMS if problems else Exit.GOOD))


def _as_json(read_file: UkeFile) -> dict[str, Any]:
    """What the file is and what it holds in all."""
    claims = read_file.claims
    return {
        "kind": read_file.kind,
        "form": read_file.form,
        "returned": read_file.returned,
        "head": asdict(read_file.head) if read_file.head else None,
        "institutions": claims["institution_code"].n_unique(),
        "receipts": claims.height,
        "cost": int(claims["cost"].sum()),
        "totals": read_file.totals.to_dicts(),
        "returns": read_file.returns.to_dicts(),
    }


def _claims(read_file: UkeFile, *, details: bool) -> list[dict[str, Any]]:
    """Each receipt with its 公費; with details also the cost of each day and the records of the details."""
    publics = _by_line(read_file.kohi)
    extras = _by_line(read_file.extras())
    days = _by_line(read_file.daily_cost()) if details else {}
    records = _by_line(read_file.details()) if details else {}
    listed = []
    for claim in read_file.claims.iter_rows(named=True):
        line = claim["line"]
        beside = {name: value for row in extras.get(line, []) for name, value in row.items() if value is not None}
        told = {**claim, "kohi": publics.get(line, []), "extras": beside}
        if details:
            told |= {"daily": days.get(line, []), "details": records.get(line, [])}
        listed.append(told)
    return listed


def _by_line(frame: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        grouped.setdefault(row.pop("line"), []).append(row)
    return grouped


def _bytes(file: Path) -> bytes:
    if not file.is_file():
        stop(f"ファイルがありません: {file}", status=Exit.WRONG_USE)
    try:
        return file.read_bytes()
    except OSError as error:
        stop(f"ファイルを読めません: {file}({error.strerror})", status=Exit.WRONG_USE)
