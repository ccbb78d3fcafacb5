"""Only approved items to approved consumers, each event once, in order, without a gap."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from django.db import IntegrityError, connections, transaction

from tasuke.contracts.distribution import (
    CONFIRM,
    PULL,
    PUSH,
    PUT_HOUSEHOLDS,
    SNAPSHOT,
    Done,
    Events,
    Households,
    PullRequest,
    Received,
    SnapshotRequest,
)
from tasuke.contracts.kit import Caller, Refused, Unreachable
from tasuke.formats import resident_feed
from tasuke.platform.transport import outbox
from tasuke.platform.transport.links import bind, link_to
from tasuke.platform.transport.testing import wire
from tasuke.systems.resident.api import HANDLERS
from tasuke.systems.resident.models import Consumer, DeliveryRecord, Refusal, ResidentState, UsageApplication
from tasuke.systems.resident.rounds import push
from tasuke.systems.resident.services.apply_for_items import (
    CannotApply,
    CannotDecide,
    apply_for_items,
    decide_application,
    end_usage,
)
from tasuke.systems.resident.services.receive_states import receive_states

pytestmark = pytest.mark.django_db(databases=["resident", "welfare", "gateway"])
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
ITEMS = ("name", "birth_date", "address")


def row(atena_no: str, **changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "atena_no": atena_no,
        "household_no": "45678",
        "resident_type": "1",
        "resident_status": "1",
        "name": "髙橋　花子",
        "sex": "2",
        "birth_date": date(2019, 5, 1),
        "relationship_code": "20",
        "municipality_code": "011002",
        "address": "札幌市中央区北一条西二丁目１番地",
        "phone": "011-000-0000",
        "event_code": "01",
        "event_date": date(2026, 4, 1),
        "protection": False,
    }
    return {**facts, **changes}


def receive(*rows: dict[str, Any], tell_gateway: bool = False) -> dict[str, int]:
    schema = {f.name: f.dtype for f in resident_feed.LAYOUT.fields if f.name != "seq"}
    lines = [{**r, "line": number} for number, r in enumerate(rows, start=2)]
    frame = pl.DataFrame(lines, schema={**schema, "line": pl.Int64})
    return dict(receive_states(using="resident", rows=frame, at=NOW, file_id=None, tell_gateway=tell_gateway))


def application(system: str = "welfare", **changes: Any) -> UsageApplication:
    facts: dict[str, Any] = {
        "system": system,
        "name": "社会保障宛名",
        "business_id": "020",
        "items": ITEMS,
        "with_my_number": False,
        "legal_basis": "住民基本台帳法",
        "purpose": "医療費助成の宛名管理",
        "valid_from": date(2026, 4, 1),
        "valid_to": None,
        "by": "K0001",
        "at": NOW,
    }
    return apply_for_items(using="resident", **{**facts, **changes})


def approve(made: UsageApplication) -> UsageApplication:
    return decide_application(using="resident", application_id=made.pk, approve=True, by="K0002", at=NOW)


class Welfare:
    """A consumer, as the contract describes it."""

    def __init__(self) -> None:
        self.events: dict[int, Any] = {}
        self.applied = 0
        self.down = False
        self.lose: set[int] = set()

    def take(self, request: Events, caller: Caller) -> Received:
        if self.down:
            raise Unreachable("停止中")
        for event in request.events:
            if event.sequence in self.lose:
                self.lose.discard(event.sequence)
                return Received(applied=self.applied, missing_from=event.sequence)
            if event.sequence == self.applied + 1:
                self.events[event.sequence] = event
                self.applied = event.sequence
        return Received(applied=self.applied)


@pytest.fixture
def welfare() -> Iterator[Welfare]:
    made = Welfare()
    households: list[Households] = []

    def put(request: Households, caller: Caller) -> Done:
        households.append(request)
        return Done(accepted=len(request.households))

    made.households = households  # type: ignore[attr-defined]
    ways = {
        ("welfare", "resident"): {PUSH: made.take},
        ("gateway", "resident"): {PUT_HOUSEHOLDS: put},
        ("resident", "welfare"): HANDLERS,
        ("resident", "subsidy"): HANDLERS,
    }
    with wire(ways, clock=lambda: NOW):
        yield made


def test_an_approved_consumer_gets_its_items_and_no_others(welfare: Welfare) -> None:
    approve(application())
    receive(row("1"))
    assert push(using="resident", at=NOW)["events"] == 1
    (event,) = welfare.events.values()
    assert set(event.items) == {*ITEMS, "protection"}
    assert (event.atena_no, event.event_code, event.sequence) == ("1", "01", 1)
    assert event.my_number_sealed is None


@pytest.mark.parametrize("why", ["never asked", "not decided", "rejected", "ended", "not yet in force"])
def test_without_an_approval_in_force_nothing_flows(welfare: Welfare, why: str) -> None:
    if why != "never asked":
        made = application(valid_from=date(2027, 1, 1) if why == "not yet in force" else date(2026, 4, 1))
        if why == "rejected":
            decide_application(using="resident", application_id=made.pk, approve=False, by="K0002", at=NOW)
        if why in ("ended", "not yet in force"):
            approve(made)
        if why == "ended":
            end_usage(using="resident", application_id=made.pk, by="K0002", at=NOW, note="業務の終了")
    receive(row("1"))
    push(using="resident", at=NOW)
    assert not welfare.events
    with pytest.raises(Refused):
        link_to("resident", consumer="welfare").call(PULL, PullRequest(after=0))
    assert DeliveryRecord.objects.using("resident").count() == 0
    assert Refusal.objects.using("resident").exists() == (why != "never asked")


def test_another_system_never_gets_what_was_approved_for_one(welfare: Welfare) -> None:
    approve(application())
    receive(row("1"))
    with pytest.raises(Refused):
        link_to("resident", consumer="subsidy").call(PULL, PullRequest(after=0))


def test_who_applied_cannot_approve_and_nothing_is_decided_twice() -> None:
    made = application()
    with pytest.raises(CannotDecide):
        decide_application(using="resident", application_id=made.pk, approve=True, by="K0001", at=NOW)
    approve(made)
    with pytest.raises(CannotDecide):
        approve(made)


@pytest.mark.parametrize(
    "changes",
    [{"items": ("name", "iq")}, {"items": ()}, {"legal_basis": " "}, {"purpose": ""}, {"with_my_number": True}],
)
def test_what_cannot_be_applied_for(changes: dict[str, Any]) -> None:
    with pytest.raises(CannotApply):
        application(**changes)


def test_only_the_unified_numbers_may_ask_for_my_number() -> None:
    assert application("unified_id", business_id="032", with_my_number=True).with_my_number


def test_the_same_state_told_twice_is_one_event(welfare: Welfare) -> None:
    approve(application())
    assert receive(row("1"), row("2")) == {"added": 2, "unchanged": 0}
    assert receive(row("2"), row("1")) == {"added": 0, "unchanged": 2}
    push(using="resident", at=NOW)
    assert sorted(welfare.events) == [1, 2]


def test_a_correction_and_its_correction_on_one_day_are_events_too(welfare: Welfare) -> None:
    approve(application())
    right, wrong = row("1"), row("1", address="札幌市北区")
    assert receive(right, right, wrong, right)["added"] == 3
    assert receive(right) == {"added": 0, "unchanged": 1}
    assert receive(wrong)["added"] == 1
    push(using="resident", at=NOW)
    assert [e.items["address"] for e in welfare.events.values()][-1] == "札幌市北区"


def test_events_lost_by_a_consumer_come_again_in_order(welfare: Welfare) -> None:
    approve(application())
    receive(*(row(str(n)) for n in range(1, 8)))
    welfare.lose = {4}
    counts = push(using="resident", at=NOW)
    assert counts["gaps"] == 1
    push(using="resident", at=NOW)
    assert [e.atena_no for e in welfare.events.values()] == [str(n) for n in range(1, 8)]


def test_a_consumer_that_was_down_gets_everything_later(welfare: Welfare) -> None:
    approve(application())
    welfare.down = True
    receive(row("1"))
    assert push(using="resident", at=NOW)["unreachable"] == 1
    receive(row("1", event_code="03", event_date=date(2026, 5, 1), address="札幌市北区"))
    welfare.down = False
    push(using="resident", at=NOW)
    assert [e.event_code for e in welfare.events.values()] == ["01", "03"]
    assert push(using="resident", at=NOW).get("events", 0) == 0


def test_pulling_and_confirming(welfare: Welfare) -> None:
    approve(application())
    receive(row("1"), row("2"))
    link = link_to("resident", consumer="welfare")
    page = link.call(PULL, PullRequest(after=1))
    assert ([e.atena_no for e in page.events], page.last) == (["2"], 2)
    assert link.call(CONFIRM, Received(applied=2), key="a").applied == 2
    assert link.call(CONFIRM, Received(applied=1), key="b").applied == 2
    with pytest.raises(Refused):
        link.call(CONFIRM, Received(applied=3), key="c")


def test_the_snapshot_shows_each_person_once_with_the_latest_state(welfare: Welfare) -> None:
    approve(application())
    receive(row("1"), row("2"), row("1", event_code="03", event_date=date(2026, 5, 1), address="札幌市北区"))
    receive(row("1", event_code="07", event_date=date(2026, 3, 1), name="旧姓　花子"))  # told late, not the latest
    link = link_to("resident", consumer="welfare")
    first = link.call(SNAPSHOT, SnapshotRequest(limit=1))
    rest = link.call(SNAPSHOT, SnapshotRequest(after_atena_no="1", limit=1))
    assert [(e.atena_no, e.items["address"]) for e in first.persons] == [("1", "札幌市北区")]
    assert ([e.atena_no for e in rest.persons], first.more, rest.more) == (["2"], True, False)


def test_changed_households_go_to_the_gateway_once(welfare: Welfare) -> None:
    receive(
        row("1", relationship_code="02"),
        row("2"),
        row("3", resident_status="2", event_code="04"),
        tell_gateway=True,
    )
    assert outbox.deliver(using="resident", consumer="resident", at=NOW).sent == 1
    (sent,) = welfare.households  # type: ignore[attr-defined]
    (household,) = sent.households
    assert [m.atena_no for m in household.members] == ["1", "2"]


def told(welfare: Welfare) -> dict[str, list[str]]:
    outbox.deliver(using="resident", consumer="resident", at=NOW)
    sent = welfare.households  # type: ignore[attr-defined]
    return {h.household_no: [m.atena_no for m in h.members] for message in sent for h in message.households}


def test_a_full_file_tells_every_household_and_the_same_file_again_tells_none(welfare: Welfare) -> None:
    full = [row("1", event_code="20"), row("2", event_code="20", household_no="9")]
    receive(*full, tell_gateway=True)
    assert told(welfare) == {"45678": ["1"], "9": ["2"]}
    welfare.households.clear()  # type: ignore[attr-defined]
    receive(*full, tell_gateway=True)
    assert told(welfare) == {}


def test_who_is_left_behind_is_told_too(welfare: Welfare) -> None:
    receive(row("1", relationship_code="02"), row("2"))
    receive(row("2", household_no="9", event_code="03", event_date=date(2026, 5, 1)), tell_gateway=True)
    assert told(welfare) == {"45678": ["1"], "9": ["2"]}


@pytest.mark.parametrize("table", ["resident_state", "resident_delivery_record"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_came_and_what_was_handed_over_stays(welfare: Welfare, table: str, statement: str) -> None:
    approve(application())
    receive(row("1"))
    push(using="resident", at=NOW)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(using="resident"),
        connections["resident"].cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_a_new_consumer_starts_after_what_was_before(welfare: Welfare) -> None:
    """It takes the snapshot first; the numbers of its own stream begin at 1."""
    receive(row("1"))
    approve(application())
    receive(row("2"))
    push(using="resident", at=NOW)
    assert [(s, e.atena_no) for s, e in welfare.events.items()] == [(1, "2")]
    assert Consumer.objects.using("resident").get().last_sequence == 1
    assert ResidentState.objects.using("resident").count() == 2


def test_a_page_that_is_sent_again_while_new_events_come_is_no_contradiction(
    welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a full page got lost; meanwhile more happened. The same numbers go again, and say so."""
    from tasuke.systems.resident import rounds

    monkeypatch.setattr(rounds, "_PAGE", 2)
    approve(application())
    receive(row("1"), row("2"))
    link, deaf = link_to("welfare", consumer="resident"), [True]

    class Deaf:
        def call(self, operation: Any, request: Any, *, key: str = "") -> Any:
            reply = link.call(operation, request, key=key)
            if deaf:
                deaf.clear()
                raise Unreachable("返事が届かない")
            return reply

    bind("welfare", "resident", Deaf())
    assert push(using="resident", at=NOW)["unreachable"] == 1
    receive(row("3"))
    assert push(using="resident", at=NOW).get("refused", 0) == 0
    assert [e.atena_no for e in welfare.events.values()] == ["1", "2", "3"]


def test_what_was_handed_over_stands_on_record_even_when_the_answer_is_nonsense(welfare: Welfare) -> None:
    approve(application())
    receive(row("1"))
    welfare.applied = 99
    for _ in range(3):  # every two seconds, all day: one line is enough
        assert push(using="resident", at=NOW)["refused"] == 1
    assert DeliveryRecord.objects.using("resident").exists()
    assert Refusal.objects.using("resident").count() == 1
    assert Consumer.objects.using("resident").get().confirmed == 0
