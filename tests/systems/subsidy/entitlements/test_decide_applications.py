import json
from datetime import date

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tasuke.core.numbers import NumberKind, check_number
from tasuke.platform.batch.models import RunProblem
from tasuke.schemes.facts import parse_facts
from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement, RecipientNumber

pytestmark = pytest.mark.django_db(databases=["subsidy"])
SHONI, HITORIOYA = "kawasaki-shoni", "kawasaki-hitorioya"
CHILD = {"person_atena_no": "101", "applicant_atena_no": "201", "breadwinner_atena_no": "201"}


def single_parent_family(**more):
    common = {
        "scheme": HITORIOYA,
        "reason": "5",
        "applicant_atena_no": "201",
        "breadwinner_atena_no": "201",
        "single_parent_reason": "2",
        "single_parent_since": date(2026, 5, 1),
        "event_date": date(2026, 5, 1),
        "received_on": date(2026, 5, 12),
        "application_no": "H1",
    }
    parent = {**common, "person_atena_no": "201", "role": "2", "child_atena_nos": "101", **more}
    return parent, {**common, "person_atena_no": "101", "role": "1", **more}


def test_decide_applications_newborn_is_entitled_from_birth(town, apply_for, run, entitled):
    town.child()
    apply_for(CHILD)

    done = run("decide-applications", scheme=SHONI, on="2026-04-30")

    assert done.counts["entitlements"] == 1
    assert [(s, a) for s, a, _, _ in entitled("101")] == [(SHONI, date(2026, 4, 1))]
    row = Entitlement.objects.get()
    assert (row.payer_no, row.role) == ("88149018", "child")
    assert row.recipient_no == "0000018"
    assert check_number(NumberKind.RECIPIENT, row.recipient_no).valid
    assert Application.objects.get().state == "decided"


def test_decide_applications_decision_keeps_readable_facts(town, apply_for, run):
    town.child()
    apply_for(CHILD)
    run("decide-applications", scheme=SHONI, on="2026-04-30")

    decision = Decision.objects.get()
    facts, problems = parse_facts(json.dumps(decision.facts).encode(), "facts")

    assert not problems
    assert facts.person.id == "101"
    assert facts.person.birth_date == date(2026, 4, 1)
    assert {i.subject_id for i in facts.incomes} == {"201"}
    assert len(decision.version_hash) == 64
    assert decision.judged_on == date(2026, 4, 10)


def test_decide_applications_same_run_twice_changes_nothing(town, apply_for, run):
    town.child()
    apply_for(CHILD)
    run("decide-applications", scheme=SHONI, on="2026-04-30")
    before = list(Decision.objects.values()), list(Entitlement.objects.values())

    run("decide-applications", scheme=SHONI, on="2026-04-30")
    run("decide-applications", scheme=SHONI, on="2026-05-31")

    assert (list(Decision.objects.values()), list(Entitlement.objects.values())) == before


def test_decide_applications_rejected_person_keeps_the_number(town, apply_for, run, decided):
    town.child()
    town.person("102", date(2000, 1, 1))
    town.insured("102")
    apply_for(
        {**CHILD, "person_atena_no": "102", "received_on": date(2026, 4, 2)},
        CHILD,
    )

    run("decide-applications", scheme=SHONI, on="2026-04-30")

    assert decided("102")[0][:2] == ("application", "rejected")
    assert "AGE_OVER" in decided("102")[0][2]
    numbers = dict(RecipientNumber.objects.values_list("atena_no", "recipient_no"))
    assert numbers == {"102": "0000018", "101": "0000026"}
    assert not Entitlement.objects.filter(atena_no="102").exists()


