"""What decides an amount, one thing at a time."""

from datetime import date

import polars as pl
import pytest

from tasuke.core.money import Rounding
from tasuke.schemes.copayment.compute import RESULT_COLUMNS, compute
from tasuke.schemes.copayment.definition import Method
from tasuke.schemes.copayment.visits import MissingColumns


def visit(**facts):
    plain = {
        "id": "1",
        "person_id": "p",
        "service_date": date(2026, 5, 1),
        "birth_date": date(2015, 5, 1),
        "institution": "A",
        "care": "medical",
        "inpatient": False,
        "visits": 1,
        "first_visits": 1,
        "cost": 10000,
    }
    return {**plain, **facts}


def computed(scheme, *visits, **more):
    rows = [{"id": str(number), **row} for number, row in enumerate(visits, start=1)]
    for number, row in enumerate(rows, start=1):
        row["id"] = str(number)
    return compute(scheme, pl.DataFrame(rows), **more)


def test_result_has_the_agreed_columns_and_whole_yen(rules_of):
    result = computed(rules_of("@sapporo-kodomo"), visit())

    assert tuple(result.columns) == RESULT_COLUMNS
    money = result.select("basis", "burden", "subsidy", "meals_subsidy", "refund", "burden_low")
    assert set(money.dtypes) == {pl.Int64}
    assert result.schema["reasons"] == pl.List(pl.String)
    assert result.item(0, "version") == "2025-04-01"


def test_empty_frame_gives_an_empty_result(rules_of):
    result = compute(rules_of("@sapporo-kodomo"), pl.DataFrame([visit()]).head(0))

    assert result.height == 0
    assert tuple(result.columns) == RESULT_COLUMNS


def test_missing_columns_are_named(rules_of):
    with pytest.raises(MissingColumns) as caught:
        compute(rules_of("@sapporo-kodomo"), pl.DataFrame([visit()]).drop("care", "institution"))

    assert caught.value.columns == ["institution", "care"]


def test_unknown_dates_are_not_subsidised_and_do_not_stop_the_others(rules_of):
    no_day, no_birth = visit(service_date=None), visit(birth_date=None)

    result = computed(rules_of("@sapporo-kodomo"), visit(), no_day, no_birth)

    assert result.get_column("method").to_list() == ["in_kind", "none", "none"]
    assert result.get_column("reasons").to_list()[1:] == [["NO_RULE_IN_FORCE"], ["CARE_NOT_COVERED"]]


def test_unknown_care_is_not_covered(rules_of):
    result = computed(rules_of("@sapporo-kodomo"), visit(care="bonesetter"))

    assert result.item(0, "reasons").to_list() == ["CARE_NOT_COVERED"]
    assert (result.item(0, "burden"), result.item(0, "subsidy")) == (3000, 0)


def test_share_that_was_billed_goes_before_the_computed_share(rules_of):
    result = computed(rules_of("@kawasaki-hitorioya"), visit(patient_share=2990))

    assert (result.item(0, "basis"), result.item(0, "subsidy")) == (2990, 2990)


@pytest.mark.parametrize(("cost", "billed", "paid"), [(1050, 315, 320), (1149, 345, 340), (1150, 345, 350), (0, 0, 0)])
def test_share_is_whole_yen_in_kind_and_ten_yen_when_paid(rules_of, cost, billed, paid):
    scheme = rules_of("@kawasaki-hitorioya")

    result = computed(scheme, visit(cost=cost), visit(cost=cost, billed_in_kind=False), visit(cost=cost, care="device"))

    assert result.get_column("basis").to_list() == [billed, paid, paid]
    assert result.get_column("subsidy").to_list() == [billed, paid, paid]
    assert result.get_column("window").to_list() == [0, None, None]


def test_share_in_ten_yen_stands_for_the_share_in_kind(rules_of):
    scheme = rules_of("@kawasaki-hitorioya")

    result = computed(scheme, visit(cost=1050, patient_share=320), visit(cost=1050, patient_share=310))

    assert result.get_column("share").to_list() == [315, 310]


