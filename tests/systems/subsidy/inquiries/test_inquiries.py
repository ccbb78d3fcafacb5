"""Ask, approve, receive, take over: nothing unlawful, nothing twice, nobody else's income."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tasuke.contracts.inquiry import (
    ANSWERS,
    ASK,
    CANCEL,
    STATES,
    Answers,
    AnswersRequest,
    CancelRequest,
    Choice,
    Choices,
    InquiriesReply,
    InquiriesRequest,
    InquiryAnswer,
    InquiryStatus,
    ProviderBody,
    States,
    StatesRequest,
)
from tasuke.contracts.kit import Caller, Unreachable
from tasuke.platform.transport import outbox
from tasuke.platform.transport.testing import wire
from tasuke.systems.subsidy.inquiries.choices import NotLawful, Question
from tasuke.systems.subsidy.inquiries.models import AnswerCursor, Inquiry, InquiryState
from tasuke.systems.subsidy.inquiries.rounds import exchange
from tasuke.systems.subsidy.inquiries.services.approve_inquiry import NotHeld, SamePerson, approve_inquiry
from tasuke.systems.subsidy.inquiries.services.ask_inquiries import Asked, ReasonWanted, ask_inquiries
from tasuke.systems.subsidy.inquiries.services.cancel_inquiry import NotOpen, cancel_inquiry
from tasuke.systems.subsidy.inquiries.services.take_over_answer import NotTakable, take_over_answer
from tasuke.systems.subsidy.registry.models import Income, Protection

pytestmark = pytest.mark.django_db(databases=["subsidy", "gateway"])
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
TAX = "TM00000000000002"
CHILD, FATHER = "000000010234561", "000000010234570"
CHOICES = Choices(
    choices=(
        Choice(
            procedure_code="JT00000000000901",
            procedure="資格審査",
            information_code=TAX,
            information="地方税関係情報",
            provider_kind="municipality",
            legal_basis="番号法9条2項の条例",
            by_year=True,
            unconfirmed=True,
        ),
    ),
    bodies=(
        ProviderBody(code="B012033", name="小樽市(代役)", kind="municipality"),
        ProviderBody(code="C000001", name="支払基金等(代役)", kind="insurer"),
    ),
    master_version=1,
)
ITEM: dict[str, Any] = {
    "tax_year": 2026,
    "status_code": "3",
    "total_income": 3_120_000,
    "dependents": 1,
    "widow": False,
}


class Gateway:
    """The other end, as the contract describes it: keeps what it was asked, answers what the test says."""

    def __init__(self) -> None:
        self.asked: dict[str, str] = {}
        self.answers: list[InquiryAnswer] = []
        self.states: dict[str, InquiryStatus] = {}
        self.cancelled: list[str] = []
        self.down = False

    def ask(self, request: InquiriesRequest, caller: Caller) -> InquiriesReply:
        self._up()
        self.asked |= {item.record_id: item.atena_no for item in request.items}
        self.items = request.items
        return InquiriesReply(accepted=len(request.items), known=0)

    def states_of(self, request: StatesRequest, caller: Caller) -> States:
        self._up()
        default = {r: InquiryStatus(record_id=r, state="sent") for r in self.asked}
        return States(states=tuple({**default, **self.states}[r] for r in request.record_ids if r in self.asked))

    def answers_after(self, request: AnswersRequest, caller: Caller) -> Answers:
        self._up()
        new = tuple(a for a in self.answers if a.sequence > request.after)[: request.limit]
        return Answers(answers=new, last=len(self.answers))

    def cancel(self, request: CancelRequest, caller: Caller) -> States:
        self.cancelled += request.record_ids
        return States(states=())

    def answer(self, record_id: str, atena_no: str | None = None, **changes: Any) -> None:
        facts: dict[str, Any] = {
            "sequence": len(self.answers) + 1,
            "record_id": record_id,
            "atena_no": atena_no or self.asked[record_id],
            "outcome": "found",
            "provider": "B012033",
            "information_code": TAX,
            "answered_at": NOW,
            "items": (ITEM,),
        }
        self.answers.append(InquiryAnswer.model_validate({**facts, **changes}))

    def _up(self) -> None:
        if self.down:
            raise Unreachable("閉局中")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    handlers = {ASK: made.ask, STATES: made.states_of, ANSWERS: made.answers_after, CANCEL: made.cancel}
    with wire({("gateway", "subsidy"): handlers}, clock=lambda: NOW):
        yield made


def ask(person: str = FATHER, **changes: Any) -> Asked:
    question = {"procedure_code": "JT00000000000901", "information_code": TAX, "provider": "B012033", "year": 2026}
    return ask_inquiries(
        using="subsidy",
        questions=[Question(person, **{**question, **{k: v for k, v in changes.items() if k in question}})],
        about={person: CHILD},
        scheme="sapporo-kodomo",
        ward_code="011011",
        choices=CHOICES,
        by="S0001",
        department="0101",
        at=NOW,
        extra_step=changes.get("extra_step", ""),
    )


def round_() -> dict[str, int]:
    return exchange(using="subsidy", at=NOW)


def test_a_question_goes_out_and_its_answer_comes_in_once(gateway: Gateway) -> None:
    (inquiry,) = ask().inquiries
    assert round_()["sent"] == 1
    inquiry.refresh_from_db()
    assert inquiry.state == "sent"
    gateway.answer(inquiry.record_id)
    assert round_()["answers"] == 1
    assert round_()["answers"] == 0
    inquiry.refresh_from_db()
    assert (inquiry.state, inquiry.outcome, inquiry.items) == ("answered", "found", [ITEM])


def test_the_same_question_is_not_asked_again_while_it_is_open(gateway: Gateway) -> None:
    ask()
    again = ask()
    assert (again.inquiries, again.open_already) == ((), (FATHER,))
    assert len(ask(year=2025).inquiries) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"procedure_code": "JT9"},
        {"information_code": "TM9"},
        {"provider": "X"},
        {"provider": "C000001"},
        {"year": None},
    ],
)
def test_what_the_master_does_not_allow_is_never_asked(changes: dict[str, Any]) -> None:
    with pytest.raises(NotLawful):
        ask(**changes)
    assert not Inquiry.objects.exists()
    assert not outbox.waiting("subsidy").exists()


@pytest.fixture
def protected() -> None:
    Protection.objects.create(atena_no=CHILD, since=date(2025, 1, 1), source="申出")


@pytest.mark.usefixtures("protected")
def test_a_protected_household_is_asked_about_by_two_persons_only(gateway: Gateway) -> None:
    with pytest.raises(ReasonWanted):
        ask()
    (inquiry,) = ask(extra_step="審査に必要").inquiries
    round_()
    assert (inquiry.state, gateway.asked) == ("held", {})
    with pytest.raises(SamePerson):
        approve_inquiry(using="subsidy", inquiry_id=inquiry.pk, agree=True, by="S0001", department="0101", at=NOW)
    approve_inquiry(using="subsidy", inquiry_id=inquiry.pk, agree=True, by="S0002", department="0101", at=NOW)
    round_()
    assert list(gateway.asked) == [inquiry.record_id]
    assert gateway.items[0].undisclosed
    assert "S0002" in gateway.items[0].extra_step
    with pytest.raises(NotHeld):
        approve_inquiry(using="subsidy", inquiry_id=inquiry.pk, agree=True, by="S0002", department="0101", at=NOW)


@pytest.mark.usefixtures("protected")
def test_the_database_itself_sends_no_protected_inquiry_without_approval() -> None:
    (inquiry,) = ask(extra_step="審査に必要").inquiries
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Inquiry.objects.filter(pk=inquiry.pk).update(state=InquiryState.WAITING)
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Inquiry.objects.filter(pk=inquiry.pk).update(state=InquiryState.WAITING, approved_by="S0001", approved_at=NOW)


def test_a_closed_gateway_loses_nothing(gateway: Gateway) -> None:
    gateway.down = True
    (inquiry,) = ask().inquiries
    assert round_() == {"sent": 0, "unreachable": 1}
    gateway.down = False
    outbox.Outgoing.objects.using("subsidy").update(next_at=NOW)
    round_()
    assert inquiry.record_id in gateway.asked


def test_an_answer_about_somebody_else_is_not_received(gateway: Gateway) -> None:
    (inquiry,) = ask().inquiries
    round_()
    gateway.answer(inquiry.record_id, CHILD)
    round_()
    inquiry.refresh_from_db()
    assert (inquiry.state, inquiry.items, inquiry.outcome) == ("refused", None, "")


def test_a_crash_before_the_commit_receives_the_page_again(gateway: Gateway) -> None:
    (inquiry,) = ask().inquiries
    round_()
    gateway.answer(inquiry.record_id)

    with transaction.atomic(using="subsidy"):
        round_()
        transaction.set_rollback(True, using="subsidy")
    assert not AnswerCursor.objects.filter(last__gt=0).exists()
    round_()
    inquiry.refresh_from_db()
    assert inquiry.state == "answered"


def answered(gateway: Gateway, **changes: Any) -> Inquiry:
    (inquiry,) = ask().inquiries
    round_()
    gateway.answer(inquiry.record_id, **changes)
    round_()
    inquiry.refresh_from_db()
    return inquiry


def take(inquiry: Inquiry) -> Inquiry:
    return take_over_answer(using="subsidy", inquiry_id=inquiry.pk, by="S0003", at=NOW)


def test_an_answer_becomes_an_income_with_its_source(gateway: Gateway) -> None:
    take(answered(gateway))
    income = Income.objects.get(atena_no=FATHER, recorded_to__isnull=True)
    assert (income.tax_year, income.total_income, income.dependents, income.widow) == (2026, 3_120_000, 1, False)
    assert (income.source, income.recorded_from) == ("inquiry", NOW)


def test_taking_over_twice_changes_nothing(gateway: Gateway) -> None:
    inquiry = answered(gateway)
    take(inquiry)
    take(inquiry)
    assert Income.objects.filter(atena_no=FATHER).count() == 1


def test_the_citys_own_tax_figures_are_not_replaced(gateway: Gateway) -> None:
    inquiry = answered(gateway)
    Income.objects.create(
        atena_no=FATHER, tax_year=2026, status_code="3", total_income=1, source="tax_feed", recorded_from=NOW
    )
    with pytest.raises(NotTakable, match="市の税情報"):
        take(inquiry)


def test_an_undeclared_year_of_ours_gives_way(gateway: Gateway) -> None:
    inquiry = answered(gateway)
    Income.objects.create(atena_no=FATHER, tax_year=2026, status_code="4", source="tax_feed", recorded_from=NOW)
    take(inquiry)
    assert Income.objects.get(atena_no=FATHER, recorded_to__isnull=True).total_income == 3_120_000


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "none", "items": ()},
        {"items": ({"tax_year": 2025, "status_code": "3"},)},
        {"items": ({"tax_year": 2026},)},
        {"items": ({**ITEM, "total_income": "三百万"},)},
        {"items": ({**ITEM, "declared_on": "2026-02-30"},)},
    ],
    ids=["nothing found", "another year", "no status", "no number", "no such day"],
)
def test_what_cannot_be_read_is_not_taken_over(gateway: Gateway, changes: dict[str, Any]) -> None:
    inquiry = answered(gateway, **changes)
    with pytest.raises(NotTakable):
        take(inquiry)
    assert not Income.objects.exists()


def test_cancelling_asks_the_gateway_and_its_word_counts(gateway: Gateway) -> None:
    (inquiry,) = ask().inquiries
    round_()
    cancel_inquiry(using="subsidy", inquiry_id=inquiry.pk, at=NOW)
    gateway.states[inquiry.record_id] = InquiryStatus(record_id=inquiry.record_id, state="cancelled")
    round_()
    inquiry.refresh_from_db()
    assert (gateway.cancelled, inquiry.state) == ([inquiry.record_id], "cancelled")
    with pytest.raises(NotOpen):
        cancel_inquiry(using="subsidy", inquiry_id=inquiry.pk, at=NOW)