def test_decide_applications_unknown_income_is_held_and_judged_later_from_the_same_day(
    town, apply_for, run, entitled, decided
):
    town.child("101", date(2018, 5, 1))
    parent, child = single_parent_family()
    town.person("301", date(1960, 1, 1))
    parent["supporter_atena_nos"] = "301"
    apply_for(parent, child)

    first = run("decide-applications", scheme=HITORIOYA, on="2026-05-31")
    again = run("decide-applications", scheme=HITORIOYA, on="2026-06-30")

    assert first.counts["pending"] == 1
    assert decided("201") == [("application", "pending", decided("201")[0][2])]
    assert "INCOME_UNKNOWN" in decided("201")[0][2]
    assert again.plan["still_pending"] == 1
    for year in (2024, 2025):
        town.income("301", 100_000, year)

    run("decide-applications", scheme=HITORIOYA, on="2026-07-31")

    assert [(a, o) for a, o, _ in decided("201")] == [("application", "pending"), ("application", "eligible")]
    assert [a for _, a, _, _ in entitled("201")] == [date(2026, 5, 12)]
    assert set(Application.objects.values_list("state", flat=True)) == {"decided"}


def test_decide_applications_single_parent_wins_over_the_child_scheme(town, apply_for, run, entitled, decided):
    town.child("101", date(2018, 5, 1))
    apply_for({**CHILD, "reason": "2", "event_date": date(2026, 4, 2)})
    run("decide-applications", scheme=SHONI, on="2026-04-30")
    apply_for(*single_parent_family())

    done = run("decide-applications", scheme=HITORIOYA, on="2026-05-31")

    assert done.counts["gave_way"] == 1
    start = entitled("101")[0][1]
    assert [(s, r) for s, _, _, r in entitled("101")] == [(HITORIOYA, ""), (SHONI, "HOLDS_OTHER_SCHEME")]
    assert entitled("101")[1][2] == start
    assert decided("101")[-1][:2] == ("change", "lost")
    assert Entitlement.objects.filter(scheme=SHONI, recorded_to__isnull=False).count() == 1


def test_decide_applications_lower_scheme_is_rejected_while_the_higher_one_holds(town, apply_for, run, decided):
    town.child("101", date(2018, 5, 1))
    apply_for(*single_parent_family())
    run("decide-applications", scheme=HITORIOYA, on="2026-05-31")
    apply_for({**CHILD, "application_no": "Z1", "reason": "9", "received_on": date(2026, 6, 1)})

    run("decide-applications", scheme=SHONI, on="2026-06-30")

    assert decided("101")[-1] == ("application", "rejected", ["HOLDS_OTHER_SCHEME", *decided("101")[-1][2][1:]])


def test_decide_applications_second_application_gives_nothing_twice(town, apply_for, run, entitled):
    town.child()
    apply_for(CHILD, {**CHILD, "received_on": date(2026, 4, 20)})

    done = run("decide-applications", scheme=SHONI, on="2026-04-30")

    assert (done.counts["entitlements"], done.counts["already_entitled"]) == (1, 1)
    assert len(entitled("101")) == 1


def test_decide_applications_before_the_first_version_is_a_problem(town, apply_for, run):
    town.child()
    apply_for({**CHILD, "received_on": date(2010, 1, 1), "event_date": date(2010, 1, 1)})

    done = run("decide-applications", scheme=SHONI, on="2010-02-28")

    problem = RunProblem.objects.using("subsidy").get(run=done, severity="error")
    assert problem.code == "before_first_version"
    assert "2010-01-01の規則がありません" in problem.message
    assert Application.objects.get().state == "received"


def test_decide_applications_number_of_queries_does_not_grow_with_rows(town, apply_for, run):
    def queries(start, count, on):
        rows = []
        for n in range(start, start + count):
            town.child(str(n), date(2026, 4, 1), "201")
            rows.append({**CHILD, "person_atena_no": str(n), "application_no": f"A{n}"})
        apply_for(*rows)
        with CaptureQueriesContext(connections["subsidy"]) as captured:
            run("decide-applications", scheme=SHONI, on=on)
        return len(captured)

    assert queries(1_000, 2, "2026-04-29") == queries(2_000, 40, "2026-04-30")