def test_a_municipality_may_round_the_share_in_kind(rules_of):
    scheme = rules_of("@kawasaki-shoni")
    blocks = tuple(
        block.model_copy(update={"in_kind": block.in_kind.model_copy(update={"share": Rounding.HALF_UP_10})})
        for block in scheme.copayment
    )
    facts = {"copay_class": "levy", "visits": 2, "cost": 2310, "visit_shares": [346, 347]}

    result = computed(scheme.model_copy(update={"copayment": blocks}), visit(**facts))

    assert result.select("share", "burden", "window", "subsidy").row(0) == (690, 690, 700, 0)


@pytest.mark.parametrize(
    ("facts", "burden", "window"),
    [
        ({"cost": 1640}, 492, (490, 490)),  # the receipt has 492 yen, the window takes 490
        ({"cost": 1660}, 498, (500, 500)),
        ({"cost": 1670}, 500, (500, 500)),
        ({"cost": 90_000}, 500, (500, 500)),
        ({"cost": 2310, "visits": 2, "visit_shares": [346, 347]}, 693, (700, 700)),
        ({"cost": 2310, "visits": 2}, 693, (492, 703)),  # one visit may have cost nearly all
        ({"cost": 9000, "visits": 2}, 1000, (492, 1000)),
        ({"cost": 90_000, "public_share": 0}, 0, (0, 0)),
        ({"cost": 1640, "care": "pharmacy"}, 0, (0, 0)),
    ],
)
def test_window_takes_ten_yen_and_never_more_than_the_fixed_amount(rules_of, facts, burden, window):
    result = computed(rules_of("@kawasaki-shoni"), visit(copay_class="levy", **facts))

    assert result.item(0, "burden") == burden
    assert (result.item(0, "window_low"), result.item(0, "window")) == window


def test_limit_of_high_cost_is_paid_to_the_yen(rules_of):
    scheme = rules_of("hokkaido")
    whole = {"method": "share", "numerator": 0, "key": "whole"}
    block = scheme.copayment[0]
    rule = block.rule[0].model_copy(update={**whole, "method": Method.SHARE})
    scheme = scheme.model_copy(update={"copayment": (block.model_copy(update={"rule": (rule,), "cap": ()}),)})
    stay = visit(inpatient=True, cost=1_000_030, high_cost=212_578)

    assert computed(scheme, stay).select("burden", "window").row(0) == (87_431, 87_431)


def test_unconfirmed_rounding_is_told_where_it_makes_a_difference(rules_of):
    scheme, key = rules_of("@kawasaki-hitorioya"), "copayment.2018-11-27.in_kind"

    before = computed(scheme, visit(cost=1050), visit(cost=1000), visit(cost=1050, billed_in_kind=False))
    after = computed(scheme, visit(cost=1050), confirmed=frozenset({key}))

    assert ["UNCONFIRMED_RULE" in codes for codes in before.get_column("reasons")] == [True, False, False]
    assert "UNCONFIRMED_RULE" not in after.item(0, "reasons")


def test_national_programme_goes_first(rules_of):
    result = computed(rules_of("@sapporo-kodomo"), visit(public_share=700))

    assert (result.item(0, "basis"), result.item(0, "burden"), result.item(0, "subsidy")) == (700, 580, 120)
    assert "PUBLIC_PROGRAM_FIRST" in result.item(0, "reasons")


def test_burden_is_zero_when_the_national_programme_leaves_nothing(rules_of):
    result = computed(rules_of("@sapporo-kodomo"), visit(public_share=0))

    assert (result.item(0, "basis"), result.item(0, "burden"), result.item(0, "subsidy")) == (0, 0, 0)


