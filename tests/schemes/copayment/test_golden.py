"""Cases from the municipalities' own pages, one CSV row for each visit, with its source."""

import csv
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl
import pytest

from tasuke.schemes.copayment.compute import compute

ROWS = list(csv.DictReader((Path(__file__).parent / "golden.csv").read_text(encoding="utf-8").splitlines()))
CASES = [(name, list(rows)) for name, rows in groupby(ROWS, key=lambda row: row["case"])]


def as_visit(row):
    return {
        "id": row["id"],
        "person_id": row["person"],
        "service_date": date.fromisoformat(row["date"]),
        "birth_date": date.fromisoformat(row["birth"]),
        "copay_class": row["class"] or None,
        "income_levy_zero": None if row["levy_zero"] == "" else row["levy_zero"] == "1",
        "institution": row["institution"],
        "prescriber": row["prescriber"] or None,
        "care": row["care"],
        "inpatient": row["inpatient"] == "1",
        "visits": int(row["visits"]),
        "first_visits": int(row["first_visits"]),
        "days": int(row["days"]),
        "cost": int(row["cost"]),
        "benefit_rate": int(row["rate"]),
        "visit_shares": [int(share) for share in row["shares"].split()] or None,
        "meals": int(row["meals"]),
        "in_prefecture": row["in_prefecture"] == "1",
    }


def test_case_names_are_unique():
    names = [name for name, _ in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "rows"), CASES, ids=[name for name, _ in CASES])
def test_golden_case(name, rows, rules_of):
    visits = pl.DataFrame([as_visit(row) for row in rows], schema_overrides={"visit_shares": pl.List(pl.Int64)})

    result = compute(rules_of(rows[0]["rules"]), visits)

    found = result.select("id", "burden", "subsidy", "refund", "meals_subsidy", "method").rows()
    money = ("burden", "subsidy", "refund", "meals_subsidy")
    assert found == [(row["id"], *(int(row[name]) for name in money), row["method"]) for row in rows]
