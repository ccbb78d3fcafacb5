"""Format and codes by the tables of a day."""

from dataclasses import replace
from datetime import date

import pytest

from tasuke.formats.tax_feed import LAYOUT
from tasuke.systems.gateway import tables
from tasuke.systems.gateway.convert import city_body, convert

TAX, DAY = "TM00000000000002", date(2026, 6, 10)


def one(**record):
    return convert(TAX, [record], on=DAY)


def test_values_get_the_form_of_the_business():
    found = one(total_income="3120000", widow="1", declared_on="20260220", status_code="3", per_capita_levy=5000)
    assert found.records == (
        {
            "total_income": 3_120_000,
            "widow": True,
            "declared_on": "2026-02-20",
            "status_code": "3",
            "per_capita_levy": 5000,
        },
    )
    assert (found.problems, found.left_out) == ((), ())


@pytest.mark.parametrize(
    "record",
    [
        {"status_code": "9"},
        {"total_income": "三百万"},
        {"widow": "?"},
        {"declared_on": "20260230"},
        {"total_income": True},
    ],
)
def test_what_cannot_be_read_is_a_problem_without_its_value(record):
    found = one(**record)
    assert found.records == ()
    assert len(found.problems) == 1
    assert str(next(iter(record.values()))) not in found.problems[0].replace("1件目", "")


def test_an_unknown_item_is_left_out_and_named():
    found = one(total_income=1, strange="x")
    assert found.records == ({"total_income": 1},)
    assert found.left_out == ("strange",)


def test_information_without_a_table_is_not_guessed():
    assert convert("TM00000000000999", [{"a": 1}], on=DAY).problems
    assert convert("TM00000000000999", [], on=DAY).problems == ()


def test_a_row_holds_only_in_its_time():
    codes = [replace(c, valid_to=date(2026, 4, 1)) for c in tables.codes()]
    assert convert(TAX, [{"status_code": "3"}], on=DAY, codes=codes).problems
    assert not convert(TAX, [{"status_code": "3"}], on=date(2026, 3, 31), codes=codes).problems


def test_every_field_of_the_tax_feed_has_its_item():
    fields = {f.name for f in LAYOUT.fields} - {"seq", "atena_no"}
    assert {row.field for row in tables.items() if row.information_code == TAX} == fields


def test_every_row_names_its_source_and_every_code_its_table():
    rows = [*tables.items(), *tables.codes(), *tables.designated_cities(), *tables.provided().values()]
    assert all(row.source for row in rows)
    assert {r.code_table for r in tables.items() if r.kind == "code"} <= {c.table for c in tables.codes()}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("B011011", "B011002"), ("B141313", "B141305"), ("B012033", "B012033"), ("C000001", "C000001"), ("B27", "B27")],
)
def test_a_ward_is_asked_through_its_city(given, wanted):
    assert city_body(given) == wanted