def test_high_cost_and_extra_benefit_are_deducted(rules_of):
    scheme = rules_of("@kawasaki-hitorioya")

    result = computed(scheme, visit(cost=1_000_000, high_cost=212_570, extra_benefit=57_430, billed_in_kind=False))

    assert (result.item(0, "basis"), result.item(0, "subsidy")) == (30_000, 30_000)
    assert result.item(0, "reasons").to_list()[:2] == ["HIGH_COST_DEDUCTED", "EXTRA_BENEFIT_DEDUCTED"]


def test_deductions_above_the_share_leave_nothing_and_are_told(rules_of):
    result = computed(rules_of("@kawasaki-hitorioya"), visit(high_cost=3500))

    assert result.item(0, "basis") == 0
    assert "DEDUCTION_ABOVE_SHARE" in result.item(0, "reasons")


@pytest.mark.parametrize(
    ("day", "basis"),
    [(date(2026, 7, 31), 80_100 + 7_330), (date(2026, 8, 1), 85_800 + 7_140), (date(2027, 8, 1), 300_000)],
)
def test_unknown_high_cost_of_an_in_kind_claim_is_computed_by_month(rules_of, day, basis):
    result = computed(rules_of("@kawasaki-hitorioya"), visit(cost=1_000_000, high_cost=None, service_date=day))

    assert result.item(0, "basis") == basis
    told = "HIGH_COST_UNKNOWN" if day.year == 2027 else "HIGH_COST_COMPUTED"
    assert told in result.item(0, "reasons")


def test_unknown_high_cost_of_a_receipt_is_not_computed(rules_of):
    scheme = rules_of("@kawasaki-hitorioya")

    result = computed(scheme, visit(cost=1_000_000, high_cost=None, billed_in_kind=False))

    assert result.item(0, "basis") == 300_000


def test_charges_outside_insurance_are_never_subsidised(rules_of):
    result = computed(rules_of("@kawasaki-hitorioya"), visit(uncovered=440))

    assert result.item(0, "subsidy") == 3000
    assert "UNCOVERED_LEFT_OUT" in result.item(0, "reasons")


def test_coverage_of_the_entitlement_limits_the_care(rules_of):
    scheme = rules_of("@sapporo-hitorioya")
    parent = {"coverage": "inpatient", "copay_class": "untaxed"}

    result = computed(scheme, visit(**parent), visit(**parent, inpatient=True))

    assert result.get_column("method").to_list() == ["none", "in_kind"]
    assert "OUTSIDE_COVERAGE" in result.item(0, "reasons")


def test_missing_copay_class_has_no_silent_default(rules_of):
    result = computed(rules_of("@sapporo-judo"), visit(copay_class=None), visit(copay_class="gold"))

    assert result.get_column("method").to_list() == ["none", "none"]
    assert result.get_column("reasons").to_list() == [["COPAY_CLASS_MISSING"]] * 2


def test_month_without_single_shares_gives_bounds(rules_of):
    facts = {"visits": 3, "days": 3, "cost": 5000, "copay_class": "levy"}

    result = computed(rules_of("@kawasaki-shoni"), visit(**facts))

    assert (result.item(0, "burden_low"), result.item(0, "burden")) == (500, 1500)
    assert "BOUNDS_ONLY" in result.item(0, "reasons")


def test_single_shares_of_another_number_than_the_visits_are_not_used(rules_of):
    facts = {"visits": 3, "cost": 5000, "copay_class": "levy", "visit_shares": [900, 600]}

    assert "BOUNDS_ONLY" in computed(rules_of("@kawasaki-shoni"), visit(**facts)).item(0, "reasons")


def test_unconfirmed_rule_is_told_until_it_is_confirmed(rules_of):
    scheme, nursing = rules_of("@sapporo-kodomo"), visit(care="nursing")
    key = "copayment.2025-04-01.rule.nursing"

    before = computed(scheme, nursing)
    after = computed(scheme, nursing, confirmed=frozenset({key}))

    assert before.item(0, "rule_key") == key
    assert "UNCONFIRMED_RULE" in before.item(0, "reasons")
    assert "UNCONFIRMED_RULE" not in after.item(0, "reasons")


