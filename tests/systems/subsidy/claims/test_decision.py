"""Every reason of a claim: one plain claim, one thing changed."""

from datetime import date

import polars as pl
import pytest

from tasuke.systems.subsidy.claims.frames import EARLIER_SCHEMA, PERSON_SCHEMA, REIMBURSED_SCHEMA
from tasuke.systems.subsidy.claims.reasons import INFO, ClaimReason, ClaimState, bits, claim_reason_label, has_any

A1, A2, A3 = (f"{n:015}" for n in (1, 2, 3))


def test_a_plain_claim_is_accepted_with_all_of_the_share(desk):
    row = desk.one()
    assert (row["state"], row["reasons"]) == ("accepted", [])
    assert (row["basis"], row["burden"], row["subsidy"]) == (3000, 0, 3000)
    assert (row["scheme"], row["atena_no"], row["entitlement_id"]) == (desk.HITORIOYA, A1, 11)
    assert (row["funding"], row["band"], row["ward_code"]) == ("city", "child", "141313")


def test_every_reason_has_words_a_rule_and_a_state():
    assert set(INFO) == set(ClaimReason)
    assert all(claim_reason_label(reason) and INFO[reason].rule for reason in ClaimReason)
    places = [reason.bit for reason in ClaimReason if reason is not ClaimReason.RETURNED_BY_AGENCY]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("place", [0, 62, 63, 64, 126])
def test_a_mask_has_room_for_127_reasons(place):
    frame = pl.select(mask=bits(1 << place) | bits(1))
    assert frame.filter(has_any(1 << place)).height == 1
    assert frame.filter(has_any(1 << (place - 1 if place > 1 else 5))).is_empty()


@pytest.mark.parametrize(
    ("claim", "kohi", "state", "reasons"),
    [
        ({}, {"payer_no": "81149016"}, "return", ["PAYER_CHECK_DIGIT"]),
        ({}, {"payer_no": "81136244"}, "return", ["PAYER_NOT_OURS"]),
        ({}, {"payer_no": None}, "return", ["PAYER_MISSING"]),
        ({}, {"recipient_no": None}, "return", ["RECIPIENT_MISSING"]),
        ({}, {"recipient_no": "0000019"}, "return", ["RECIPIENT_CHECK_DIGIT", "PERSON_HAS_OTHER_NUMBER"]),
        ({}, {"recipient_no": "0000091"}, "return", ["RECIPIENT_UNKNOWN", "PERSON_HAS_OTHER_NUMBER"]),
        ({"name": "誰　某", "sex": None}, {"recipient_no": "0000091"}, "return", ["RECIPIENT_UNKNOWN"]),
        # leading zeros of a 可変 item are lost on the way
        ({}, {"recipient_no": "18"}, "accepted", []),
        ({"service_month": date(2026, 7, 1), "visit_days": 16}, {}, "return", ["SERVICE_AFTER_BILLING"]),
        ({"institution_code": "1310000012"}, {}, "return", ["NOT_IN_KIND_AREA"]),
        # 64: institutions of 神奈川県 (14) once its numbers ran out
        ({"institution_code": "6410000010"}, {}, "accepted", []),
        ({"cost": 0}, {"cost": 0}, "query", ["COST_MISSING"]),
        ({}, {"copay": 500}, "query", ["COPAY_TOO_HIGH"]),
        ({"insurance_share": 4000}, {}, "query", ["INSURANCE_SHARE_TOO_HIGH"]),
        ({"name": "高橋　花子"}, {}, "accepted", []),
        ({"name": "？橋　花子", "name_has_replaced": True}, {}, "accepted", []),
        ({"name": "高田　花子"}, {}, "accepted", ["NAME_DIFFERS"]),
        ({"name": "高田　花子", "kana": "タカハシハナコ"}, {}, "accepted", []),
        ({"birth_date": date(2015, 6, 2)}, {}, "accepted", ["BIRTH_DATE_DIFFERS"]),
        ({"sex": "1"}, {}, "accepted", ["SEX_DIFFERS"]),
        ({"insurer_no": "140020"}, {}, "accepted", ["INSURER_DIFFERS"]),
        ({"name": "誰　某", "birth_date": date(1999, 9, 9), "sex": None}, {}, "query", ["RECIPIENT_OTHER_PERSON"]),
    ],
)
def test_one_change_gives_its_reason(desk, claim, kohi, state, reasons):
    row = desk.one(claim, kohi)
    assert (row["state"], row["reasons"]) == (state, reasons)
    assert (row["subsidy"] > 0) == (state == "accepted")


