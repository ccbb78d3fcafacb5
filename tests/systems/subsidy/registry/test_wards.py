from datetime import date

import polars as pl
import pytest
from django.db import connections

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.payments.models import Payment
from tasuke.systems.subsidy.registry.models import ResidentRecord
from tasuke.systems.subsidy.registry.wards import WARDS, seen_by, seen_by_sql, wards_frame, with_ward

FIRST, THEN = "141313", "141321"
DAY = date(2026, 7, 1)


def steps(*rows):
    return pl.DataFrame(rows, schema=WARDS, orient="row")


def on_days(wards, *days, person="1"):
    rows = pl.DataFrame({"atena_no": [person] * len(days), "day": list(days)}, schema_overrides={"day": pl.Date})
    return with_ward(rows, wards, day=pl.col("day"))["ward_code"].to_list()


def test_the_ward_is_that_of_the_day():
    moved = steps(("1", date(2020, 1, 1), FIRST), ("1", DAY, THEN), ("2", date(2020, 1, 1), "x"))
    assert on_days(moved, date(2026, 6, 30), DAY, date(2030, 1, 1)) == [FIRST, THEN, THEN]


def test_before_the_history_counts_the_first_ward_and_for_a_stranger_none():
    moved = steps(("1", date(2020, 1, 1), FIRST), ("1", DAY, THEN))
    assert on_days(moved, date(2010, 1, 1), None) == [FIRST, FIRST]
    assert on_days(moved, DAY, person="9") == [""]


def test_rows_keep_their_order_and_an_old_ward_is_put_right():
    wards = steps(("1", date(2020, 1, 1), FIRST), ("2", date(2020, 1, 1), THEN))
    rows = pl.DataFrame({"atena_no": ["2", "9", "1"], "ward_code": ["stale"] * 3})
    assert with_ward(rows, wards, day=pl.lit(DAY)).rows() == [("2", THEN), ("9", ""), ("1", FIRST)]


@pytest.fixture
def moved(city):
    """A person who lived in one ward until the end of June and lives in another since."""
    row = city.person("101")
    ResidentRecord.objects.filter(pk=row.pk).update(valid=(date(2015, 6, 1), DAY))
    city.person("101", since=DAY, ward_code=THEN)
    return city


@pytest.mark.django_db(databases=["subsidy"])
def test_who_left_the_city_belongs_to_the_last_ward(moved):
    ResidentRecord.objects.filter(ward_code=THEN).update(valid=(DAY, date(2026, 9, 1)))
    moved.person("101", since=date(2026, 9, 1), ward_code="", resident_status="2")
    wards = wards_frame(using="subsidy", atena_nos=pl.Series(["101"]))
    assert on_days(wards, date(2026, 8, 31), date(2026, 12, 1), person="101") == [THEN, THEN]


@pytest.mark.django_db(databases=["subsidy"])
def test_a_row_is_seen_by_the_ward_of_its_day_and_by_the_ward_of_today(moved):
    from tasuke.systems.subsidy.payments.models import PaymentBatch

    batch = PaymentBatch.objects.create(pay_on=date(2026, 6, 25), run_id=1)
    paid = Payment.objects.create(
        batch=batch, payment_no="0000000001", payee_atena_no="101", amount=1, bank_code="0001", branch_code="001",
        account_kind="1", account_no="1234567", holder="X", ward_code=FIRST,
    )  # fmt: skip

    def seen(**limits):
        within = seen_by(Scope(**limits), using="subsidy", person="payee_atena_no")
        return list(Payment.objects.filter(within).values_list("pk", flat=True)) == [paid.pk]

    assert seen()
    assert seen(offices=frozenset({FIRST}))
    assert seen(offices=frozenset({THEN}))
    assert not seen(offices=frozenset({"141330"}))


@pytest.mark.django_db(databases=["subsidy"])
@pytest.mark.parametrize(
    ("pairs", "count"),
    [
        ([(None, None)], 1),
        ([(frozenset({FIRST}), None)], 1),
        ([(frozenset({THEN}), frozenset({"a"}))], 1),
        ([(frozenset({FIRST}), frozenset({"b"}))], 0),
        ([(frozenset({"141330"}), None)], 0),
        # the ward of one grant and the scheme of another make no right together
        ([(frozenset({FIRST}), frozenset({"b"})), (frozenset({"141330"}), frozenset({"a"}))], 0),
        ([(frozenset({"141330"}), None), (None, frozenset({"a"}))], 1),
    ],
)
def test_a_count_in_sql_follows_the_same_rule(moved, pairs, count):
    text, parameters = seen_by_sql(Scope.of(pairs), rows="c")
    row = "(SELECT '101' AS atena_no, %(ward)s AS ward_code, 'a' AS scheme) c"
    with connections["subsidy"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {row} WHERE {text}", {"ward": FIRST, **parameters})
        assert cursor.fetchone() == (count,)
