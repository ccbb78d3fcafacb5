"""Residents' events: each once and in order, gaps and doubles seen, whatever way they come."""

from datetime import date
from random import Random

import pytest
from django.db import IntegrityError, connections, transaction
from tests.systems.resident.test_distribution import receive, row
from tests.systems.welfare.conftest import NOW, event, facts, stream, subscribe

from tasuke.contracts.distribution import PUSH, Events
from tasuke.contracts.kit import Refused
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.testing import wire
from tasuke.systems.resident.models import Consumer
from tasuke.systems.resident.rounds import push
from tasuke.systems.welfare.api import HANDLERS
from tasuke.systems.welfare.models import IssuedNumber, NumberNotice, PersonState, Position, Protection
from tasuke.systems.welfare.queries import current_state
from tasuke.systems.welfare.rounds import catch_up, load
from tasuke.systems.welfare.services.end_protection import NotProtected, end_protection
from tasuke.systems.welfare.services.issue_nonresident import issue_nonresident
from tasuke.systems.welfare.services.take_events import take_events, take_snapshot

pytestmark = pytest.mark.django_db(databases=["welfare", "resident"])
W = "welfare"


def take(*events):
    return take_events(using=W, events=events, last=max(e.sequence for e in events), at=NOW)


def address(atena_no="1"):
    return current_state(using=W, atena_no=atena_no).items["address"]


def test_events_are_applied_once_in_order():
    taken = take(event(2, "2"), event(1, "1"))
    assert (taken.applied, taken.missing_from, taken.added) == (2, None, 2)
    again = take(event(1, "1"), event(2, "2"))
    assert (again.applied, again.added) == (2, 0)
    assert Position.objects.using(W).get().duplicates == 2
    assert PersonState.objects.using(W).count() == 2


def test_a_gap_is_named_and_nothing_after_it_is_applied():
    taken = take(event(1), event(3, "3"))
    assert (taken.applied, taken.missing_from) == (1, 2)
    assert current_state(using=W, atena_no="3") is None
    assert Position.objects.using(W).get().gaps == 1
    assert take(event(2, "2"), event(3, "3")).applied == 3


@pytest.mark.parametrize("seed", range(5))
def test_any_order_with_doubles_and_losses_ends_in_the_same_state(seed):
    random = Random(seed)
    days = [date(2026, 4, 1 + n % 3) for n in range(12)]
    events = [event(n, str(n % 3), on=days[n - 1], address=f"{n}番地") for n in range(1, 13)]
    for _ in range(200):
        page = random.choices(events, k=random.randint(1, 6))
        take(*page)
    take(*events)
    expected = {}
    for one in sorted(events, key=lambda e: (e.event_date, e.sequence)):
        expected[one.atena_no] = one.items["address"]
    assert {no: address(no) for no in expected} == expected
    assert PersonState.objects.using(W).count() == 12


def test_only_the_distribution_may_push(unified):
    with wire({(W, "somebody"): HANDLERS}, clock=lambda: NOW), pytest.raises(Refused):
        link_to(W, consumer="somebody").call(PUSH, Events(events=(event(1),), last=1), key="a")
    assert not PersonState.objects.using(W).exists()


def test_pushed_by_the_real_distribution(unified, approved):
    receive(row("1"), row("2"))
    assert push(using="resident", at=NOW)["events"] == 2
    assert Consumer.objects.using("resident").get(system=W).confirmed == 2
    assert address() == "札幌市中央区北一条西二丁目１番地"
    assert "phone" not in current_state(using=W, atena_no="1").items


def test_what_no_push_brought_is_pulled_and_confirmed(unified, approved):
    receive(*(row(str(n)) for n in range(1, 6)))
    assert catch_up(using=W, at=NOW) == {"added": 5, "applied": 5}
    assert Consumer.objects.using("resident").get(system=W).confirmed == 5
    assert push(using="resident", at=NOW).get("events", 0) == 0


def test_without_an_approval_catching_up_says_so(unified):
    assert catch_up(using=W, at=NOW) == {"refused": 1}


def test_the_first_load_takes_what_was_there_before(unified, approved):
    receive(row("1"), row("2"))
    assert load(using=W, at=NOW) == 2
    assert load(using=W, at=NOW) == 0
    assert catch_up(using=W, at=NOW)["added"] == 0
    assert PersonState.objects.using(W).count() == 2


def test_a_snapshot_and_older_events_of_the_same_day_keep_their_order():
    """Sequence 1 and 2 are of one day; the snapshot brings 2, then the stream brings both."""
    subscribe()
    old, new = event(1, address="旧住所"), event(2, address="新住所")
    take_snapshot(using=W, persons=[new.model_copy(update={"event_code": "20"})], sequence=2, more=False, at=NOW)
    take(old, new)
    assert address() == "新住所"
    assert PersonState.objects.using(W).count() == 2
    assert [c.items["address"] for c in stream()] == ["新住所"]  # old news is told to nobody


def test_history_told_late_does_not_become_the_present():
    take(event(1, on=date(2026, 5, 1), address="いま"), event(2, on=date(2026, 4, 1), address="むかし"))
    assert address() == "いま"


def test_protection_is_opened_by_a_state_and_never_ended_by_one():
    subscribe()
    take(event(1, protection=True), event(2, on=date(2026, 5, 1), protection=False))
    assert Protection.objects.using(W).get().ended_at is None
    assert [c.items["protection"] for c in stream()] == [True, True]
    with pytest.raises(NotProtected):
        end_protection(using=W, atena_no="1", reason=" ", by="K0001", at=NOW)
    end_protection(using=W, atena_no="1", reason="本人の申出", by="K0001", at=NOW)
    take(event(3, on=date(2026, 6, 1)))
    assert stream()[-1].items["protection"] is False


def test_a_nonresident_who_becomes_a_resident_ends_there_and_stays_in_the_history():
    issued = issue_nonresident(
        using=W, facts=facts(), business_id="900", by="S0001", on=date(2026, 4, 1), at=NOW, hidden=True
    )
    take(event(1, issued.atena_no, on=date(2026, 5, 1), name="佐藤　太郎"))
    ended = IssuedNumber.objects.using(W).get()
    assert (ended.ended_on, ended.resident_atena_no, ended.hidden) == (date(2026, 5, 1), issued.atena_no, False)
    assert PersonState.objects.using(W).filter(atena_no=issued.atena_no).count() == 2
    notice = NumberNotice.objects.using(W).get(business_id="031")
    assert (notice.removed, notice.version) == (True, 2)


@pytest.mark.parametrize("table", ["welfare_person_state", "welfare_change", "welfare_delivery_record"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_came_and_what_was_told_stays(table, statement):
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(using=W),
        connections[W].cursor() as cursor,
    ):
        cursor.execute(statement.format(table))
