"""Changes of the real 社会保障宛名 in the registry: the same rows as from files, each once."""

from datetime import UTC, date, datetime

import pytest
from tests.systems.welfare.conftest import event, facts, subscribe
from tests.systems.welfare.test_changes import tax
from tests.systems.welfare.test_persons import ACCOUNT, MAILING

from tasuke.contracts.kit import Caller, Unreachable
from tasuke.contracts.welfare import CHANGES, Changes, ChangesRequest
from tasuke.platform.exchange.models import InboundFile
from tasuke.platform.transport.testing import wire
from tasuke.systems.subsidy.registry.models import (
    Account,
    ChangeCursor,
    ChangeProblem,
    Income,
    MailingAddress,
    Protection,
    ResidentRecord,
)
from tasuke.systems.subsidy.registry.rounds import StreamBroken, receive_changes
from tasuke.systems.welfare.api import HANDLERS
from tasuke.systems.welfare.models import Change, Subscriber
from tasuke.systems.welfare.publishing import publishing
from tasuke.systems.welfare.services.end_protection import end_protection
from tasuke.systems.welfare.services.issue_nonresident import issue_nonresident
from tasuke.systems.welfare.services.merge_numbers import merge_numbers
from tasuke.systems.welfare.services.set_payee import set_account, set_mailing_address
from tasuke.systems.welfare.services.subscribe import end_subscription
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["welfare", "subsidy", "resident"])
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
S = "subsidy"
KINDS = ("person", "tax", "account", "mailing", "nonresident")


@pytest.fixture(autouse=True)
def wired():
    with wire({("welfare", S): HANDLERS}, clock=lambda: NOW):
        subscribe(kinds=KINDS)
        yield


def receive():
    return receive_changes(using=S, at=NOW)


def take(*events):
    take_events(using="welfare", events=events, last=events[-1].sequence, at=NOW)


def residents(atena_no="1"):
    rows = ResidentRecord.objects.using(S).current().of_person(atena_no).order_by("valid")
    return [(r.valid.lower, r.valid.upper, r.address) for r in rows]


def test_persons_come_as_history_and_once():
    take(event(1, address="甲"), event(2, on=date(2026, 5, 1), code="03", address="乙"))
    counts = receive()
    assert (counts["changes"], counts["persons"], counts["not_taken"]) == (2, 2, 0)
    assert residents() == [(date(2026, 4, 1), date(2026, 5, 1), "甲"), (date(2026, 5, 1), None, "乙")]
    record = ResidentRecord.objects.using(S).current().first()
    assert (record.name_key, record.kana_key) == ("高橋花子", "タカハシハナコ")
    file = InboundFile.objects.using(S).get(pk=record.file_id)
    assert (file.kind, file.rows, file.accepted) == ("welfare-residents", 2, 2)
    assert receive() == {}
    assert ResidentRecord.objects.using(S).count() == 2


def test_a_late_event_lands_in_its_place():
    take(event(1, on=date(2026, 5, 1), code="03", address="乙"))
    receive()
    take(event(2, on=date(2026, 4, 1), address="甲"))
    receive()
    assert residents() == [(date(2026, 4, 1), date(2026, 5, 1), "甲"), (date(2026, 5, 1), None, "乙")]


def test_nonresidents_come_too():
    number = issue_nonresident(
        using="welfare", facts=facts(), business_id="900", by="S", on=date(2026, 6, 1), at=NOW
    ).atena_no
    receive()
    row = ResidentRecord.objects.using(S).get(atena_no=number)
    assert (row.resident_status, row.municipality_code, row.name) == ("8", "012033", "佐藤　太郎")


def test_tax_corrections_are_taken_as_by_the_file():
    take(event(1))
    tax({"atena_no": "1", "total_income": 100, "income_levy": 1})
    receive()
    tax({"atena_no": "1", "total_income": 90, "corrected": True, "corrected_on": date(2026, 8, 1), "income_levy": 1})
    receive()
    current = Income.objects.using(S).get(recorded_to__isnull=True)
    assert (current.total_income, current.corrected, current.source) == (90, True, "tax_feed")
    assert Income.objects.using(S).count() == 2


def test_accounts_and_mailing_addresses():
    take(event(1))
    given = {"using": "welfare", "atena_no": "1", "by": "S", "at": NOW}
    set_account(start=date(2026, 4, 1), facts=ACCOUNT, **given)
    set_account(start=date(2026, 6, 1), facts={**ACCOUNT, "account_no": "7654321"}, **given)
    set_mailing_address(start=date(2026, 7, 1), end=None, facts=MAILING, **given)
    receive()
    set_account(start=date(2026, 5, 1), facts={**ACCOUNT, "account_no": "1111111"}, **given)
    set_mailing_address(start=date(2026, 6, 1), end=date(2026, 8, 1), facts=MAILING, **given)
    receive()
    accounts = Account.objects.using(S).current().order_by("valid")
    assert [(a.valid.lower, a.valid.upper, a.account_no) for a in accounts] == [
        (date(2026, 4, 1), date(2026, 5, 1), "1234567"),
        (date(2026, 5, 1), None, "1111111"),
    ]
    mailing = MailingAddress.objects.using(S).current().get()
    assert (mailing.valid.lower, mailing.valid.upper, mailing.addressee) == (
        date(2026, 6, 1),
        date(2026, 8, 1),
        "架空園",
    )


