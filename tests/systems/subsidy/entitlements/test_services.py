from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement
from tasuke.systems.subsidy.entitlements.services.decide_one import NotWaiting, decide_one
from tasuke.systems.subsidy.entitlements.services.rerun_decision import RulesChanged, rerun_decision
from tasuke.systems.subsidy.entitlements.services.state_on import state_on
from tasuke.systems.subsidy.registry.models import Income, Protection, ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy"])
SHONI, HITORIOYA = "kawasaki-shoni", "kawasaki-hitorioya"
CHILD = {"person_atena_no": "101", "applicant_atena_no": "201", "breadwinner_atena_no": "201"}
NOW = datetime(2026, 4, 15, 10, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_decide_one_gives_what_the_batch_gives(town, apply_for, run):
    town.child("101")
    town.child("102")
    apply_for(CHILD, {**CHILD, "person_atena_no": "102"})

    at_counter = decide_one(
        using="subsidy", application_id=Application.objects.get(atena_no="101").pk, on=date(2026, 4, 30), now=NOW
    )
    run("decide-applications", scheme=SHONI, on="2026-04-30")

    one, other = Decision.objects.order_by("atena_no")
    for name in ("outcome", "reasons", "start", "end", "band", "copay_class", "funding", "income_year", "version_hash"):
        assert getattr(one, name) == getattr(other, name)
    assert at_counter.decision_id == one.pk
    assert at_counter.recipient_no == "0000018"
    assert any("住" in step.label for step in at_counter.steps)
    assert Entitlement.objects.count() == 2


def test_decide_one_trial_writes_nothing(town, apply_for):
    town.child()
    apply_for(CHILD)

    trial = decide_one(
        using="subsidy", application_id=Application.objects.get().pk, on=date(2026, 4, 30), now=NOW, trial=True
    )

    assert trial.outcome == "eligible"
    assert trial.steps
    assert trial.decision_id is None
    assert not Decision.objects.exists()
    assert Application.objects.get().state == "received"


def test_decide_one_refuses_a_decided_application(town, apply_for, run):
    town.child()
    apply_for(CHILD)
    run("decide-applications", scheme=SHONI, on="2026-04-30")

    with pytest.raises(NotWaiting):
        decide_one(using="subsidy", application_id=Application.objects.get().pk, on=date(2026, 4, 30), now=NOW)


def test_rerun_decision_gives_the_same_after_the_register_has_changed(town, apply_for, run):
    town.child()
    town.person("102", date(2000, 1, 1))
    town.insured("102")
    apply_for(CHILD, {**CHILD, "person_atena_no": "102"})
    run("decide-applications", scheme=SHONI, on="2026-04-30")
    town.leave("101", date(2026, 5, 10))
    run("apply-changes", on="2026-05-31")
    ResidentRecord.objects.all().delete()
    Income.objects.all().delete()

    reruns = [rerun_decision(using="subsidy", decision_id=d.pk) for d in Decision.objects.order_by("pk")]

    assert [r.same for r in reruns] == [True, True, True]
    assert [r.outcome for r in reruns] == ["eligible", "rejected", "rejected"]
    first = Decision.objects.order_by("pk").first()
    assert (reruns[0].start, reruns[0].end) == (first.start, first.end)


def test_rerun_decision_says_when_the_rules_are_others(town, apply_for, run):
    town.child()
    apply_for(CHILD)
    run("decide-applications", scheme=SHONI, on="2026-04-30")
    Decision.objects.update(version_hash="0" * 64)

    with pytest.raises(RulesChanged):
        rerun_decision(using="subsidy", decision_id=Decision.objects.get().pk)


def test_state_on_shows_a_day_as_known_now_and_as_known_then(town, apply_for, run, clock):
    town.child()
    apply_for(CHILD)
    run("decide-applications", scheme=SHONI, on="2026-04-30")
    before = clock()
    town.leave("101", date(2026, 5, 10))
    run("apply-changes", on="2026-05-31")
    Protection.objects.create(atena_no="101", since=date(2026, 4, 5), source="申出")

    now = state_on(using="subsidy", atena_no="101", on=date(2026, 5, 20))
    then = state_on(using="subsidy", atena_no="101", on=date(2026, 5, 20), known_at=before)

    assert now.resident.resident_status == "2"
    assert now.entitlements == []
    assert [e.scheme for e in then.entitlements] == [SHONI]
    assert now.protected
    assert now.numbers == {SHONI: "0000018"}
    assert [r.kind for r in now.relations] == ["applicant", "breadwinner"]
    assert len(now.decisions) == 1  # the loss is decided later than this day
    assert now.insurance.insurer_no == "140012"
