"""Doubts that do not lie in the claim itself: the receipt came twice, the loss came later, a value is not confirmed."""

from datetime import date

import polars as pl
import pytest

from tasuke.deploy.profiles import open_profile
from tasuke.schemes.profile import ClaimLimit, InsurerNumber, Profile
from tasuke.systems.subsidy.claims.frames import EARLIER_SCHEMA, SUPERSEDED_SCHEMA
from tasuke.systems.subsidy.claims.loading import load_schemes, oldest_month, unsettled_insurers

A1 = "000000000000001"
SOCIETY = "133033"  # a 国保組合 of Tokyo, made up
CONFIRMED = {"by": "課", "on": date(2026, 4, 1), "basis": "照会"}


def test_a_receipt_that_the_file_has_twice_is_asked_and_not_sent_back(desk):
    first, copy = desk.claim(line=2), desk.claim(line=9, double_of=2)
    decided = desk.decide([first, copy], [desk.kohi(), desk.kohi(line=9)])
    assert decided.claims["state"].to_list() == ["accepted", "query"]
    assert decided.claims["reasons"].to_list() == [[], ["SAME_RECEIPT"]]
    assert decided.findings.filter(reason="SAME_RECEIPT")["ours"].to_list() == ["2行目"]


def test_the_same_search_number_in_an_earlier_file_is_asked(desk):
    row = {
        "claim_id": 7, "search_no": "13450607940000030", "scheme": desk.HITORIOYA, "atena_no": A1,
        "institution_code": "1410000011", "service_month": desk.MAY, "care": "medical", "inpatient": False,
        "insurer_no": "140012", "cost": 10_000, "days": 2, "visit_days": desk.bits(5, 12),
    }  # fmt: skip
    books = desk.register(earlier=pl.DataFrame([row], schema=EARLIER_SCHEMA))
    decided = desk.decide([desk.claim(search_no="13450607940000030")], [desk.kohi()], register=books)
    assert decided.claims["reasons"].to_list() == [["SAME_RECEIPT"]]
    assert decided.findings["ours"].to_list() == ["レセプト7"]
    other = desk.one({"search_no": "13450607940000047"}, register=books)
    assert (other["state"], other["reasons"]) == ("return", ["DUPLICATE_EARLIER"])


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ["SAME_RECEIPT"]),
        ({"search_no": "13450607940000047"}, ["SAME_RECEIPT"]),
        ({"receipt_no": 4}, ["DUPLICATE_EARLIER"]),
        ({"receipt_no": None}, ["DUPLICATE_EARLIER"]),
        ({"billed_month": date(2026, 7, 1)}, ["DUPLICATE_EARLIER"]),
        ({"cost": 9000}, ["NEAR_DUPLICATE_EARLIER"]),
    ],
)
def test_the_same_receipt_number_in_an_earlier_file_of_the_month_is_asked(desk, changes, reasons):
    """The file came again with other line ends: nothing in it may be sent back."""
    bill = {"receipt_no": 3, "billed_month": date(2026, 6, 1)}
    row = {
        "claim_id": 7, "scheme": desk.HITORIOYA, "atena_no": A1, "institution_code": "1410000011",
        "insurer_no": "140012", "service_month": desk.MAY, "care": "medical", "inpatient": False, "prescriber": "",
        "cost": 10_000, "days": 2, "visit_days": desk.bits(5, 12), **bill,
    }  # fmt: skip
    books = desk.register(earlier=pl.DataFrame([row], schema=EARLIER_SCHEMA))
    decided = desk.one(bill | changes, register=books)
    assert decided["reasons"] == reasons
    assert decided["twin_claim"] == 7


