"""The explanation tells what the judgement found, with figures, sources and 未確認 marks."""

from datetime import date
from random import Random

import pytest
from tests.schemes import oracle, people

from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import CATALOGUE, load_scheme
from tasuke.schemes.explain import explain
from tasuke.schemes.facts import Facts, parse_facts, to_frames

CHILD = {
    "birth_date": "2019-04-01",
    "role": "child",
    "resident_from": "2020-06-01",
    "insured_from": "2020-06-01",
    "single_parent_reason": 2,
}
MOTHER = {"subject": "parent", "subject_id": "M", "income_year": 2023, "status_code": 3, "total_income": 3_100_000}


def steps(scheme_id, on, person=(), incomes=(), confirmed=frozenset()):
    facts = Facts.model_validate({"person": CHILD | dict(person), "incomes": list(incomes)})
    told = {}
    for step in explain(load_scheme(scheme_id), facts, on, confirmed):
        told.setdefault(step.label, step)
    return told


def test_explain_income_names_each_part_limit_and_source():
    income = MOTHER | {"salary_income": 3_100_000, "dependents": 1, "child_support": 400_001}
    told = steps("kawasaki-hitorioya", date(2025, 5, 20), incomes=[income])
    assert told["所得(父または母)"].input == "総所得金額等 3,100,000円(課税)、養育費から 320,001円"
    assert told["所得(父または母)"].rule == "控除: 給与所得・公的年金等雑所得の調整 100,000円"
    assert told["所得限度額"].result == "所得額 3,320,001円 / 限度額 2,820,000円: 限度額を超えます"
    assert "一律控除の控除前" in told["所得限度額"].rule
    assert told["所得限度額"].source == "K3 H9 H10"
    assert told["所得限度額"].unconfirmed


def test_explain_names_how_an_income_of_elsewhere_became_known():
    income = MOTHER | {"source": "inquiry"}
    told = steps("kawasaki-hitorioya", date(2025, 5, 20), incomes=[income])
    assert told["所得(父または母)"].input == "総所得金額等 3,100,000円(課税、情報照会の回答)"
    own = steps("kawasaki-hitorioya", date(2025, 5, 20), incomes=[MOTHER | {"source": "tax_feed"}])
    assert own["所得(父または母)"].input == "総所得金額等 3,100,000円(課税)"
    assert told["判定年度"].result == "2023年中の所得"
    assert told["判定"].result == "非該当"


def test_explain_mark_goes_when_the_value_is_confirmed():
    keys = frozenset({"table.parent-r7", "version.2018-11-27.income.comparison"})
    assert not steps("kawasaki-hitorioya", date(2025, 5, 20), incomes=[MOTHER], confirmed=keys)[
        "所得限度額"
    ].unconfirmed


def test_explain_marks_a_version_past_what_was_looked_up():
    before, after = (steps("sapporo-kodomo", day)["適用する規則"] for day in (date(2026, 3, 31), date(2026, 4, 1)))
    assert (before.unconfirmed, after.unconfirmed) == (False, True)
    assert "2026年度以降の変更の有無" in after.rule


def test_explain_extension_and_period():
    person = {"birth_date": "2006-09-10", "in_school": True, "event": "move_in", "event_date": "2025-05-10"}
    told = steps("kawasaki-hitorioya", date(2025, 5, 20), person, [MOTHER | {"total_income": 0}])
    assert told["年齢"].result == "要件に当たります(延長)"
    assert "中程度以上の障害・高校等在学" in told["年齢"].rule
    assert told["資格の開始日"].result == "令和7年5月10日"
    assert told["資格の終わり"].result == "令和8年9月9日まで"


def test_explain_undeclared_income_is_held():
    told = steps("kawasaki-hitorioya", date(2025, 5, 20), incomes=[MOTHER | {"status_code": 4, "total_income": None}])
    assert told["所得(父または母)"].result == "所得が未申告です"
    assert told["所得の判定"].result == "保留"
    assert told["判定"].result == "保留"


@pytest.mark.parametrize("scheme_id", CATALOGUE)
def test_explain_ends_as_assess_decides_for_random_persons(scheme_id):
    scheme, known = load_scheme(scheme_id), oracle.SCHEMES[scheme_id]
    labels = {"eligible": "該当", "rejected": "非該当", "pending": "保留"}
    r = Random(7)
    for number in range(40):
        on = date(r.randint(known["first"].year + 1, 2027), r.randint(1, 12), r.randint(1, 28))
        person = people.person(r, on, number, known["roles"])
        money = people.incomes(r, person["id"], on.year - 2, list(known["subjects"]))
        rows = [{k: v for k, v in row.items() if k != "person_id"} for row in money]
        facts = Facts.model_validate({"person": person, "incomes": rows})
        row = assess(scheme, *to_frames(facts), on).row(0, named=True)
        told = explain(scheme, facts, on)
        assert told[-1].result == labels[row["outcome"]]
        assert all(step.result for step in told)


def test_parse_facts_tells_every_fault_at_once():
    facts, problems = parse_facts(
        b'{"person": {"birth_date": "2019-02-30", "roll": 1}, "incomes": [{"subject": "x"}]}', "f.json"
    )
    assert facts is None
    assert {p.field for p in problems} == {"person.birth_date", "person.role", "person.roll", "incomes.0.subject"}
    assert {p.file for p in problems} == {"f.json"}


def test_parse_facts_of_broken_json():
    facts, problems = parse_facts(b'{"person": ', "f.json")
    assert facts is None
    assert problems[0].message.startswith("JSON として読めません(")