def test_the_number_of_another_person_is_told_with_the_right_one(desk):
    decided = desk.decide([desk.claim()], [desk.kohi(recipient_no=desk.NUMBER[2])])
    row = decided.claims.row(0, named=True)
    assert row["reasons"] == ["PERSON_HAS_OTHER_NUMBER"]
    assert (row["atena_no"], row["found_number"]) == (A1, desk.NUMBER[1])
    finding = decided.findings.row(0, named=True)
    assert (finding["billed"], finding["ours"]) == (desk.NUMBER[2], f"{desk.HITORIOYA} {desk.NUMBER[1]}")


def test_the_payer_number_of_another_scheme_is_not_called_a_wrong_recipient(desk):
    # number 1 of the other scheme is somebody else (A3); name and birth date lead to number 1 of the right scheme
    row = desk.one({}, {"payer_no": desk.PAYER[desk.SHONI]})
    assert (row["state"], row["reasons"]) == ("return", ["PAYER_OF_OTHER_SCHEME"])


def test_another_payer_number_of_the_same_scheme_is_a_query(desk):
    ours = desk.register(entitlements=desk.entitlements(desk.entitlement(payer_no="81149999")))
    assert desk.one(register=ours)["reasons"] == ["PAYER_OF_OTHER_PART"]


@pytest.mark.parametrize(
    ("entitlement", "state", "reasons"),
    [
        ({"valid_from": date(2026, 5, 5)}, "accepted", []),
        ({"valid_from": date(2026, 5, 6)}, "query", ["PARTLY_BEFORE_START"]),
        ({"valid_from": date(2026, 5, 13)}, "return", ["BEFORE_START"]),
        ({"valid_from": date(2026, 6, 1)}, "return", ["BEFORE_START"]),
        ({"valid_to": date(2026, 5, 13)}, "accepted", []),
        ({"valid_to": date(2026, 5, 12)}, "query", ["PARTLY_AFTER_LOSS"]),
        ({"valid_to": date(2026, 5, 5)}, "return", ["AFTER_LOSS"]),
        ({"valid_to": date(2026, 4, 30), "loss_reason": "NOT_RESIDENT"}, "return", ["AFTER_MOVE_OUT"]),
        ({"valid_to": date(2026, 5, 5), "loss_reason": "NOT_INSURED"}, "return", ["AFTER_INSURANCE_LOSS"]),
        ({"valid_to": date(2026, 5, 5), "loss_reason": "HOLDS_OTHER_SCHEME"}, "return", ["AFTER_OTHER_SCHEME"]),
        ({"valid_to": date(2026, 5, 5), "loss_reason": "PUBLIC_ASSISTANCE"}, "return", ["AFTER_PUBLIC_ASSISTANCE"]),
        ({"valid_to": date(2026, 5, 5), "loss_reason": "INCOME_OVER"}, "return", ["AFTER_INCOME"]),
        ({"coverage": "inpatient"}, "return", ["OUTSIDE_COVERAGE"]),
    ],
)
def test_the_entitlement_on_the_days_of_service_decides(desk, entitlement, state, reasons):
    ours = desk.register(entitlements=desk.entitlements(desk.entitlement(**entitlement)))
    row = desk.one(register=ours)
    assert (row["state"], row["reasons"]) == (state, reasons)


