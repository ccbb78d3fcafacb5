"""住民記録 sends events at once: each is taken once and in order, gaps and doubles are seen, whatever gets lost."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.systems.resident.test_distribution import application, approve, receive, row

from tasuke.contracts.distribution import PULL, PUT_EVENTS, PullRequest, RegisterEvent, RegisterEvents
from tasuke.contracts.kit import Refused
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.models import Outgoing
from tasuke.platform.transport.testing import TRANSPORTS, Transport, link_by, wire
from tasuke.systems.resident.api import HANDLERS
from tasuke.systems.resident.models import HouseholdRecord, IntakeFault, IntakePosition, ResidentState
from tasuke.systems.resident.services.receive_events import receive_events

pytestmark = pytest.mark.django_db(databases=["resident"])
R = "resident"
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)


def event(sequence: int, atena_no: str = "1", **changes: Any) -> RegisterEvent:
    facts = row(atena_no, **{"event_code": "03", "address": f"札幌市北区{sequence}", **changes})
    values = {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}
    return RegisterEvent(sequence=sequence, values=values)


def put(*events: RegisterEvent, last: int = 0):
    return receive_events(using=R, sender="register", events=events, last=last, at=NOW)


def states() -> list[tuple[str, str]]:
    rows = ResidentState.objects.using(R).order_by("id")
    return [(s.atena_no, s.items["address"]) for s in rows]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_happens_at_once_is_at_the_consumers_at_once(transport: Transport, tmp_path: Path) -> None:
    approve(application())
    with link_by(
        transport, provider=R, handlers=HANDLERS, system="register", clock=lambda: NOW, folder=tmp_path
    ) as link:
        reply = link.call(PUT_EVENTS, RegisterEvents(events=(event(1), event(2, "2")), last=2), key="one")
    assert (reply.applied, reply.missing_from, reply.refused) == (2, None, ())
    with wire({(R, "welfare"): HANDLERS}, clock=lambda: NOW):
        page = link_to(R, consumer="welfare").call(PULL, PullRequest(after=0))
    assert [(e.atena_no, e.event_code, e.items["address"]) for e in page.events] == [
        ("1", "03", "札幌市北区1"),
        ("2", "03", "札幌市北区2"),
    ]


def test_a_gap_is_named_doubles_are_counted_and_nothing_after_the_gap_is_taken() -> None:
    assert put(event(1)).missing_from is None
    assert put(event(1), event(3)).missing_from == 2
    assert put(event(2), event(3)).applied == 3
    position = IntakePosition.objects.using(R).get()
    assert (position.applied, position.duplicates, position.gaps) == (3, 1, 1)
    assert len(states()) == 3


def test_a_loss_at_the_end_shows_too() -> None:
    assert put(event(1), last=3).missing_from == 2


def test_values_that_cannot_be_used_are_kept_aside_and_the_others_go_on() -> None:
    done = put(
        event(1),
        event(2, "2", sex="5"),
        event(3, "3", event_date=None),
        event(4, "4", my_number="123456789012"),
        event(5, "5", name="改行の\nある　名前"),
    )
    assert (done.applied, [sequence for sequence, _ in done.refused]) == (5, [2, 3, 4])
    assert [atena_no for atena_no, _ in states()] == ["1", "5"]
    assert "123456789012" not in str(list(IntakeFault.objects.using(R).values()))
    assert set(IntakeFault.objects.using(R).filter(taken=False).values_list("atena_no", flat=True)) == {"2", "3", "4"}
    assert put(event(6, "2")).refused == ()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(1, 8), min_size=1, max_size=6), max_size=10), st.randoms(use_true_random=False))
def test_any_losses_doubles_and_orders_end_in_the_same_states(pages: list[list[int]], random: Any) -> None:
    """Oracle: every event once, in the order of its number, as soon as the sender has answered each gap."""
    with transaction.atomic(using=R):
        applied = 0
        for page in pages:
            done = put(*(event(n) for n in page), last=8)
            while applied + 1 in page:
                applied += 1
            assert (done.applied, done.missing_from) == (applied, applied + 1 if applied < 8 else None)
        while applied < 8:
            applied = put(*(event(n) for n in range(applied + 1, min(applied + 3, 8) + 1)), last=8).applied
        assert [address for _, address in states()] == [f"札幌市北区{n}" for n in range(1, 9)]
        transaction.set_rollback(True, using=R)


def test_the_nightly_file_repeats_what_came_at_once_and_changes_nothing() -> None:
    put(event(1, address="札幌市北区"))
    repeated = row("1", event_code="03", address="札幌市北区")
    assert receive(repeated) == {"added": 0, "unchanged": 1}


def test_the_register_is_the_only_sender_and_a_consumer_cannot_speak_for_it() -> None:
    from tasuke.deploy.chain.grants import GRANTS

    assert [consumer for (_, consumer), granted in GRANTS.items() if PUT_EVENTS in granted] == ["register"]


def test_households_handed_over_are_on_record_and_stay() -> None:
    put(event(1, "1", relationship_code="02"), event(2, "2"))
    record = HouseholdRecord.objects.using(R).get()
    assert (record.households, record.members) == (1, 2)
    assert Outgoing.objects.using(R).get().key == record.message_key
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(using=R),
        connections[R].cursor() as cursor,
    ):
        cursor.execute("DELETE FROM resident_household_record")


def test_an_approval_that_begins_later_leaves_the_one_in_force_until_then() -> None:
    approve(application())
    approve(application(items=("name",), valid_from=date(2026, 7, 1)))
    receive(row("1"))

    def items_on(day: datetime) -> set[str]:
        with wire({(R, "welfare"): HANDLERS}, clock=lambda: day):
            (found,) = link_to(R, consumer="welfare").call(PULL, PullRequest(after=0)).events
        return set(found.items)

    assert items_on(NOW) == {"name", "birth_date", "address", "protection"}
    assert items_on(NOW.replace(month=7)) == {"name", "protection"}
    with pytest.raises(Refused):
        items_on(NOW.replace(month=3))
