"""Messages that must arrive: in order, once, after days if need be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tasuke.contracts.kit import Caller, Refused, Unreachable
from tasuke.contracts.unified import REGISTER, RegisterReply, RegisterRequest
from tasuke.platform.transport import outbox
from tasuke.platform.transport.testing import wire

pytestmark = pytest.mark.django_db(databases=["welfare", "unified_id"])
NOW = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)


class Provider:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.down = False
        self.refuse: set[str] = set()

    def register(self, request: RegisterRequest, caller: Caller) -> RegisterReply:
        if self.down:
            raise Unreachable("閉局中")
        if request.business_id in self.refuse:
            raise Refused("業務IDがありません")
        self.seen.append(request.business_id)
        return RegisterReply(linked=0, unchanged=0)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    with wire({("unified_id", "welfare"): {REGISTER: made.register}}, clock=lambda: NOW):
        yield made


def post(business_id: str, at: datetime = NOW) -> int:
    request = RegisterRequest(business_id=business_id, registrations=())
    return outbox.post(
        using="welfare", provider="unified_id", operation=REGISTER, request=request, key=f"k-{business_id}", at=at
    )


def deliver(at: datetime = NOW, limit: int = 100) -> outbox.Delivered:
    return outbox.deliver(using="welfare", consumer="welfare", at=at, limit=limit)


def test_messages_arrive_in_order(provider: Provider) -> None:
    for business in ("001", "002", "003"):
        post(business)
    assert deliver().sent == 3
    assert provider.seen == ["001", "002", "003"]
    assert deliver() == outbox.Delivered()


def test_a_day_without_the_provider_loses_nothing(provider: Provider) -> None:
    provider.down = True
    post("001")
    moment = NOW
    for _ in range(200):
        deliver(moment)
        moment += timedelta(minutes=10)
    post("002", moment)
    provider.down = False
    assert deliver(moment + timedelta(minutes=15)).sent == 2
    assert provider.seen == ["001", "002"]


def test_nothing_overtakes_a_message_that_waits(provider: Provider) -> None:
    provider.down = True
    post("001")
    deliver()
    provider.down = False
    post("002")
    assert deliver(NOW + timedelta(seconds=1)) == outbox.Delivered()
    assert provider.seen == []
    assert deliver(NOW + timedelta(seconds=5)).sent == 2


def test_a_refused_message_is_a_dead_letter_and_holds_nobody_up(provider: Provider) -> None:
    provider.refuse = {"001"}
    dead = post("001")
    post("002")
    assert deliver() == outbox.Delivered(sent=1, failed=0, dead=1)
    letter = outbox.dead_letters("welfare").get()
    assert (letter.pk, letter.error) == (dead, "業務IDがありません")
    provider.refuse = set()
    outbox.send_again(using="welfare", outgoing_id=dead, at=NOW)
    assert deliver().sent == 1
    assert provider.seen == ["002", "001"]


def test_a_delivered_message_keeps_no_contents(provider: Provider) -> None:
    sent = post("001")
    deliver()
    row = outbox.Outgoing.objects.using("welfare").get(pk=sent)
    assert (row.state, row.body) == ("delivered", "")


def test_a_crash_after_the_answer_sends_the_same_message_again_and_it_counts_once(provider: Provider) -> None:
    sent = post("001")
    deliver()
    outbox.Outgoing.objects.using("welfare").filter(pk=sent).update(
        state="waiting", ended_at=None, body=RegisterRequest(business_id="001", registrations=()).model_dump_json()
    )
    assert deliver().sent == 1
    assert provider.seen == ["001"]


def test_the_same_key_cannot_be_posted_twice() -> None:
    from django.db import IntegrityError

    post("001")
    with pytest.raises(IntegrityError):
        post("001")
