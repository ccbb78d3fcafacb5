"""A right claim is right in both notations: the receipt's whole yen, or the 10 yen that the window took each time."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.systems.subsidy.claims.frames import PERSON_SCHEMA

BORN = date(2013, 7, 1)
CHILD = f"{3:015}"


def register_of(desk):
    """A child who pays 500 yen a visit (川崎 小児 until 2026-08)."""
    entitlement = desk.entitlement(
        scheme=desk.SHONI, atena_no=CHILD, payer_no=desk.PAYER[desk.SHONI], copay_class="levy"
    )
    person = pl.DataFrame([desk.person(atena_no=CHILD, birth_date=BORN)], schema=PERSON_SCHEMA)
    return desk.register(entitlements=desk.entitlements(entitlement), persons=person)


def decided(desk, costs, copay, *, known, insurance_share=None):
    """One claim with a visit a day at these costs; known: the file tells what each day cost."""

    def daily(lines):
        rows = [(line, day, cost, day == 1) for line in lines for day, cost in enumerate(costs, start=1)]
        return pl.DataFrame(rows, schema=["line", "day", "cost", "first_visit"], orient="row")

    days = range(1, len(costs) + 1)
    claim = {"birth_date": BORN, "cost": sum(costs), "days": len(costs), "visit_days": desk.bits(*days)}
    kohi = {"payer_no": desk.PAYER[desk.SHONI], "copay": copay, "cost": sum(costs)}
    return desk.one(
        claim | {"insurance_share": insurance_share}, kohi, register=register_of(desk), daily=daily if known else None
    )


def tens(yen):
    """10円未満四捨五入."""
    return (yen + 5) // 10 * 10


@settings(max_examples=80, deadline=None)
@given(
    points=st.lists(st.integers(70, 400), min_size=1, max_size=5),
    notation=st.sampled_from(["whole yen", "each in tens", "once in tens"]),
    known=st.booleans(),
    in_tens=st.booleans(),
)
def test_a_right_copayment_is_accepted_in_every_notation(desk, points, notation, known, in_tens):
    costs = [10 * point for point in points]
    kept = [min(3 * point, 500) for point in points]  # 3割 of the cost, in yen
    billed = {"whole yen": sum(kept), "each in tens": sum(map(tens, kept)), "once in tens": tens(sum(kept))}[notation]

    row = decided(desk, costs, billed, known=known, insurance_share=tens(3 * sum(points)) if in_tens else None)

    assert (row["state"], row["basis"], row["patient_share"]) == ("accepted", 3 * sum(points), 3 * sum(points))
    assert set(row["reasons"]) <= {"COPAY_IN_TENS"}
    # what the receipt leaves is paid: insurance, the city and the patient make up the cost
    assert row["subsidy"] == max(0, row["basis"] - billed)
    if billed <= row["basis"]:
        assert 7 * sum(points) + row["subsidy"] + row["billed_burden"] == sum(costs)
    if notation == "whole yen":
        assert row["reasons"] == []


@settings(max_examples=80, deadline=None)
@given(points=st.lists(st.integers(70, 400), min_size=1, max_size=5), known=st.booleans(), data=st.data())
def test_a_wrong_copayment_is_still_asked_about(desk, points, known, data):
    costs = [10 * point for point in points]
    kept = sum(min(3 * point, 500) for point in points)
    most = min(500 * len(points), 3 * sum(points))  # what can be told where the days are not known
    high = most if not known else kept
    wrong = data.draw(st.sampled_from([0, high + 1, high + 6 * len(points), high + 200]))
    if wrong % 10 == 0 and 0 < wrong <= high + 5 * len(points):
        wrong += 6 * len(points)

    row = decided(desk, costs, wrong, known=known)

    assert row["state"] == "query"
    assert row["reasons"] == ["COPAY_TOO_LOW" if wrong == 0 else "COPAY_TOO_HIGH"]
    assert row["subsidy"] == 0


@pytest.mark.parametrize(
    ("copay", "state", "reasons", "subsidy"),
    [
        (492, "accepted", [], 0),
        (490, "accepted", ["COPAY_IN_TENS"], 2),
        (500, "query", ["COPAY_TOO_HIGH"], 0),
        (480, "query", ["COPAY_TOO_LOW"], 0),
        (491, "query", ["COPAY_TOO_LOW"], 0),
        (493, "query", ["COPAY_TOO_HIGH"], 0),
    ],
)
def test_one_visit_below_the_fixed_amount(desk, copay, state, reasons, subsidy):
    row = decided(desk, [1640], copay, known=True)

    assert (row["state"], row["reasons"], row["subsidy"]) == (state, reasons, subsidy)


def test_the_finding_tells_both_notations(desk):
    kohi = desk.kohi(payer_no=desk.PAYER[desk.SHONI], copay=490, cost=1640)
    claim = desk.claim(birth_date=BORN, cost=1640, days=1, visit_days=desk.bits(5))

    finding = desk.decide([claim], [kohi], register=register_of(desk)).findings.row(0, named=True)

    assert (finding["reason"], finding["billed"], finding["ours"]) == ("COPAY_IN_TENS", "490円", "492円")
