"""The explanation tells the amounts that were computed."""

from datetime import date

import polars as pl
import pytest

from tasuke.schemes.copayment.compute import compute
from tasuke.schemes.copayment.explain import UnknownVisit, explain_copay
from tasuke.schemes.copayment.visits import Visits


def month_of(**person):
    visits = person.pop("visits")
    return Visits.model_validate({"birth_date": "2015-05-01", **person, "visits": visits})


def test_steps_end_with_the_computed_amounts(rules_of):
    scheme = rules_of("@sapporo-kodomo")
    frame = month_of(visits=[{"service_date": "2026-05-01", "cost": 12000, "first_visits": 1}]).to_frame()

    steps = {step.label: step for step in explain_copay(scheme, frame, "0001")}

    row = compute(scheme, frame).row(0, named=True)
    assert steps["一部負担金"].result == f"{row['burden']:,}円" == "580円"
    assert steps["助成額"].result == f"{row['subsidy']:,}円" == "3,020円"
    assert steps["助成額"].input == "3,600円 - 580円"
    assert "初診1回につき580円" in steps["一部負担金の規則"].rule
    assert steps["一部負担金の規則"].source == "S1"
    assert steps["給付の方法"].result == "現物給付"
    assert steps["窓口で払う額"].result == "580円"


def test_caps_deductions_and_meals_are_told(rules_of):
    stay = {"service_date": "2026-05-01", "institution": "A", "inpatient": True, "meals": 500, "uncovered": 100}
    costly = {**stay, "cost": 900_000, "high_cost": 1000, "extra_benefit": 20, "billed_in_kind": False}
    visits = month_of(copay_class="taxed", visits=[costly, {**stay, "cost": 50_000, "institution": "B"}])
    scheme, frame = rules_of("@sapporo-judo"), visits.to_frame()

    first = explain_copay(scheme, frame, "0001")
    second = explain_copay(scheme, frame, "0002")

    assert [step.result for step in first if "差し引く" in step.label] == ["-1,000円", "-20円"]
    assert next(s for s in first if s.label == "上限を超えた額").result == "32,400円"
    assert next(s for s in first if s.label == "一部負担金の規則").result == "90,000円"
    assert next(s for s in first if s.label == "食事の助成額").unconfirmed
    assert next(s for s in second if s.label == "後から支給する額").result == "5,000円"


def test_national_programme_bounds_and_unconfirmed_rules_are_told(rules_of):
    visits = month_of(
        copay_class="levy",
        visits=[
            {"service_date": "2026-05-01", "cost": 5000, "visits": 3},
            {"service_date": "2026-05-02", "cost": 5000, "public_share": 250},
            {"service_date": "2026-05-03", "cost": 5000, "care": "nursing"},
        ],
    )
    scheme, frame = rules_of("@kawasaki-shoni"), visits.to_frame()

    bounds, public, nursing = (explain_copay(scheme, frame, f"000{n}") for n in (1, 2, 3))

    assert "500円 から 1,500円 の間" in next(s for s in bounds if s.label == "一部負担金の規則").result
    assert next(s for s in public if s.label == "国の公費を先に適用").result == "250円"
    assert "実額を一部負担金としました" in next(s for s in public if s.label == "一部負担金の調整").rule
    assert next(s for s in nursing if s.label == "一部負担金の規則").unconfirmed
    confirmed = frozenset({"copayment.2023-09-01.rule.nursing"})
    told = explain_copay(scheme, frame, "0003", confirmed=confirmed)
    assert not next(s for s in told if s.label == "一部負担金の規則").unconfirmed


def test_the_receipt_and_the_window_are_told_apart(rules_of):
    one = {"service_date": "2026-05-01", "cost": 1640, "visits": 1}
    visits = month_of(
        copay_class="levy",
        visits=[
            one,
            {**one, "billed_in_kind": False},
            {**one, "patient_share": 490},
            {**one, "cost": 2310, "visits": 2},
        ],
    )
    scheme, frame = rules_of("@kawasaki-shoni"), visits.to_frame()

    billed, paid, given, month = (
        {step.label: step for step in explain_copay(scheme, frame, f"000{n}")} for n in (1, 2, 3, 4)
    )

    assert (billed["保険の自己負担"].result, billed["窓口で払う額"].result) == ("492円", "490円")
    assert "1円未満四捨五入" in billed["保険の自己負担"].rule
    assert billed["窓口で払う額"].rule == "窓口の支払ごとに10円未満四捨五入"
    assert "10円未満四捨五入" in paid["保険の自己負担"].rule
    assert "窓口で払う額" not in paid
    assert given["保険の自己負担"].result == "492円"
    assert month["窓口で払う額"].result == "492円 から 703円 の間"
    assert not billed["窓口で払う額"].unconfirmed
    sapporo = {s.label: s for s in explain_copay(rules_of("@sapporo-kodomo"), frame, "0001")}
    assert sapporo["保険の自己負担"].unconfirmed


def test_rows_outside_the_rules_say_why(rules_of):
    visits = month_of(visits=[{"service_date": "2020-01-01", "cost": 1}, {"service_date": "2023-05-01", "cost": 1}])
    frame = visits.to_frame().with_columns(inpatient=pl.Series([False, True]))

    before, no_class = (explain_copay(rules_of("@sapporo-kodomo"), frame, f"000{n}") for n in (1, 2))

    assert [step.result for step in before] == ["診療日に有効な負担規則がありません(助成の対象外)"]
    assert "負担区分が分からない" in next(s for s in no_class if s.label == "一部負担金").rule


def test_unknown_visit_is_refused(rules_of):
    frame = month_of(visits=[{"service_date": date(2026, 5, 1), "cost": 1}]).to_frame()

    with pytest.raises(UnknownVisit):
        explain_copay(rules_of("@sapporo-kodomo"), frame, "9")
