"""`tasuke assess`, `tasuke schema`, `tasuke schemes`: one decision, the form of its input, and the catalogue."""

from dataclasses import asdict
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tasuke.cli.output import Exit, messages, show_problems, stop, write_json
from tasuke.core.calendar import InvalidDate, parse_date
from tasuke.deploy.clock import today
from tasuke.schemes.assess import assess as assess_columns
from tasuke.schemes.catalogue_loader import UnknownScheme, load_all, load_scheme, parse_scheme
from tasuke.schemes.copayment.visits import Visits
from tasuke.schemes.definition import NoVersionInForce, Scheme
from tasuke.schemes.explain import explain
from tasuke.schemes.facts import Facts, parse_facts, to_frames
from tasuke.schemes.reasons import reason_label
from tasuke.schemes.vocabulary import Outcome, label_of


class Form(StrEnum):
    """Inputs whose JSON Schema can be asked for."""

    FACTS = "facts"
    VISITS = "visits"


def assess(
    scheme: Annotated[str, typer.Argument(help="制度のID(例 sapporo-kodomo)、または制度の TOML ファイル")],
    file: Annotated[Path, typer.Argument(help="1人の事実(JSON。形は tasuke schema facts)")],
    on: Annotated[str | None, typer.Option(help="判定日(2025-04-01、令和7年4月1日、R7.4.1)。省くと今日")] = None,
    confirmed: Annotated[list[str] | None, typer.Option(help="確認済みとする値の鍵(繰り返し可)")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="判定の過程を出さない")] = False,
) -> None:
    """1人の受給資格を判定する。"""
    found = _scheme(scheme)
    day = _day(on)
    facts = _facts(file)
    try:
        write_json(decision(found, facts, day, confirmed=frozenset(confirmed or ()), brief=brief))
    except NoVersionInForce as error:
        messages.print(str(error), markup=False)
        raise typer.Exit(int(Exit.PROBLEMS)) from error


def decision(scheme: Scheme, facts: Facts, on: date, *, confirmed: frozenset[str], brief: bool) -> dict[str, Any]:
    """The decision with its reasons and explanation, ready to be written as JSON. Raises NoVersionInForce."""
    row = assess_columns(scheme, *to_frames(facts), on, confirmed).row(0, named=True)
    reasons = [{"code": code, "message": reason_label(code)} for code in row["reasons"]]
    told = {"scheme": scheme.id, "name": scheme.name, "on": on}
    told |= {**row, "outcome_label": label_of(Outcome(row["outcome"])), "reasons": reasons}
    if brief:
        return told
    steps = [asdict(step) for step in explain(scheme, facts, on, confirmed)]
    keys = dict.fromkeys(key for step in steps for key in step["source"].split())
    sources = {key: scheme.sources[key].model_dump(exclude_none=True) for key in keys if key in scheme.sources}
    return {**told, "explanation": steps, "sources": sources}


def schema(form: Annotated[Form, typer.Argument(help="facts(判定の入力) / visits(受診の入力)")]) -> None:
    """入力ファイルの JSON Schema を書き出す。"""
    model = Facts if form is Form.FACTS else Visits
    write_json(model.model_json_schema())


def schemes(
    scheme: Annotated[str | None, typer.Argument(help="制度のID、または検査する TOML ファイル")] = None,
) -> None:
    """制度と版、未確認の値を一覧する。"""
    found = load_all() if scheme is None else [_scheme(scheme)]
    write_json([_listing(entry) for entry in found])


def _listing(scheme: Scheme) -> dict[str, Any]:
    return {
        "id": scheme.id,
        "name": scheme.name,
        "kind": scheme.kind,
        "municipality": scheme.municipality,
        "law": scheme.law,
        "versions": [
            {
                "id": v.id,
                "label": v.label,
                "hash": v.hash,
                "confirmed_until": v.confirmed_until and v.confirmed_until.day,
            }
            for v in scheme.version
        ],
        "copayment": [{"id": r.id, "valid_to": r.valid_to} for r in scheme.copayment],
        "unconfirmed": [value.model_dump() for value in scheme.unconfirmed()],
    }


def _scheme(name: str) -> Scheme:
    path = Path(name)
    if path.suffix != ".toml":
        try:
            return load_scheme(name)
        except UnknownScheme as error:
            stop(str(error), status=Exit.WRONG_USE)
    found, problems = parse_scheme(_read(path), path.name)
    if found is None:
        show_problems(problems)
        raise typer.Exit(int(Exit.PROBLEMS))
    return found


def _facts(file: Path) -> Facts:
    facts, problems = parse_facts(_read(file), file.name)
    if facts is None:
        show_problems(problems)
        raise typer.Exit(int(Exit.PROBLEMS))
    return facts


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        stop(f"ファイルを読めません: {file} ({error.strerror})", status=Exit.WRONG_USE)


def _day(on: str | None) -> date:
    if on is None:
        return today()
    try:
        return parse_date(on)
    except InvalidDate as error:
        stop(f"--on: {error}", status=Exit.WRONG_USE)
