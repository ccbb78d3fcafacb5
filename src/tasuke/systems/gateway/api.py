"""What the gateway offers, to systems of the city alone: nothing here is for the national side, which calls nobody."""

from tasuke.contracts.distribution import PUT_HOUSEHOLDS, Done, Households
from tasuke.contracts.inquiry import (
    ANSWERS,
    ASK,
    CANCEL,
    CHOICES,
    SERVICE_STATE,
    STATES,
    Answers,
    AnswersRequest,
    CancelRequest,
    Choices,
    ChoicesRequest,
    InquiriesReply,
    InquiriesRequest,
    InquiryState,
    InquiryStatus,
    ServiceState,
    States,
    StatesRequest,
)
from tasuke.contracts.kit import Caller, Handlers, Message, Refused
from tasuke.contracts.unified import Empty, RowError
from tasuke.systems.gateway import answers, tables
from tasuke.systems.gateway.masters import choices_of
from tasuke.systems.gateway.models import Inquiry
from tasuke.systems.gateway.models import InquiryState as Inside
from tasuke.systems.gateway.services.ask_inquiries import ask_inquiries
from tasuke.systems.gateway.services.cancel_inquiries import cancel_inquiries
from tasuke.systems.gateway.services.put_households import put_households
from tasuke.systems.gateway.tables import Business
from tasuke.systems.gateway.watching import window

USING = "gateway"
# what a business sees of our states
_SEEN: dict[str, InquiryState] = {
    Inside.WAITING: "waiting",
    Inside.READY: "waiting",
    Inside.STUCK: "waiting",
    Inside.SENT: "sent",
    Inside.CANCELLING: "sent",
    Inside.HELD: "sent",
    Inside.ANSWERED: "answered",
    Inside.REFUSED: "refused",
    Inside.CANCELLED: "cancelled",
}


def business_of(business_id: str, caller: Caller) -> Business:
    """The business, if it is the caller's. Raises Refused: nobody asks or reads in another's name."""
    business = tables.businesses().get(business_id)
    if business is None or business.system != caller.system:
        raise Refused("この業務として照会することはできません", status=403)
    return business


def _ask(request: InquiriesRequest, caller: Caller) -> Message:
    business = business_of(request.business_id, caller)
    done = ask_inquiries(using=USING, business=business, items=request.items, system=caller.system, at=caller.at)
    errors = tuple(RowError(row=r.row, code=r.code, message=r.message) for r in done.refusals)
    return InquiriesReply(accepted=done.accepted, known=done.known, errors=errors)


def _states(request: StatesRequest, caller: Caller) -> Message:
    business_of(request.business_id, caller)
    return States(states=_statuses(request.business_id, request.record_ids))


def _statuses(business_id: str, record_ids: tuple[str, ...]) -> tuple[InquiryStatus, ...]:
    rows = Inquiry.objects.using(USING).filter(business_id=business_id, record_id__in=record_ids)
    found = {
        record_id: (state, reason) for record_id, state, reason in rows.values_list("record_id", "state", "reason")
    }
    waits = _why_waiting()
    return tuple(
        InquiryStatus(
            record_id=record_id,
            state=_SEEN[found[record_id][0]],
            reason=found[record_id][1] or (waits if found[record_id][0] == Inside.READY else ""),
        )
        for record_id in record_ids
        if record_id in found
    )


def _why_waiting() -> str:
    state = window()
    if state is None or state.open:
        return ""
    return state.note or "中間サーバーは停止中です。再開後に送ります"


def _answers(request: AnswersRequest, caller: Caller) -> Message:
    business_of(request.business_id, caller)
    found = answers.answers_after(request.business_id, after=request.after, limit=request.limit, using=USING)
    return Answers(answers=found, last=answers.last_of(request.business_id, using=USING))


def _cancel(request: CancelRequest, caller: Caller) -> Message:
    business_of(request.business_id, caller)
    cancel_inquiries(using=USING, business_id=request.business_id, record_ids=request.record_ids, at=caller.at)
    return States(states=_statuses(request.business_id, request.record_ids))


def _choices(request: ChoicesRequest, caller: Caller) -> Choices:
    return choices_of(business_of(request.business_id, caller), on=request.on, using=USING)


def _service_state(request: Empty, caller: Caller) -> Message:
    mine = [b.business_id for b in tables.businesses().values() if b.system == caller.system]
    waiting = Inquiry.objects.using(USING).filter(business_id__in=mine, state__in=[Inside.WAITING, Inside.READY])
    state = window()
    return ServiceState(
        open=state is not None and state.open,
        note="中間サーバーの状況をまだ確かめていません" if state is None else _why_waiting(),
        waiting=waiting.count(),
    )


def _households(request: Households, caller: Caller) -> Message:
    accepted, refused = put_households(using=USING, households=request.households, at=caller.at)
    return Done(accepted=accepted, refused=refused)


HANDLERS: Handlers = {
    ASK: _ask,
    STATES: _states,
    ANSWERS: _answers,
    CANCEL: _cancel,
    CHOICES: _choices,
    SERVICE_STATE: _service_state,
    PUT_HOUSEHOLDS: _households,
}
