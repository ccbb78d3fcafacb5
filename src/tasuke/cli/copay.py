"""`tasuke copay`: a person's month of visits in, the amounts with their explanation out."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from pydantic import ValidationError

from tasuke.cli.output import Exit, show_problems, stop, write_json
from tasuke.core.problems import Problem, Severity
from tasuke.schemes.catalogue_loader import UnknownScheme, load_scheme
from tasuke.schemes.copayment.compute import CopaymentScheme, compute
from tasuke.schemes.copayment.explain import explain_copay
from tasuke.schemes.copayment.reasons import copay_reason_label
from tasuke.schemes.copayment.visits import Visits
from tasuke.schemes.definition import Scheme
from tasuke.schemes.toml_messages import message_of


def copay(
    scheme: Annotated[str, typer.Argument(help="制度のID(例 sapporo-kodomo)")],
    file: Annotated[Path, typer.Argument(help="1人の1か月の受診(JSON)")],
    confirmed: Annotated[list[str] | None, typer.Option(help="確認済みとする値の鍵(繰り返し可)")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="計算の過程を出さない")] = False,
) -> None:
    """1人の受診から一部負担金と助成額を計算する。"""
    try:
        found = load_scheme(scheme)
    except UnknownScheme as error:
        stop(str(error), status=Exit.WRONG_USE)
    visits = _read(file)
    told = report(found, visits, confirmed=frozenset(confirmed or ()), brief=brief)
    write_json({"scheme": found.id, "name": found.name, **told, "sources": _sources(found, told)})


def report(scheme: CopaymentScheme, visits: Visits, *, confirmed: frozenset[str], brief: bool) -> dict[str, Any]:
    """The amounts of each visit in the order of the file, with totals and explanation, ready to be written as JSON."""
    frame, prior = visits.to_frame(), visits.prior_frame()
    result = compute(scheme, frame, prior=prior, confirmed=confirmed)
    rows = [_row(row) for row in result.iter_rows(named=True)]
    if not brief:
        for row in rows:
            steps = explain_copay(scheme, frame, row["id"], prior=prior, confirmed=confirmed)
            row["explanation"] = [asdict(step) for step in steps]
    money = ("basis", "burden", "subsidy", "meals_subsidy", "refund")
    totals = result.select(pl.col(money).sum()).row(0, named=True)
    return {"person_id": visits.person_id, "visits": rows, "totals": totals}


def _sources(scheme: Scheme, told: dict[str, Any]) -> dict[str, Any]:
    """What the source keys of the explanation stand for."""
    keys = [key for row in told["visits"] for step in row.get("explanation", ()) for key in step["source"].split()]
    return {key: scheme.sources[key].model_dump() for key in dict.fromkeys(keys) if key in scheme.sources}


def _row(row: dict[str, Any]) -> dict[str, Any]:
    told = [{"code": code, "message": copay_reason_label(code)} for code in row["reasons"]]
    return {**row, "reasons": told}


def _read(file: Path) -> Visits:
    try:
        return Visits.model_validate_json(file.read_bytes())
    except OSError as error:
        stop(f"ファイルを読めません: {file} ({error.strerror})", status=Exit.WRONG_USE)
    except ValidationError as error:
        show_problems(_problem(detail, file) for detail in error.errors())
        raise typer.Exit(int(Exit.PROBLEMS)) from error


def _problem(detail: Any, file: Path) -> Problem:
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in detail["loc"])
    if detail["type"] == "json_invalid":
        return Problem(code="json", message=message_of(detail), severity=Severity.FATAL, file=file.name)
    return Problem(code=detail["type"], message=message_of(detail), field=place or None, file=file.name)
