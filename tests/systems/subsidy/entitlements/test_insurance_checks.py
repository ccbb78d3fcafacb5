from datetime import date, datetime

import pytest

from tasuke.deploy.clock import TOKYO
from tasuke.platform.batch.models import RunProblem
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement, InsuranceCheck
from tasuke.systems.subsidy.entitlements.services.renew_one import NothingToRenew, renew_one
from tasuke.systems.subsidy.profile import active_profile, set_profile
from tasuke.systems.subsidy.registry.models import Insurance

pytestmark = pytest.mark.django_db(databases=["subsidy"])
SHONI = "kawasaki-shoni"
CHILD = {"person_atena_no": "101", "applicant_atena_no": "201", "breadwinner_atena_no": "201"}
NOW = datetime(2026, 8, 1, 9, tzinfo=TOKYO)
BEGAN, GONE = date(2026, 4, 1), date(2026, 6, 1)


@pytest.fixture
def newborn(town, apply_for, run):
    town.child()
    apply_for(CHILD)
    run("decide-applications", scheme=SHONI, on="2026-04-30")
    return town


@pytest.fixture
def uninsured(newborn):
    """The insurance ended on 1 June; nothing is known of another."""
    Insurance.objects.filter(atena_no="101").update(valid=(BEGAN, GONE))
    return newborn


def checks():
    return [
        (k.missing_from, k.opened_on, k.due_on, k.closed_on, k.result) for k in InsuranceCheck.objects.order_by("id")
    ]


def test_a_late_notice_within_the_grace_loses_nothing(uninsured, run, entitled):
    before = entitled("101")
    first = run("apply-changes", on="2026-06-30")
    assert (first.counts["lost"], first.counts["asked"]) == (0, 1)
    assert checks() == [(GONE, date(2026, 6, 30), date(2026, 8, 14), None, "")]
    assert [p.code for p in RunProblem.objects.using("subsidy").filter(run=first)] == ["insurance_missing"]
    held = Decision.objects.latest("id")
    assert (held.kind, held.outcome, held.reasons) == ("change", "pending", ["NOT_INSURED"])

    uninsured.insured("101", GONE)
    run("apply-changes", on="2026-07-31")

    assert entitled("101") == before
    assert checks()[0][3:] == (date(2026, 7, 31), "continued")
    assert Decision.objects.filter(outcome="lost").count() == 0


def test_the_question_is_put_once(uninsured, run, entitled):
    run("apply-changes", on="2026-06-30")
    again = run("apply-changes", on="2026-07-31")
    assert (again.counts["asked"], again.counts["lost"], len(checks())) == (0, 0, 1)
    assert entitled("101")[0][3] == ""


def test_after_the_grace_it_is_lost_from_the_day_and_comes_back_under_the_same_number(uninsured, run, entitled):
    end = entitled("101")[0][2]
    run("apply-changes", on="2026-06-30")
    run("apply-changes", on="2026-08-31")
    assert entitled("101") == [(SHONI, BEGAN, GONE, "NOT_INSURED")]
    assert checks()[0][3:] == (date(2026, 8, 31), "lost")

    uninsured.insured("101", GONE)
    run("apply-changes", on="2026-09-30")

    assert entitled("101") == [(SHONI, BEGAN, end, "")]
    assert Decision.objects.latest("id").kind == "restored"
    assert len({e.recipient_no for e in Entitlement.objects.all()}) == 1


def test_a_real_gap_ends_and_returns_in_one_run(uninsured, run, entitled):
    end = entitled("101")[0][2]
    uninsured.insured("101", date(2026, 6, 15))

    done = run("apply-changes", on="2026-06-30")

    assert entitled("101") == [(SHONI, BEGAN, GONE, "NOT_INSURED"), (SHONI, date(2026, 6, 15), end, "")]
    assert (done.counts["lost"], done.counts["reopened"], checks()) == (1, 1, [])
    assert [d.kind for d in Decision.objects.order_by("id")] == ["application", "change", "restored"]
    settled = entitled("101"), Decision.objects.count()
    run("apply-changes", on="2026-07-31")
    assert (entitled("101"), Decision.objects.count()) == settled


def test_a_gap_that_is_told_after_the_question_closes_it(uninsured, run, entitled):
    run("apply-changes", on="2026-06-30")
    uninsured.insured("101", date(2026, 7, 10))
    run("apply-changes", on="2026-07-31")
    assert [start for _, start, _, _ in entitled("101")] == [BEGAN, date(2026, 7, 10)]
    assert checks()[0][4] == "returned"


def test_who_comes_back_long_after_the_loss_has_to_apply(uninsured, run, entitled):
    run("apply-changes", on="2026-06-30")
    run("apply-changes", on="2026-08-31")
    uninsured.insured("101", date(2026, 10, 1))
    run("apply-changes", on="2026-10-31")
    assert entitled("101") == [(SHONI, BEGAN, GONE, "NOT_INSURED")]


