"""Golden cases: golden_assess.csv, each with where the answer comes from.

person: `column=value;…` beside a resident and insured child; incomes: `subject column=value;…`, several divided by `|`.
A row of incomes is of the year asked for and 課税 (status 3) unless it says otherwise; `-` is null.
"""

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.frames import INCOME_COLUMNS, PERSON_COLUMNS
from tasuke.schemes.judgement import income_year_on

with (Path(__file__).parent / "golden_assess.csv").open(encoding="utf-8", newline="") as lines:
    CASES = list(csv.DictReader(lines))


def _value(kind, text):
    if text in ("", "-"):
        return None
    if kind == pl.Date:
        return date.fromisoformat(text)
    if kind == pl.Boolean:
        return text == "true"
    if kind == pl.Int64:
        return int(text)
    return [text] if isinstance(kind, pl.List) else text


def _fields(text, columns):
    pairs = [part.split("=", 1) for part in text.split(";") if part]
    return {name: _value(columns[name], value) for name, value in pairs}


def _person(text, scheme):
    single = {"single_parent_reason": 2} if "hitorioya" in scheme else {}
    base = {"id": "1", "role": "child", "resident_from": date(2000, 1, 1), "insured_from": date(2000, 1, 1)}
    fields = base | single | _fields(text, PERSON_COLUMNS)
    return fields | {"has_child": fields.get("child_birth_date") is not None}


def _incomes(text, year):
    rows = []
    for part in filter(None, text.split("|")):
        subject, _, rest = part.partition(" ")
        base = {"person_id": "1", "subject": subject, "subject_id": subject, "income_year": year, "status_code": 3}
        rows.append(base | _fields(rest, INCOME_COLUMNS))
    return rows


@pytest.mark.parametrize("case", CASES, ids=[c["case"] for c in CASES])
def test_assess_golden_case(case):
    scheme, on = load_scheme(case["scheme"]), date.fromisoformat(case["on"])
    persons = pl.DataFrame([_person(case["person"], case["scheme"])], schema=dict(PERSON_COLUMNS))
    money = pl.DataFrame(
        _incomes(case["incomes"], income_year_on(scheme.version_on(on), on)), schema=dict(INCOME_COLUMNS)
    )
    row = assess(scheme, persons, money, on).row(0, named=True)
    told = {name: "" if row[name] is None else str(row[name]) for name in case if name in row}
    told["reasons"] = " ".join(r for r in row["reasons"] if r != "UNCONFIRMED_RULE")
    assert told == {name: case[name] for name in told}
