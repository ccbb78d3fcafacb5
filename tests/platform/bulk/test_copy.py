from datetime import date

import polars as pl
import pytest
from django.db import connections, transaction
from django.db.utils import DataError
from psycopg.errors import InvalidTextRepresentation

from tasuke.platform.bulk import copy_in, copy_out, daterange_expr, staging, upsert_new

pytestmark = pytest.mark.django_db(databases=["subsidy"])
SCHEMA = {"k": pl.String, "n": pl.Int64, "d": pl.Date, "f": pl.Boolean, "a": pl.List(pl.String)}


@pytest.fixture
def table():
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("CREATE TABLE copy_test (k text UNIQUE, n bigint, d date, f boolean, a text[], r daterange)")
    yield "copy_test"
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS copy_test")


def read(table):
    return copy_out(
        connections["subsidy"],
        f"SELECT k, n, d, f, array_to_string(a, E'\\x1f') FROM {table} ORDER BY n NULLS LAST",
        schema=SCHEMA,
    )


def test_copy_round_trip_keeps_nulls_empty_strings_and_ugly_text(table):
    frame = pl.DataFrame(
        {
            "k": ["", 'a"b,c\n改行\r\\N', "葛󠄀𠮷", None],
            "n": [1, 2, -3, None],
            "d": [date(2026, 2, 28), None, date(1, 1, 1), date(9999, 12, 31)],
            "f": [True, False, None, True],
            "a": [["X", "Y-1"], [], None, ["q"]],
        },
        schema=SCHEMA,
    )
    assert copy_in(connections["subsidy"], table, frame) == 4
    assert read(table).equals(frame.sort("n", nulls_last=True))


def test_copy_in_of_nothing_writes_nothing(table):
    assert copy_in(connections["subsidy"], table, pl.DataFrame(schema=SCHEMA)) == 0
    assert read(table).height == 0


def test_copy_out_binds_values_instead_of_pasting_them(table):
    copy_in(connections["subsidy"], table, pl.DataFrame({"k": ["x'; DROP TABLE copy_test; --"], "n": [1]}))
    found = copy_out(
        connections["subsidy"],
        "SELECT n FROM copy_test WHERE k = %s",
        ["x'; DROP TABLE copy_test; --"],
        schema={"n": pl.Int64},
    )
    assert found["n"].to_list() == [1]


def test_daterange_expr_is_end_exclusive_and_open_without_end(table):
    frame = pl.DataFrame({"n": [1, 2], "s": [date(2026, 4, 1)] * 2, "e": [date(2027, 4, 1), None]})
    rows = frame.select("n", r=daterange_expr(pl.col("s"), pl.col("e")))
    copy_in(connections["subsidy"], table, rows)
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT upper(r), upper_inf(r), r @> '2027-04-01'::date FROM copy_test ORDER BY n")
        assert cursor.fetchall() == [(date(2027, 4, 1), False, False), (None, True, True)]


def test_upsert_new_adds_only_unknown_keys(table):
    types = {"k": "text", "n": "bigint"}
    first = pl.DataFrame({"k": ["a", "b"], "n": [1, 2]})
    second = pl.DataFrame({"k": ["b", "c"], "n": [20, 3]})
    assert upsert_new(connections["subsidy"], table, first, key=["k"], types=types) == 2
    assert upsert_new(connections["subsidy"], table, second, key=["k"], types=types) == 1
    assert read(table)["n"].to_list() == [1, 2, 3]


def test_staging_table_is_gone_after_the_block(table):
    with staging(connections["subsidy"], pl.DataFrame({"n": [1]}), {"n": "bigint"}) as name:
        assert copy_out(connections["subsidy"], f"SELECT n FROM {name}", schema={"n": pl.Int64}).height == 1
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        assert cursor.fetchone() == (None,)


def test_copy_in_of_a_wrong_type_is_the_databases_error(table):
    with pytest.raises((InvalidTextRepresentation, DataError)), transaction.atomic(using="subsidy"):
        copy_in(connections["subsidy"], table, pl.DataFrame({"n": ["not a number"]}))