@pytest.mark.parametrize(
    ("reason", "known_to", "state", "reasons"),
    [
        # recorded at the end of the month, after the day of service: the certificate was good when it was shown
        ("INCOME_OVER", date(2026, 5, 31), "query", ["RETROACTIVE_LOSS"]),
        ("INCOME_UNDECLARED", date(2026, 5, 6), "query", ["RETROACTIVE_LOSS"]),
        # recorded before: the certificate had been called back
        ("INCOME_OVER", date(2026, 5, 5), "return", ["AFTER_INCOME"]),
        # a move is known to the family
        ("MOVED_OUT", date(2026, 5, 31), "return", ["AFTER_MOVE_OUT"]),
    ],
)
def test_a_loss_that_was_recorded_after_the_service_is_asked(desk, reason, known_to, state, reasons):
    lost = desk.entitlements(desk.entitlement(valid_to=date(2025, 8, 1), loss_reason=reason))
    before = {
        "scheme": desk.HITORIOYA, "atena_no": A1, "valid_from": date(2025, 1, 1), "valid_to": None, "known_to": known_to
    }  # fmt: skip
    books = desk.register(entitlements=lost, superseded=pl.DataFrame([before], schema=SUPERSEDED_SCHEMA))
    decided = desk.decide([desk.claim()], [desk.kohi()], register=books)
    row = decided.claims.row(0, named=True)
    assert (row["state"], row["reasons"], row["subsidy"]) == (state, reasons, 0)
    if state == "query":
        ours = decided.findings["ours"].item()
        assert f"{known_to}に記録 2025-08-01に遡って終了" in ours


def kawasaki(**changes):
    return Profile.model_validate(open_profile("kawasaki").model_dump() | changes)


def test_insurers_whose_numbers_nobody_confirmed_are_named_and_their_kind_is_asked(desk):
    schemes = load_schemes(kawasaki())
    open_ = unsettled_insurers(schemes)
    assert set(open_[desk.HITORIOYA]) == {"全国土木建築国民健康保険組合", "全国建設工事業国民健康保険組合"}
    books = desk.register(unsettled_insurers=frozenset(open_))
    row = desk.one({"insurer_no": SOCIETY}, register=books)
    assert (row["state"], row["subsidy"]) == ("query", 0)
    assert "INSURER_UNCONFIRMED" in row["reasons"]
    assert "NOT_IN_KIND_INSURER" not in row["reasons"]
    # what a person may pay is what the care costs the family
    assert row["basis"] == 3_000


def test_confirmed_numbers_settle_it_either_way(desk):
    numbers = [
        InsurerNumber(name="全国土木建築国民健康保険組合", insurer_no=SOCIETY, **CONFIRMED),
        InsurerNumber(name="全国建設工事業国民健康保険組合", insurer_no="133999", **CONFIRMED),
    ]
    schemes = load_schemes(kawasaki(insurer_numbers=[n.model_dump() for n in numbers]))
    assert unsettled_insurers(schemes) == {}
    desk = type(desk)(schemes)
    spared = desk.one({"insurer_no": SOCIETY})
    assert (spared["state"], spared["reasons"]) == ("accepted", ["INSURER_DIFFERS"])
    other = desk.one({"insurer_no": "133025"})
    assert (other["state"], other["reasons"][0]) == ("return", "NOT_IN_KIND_INSURER")


def test_the_limit_of_the_profile_makes_an_old_claim_too_late(desk):
    profile = kawasaki()
    assert oldest_month(profile, date(2026, 6, 1)) == date(2021, 6, 1)
    short = profile.processing.model_copy(update={"claim_limit": ClaimLimit(months=6, **CONFIRMED)})
    oldest = oldest_month(profile.model_copy(update={"processing": short}), date(2026, 6, 1))
    assert oldest == date(2025, 12, 1)
    assert (
        "TOO_OLD"
        in desk.one({"service_month": date(2025, 11, 1)}, register=desk.register(oldest_service_month=oldest))[
            "reasons"
        ]
    )
    none = profile.processing.model_copy(update={"claim_limit": None})
    assert oldest_month(profile.model_copy(update={"processing": none}), date(2026, 6, 1)) is None