def test_a_death_is_told_from_a_move(desk):
    gone = desk.entitlements(desk.entitlement(valid_to=date(2026, 5, 1), loss_reason="NOT_RESIDENT"))
    dead = pl.DataFrame([desk.person(resident_status="3")], schema=PERSON_SCHEMA)
    assert desk.one(register=desk.register(entitlements=gone, persons=dead))["reasons"] == ["AFTER_DEATH"]


def test_an_entitlement_that_ran_out_at_eighteen_ended_by_age(desk):
    aged = desk.entitlements(desk.entitlement(valid_to=date(2026, 4, 1)))
    grown = pl.DataFrame([desk.person(birth_date=date(2008, 1, 2))], schema=PERSON_SCHEMA)
    row = desk.one({"birth_date": date(2008, 1, 2)}, register=desk.register(entitlements=aged, persons=grown))
    assert row["reasons"] == ["AFTER_AGE_END"]


def test_two_entitlements_cover_a_month_together_but_not_with_two_classes(desk):
    first = desk.entitlement(valid_to=date(2026, 5, 10))
    second = desk.entitlement(entitlement_id=13, valid_from=date(2026, 5, 10))
    assert desk.one(register=desk.register(entitlements=desk.entitlements(first, second)))["state"] == "accepted"
    other = second | {"copay_class": "other"}
    row = desk.one(register=desk.register(entitlements=desk.entitlements(first, other)))
    assert (row["state"], row["reasons"]) == ("query", ["TWO_CLASSES"])


def test_a_gap_between_two_entitlements_is_after_the_loss(desk):
    first = desk.entitlement(valid_to=date(2026, 5, 4), loss_reason="NOT_RESIDENT")
    back = desk.entitlement(entitlement_id=13, valid_from=date(2026, 5, 20))
    row = desk.one(register=desk.register(entitlements=desk.entitlements(first, back)))
    assert row["reasons"] == ["AFTER_MOVE_OUT"]


def test_without_days_only_a_whole_month_can_be_judged(desk):
    unknown = {"visit_days": 0, "days": 2}
    assert desk.one(unknown)["state"] == "accepted"
    half = desk.register(entitlements=desk.entitlements(desk.entitlement(valid_from=date(2026, 5, 6))))
    assert desk.one(unknown, register=half)["reasons"] == ["DAYS_UNKNOWN"]
    none = desk.register(entitlements=desk.entitlements(desk.entitlement(valid_to=date(2026, 5, 1))))
    assert desk.one(unknown, register=none)["reasons"] == ["AFTER_LOSS"]


def test_a_number_without_any_entitlement_is_its_own_reason(desk):
    holders = pl.DataFrame({"scheme": [desk.HITORIOYA], "recipient_no": [desk.NUMBER[1]], "atena_no": [A1]})
    ours = desk.register(entitlements=desk.entitlements(), holders=holders)
    assert desk.one(register=ours)["reasons"] == ["NO_ENTITLEMENT"]


def test_a_claim_older_than_the_citys_limit_comes_too_late(desk):
    assert desk.one(register=desk.register(oldest_service_month=date(2026, 6, 1)))["reasons"] == ["TOO_OLD"]
    assert desk.one(register=desk.register(oldest_service_month=date(2026, 5, 1)))["state"] == "accepted"


def test_a_scheme_with_priority_in_force_is_a_query(desk):
    both = desk.entitlements(
        desk.entitlement(),
        desk.entitlement(
            entitlement_id=22, scheme=desk.SHONI, payer_no=desk.PAYER[desk.SHONI], recipient_no=desk.NUMBER[5]
        ),
    )
    row = desk.one(
        {},
        {"payer_no": desk.PAYER[desk.SHONI], "recipient_no": desk.NUMBER[5]},
        register=desk.register(entitlements=both),
    )
    assert row["state"] == "query"
    assert "OTHER_SCHEME_FIRST" in row["reasons"]
    assert desk.one(register=desk.register(entitlements=both))["state"] == "accepted"