def test_the_mark_of_protection_opens_with_whatever_comes_and_never_closes_by_itself():
    take(event(1, protection=True), event(2, "2"))
    tax({"atena_no": "1", "total_income": 1, "income_levy": 1})
    receive()
    assert Protection.objects.using(S).get().atena_no == "1"
    end_protection(using="welfare", atena_no="1", reason="申出", by="K", at=NOW)
    take(event(3, on=date(2026, 6, 1), code="03"))
    receive()
    assert Protection.objects.using(S).get().ended_on is None
    assert [p.code for p in ChangeProblem.objects.using(S).filter(atena_no="1", taken=True)] == ["protection_flag_off"]


def test_a_mark_alone_on_a_tax_figure_protects():
    take(event(1, protection=True))
    subscriber = Subscriber.objects.using("welfare").get()
    end_subscription(using="welfare", subscriber_id=subscriber.pk, by="K0002", at=NOW)
    subscribe("subsidy", kinds=("tax",))
    tax({"atena_no": "1", "total_income": 1, "income_levy": 1})
    receive()
    assert Protection.objects.using(S).get().source == "社会保障宛名の支援措置"


def test_a_bad_change_is_named_and_the_others_go_on():
    take(event(1, sex="9"), event(2, "2"), event(3, "3", birth_date="2026-13-40"))
    with publishing(using="welfare", at=NOW):
        wrong = {**ACCOUNT, "bank_code": "1"}
        Change.objects.using("welfare").create(
            kind="account", atena_no="2", valid_from=date(2026, 4, 1), recorded_at=NOW, items=wrong
        )
    set_account(using="welfare", atena_no="2", start=date(2026, 4, 1), facts=ACCOUNT, by="S", at=NOW)
    counts = receive()
    assert (counts["persons"], counts["accounts"], counts["not_taken"]) == (1, 1, 3)
    assert residents("2")
    found = ChangeProblem.objects.using(S).filter(taken=False).order_by("sequence")
    assert [(p.sequence, p.field) for p in found][:2] == [(1, "性別"), (3, "生年月日")]
    assert ChangeCursor.objects.using(S).get().last == 5


def test_a_line_break_in_a_text_moves_no_line():
    take(event(1, address="甲\r\n乙"), event(2, "2", sex="9"))
    receive()
    assert residents()[0][2] == "甲 乙"
    assert ChangeProblem.objects.using(S).get().atena_no == "2"


def test_a_round_that_dies_has_not_happened(monkeypatch):
    take(event(1))
    monkeypatch.setattr("tasuke.systems.subsidy.registry.rounds._keep", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        receive()
    assert not ResidentRecord.objects.using(S).exists()
    monkeypatch.undo()
    assert receive()["persons"] == 1


def test_a_provider_that_is_away_or_refuses():
    def down(request: ChangesRequest, caller: Caller) -> Changes:
        raise Unreachable("停止中")

    with wire({("welfare", S): {CHANGES: down}}, clock=lambda: NOW):
        assert receive() == {"unreachable": 1}
    with wire({("welfare", S): HANDLERS}, clock=lambda: NOW):
        end_subscription(
            using="welfare", subscriber_id=Subscriber.objects.using("welfare").get().pk, by="K0002", at=NOW
        )
        assert receive() == {"refused": 1}


def test_a_stream_with_a_hole_is_not_taken():
    take(event(1), event(2, "2"))

    def lossy(request: ChangesRequest, caller: Caller) -> Changes:
        page = HANDLERS[CHANGES](request, caller)
        return page.model_copy(update={"changes": page.changes[1:]})

    with wire({("welfare", S): {CHANGES: lossy}}, clock=lambda: NOW), pytest.raises(StreamBroken):
        receive()
    assert not ResidentRecord.objects.using(S).exists()


def test_a_merge_moves_nothing_and_is_shown_to_a_person():
    subscriber = Subscriber.objects.using("welfare").get()
    end_subscription(using="welfare", subscriber_id=subscriber.pk, by="K0002", at=NOW)
    subscribe(S, kinds=(*KINDS, "merge"))
    take(event(1))
    given = {"using": "welfare", "by": "S", "on": date(2026, 6, 1), "at": NOW}
    number = issue_nonresident(facts=facts(), business_id="900", **given).atena_no
    merge_numbers(atena_no=number, into="1", reason="同じ人", **given)
    assert receive()["not_taken"] == 0
    problem = ChangeProblem.objects.using(S).get()
    assert (problem.atena_no, problem.code, problem.taken) == (number, "merged", True)
    assert ResidentRecord.objects.using(S).current().count() == 2