@pytest.mark.parametrize(
    ("facts", "method", "reason"),
    [
        ({}, "in_kind", None),
        ({"billed_in_kind": False}, "reimbursement", "NOT_BILLED_IN_KIND"),
        ({"in_prefecture": False}, "reimbursement", "OUTSIDE_AREA"),
        ({"insurance_kind": "2", "insurer_no": "133033"}, "reimbursement", "EXCLUDED_INSURER"),
        ({"insurer_no": "133033"}, "reimbursement", "EXCLUDED_INSURER"),
        ({"insurance_kind": "2", "insurer_no": "143016"}, "in_kind", None),
        ({"insurance_kind": "2", "insurer_no": "643011"}, "in_kind", None),  # 64: 14 once its numbers ran out
        ({"insurance_kind": "2", "insurer_no": "633013"}, "reimbursement", "EXCLUDED_INSURER"),
        ({"insurance_kind": "1", "insurer_no": "130001"}, "in_kind", None),
        ({"insurer_no": "06130001"}, "in_kind", None),
        ({"care": "device"}, "reimbursement", "REIMBURSEMENT_ONLY"),
    ],
)
def test_way_of_payment(rules_of, facts, method, reason):
    result = computed(rules_of("@kawasaki-hitorioya"), visit(**facts))

    assert result.item(0, "method") == method
    assert reason is None or reason in result.item(0, "reasons")
    assert result.item(0, "subsidy") == 3000


def test_excepted_society_is_paid_in_kind_once_its_number_is_known(rules_of):
    scheme = rules_of("@kawasaki-hitorioya")
    block = scheme.copayment[0]
    excluded = block.benefit.excluded_insurers[0]
    named = excluded.exceptions[0].model_copy(update={"insurer_no": "133033"})
    excluded = excluded.model_copy(update={"exceptions": (named,)})
    benefit = block.benefit.model_copy(update={"excluded_insurers": (excluded,)})
    scheme = scheme.model_copy(update={"copayment": (block.model_copy(update={"benefit": benefit}),)})

    assert computed(scheme, visit(insurer_no="133033")).item(0, "method") == "in_kind"


def test_settled_rows_use_up_counts_caps_and_days_first(rules_of):
    settled = pl.DataFrame([{**visit(service_date=date(2026, 5, 20)), "burden": 500, "days": 1}])
    same_day = visit(service_date=date(2026, 5, 20), cost=90000)
    earlier, third = visit(service_date=date(2026, 5, 2)), visit(service_date=date(2026, 5, 3))

    result = computed(rules_of("osaka"), earlier, third, same_day, prior=settled)

    assert result.get_column("burden").to_list() == [500, 0, 0]


def test_year_cap_counts_from_its_start_month_with_prior(rules_of):
    settled = pl.DataFrame(
        [
            {"person_id": "p", "service_date": date(2025, 7, 31), "burden": 100_000, "refund": 0},
            {"person_id": "p", "service_date": date(2025, 8, 1), "burden": 150_000, "refund": 10_000},
        ]
    )
    july, august = (
        visit(service_date=date(2026, 7, 31), cost=100_000),
        visit(service_date=date(2026, 8, 1), cost=100_000),
    )

    result = computed(rules_of("hokkaido"), july, august, prior=settled)

    assert result.get_column("burden").to_list() == [10_000, 10_000]
    assert result.get_column("refund").to_list() == [6_000, 0]


def test_fourth_capped_month_within_twelve_takes_the_lower_cap(rules_of):
    months = [date(2025, month, 1) for month in (1, 3, 6, 9)] + [date(2026, 1, 1), date(2026, 9, 1)]
    stays = [visit(service_date=day, inpatient=True, cost=900_000) for day in months]

    result = computed(rules_of("hokkaido"), *stays)

    assert result.get_column("burden").to_list() == [57_600, 57_600, 57_600, 44_400, 44_400, 57_600]
    assert "MULTIPLE_MONTHS" in result.item(3, "reasons")