def test_the_national_programme_comes_first_and_leaves_the_rest(desk):
    national = desk.kohi(order=1, payer_no="52146012", recipient_no="1234566", copay=1000)
    ours = desk.kohi(order=2, kohi_line=5)
    decided = desk.decide([desk.claim()], [national, ours])
    row = decided.claims.row(0, named=True)
    assert (row["state"], row["public_share"], row["basis"], row["subsidy"]) == ("accepted", 1000, 1000, 1000)
    assert decided.kohi.select("line", "order", "payer_no").rows() == [(2, 1, "52146012")]


def test_what_the_national_programme_does_not_cover_stays_the_patients_share(desk):
    national = desk.kohi(order=1, payer_no="52146012", recipient_no="1234566", cost=6000, copay=1000)
    row = desk.decide([desk.claim()], [national, desk.kohi(order=2)]).claims.row(0, named=True)
    assert row["public_share"] == 1000 + 1200


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"order": 2, "payer_no": "52146012"}, "NATIONAL_NOT_FIRST"),
        ({"order": 2, "payer_no": "12140123", "copay": None}, "ASSISTANCE_IN_CLAIM"),
        ({"order": 2, "payer_no": "88131248"}, "OTHER_LOCAL_PROGRAM"),
        ({"order": 2, "payer_no": "88149018", "recipient_no": "0000018"}, "TWO_OWN_SCHEMES"),
    ],
)
def test_other_programmes_in_the_claim_are_queries(desk, other, reason):
    row = desk.decide([desk.claim()], [desk.kohi(), desk.kohi(kohi_line=5, **other)]).claims.row(0, named=True)
    assert row["state"] == "query"
    assert reason in row["reasons"]


def test_an_exact_copy_goes_back_and_a_near_one_is_asked(desk):
    claims = [
        desk.claim(),
        desk.claim(line=10),
        desk.claim(line=20, cost=12_000, visit_days=desk.bits(5, 13)),
        desk.claim(line=30, insurer_no="140020"),
        desk.claim(line=40, institution_code="1410000029"),
    ]
    rows = desk.decide(claims, [desk.kohi(line=c["line"]) for c in claims]).claims
    assert rows["reasons"].to_list() == [
        [],
        ["DUPLICATE_IN_FILE"],
        ["NEAR_DUPLICATE_IN_FILE"],
        ["INSURER_DIFFERS"],
        [],
    ]
    assert rows["twin"].to_list() == [None, 2, 2, None, None]


def test_pharmacies_bill_one_receipt_for_each_prescriber(desk):
    claims = [
        desk.claim(line=n, care="pharmacy", receipt_type="4126", first_visits=0, cost=cost, prescriber=who)
        for n, cost, who in ((2, 3000, "1"), (3, 4000, "2"), (4, 4100, "2"), (5, 3000, None), (6, 4000, None))
    ]
    rows = desk.decide(claims, [desk.kohi(line=c["line"]) for c in claims]).claims
    assert rows["reasons"].to_list() == [[], [], ["NEAR_DUPLICATE_IN_FILE"], [], []]


def test_a_returned_claim_is_nobodys_twin(desk):
    wrong = desk.claim(institution_code="1310000012")
    claims = [wrong, wrong | {"line": 3}]
    rows = desk.decide(claims, [desk.kohi(line=2), desk.kohi(line=3)]).claims
    assert rows["reasons"].to_list() == [["NOT_IN_KIND_AREA"]] * 2


