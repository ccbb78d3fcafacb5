from datetime import date

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tasuke.platform.batch.models import Run
from tasuke.platform.batch.services.apply_run import NotApproved, apply_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement
from tasuke.systems.subsidy.entitlements.queries import renewal_outcomes

pytestmark = pytest.mark.django_db(databases=["subsidy"])
HITORIOYA = "kawasaki-hitorioya"
FAMILY = {
    "scheme": HITORIOYA,
    "reason": "5",
    "single_parent_reason": "2",
    "single_parent_since": date(2026, 5, 1),
    "event_date": date(2026, 5, 1),
    "received_on": date(2026, 5, 12),
}
DAY = date(2027, 1, 1)


@pytest.fixture
def families(town, apply_for, run):
    """Three families: one that goes on, one with too much income in the new year, one that did not declare it."""
    rows = []
    for number, income in ((1, 2_000_000), (2, 9_000_000), (3, None)):
        parent, child = f"20{number}", f"10{number}"
        town.child(child, date(2018, 5, 1), parent)
        common = {**FAMILY, "application_no": f"H{number}", "applicant_atena_no": parent}
        common["breadwinner_atena_no"] = parent
        rows.append({**common, "person_atena_no": parent, "role": "2", "child_atena_nos": child})
        rows.append({**common, "person_atena_no": child, "role": "1"})
        from tasuke.systems.subsidy.registry.models import Income

        Income.objects.filter(atena_no=parent, tax_year=2026).delete()
        town.income(parent, income, 2025)
    apply_for(*rows)
    run("decide-applications", scheme=HITORIOYA, on="2026-05-31")


def test_renew_continues_rejects_and_holds(families, run, entitled, decided):
    done = run("renew", scheme=HITORIOYA, on=DAY)

    assert done.plan == {"targets": 6, "continued": 2, "rejected": 2, "income_unknown": 2}
    assert entitled("201")[0][3] == ""
    assert entitled("202")[0][2:] == (DAY, "INCOME_OVER")
    assert entitled("203")[0][2:] == (DAY, "INCOME_UNDECLARED")
    assert [d[:2] for d in decided("201")] == [("application", "eligible"), ("renewal", "eligible")]
    assert decided("202")[-1][:2] == ("renewal", "lost")
    assert decided("203")[-1][:2] == ("renewal", "pending")
    lists = renewal_outcomes(using="subsidy", run_id=done.pk)
    assert dict(lists.group_by("outcome_list").len().iter_rows()) == {
        "continued": 2,
        "rejected": 2,
        "income_unknown": 2,
    }


def test_renew_compares_with_the_last_one_the_month_and_the_register(families, run):
    first = run("renew", scheme=HITORIOYA, on=DAY)
    assert {c["label"]: (c["now"], c["before"]) for c in first.comparison} == {
        "対象者(前回の一斉更新)": (6, None),
        "継続(前回の一斉更新)": (2, None),
        "非該当(前回の一斉更新)": (2, None),
        "所得不明(前回の一斉更新)": (2, None),
        "対象者(前月初日の受給者)": (6, 6),
        "対象者(台帳の受給者総数)": (6, 6),
    }

    second = run("renew", scheme=HITORIOYA, on="2028-01-01")

    assert {"label": "対象者(前回の一斉更新)", "now": 2, "before": 6} in second.comparison


def test_renew_needs_a_second_person(families, clock):
    made, plan = plan_run(
        using="subsidy", job="renew", target="x", parameters={"scheme": HITORIOYA, "on": str(DAY)}, by="a", now=clock()
    )

    with pytest.raises(NotApproved):
        apply_run(using="subsidy", run=made, plan=plan, clock=clock)

    assert not Decision.objects.filter(kind="renewal").exists()


def test_renew_income_that_comes_later_gives_the_time_back(families, town, run, entitled):
    end = entitled("203")[0][2]
    run("renew", scheme=HITORIOYA, on=DAY)
    from tasuke.systems.subsidy.registry.models import Income

    Income.objects.filter(atena_no="203", tax_year=2026).update(recorded_to="2027-02-01T00:00:00+09:00")
    town.income("203", 1_000_000, 2025)

    run("apply-changes", on="2027-02-28")

    assert entitled("203") == [(HITORIOYA, entitled("203")[0][1], end, "")]
    assert entitled("103")[0][3] == ""


def test_renew_for_the_same_day_under_another_name_decides_nobody_twice(families, run, clock):
    run("renew", scheme=HITORIOYA, on=DAY)
    count = Decision.objects.count(), Entitlement.objects.count()

    made, plan = plan_run(
        using="subsidy",
        job="renew",
        target="again",
        parameters={"scheme": HITORIOYA, "on": str(DAY)},
        by="a",
        now=clock(),
    )

    assert plan.counts["targets"] == 0
    assert made.needs_approval
    assert (Decision.objects.count(), Entitlement.objects.count()) == count


def test_apply_changes_before_the_renewal_leaves_the_new_income_year_alone(families, run, entitled):
    run("apply-changes", on="2027-01-31")

    assert entitled("202")[0][3] == ""
    run("renew", scheme=HITORIOYA, on=DAY)
    assert entitled("202")[0][2:] == (DAY, "INCOME_OVER")


def test_renew_number_of_queries_does_not_grow_with_rows(town, apply_for, run):
    def queries(start, count, on):
        rows = []
        for n in range(start, start + count):
            parent, child = str(n), str(n + 50_000)
            town.child(child, date(2018, 5, 1), parent)
            common = {**FAMILY, "application_no": f"H{n}", "applicant_atena_no": parent}
            common["breadwinner_atena_no"] = parent
            rows.append({**common, "person_atena_no": parent, "role": "2", "child_atena_nos": child})
        apply_for(*rows)
        run("decide-applications", scheme=HITORIOYA, on=on)
        with CaptureQueriesContext(connections["subsidy"]) as captured:
            done = run("renew", scheme=HITORIOYA, on=date(2027, 1, 1))
        assert done.plan["targets"] >= count
        return len(captured)

    few = queries(1_000, 2, "2026-05-30")
    Decision.objects.filter(kind="renewal").delete()
    Run.objects.using("subsidy").filter(job="renew").update(state="cancelled")
    assert queries(2_000, 30, "2026-05-31") == few