def test_another_kind_of_insurer_without_a_gap_is_no_question(uninsured, run, entitled):
    before = entitled("101")
    row = uninsured.insured("101", GONE)
    Insurance.objects.filter(pk=row.pk).update(insurance_kind="3", insurer_no="06139992", source="application")
    done = run("apply-changes", on="2026-06-30")
    assert (done.counts["asked"], done.counts["lost"]) == (0, 0)
    assert entitled("101") == before


def test_a_death_in_between_ends_by_the_death_and_asks_nobody(uninsured, run, entitled):
    run("apply-changes", on="2026-06-30")
    uninsured.leave("101", date(2026, 7, 5), status="3")
    run("apply-changes", on="2026-07-31")
    assert entitled("101") == [(SHONI, BEGAN, date(2026, 7, 5), "NOT_RESIDENT")]
    assert checks()[0][4] == "other"
    run("apply-changes", on="2026-09-30")
    assert (entitled("101")[0][2:], len(checks())) == ((date(2026, 7, 5), "NOT_RESIDENT"), 1)


def test_a_death_that_is_known_with_the_insurance_opens_no_question(uninsured, run, entitled):
    uninsured.leave("101", date(2026, 6, 20), status="3")
    run("apply-changes", on="2026-06-30")
    assert (entitled("101")[0][2], checks()) == (date(2026, 6, 20), [])


def test_without_a_confirmed_grace_nobody_loses_and_the_run_says_so(uninsured, run, entitled):
    set_profile(active_profile().model_copy(update={"insurance_grace": []}))
    run("apply-changes", on="2026-06-30")
    last = run("apply-changes", on="2027-02-28")
    assert entitled("101")[0][3] == ""
    assert checks()[0][2] is None
    codes = set(RunProblem.objects.using("subsidy").filter(run=last).values_list("code", flat=True))
    assert codes == {"insurance_missing", "insurance_grace_unconfirmed"}


def test_a_grace_of_no_days_loses_at_once(uninsured, run, entitled):
    grace = active_profile().insurance_grace[0].model_copy(update={"days": 0})
    set_profile(active_profile().model_copy(update={"insurance_grace": [grace]}))
    run("apply-changes", on="2026-06-30")
    assert entitled("101") == [(SHONI, BEGAN, GONE, "NOT_INSURED")]


def test_who_is_asked_is_left_out_of_the_renewal_and_named(uninsured, run, entitled):
    before = entitled("101")
    run("apply-changes", on="2026-06-30")
    done = run("renew", scheme=SHONI, on="2026-07-01")
    assert (done.counts, entitled("101")) == ({}, before)
    assert [p.code for p in RunProblem.objects.using("subsidy").filter(run=done)] == ["insurance_missing"]


def renew(on, *, trial=False):
    return renew_one(using="subsidy", scheme=SHONI, atena_no="101", on=on, now=NOW, trial=trial)


def test_who_was_left_out_is_renewed_alone_when_the_insurance_is_known(uninsured, run, entitled):
    before = entitled("101")
    run("apply-changes", on="2026-06-30")
    with pytest.raises(NothingToRenew, match="まだ行われていません"):
        renew(date(2026, 7, 31))
    run("renew", scheme=SHONI, on="2026-07-01")
    with pytest.raises(NothingToRenew, match="保険確認中"):
        renew(date(2026, 7, 31))
    uninsured.insured("101", GONE)
    run("apply-changes", on="2026-07-31")

    trial = renew(date(2026, 8, 1), trial=True)
    assert (trial.on, trial.outcome, trial.steps != []) == (date(2026, 7, 1), "eligible", True)
    assert not Decision.objects.filter(kind="renewal").exists()
    renew(date(2026, 8, 1))

    assert entitled("101") == before
    made = Decision.objects.get(kind="renewal")
    assert (made.judged_on, made.decided_on, made.outcome) == (date(2026, 7, 1), date(2026, 8, 1), "eligible")
    with pytest.raises(NothingToRenew, match="済んでいます"):
        renew(date(2026, 8, 1))


def test_a_late_renewal_that_is_refused_ends_on_the_day_of_the_renewal(uninsured, run, entitled):
    run("apply-changes", on="2026-06-30")
    run("renew", scheme=SHONI, on="2026-07-01")
    InsuranceCheck.objects.update(due_on=date(2026, 7, 10))  # the grace is over and nothing came

    assert renew(date(2026, 8, 1)).outcome == "rejected"
    assert [(row[1], row[3]) for row in entitled("101")] == [(BEGAN, "NOT_INSURED")]


def test_nobody_without_an_entitlement_on_the_day_is_renewed(newborn, run):
    run("renew", scheme=SHONI, on="2026-07-01")
    with pytest.raises(NothingToRenew, match="受給資格がありません"):
        renew_one(using="subsidy", scheme=SHONI, atena_no="999", on=date(2026, 8, 1), now=NOW)
