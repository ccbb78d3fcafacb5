"""Every reason of a receipt line: one plain line, one thing changed."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.systems.subsidy.claims.frames import EARLIER_SCHEMA
from tasuke.systems.subsidy.reimbursements.queries import LINE_SCHEMA
from tasuke.systems.subsidy.reimbursements.reasons import INFO, ReceiptReason, receipt_reason_label

CONFIRMED = {"kawasaki-hitorioya": frozenset({"version.2018-11-27.deadline"})}


def test_a_plain_line_is_granted_in_full(counter):
    row = counter.one()
    assert (row["outcome"], row["reasons"], row["amount"], row["burden"]) == ("granted", [], 3000, 0)
    assert (row["e_entitlement_id"], row["e_funding"]) == (11, "city")


def test_every_reason_has_words():
    assert set(INFO) == set(ReceiptReason)
    assert all(receipt_reason_label(reason) for reason in ReceiptReason)


@pytest.mark.parametrize(
    ("changes", "outcome", "reasons", "amount"),
    [
        ({"scheme": "other"}, "rejected", ["SCHEME_UNKNOWN", "NEVER_ENTITLED"], 0),
        ({"atena_no": "9"}, "rejected", ["NEVER_ENTITLED"], 0),
        ({"service_date": date(2024, 12, 31)}, "rejected", ["BEFORE_START"], 0),
        ({"service_date": date(2027, 1, 1)}, "rejected", ["AFTER_LOSS"], 0),
        ({"recipient_no": "0000026"}, "held", ["RECIPIENT_NUMBER_DIFFERS"], 0),
        ({"recipient_no": ""}, "granted", [], 3000),
        ({"has_account": False}, "held", ["ACCOUNT_MISSING"], 0),
        # the insurer's notices
        ({"extra_benefit": 1000}, "granted", ["EXTRA_BENEFIT_DEDUCTED"], 2000),
        ({"extra_benefit": 3000}, "rejected", ["NOTHING_LEFT"], 0),
        ({"public_share": 500}, "granted", ["PUBLIC_PROGRAM_FIRST"], 500),
        (
            {"cost": 1_000_000, "patient_share": 300_000, "paid": 300_000, "inpatient": True},
            "held",
            ["HIGH_COST_NOTICE_MISSING"],
            0,
        ),
        (
            {"cost": 1_000_000, "patient_share": 300_000, "paid": 300_000, "inpatient": True, "high_cost": 212_570},
            "granted",
            ["HIGH_COST_DEDUCTED"],
            87_430,
        ),
        ({"reason": "4", "patient_share": 10_000, "paid": 10_000}, "held", ["INSURER_BENEFIT_MISSING"], 0),
        ({"reason": "4", "paid": 10_000}, "granted", [], 3000),
        ({"care": "device", "reason": "5", "institution_code": "", "paid": 10_000}, "granted", [], 3000),
        # no more than was paid
        ({"paid": 1_000}, "granted", ["PAID_LIMITS_AMOUNT"], 1000),
        ({"paid": 0}, "rejected", ["NOTHING_LEFT"], 0),
    ],
)
def test_one_change_gives_its_reason(counter, changes, outcome, reasons, amount):
    row = counter.one(**changes)
    notes = [r for r in row["reasons"] if r != "UNCONFIRMED_RULE"]
    assert (row["outcome"], notes, row["amount"]) == (outcome, reasons, amount)


def test_the_account_of_the_applicant_will_do(counter):
    books = counter.books(accounts=pl.Series([counter.PARENT]))
    assert counter.one(books=books, has_account=False)["outcome"] == "granted"


OLD = {"service_date": date(2019, 4, 10), "paid_on": date(2019, 4, 10)}


@pytest.mark.parametrize(
    ("received_on", "confirmed", "outcome"),
    [
        # 受診翌月から5年: 2019-04診療 → 2024-04-30 まで
        (date(2024, 4, 30), CONFIRMED, "granted"),
        (date(2024, 5, 1), CONFIRMED, "rejected"),
        (date(2024, 5, 1), {}, "held"),
    ],
)
def test_the_deadline_counts_from_the_month_after_the_service(counter, received_on, confirmed, outcome):
    books = counter.books(entitlements=pl.DataFrame([counter.ENTITLED | {"valid_from": date(2018, 1, 1)}]))
    row = counter.one(books=books, confirmed=confirmed, received_on=received_on, **OLD)
    assert row["outcome"] == outcome
    late = {"granted": set(), "rejected": {"DEADLINE_PASSED"}, "held": {"DEADLINE_PERHAPS_PASSED"}}[outcome]
    assert late <= set(row["reasons"])


@pytest.mark.parametrize(("received_on", "late"), [(date(2028, 5, 2), False), (date(2028, 5, 3), True)])
def test_the_deadline_counts_from_the_day_after_the_receipt(counter, received_on, late):
    scheme = {
        "scheme": "sapporo-kodomo",
        "copay_class": "first_visit",
        "valid_from": date(2025, 4, 1),
        "valid_to": None,
    }
    books = counter.books(entitlements=pl.DataFrame([counter.ENTITLED | scheme]), prefecture_code="01")
    row = counter.one(books=books, scheme="sapporo-kodomo", received_on=received_on)
    assert ("DEADLINE_PERHAPS_PASSED" in row["reasons"]) == late


def in_kind(counter, **changes):
    row = {
        "claim_id": 7,
        "scheme": counter.HITORIOYA,
        "atena_no": counter.CHILD,
        "institution_code": "1310000012",
        "service_month": date(2026, 5, 1),
        "care": "medical",
        "inpatient": False,
        "insurer_no": "140012",
        "prescriber": "",
        "cost": 10_000,
        "days": 1,
        "visit_days": 0b10,
    }
    return counter.books(in_kind=pl.DataFrame([row | changes], schema=EARLIER_SCHEMA))


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ["ALREADY_IN_KIND"]),
        ({"visit_days": 0}, ["ALREADY_IN_KIND"]),
        ({"cost": 20_000, "visit_days": 0b110}, ["SAME_DAY_IN_KIND"]),
        ({"visit_days": 0b100}, []),
        ({"care": "dental"}, []),
        ({"institution_code": "1310000099"}, []),
    ],
)
def test_care_that_was_billed_in_kind_is_not_paid_again(counter, changes, reasons):
    assert counter.one(books=in_kind(counter, **changes))["reasons"] == reasons


@pytest.mark.parametrize(
    ("changes", "granted", "reasons"),
    [
        ({}, True, ["DUPLICATE_RECEIPT"]),
        ({"paid": 2_500}, True, ["NEAR_DUPLICATE"]),
        ({"service_date": date(2026, 5, 3)}, True, []),
        ({}, False, []),  # what was refused before is judged on its own
    ],
)
def test_receipts_of_earlier_runs_count(counter, changes, granted, reasons):
    before = counter.line(line_id=9, receipt_no="R0", decided=True, granted=granted, burden=0, **changes)
    books = counter.books(decided=pl.DataFrame([before], schema=LINE_SCHEMA))
    assert counter.one(books=books)["reasons"] == reasons


def test_the_same_receipt_twice_in_a_run_is_paid_once(counter):
    lines = [counter.line(line_id=n, receipt_no=f"R{n}") for n in (1, 2)]
    decided = counter.decide(*lines, counter.line(line_id=3, receipt_no="R3", paid=2_000))
    assert decided["reasons"].to_list() == [[], ["DUPLICATE_RECEIPT"], ["NEAR_DUPLICATE"]]
    assert decided["amount"].to_list() == [3000, 0, 0]


LINES = st.fixed_dictionaries(
    {
        "scheme": st.sampled_from(["kawasaki-hitorioya", "kawasaki-shoni", "sapporo-kodomo", "other"]),
        "atena_no": st.sampled_from(["000000000000001", "000000000000009"]),
        "service_date": st.dates(date(2024, 11, 1), date(2026, 6, 1)),
        "institution_code": st.sampled_from(["1310000012", "1410000011", ""]),
        "care": st.sampled_from(["medical", "dental", "pharmacy", "device", "judo"]),
        "inpatient": st.booleans(),
        "cost": st.sampled_from([0, 10_000, 900_000]),
        "patient_share": st.sampled_from([0, 3_000, 270_000]),
        "high_cost": st.sampled_from([0, 100_000]),
        "extra_benefit": st.sampled_from([0, 1_000]),
        "meals": st.sampled_from([0, 490]),
        "public_share": st.sampled_from([None, 0, 500]),
        "paid": st.integers(0, 300_000),
        "reason": st.sampled_from(["1", "4", "5"]),
        "has_account": st.booleans(),
        "recipient_no": st.sampled_from(["0000018", "0000026", ""]),
    }
)


@settings(max_examples=50)
@given(st.lists(LINES, min_size=1, max_size=10))
def test_every_line_has_one_outcome_and_no_more_is_paid_than_was_spent(counter, many):
    lines = [counter.line(line_id=n, receipt_no=f"R{n}", **changes) for n, changes in enumerate(many, start=1)]
    decided = counter.decide(*lines)
    assert decided["line_id"].to_list() == [line["line_id"] for line in lines]
    for row in decided.iter_rows(named=True):
        assert row["outcome"] in ("granted", "rejected", "held")
        assert row["amount"] == row["subsidy"] + row["meals_subsidy"]
        assert (row["amount"] > 0) == (row["outcome"] == "granted")
        if row["outcome"] != "granted":
            assert {INFO[ReceiptReason(code)].outcome.value for code in row["reasons"]} == {row["outcome"]}
        if row["reason"] == "1":
            assert row["amount"] <= max(0, row["paid"] - row["high_cost"] - row["extra_benefit"])