def earlier(desk, **changes):
    row = {
        "claim_id": 7,
        "scheme": desk.HITORIOYA,
        "atena_no": A1,
        "institution_code": "1410000011",
        "service_month": desk.MAY,
        "care": "medical",
        "inpatient": False,
        "insurer_no": "140012",
        "prescriber": "",
        "cost": 10_000,
        "days": 2,
        "visit_days": desk.bits(5, 12),
    }
    return pl.DataFrame([row | changes], schema=EARLIER_SCHEMA)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ["DUPLICATE_EARLIER"]),
        ({"visit_days": 0}, ["DUPLICATE_EARLIER"]),  # a CSV does not tell the days
        ({"cost": 9000}, ["NEAR_DUPLICATE_EARLIER"]),
        ({"visit_days": 1 << 20}, ["NEAR_DUPLICATE_EARLIER"]),
        ({"insurer_no": "140020"}, []),
        ({"service_month": date(2026, 4, 1)}, []),
        ({"care": "dental"}, []),
    ],
)
def test_claims_of_earlier_files_count(desk, changes, reasons):
    assert desk.one(register=desk.register(earlier=earlier(desk, **changes)))["reasons"] == reasons


@pytest.mark.parametrize(("day", "reasons"), [(5, ["ALREADY_REIMBURSED"]), (6, [])])
def test_care_that_was_paid_back_is_a_query(desk, day, reasons):
    paid = {
        "receipt_no": "R1",
        "atena_no": A1,
        "institution_code": "1410000011",
        "service_date": date(2026, 5, day),
        "care": "medical",
        "inpatient": False,
        "amount": 3000,
    }
    frame = pl.DataFrame([paid], schema=REIMBURSED_SCHEMA)
    assert desk.one(register=desk.register(reimbursed=frame))["reasons"] == reasons


def test_the_fixed_amount_of_a_visit_is_held_against_the_bill(desk):
    # 小児, 4th grade and up: 500 yen a visit until 2026-08
    born = date(2013, 7, 1)
    person = pl.DataFrame([desk.person(atena_no=A3, birth_date=born)], schema=PERSON_SCHEMA)
    ours = desk.register(
        entitlements=desk.entitlements(
            desk.entitlement(scheme=desk.SHONI, atena_no=A3, payer_no=desk.PAYER[desk.SHONI], copay_class="levy")
        ),
        persons=person,
    )
    claim, payer = {"birth_date": born}, {"payer_no": desk.PAYER[desk.SHONI]}

    def daily(lines):
        return pl.DataFrame({"line": [2, 2], "day": [5, 12], "cost": [1_000, 9_000], "first_visit": [True, False]})

    unsure = desk.one(claim, payer | {"copay": 800}, register=ours)
    assert (unsure["burden_low"], unsure["burden"], unsure["subsidy"]) == (500, 1000, 2200)
    exact = desk.one(claim, payer | {"copay": 800}, register=ours, daily=daily)
    assert (exact["burden"], exact["subsidy"]) == (800, 2200)
    low = desk.one(claim, payer | {"copay": 500}, register=ours, daily=daily)
    assert (low["state"], low["reasons"], low["subsidy"]) == ("query", ["COPAY_TOO_LOW"], 0)
    high = desk.decide([desk.claim(**claim)], [desk.kohi(copay=1000, **payer)], register=ours, daily=daily)
    finding = high.findings.row(0, named=True)
    assert (finding["reason"], finding["billed"], finding["ours"]) == ("COPAY_TOO_HIGH", "1000円", "800円")
    assert finding["rule"].startswith("copayment.2023-09-01.rule.")


def test_a_claim_without_any_programme_says_so(desk):
    row = desk.decide([desk.claim()], []).claims.row(0, named=True)
    assert (row["state"], row["reasons"]) == (ClaimState.RETURN, ["PAYER_MISSING"])


@pytest.mark.parametrize(
    ("receipt_type", "notes", "rate"),
    [
        ("1124", None, 80),
        ("1126", None, 70),
        ("1328", None, 90),
        ("1328", "20", 80),
        ("1128", None, 80),
        (None, None, 70),
    ],
)
def test_the_benefit_rate_follows_the_receipt_type_when_it_is_not_written(desk, receipt_type, notes, rate):
    row = desk.one({"benefit_rate": None, "receipt_type": receipt_type, "special_notes": notes})
    assert row["benefit_rate"] == rate
