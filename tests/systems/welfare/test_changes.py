"""Changes for the businesses: approved kinds only, one stream without a gap; numbers to 団体内統合宛名; tax by year."""

from datetime import date, timedelta

import polars as pl
import pytest
from tests.systems.welfare.conftest import NOW, TODAY, event, facts, stream, subscribe

from tasuke.contracts.kit import Refused
from tasuke.contracts.welfare import CHANGES, ChangesRequest
from tasuke.formats import tax_feed
from tasuke.platform.batch.models import RunState
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.platform.transport.links import link_to
from tasuke.systems.welfare.jobs.import_welfare_tax import KIND
from tasuke.systems.welfare.models import DeliveryRecord, NumberNotice, Subscriber, TaxFigure
from tasuke.systems.welfare.rounds import tell_numbers
from tasuke.systems.welfare.services.end_protection import end_protection
from tasuke.systems.welfare.services.issue_nonresident import issue_nonresident
from tasuke.systems.welfare.services.receive_tax import receive_tax
from tasuke.systems.welfare.services.subscribe import (
    CannotSubscribe,
    apply_for_changes,
    decide_subscription,
    end_subscription,
)
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["welfare", "resident", "unified_id"])
W = "welfare"


def take(*events):
    take_events(using=W, events=events, last=events[-1].sequence, at=NOW)


def changes(after=0, limit=1_000, consumer="subsidy"):
    return link_to(W, consumer=consumer).call(CHANGES, ChangesRequest(after=after, limit=limit))


def tax(*rows, file_id=None):
    columns = list(tax_feed.LAYOUT.fields)
    filled = [
        {"seq": n, "status_code": "3", "tax_year": 2026, "corrected": False, "line": n + 1, **r}
        for n, r in enumerate(rows, start=1)
    ]
    frame = pl.DataFrame(filled, schema={**{f.name: f.dtype for f in columns}, "line": pl.Int64})
    return receive_tax(using=W, rows=frame, at=NOW, by="S", file_id=file_id)


# --- subscriptions ----------------------------------------------------------------------------------------------------


def apply(**more):
    given = {"system": "subsidy", "name": "医療費助成", "business_id": "900", "kinds": ["person"], "by": "K0001"}
    ground = {"legal_basis": "条例", "purpose": "審査", "at": NOW}
    return apply_for_changes(using=W, **{**given, **ground, **more})


@pytest.mark.parametrize("more", [{"kinds": []}, {"kinds": ["iq"]}, {"legal_basis": " "}, {"purpose": ""}])
def test_what_cannot_be_asked_for(more):
    with pytest.raises(CannotSubscribe):
        apply(**more)


@pytest.mark.parametrize("why", ["never asked", "not decided", "rejected", "ended"])
def test_without_an_approval_nothing_flows(unified, why):
    if why != "never asked":
        made = apply()
    if why in ("rejected", "ended"):
        decide_subscription(using=W, subscriber_id=made.pk, approve=why == "ended", by="K0002", at=NOW)
    if why == "ended":
        end_subscription(using=W, subscriber_id=made.pk, by="K0002", at=NOW)
    take(event(1))
    with pytest.raises(Refused):
        changes()
    assert not DeliveryRecord.objects.using(W).exists()


def test_another_person_decides_once():
    made = apply()
    with pytest.raises(CannotSubscribe):
        decide_subscription(using=W, subscriber_id=made.pk, approve=True, by="K0001", at=NOW)
    decide_subscription(using=W, subscriber_id=made.pk, approve=True, by="K0002", at=NOW)
    for again in (
        lambda: decide_subscription(using=W, subscriber_id=made.pk, approve=True, by="K0002", at=NOW),
        apply,  # the approved one is ended first
    ):
        with pytest.raises(CannotSubscribe):
            again()


def test_only_approved_kinds_in_one_stream_without_a_gap(unified):
    subscribe(kinds=("tax",))
    take(event(1), event(2, "2"))
    tax({"atena_no": "1", "total_income": 1}, {"atena_no": "2", "total_income": 2})
    page = changes()
    assert [(c.sequence, c.kind, c.atena_no) for c in page.changes] == [(1, "tax", "1"), (2, "tax", "2")]
    assert page.last == 2


def test_what_happened_before_the_approval_comes_with_it_and_nothing_twice(unified):
    take(event(1), event(2, "2"))
    subscribe(kinds=("person",))
    take(event(3, "3"))
    assert [c.atena_no for c in changes().changes] == ["1", "2", "3"]
    subscriber = Subscriber.objects.using(W).get()
    end_subscription(using=W, subscriber_id=subscriber.pk, by="K0002", at=NOW)
    take(event(4, "4"))
    subscribe(kinds=("person", "tax"))
    assert [(c.sequence, c.atena_no) for c in changes().changes] == [(1, "1"), (2, "2"), (3, "3"), (4, "4")]


def test_pages_and_how_far_somebody_is(unified):
    subscribe(kinds=("person",))
    take(*(event(n, str(n)) for n in range(1, 6)))
    first = changes(limit=2)
    assert ([c.sequence for c in first.changes], first.last) == ([1, 2], 5)
    assert [c.sequence for c in changes(after=2).changes] == [3, 4, 5]
    assert changes(after=5).changes == ()
    assert Subscriber.objects.using(W).get().confirmed == 5
    assert [(r.first_sequence, r.last_sequence) for r in DeliveryRecord.objects.using(W).order_by("id")] == [
        (1, 2),
        (3, 5),
    ]
    changes(after=1)
    assert Subscriber.objects.using(W).get().confirmed == 5
    with pytest.raises(Refused):
        changes(after=6)


