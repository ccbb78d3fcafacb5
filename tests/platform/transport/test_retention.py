"""Old replies go, keys stay longer, and a call that comes again is never done twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tasuke.contracts.kit import Caller, Link, Refused, Unreachable
from tasuke.contracts.unified import REGISTER, RegisterReply, RegisterRequest
from tasuke.platform.transport import outbox
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.models import Answered, Outgoing, Rejection, Removed
from tasuke.platform.transport.rejections import Knocking, note_rejection
from tasuke.platform.transport.retention import RetentionUnusable, read_rules, rule_on, tidy
from tasuke.platform.transport.testing import wire

pytestmark = pytest.mark.django_db(databases=["welfare", "unified_id"])
START = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)
REQUEST = RegisterRequest(business_id="900", registrations=())
RULE = rule_on(START.date())


class Provider:
    """Counts what it does; may be away, or lose its answer after the work is done."""

    def __init__(self) -> None:
        self.now = START
        self.done = 0
        self.away = False

    def register(self, request: RegisterRequest, caller: Caller) -> RegisterReply:
        if self.away:
            raise Unreachable("閉局中")
        self.done += 1
        return RegisterReply(linked=self.done, unchanged=0)

    def clock(self) -> datetime:
        return self.now


@pytest.fixture
def provider() -> Any:
    made = Provider()
    with wire({("unified_id", "welfare"): {REGISTER: made.register}}, clock=made.clock):
        yield made


def link() -> Link:
    return link_to("unified_id", consumer="welfare")


def removed(using: str) -> list[tuple[str, int]]:
    return list(Removed.objects.using(using).order_by("id").values_list("what", "rows"))


def test_within_its_days_a_reply_is_given_again(provider: Provider) -> None:
    first = link().call(REGISTER, REQUEST, key="one")
    provider.now = START + RULE.reply
    assert tidy(using="unified_id", at=provider.now)["replies_erased"] == 0
    assert link().call(REGISTER, REQUEST, key="one") == first
    assert provider.done == 1


def test_after_them_the_reply_is_gone_and_the_call_is_refused_not_done_again(provider: Provider) -> None:
    link().call(REGISTER, REQUEST, key="one")
    provider.now = START + RULE.reply + timedelta(seconds=1)
    assert tidy(using="unified_id", at=provider.now)["replies_erased"] == 1
    assert tidy(using="unified_id", at=provider.now)["replies_erased"] == 0
    kept = Answered.objects.using("unified_id").get()
    assert (kept.reply, kept.erased_at) == ("", provider.now)
    with pytest.raises(Refused, match="前に受け付けました") as refused:
        link().call(REGISTER, REQUEST, key="one")
    assert refused.value.status == 410
    assert provider.done == 1
    assert Rejection.objects.using("unified_id").get().code == "key-old"
    assert removed("unified_id") == [("replies", 1)]


def test_in_the_end_the_key_goes_too_with_a_record(provider: Provider) -> None:
    link().call(REGISTER, REQUEST, key="one")
    tidy(using="unified_id", at=START + RULE.reply + timedelta(days=1))
    assert tidy(using="unified_id", at=START + RULE.key)["keys_forgotten"] == 0
    assert tidy(using="unified_id", at=START + RULE.key + timedelta(days=1))["keys_forgotten"] == 1
    assert not Answered.objects.using("unified_id").exists()
    assert removed("unified_id") == [("replies", 1), ("keys", 1)]


def post() -> int:
    return outbox.post(using="welfare", provider="unified_id", operation=REGISTER, request=REQUEST, key="k-1", at=START)


def deliver(at: datetime) -> outbox.Delivered:
    return outbox.deliver(using="welfare", consumer="welfare", at=at)


def test_the_outbox_gives_a_message_to_a_person_before_the_other_side_forgets_its_key(provider: Provider) -> None:
    number = post()
    provider.away = True
    assert deliver(START).failed == 1
    provider.away = False
    late = START + RULE.resend + timedelta(seconds=1)
    assert deliver(late).dead == 1
    assert provider.done == 0
    assert "届いたかどうか" in Outgoing.objects.using("welfare").get().error
    with pytest.raises(Outgoing.DoesNotExist):
        outbox.send_again(using="welfare", outgoing_id=number, at=late)


def test_what_was_never_tried_may_be_sent_however_old_it_is(provider: Provider) -> None:
    post()
    assert deliver(START + RULE.resend * 3).sent == 1
    assert provider.done == 1


def test_delivered_messages_are_forgotten_with_a_record_and_waiting_ones_never(provider: Provider) -> None:
    post()
    deliver(START)
    outbox.post(using="welfare", provider="unified_id", operation=REGISTER, request=REQUEST, key="k-2", at=START)
    assert tidy(using="welfare", at=START + RULE.key * 2)["sent_forgotten"] == 1
    assert list(Outgoing.objects.using("welfare").values_list("key", flat=True)) == ["k-2"]
    assert removed("welfare") == [("sent", 1)]


def test_counts_of_refused_calls_go_with_a_record_when_their_days_are_over() -> None:
    for at in (START, START + timedelta(days=5)):
        note_rejection(using="unified_id", who=Knocking(), operation="", code="token", at=at)
    assert tidy(using="unified_id", at=START + RULE.rejection)["rejections_forgotten"] == 0
    assert tidy(using="unified_id", at=START + RULE.rejection + timedelta(days=1))["rejections_forgotten"] == 1
    assert Rejection.objects.using("unified_id").get().first_at == START + timedelta(days=5)
    assert removed("unified_id") == [("rejections", 1)]


GOOD = 'valid_from = {day}\nreply_days = 90\nkey_days = 1000\nresend_days = 500\nrejection_days = 1000\nsource = "x"\n'


def test_rules_are_dated() -> None:
    rules = read_rules("".join(f"[[rule]]\n{GOOD.format(day=day)}" for day in ("2027-01-01", "2020-01-01")))
    assert [rule.valid_from for rule in rules] == [date(2020, 1, 1), date(2027, 1, 1)]
    with pytest.raises(LookupError):
        rule_on(date(2000, 1, 1))


@pytest.mark.parametrize(
    "change",
    [
        ("resend_days = 500", "resend_days = 1000"),
        ("reply_days = 90", "reply_days = 2000"),
        ("reply_days = 90", "reply_days = 0"),
        ("reply_days = 90", 'reply_days = "90"'),
        ("rejection_days = 1000", "rejection_days = 0"),
        ('source = "x"', 'source = ""'),
        ("valid_from = 2020-01-01", "valid_from = 2020"),
    ],
)
def test_a_rule_that_would_let_a_call_be_done_twice_is_refused(change: tuple[str, str]) -> None:
    good = f"[[rule]]\n{GOOD.format(day='2020-01-01')}"
    assert read_rules(good)
    with pytest.raises(RetentionUnusable):
        read_rules(good.replace(*change))


def test_two_rules_of_one_day_are_refused() -> None:
    with pytest.raises(RetentionUnusable):
        read_rules(f"[[rule]]\n{GOOD.format(day='2020-01-01')}" * 2)
