"""Commands on transfer files: read one as JSON, make one from a CSV of payments."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tasuke.cli.output import Exit, show_problems, stop, write_json
from tasuke.core.problems import Problem, Severity, in_file
from tasuke.formats import bank_master, zengin
from tasuke.formats.zengin import payments_csv

app = typer.Typer(no_args_is_help=True)


@app.command("read")
def read(
    file: Annotated[Path, typer.Argument(help="総合振込ファイル")],
    summary: Annotated[bool, typer.Option("--summary", help="振込の明細を出さない")] = False,
) -> None:
    """総合振込ファイルを読み、見出し・件数・金額・明細をJSONで出す。"""
    files, found = zengin.parse_files(_bytes(file))
    problems = in_file(found, file.name)
    show_problems(problems)
    listed = [_as_json(one, summary=summary) for one in files]
    write_json({"file": file.name, "transfer_files": listed, "problems": problems})
    raise typer.Exit(int(Exit.PROBLEMS if problems else Exit.GOOD))


@app.command("write")
def write(
    payments: Annotated[Path, typer.Argument(help="支払一覧のCSV(UTF-8)")],
    out: Annotated[Path | None, typer.Option(help="書き出すファイル(既定: 支払一覧と同じ名前の.zengin)")] = None,
    separator: Annotated[str, typer.Option(help="レコードの区切り: crlf または none")] = "crlf",
    wo: Annotated[str, typer.Option(help="ヲの扱い: reject(断る) o(オにする) keep(そのまま)")] = "reject",
    master: Annotated[bool, typer.Option(help="銀行・支店が実在するか確かめ、名前を入れる")] = True,
) -> None:
    """支払一覧のCSVから総合振込ファイルを作る。誤りが一つでもあれば作らない。"""
    if separator not in ("crlf", "none"):
        stop("--separator は crlf か none です", status=Exit.WRONG_USE)
    if wo not in ("reject", "o", "keep"):
        stop("--wo は reject、o、keep のいずれかです", status=Exit.WRONG_USE)
    file, frame, problems = payments_csv.parse(_bytes(payments), wo=wo)  # type: ignore[arg-type]
    if file is not None:
        banks = bank_master.load() if master else None
        file = file if banks is None else payments_csv.with_bank_names(file, banks)
        day = frame["pay_day"][0]
        problems += zengin.validate(file.header, file.transfers, banks, day, allow_wo=wo == "keep")
    problems = in_file(problems, payments.name)
    show_problems(problems)
    if file is None or any(p.severity is not Severity.WARNING for p in problems):
        _end(payments, None, None, problems)
    data = zengin.render(file.header, file.transfers, separator=separator, allow_wo=wo == "keep")  # type: ignore[arg-type]
    target = out or payments.with_suffix(".zengin")
    try:
        target.write_bytes(data)
    except OSError as error:
        stop(f"ファイルに書けません: {target}({error.strerror})", status=Exit.WRONG_USE)
    _end(payments, target, file, problems, sha256=hashlib.sha256(data).hexdigest())


def _end(
    payments: Path, target: Path | None, file: zengin.TransferFile | None, problems: list[Problem], *, sha256: str = ""
) -> NoReturn:
    written = target is not None and file is not None
    write_json(
        {
            "payments": payments.name,
            "file": str(target) if target else None,
            "count": file.count if written and file else 0,
            "total": file.total if written and file else 0,
            "sha256": sha256 or None,
            "problems": problems,
        }
    )
    raise typer.Exit(int(Exit.PROBLEMS if problems else Exit.GOOD))


def _as_json(file: zengin.TransferFile, *, summary: bool) -> dict[str, object]:
    head: dict[str, object] = {"header": asdict(file.header), "count": file.count, "total": file.total}
    return head if summary else {**head, "transfers": file.transfers.to_dicts()}


def _bytes(file: Path) -> bytes:
    if not file.is_file():
        stop(f"ファイルがありません: {file}", status=Exit.WRONG_USE)
    try:
        return file.read_bytes()
    except OSError as error:
        stop(f"ファイルを読めません: {file}({error.strerror})", status=Exit.WRONG_USE)