# --- tax --------------------------------------------------------------------------------------------------------------


def test_tax_by_year_keeps_what_a_correction_replaces():
    subscribe(kinds=("tax",))
    assert tax({"atena_no": "1", "total_income": 100})["added"] == 1
    assert tax({"atena_no": "1", "total_income": 100})["unchanged"] == 1
    fixed = tax({"atena_no": "1", "total_income": 90, "corrected": True, "corrected_on": date(2026, 8, 1)})
    assert (fixed["superseded"], fixed["added"]) == (1, 1)
    old = tax({"atena_no": "1", "total_income": 100})
    assert (old["older_than_correction"], old["added"]) == (1, 0)
    older = tax({"atena_no": "1", "total_income": 80, "corrected": True, "corrected_on": date(2026, 7, 1)})
    assert older["older_than_correction"] == 1
    assert TaxFigure.objects.using(W).get(recorded_to__isnull=True).items["total_income"] == 90
    told = [(c.valid_from, c.items["total_income"]) for c in stream()]
    assert told == [(date(2026, 6, 1), 100), (date(2026, 8, 1), 90)]


def test_two_rows_of_one_year_in_a_file_the_corrected_one_counts():
    tax(
        {"atena_no": "1", "total_income": 90, "corrected": True, "corrected_on": date(2026, 8, 1)},
        {"atena_no": "1", "total_income": 100},
    )
    assert TaxFigure.objects.using(W).get().items["total_income"] == 90


def test_the_job_takes_a_file_once(tmp_path):
    columns = {f.name: f.dtype for f in tax_feed.LAYOUT.fields}
    rows = [
        {"seq": n, "atena_no": str(n), "tax_year": 2026, "status_code": "1", "total_income": 0, "corrected": False}
        for n in range(1, 4)
    ]
    path = tmp_path / "tax_2026.csv"
    path.write_bytes(tax_feed.render(pl.DataFrame(rows, schema=columns)))

    def run(target):
        given = {"using": W, "job": KIND, "target": target, "parameters": {"path": str(path)}, "by": "K0001"}
        planned, plan = plan_run(**given, now=NOW)
        return apply_run(using=W, run=planned, plan=plan, clock=lambda: NOW)

    assert run("a").state == RunState.DONE
    assert TaxFigure.objects.using(W).count() == 3
    run("b")
    assert TaxFigure.objects.using(W).count() == 3


# --- business numbers -------------------------------------------------------------------------------------------------


def test_numbers_of_persons_that_a_business_uses_are_told_once(unified):
    subscribe(kinds=("person", "nonresident"))
    take(event(1), event(2, "1", on=date(2026, 5, 1)))
    number = issue_nonresident(using=W, facts=facts(), business_id="900", by="S", on=TODAY, at=NOW).atena_no
    assert tell_numbers(using=W, at=NOW) == {"told": 3, "dead": 0, "failed": 0}
    assert sorted(unified.told) == sorted([("900", "1", False), ("900", number, False), ("031", number, False)])
    assert tell_numbers(using=W, at=NOW) == {}
    (one,) = [r for q in unified.requests for r in q.registrations if r.atena_no == "1"]
    assert (one.resident, one.my_number_sealed, one.name) == (True, None, "髙橋　花子")


def test_a_kind_without_persons_tells_no_number(unified):
    subscribe(kinds=("tax",))
    take(event(1))
    tax({"atena_no": "1", "total_income": 1})
    assert not NumberNotice.objects.using(W).exists()


def test_who_is_not_known_there_yet_is_told_again_later(unified):
    subscribe(kinds=("person",))
    unified.unknown = {"2"}
    take(event(1), event(2, "2"))
    assert tell_numbers(using=W, at=NOW) == {"told": 1, "dead": 0, "failed": 1}
    assert tell_numbers(using=W, at=NOW) == {}
    unified.unknown = set()
    assert tell_numbers(using=W, at=NOW + timedelta(minutes=2))["told"] == 1
    assert not NumberNotice.objects.using(W).exclude(state=NumberNotice.State.TOLD).exists()


def test_a_row_that_is_refused_for_good_waits_for_a_person_and_nobody_away_kills_one(unified):
    subscribe(kinds=("person",))
    take(event(1))
    unified.down = True
    for hour in range(20):
        tell_numbers(using=W, at=NOW + timedelta(days=1, hours=7 * hour))
    notice = NumberNotice.objects.using(W).get()
    assert (notice.state, notice.attempts) == (NumberNotice.State.WAITING, 0)
    unified.down, unified.refuses = False, True
    dead = [tell_numbers(using=W, at=NOW + timedelta(days=30, hours=7 * n)).get("dead", 0) for n in range(12)]
    assert sum(dead) == 1
    assert NumberNotice.objects.using(W).get().state == NumberNotice.State.DEAD


def test_the_businesses_are_told_that_a_protection_has_ended(unified):
    subscribe(kinds=("person", "nonresident"))
    take(event(1, protection=True))
    end_protection(using=W, atena_no="1", reason="申出", by="K0002", at=NOW)
    assert [(c.kind, c.items["protection"]) for c in changes().changes] == [("person", True), ("person", False)]