def test_capped_months_of_settled_rows_count_for_the_lower_cap(rules_of):
    stay = {"person_id": "p", "inpatient": True, "burden": 57_600, "capped": True}
    settled = pl.DataFrame([{**stay, "service_date": date(2026, month, 1)} for month in (1, 2, 3)])

    result = computed(rules_of("hokkaido"), visit(inpatient=True, cost=900_000), prior=settled)

    assert result.item(0, "burden") == 44_400


def test_settled_rows_count_although_their_class_and_age_are_not_known(rules_of):
    settled = pl.DataFrame({"person_id": ["p"], "service_date": [date(2026, 5, 1)], "burden": [15_000]})

    result = computed(rules_of("@sapporo-judo"), visit(copay_class="taxed", cost=100_000), prior=settled)

    assert (result.item(0, "burden"), result.item(0, "refund")) == (10_000, 7_000)


def test_household_cap_counts_all_its_members(rules_of):
    scheme = rules_of("hokkaido")
    block = scheme.copayment[0]
    caps = tuple(cap.model_copy(update={"scope": "household"}) for cap in block.cap if cap.key == "outpatient-month")
    scheme = scheme.model_copy(update={"copayment": (block.model_copy(update={"cap": caps}),)})
    mother = visit(person_id="m", household_id="h", cost=150_000)
    child, other = visit(person_id="c", household_id="h", cost=150_000), visit(person_id="o", cost=150_000)

    result = computed(scheme, mother, child, other)

    assert result.get_column("refund").to_list() == [0, 12_000, 0]


def test_rate_may_be_of_the_share_and_rounded_by_name(rules_of):
    scheme = rules_of("hokkaido")
    block = scheme.copayment[0]
    third = {"rate_of": "share", "numerator": 1, "denominator": 3, "rounding": "up_10"}
    rule = type(block.rule[0]).model_validate({**block.rule[0].model_dump(), **third})
    scheme = scheme.model_copy(update={"copayment": (block.model_copy(update={"rule": (rule,)}),)})

    assert computed(scheme, visit(cost=5000)).item(0, "burden") == 500
    assert computed(scheme, visit(cost=5010)).item(0, "burden") == 510  # 1,503 yen
    assert computed(scheme, visit(cost=5010, billed_in_kind=False)).item(0, "burden") == 500  # 1,500 yen


def test_units_may_be_set_apart_by_insurer_department_and_care(rules_of):
    scheme = rules_of("osaka")
    block = scheme.copayment[0]
    plain = [visit(service_date=date(2026, 5, day), department=d, insurer_no=i) for day, d, i in _DAYS]

    def burdens(*unit):
        rules = type(block).model_validate({**block.model_dump(), "unit": unit})
        return computed(scheme.model_copy(update={"copayment": (rules,)}), *plain).get_column("burden").to_list()

    assert burdens("institution") == [500, 500, 0, 0]
    assert burdens("institution", "department") == [500, 500, 500, 0]
    assert burdens("institution", "department", "insurer") == [500, 500, 500, 500]
    assert burdens("care") == [500, 500, 0, 0]


_DAYS = [(1, "内科", "1"), (2, "内科", "1"), (3, "眼科", "1"), (4, "内科", "2")]


def test_scheme_that_only_reimburses_pays_nothing_in_kind(rules_of):
    scheme = rules_of("@kawasaki-hitorioya")
    block = scheme.copayment[0]
    benefit = block.benefit.model_copy(update={"area": "nowhere"})
    scheme = scheme.model_copy(update={"copayment": (block.model_copy(update={"benefit": benefit}),)})

    assert computed(scheme, visit()).item(0, "method") == "reimbursement"
