"""What 中間サーバー offers to the gateways of municipalities. Which municipality is told by the client, never asked.

Outside service hours nothing but the service state answers: the gateway keeps what it has and comes back.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TypeVar

from tasuke.contracts import interface as i
from tasuke.contracts.kit import Caller, Handlers, Message, Refused, Unreachable
from tasuke.contracts.unified import Empty
from tasuke.systems.midserver import queries
from tasuke.systems.midserver.directory import directory
from tasuke.systems.midserver.flags import Kind
from tasuke.systems.midserver.hours import service_state, standing
from tasuke.systems.midserver.mail.coding import remove_codes
from tasuke.systems.midserver.master import NoMaster, PermissionList, master_for, permission_list
from tasuke.systems.midserver.noting import count, record_call
from tasuke.systems.midserver.safe import person_keys
from tasuke.systems.midserver.services.answer_manually import answer_manually
from tasuke.systems.midserver.services.cancel_inquiries import cancel_inquiries
from tasuke.systems.midserver.services.register_inquiries import register_inquiries
from tasuke.systems.midserver.services.request_codes import request_codes
from tasuke.systems.midserver.services.set_flags import set_flags
from tasuke.systems.midserver.services.update_replica import update_replica
from tasuke.systems.midserver.setting import number
from tasuke.systems.midserver.tenancy import inside

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)


def _open(handler: Callable[[Q, Caller], R]) -> Callable[[Q, Caller], R]:
    """Only for municipalities that take part, and only while the service is open."""

    @wraps(handler)
    def admitted(request: Q, caller: Caller) -> R:
        now = standing(body=caller.body, at=caller.at)
        if not now.state.open:
            raise Unreachable(f"中間サーバーは停止しています: {now.state.note}")
        if not now.takes_part:
            raise Refused("この団体は中間サーバーを利用していません", status=403)
        return handler(request, caller)

    return admitted


def _note(caller: Caller, operation: str, persons: Iterable[bytes], *, changed: bool, **counts: int) -> None:
    record_call(caller=caller, operation=operation, persons=persons, changed=changed)
    count(body=caller.body, at=caller.at, counts=counts)


def _permissions() -> PermissionList:
    try:
        return permission_list()
    except NoMaster as error:
        raise Unreachable(str(error)) from error


@_open
def _request_codes(request: i.CodeRequest, caller: Caller) -> i.CodeReply:
    with inside(caller.body) as room:
        progress = request_codes(room, unified_nos=request.unified_nos, at=caller.at)
        persons = person_keys(room, request.unified_nos)
    _note(caller, "code-requests", persons, changed=True, codes_requested=len(progress))
    return i.CodeReply(progress=progress)


@_open
def _code_states(request: i.CodeStateRequest, caller: Caller) -> i.CodeReply:
    with inside(caller.body) as room:
        progress = queries.code_states(room, request.processing_nos)
        persons = person_keys(room, [one.unified_no for one in progress])
    _note(caller, "code-states", persons, changed=False)
    return i.CodeReply(progress=progress)


@_open
def _remove_numbers(request: i.Removal, caller: Caller) -> Empty:
    with inside(caller.body) as room:
        counts = remove_codes(room, list(request.unified_nos), at=caller.at)
        persons = person_keys(room, request.unified_nos)
    _note(caller, "remove-numbers", persons, changed=True, **counts)
    return Empty()


@_open
def _register(request: i.MidInquiries, caller: Caller) -> i.MidAccepted:
    permissions = _permissions()
    with inside(caller.body) as room:
        done = register_inquiries(room, items=request.items, permissions=permissions, at=caller.at)
    reply = done.reply
    _note(
        caller,
        "inquiries",
        done.persons,
        changed=True,
        inquiries_registered=reply.accepted,
        inquiries_not_registered=len(reply.errors),
    )
    return reply


@_open
def _states(request: i.MidStatesRequest, caller: Caller) -> i.MidStates:
    with inside(caller.body) as room:
        return i.MidStates(states=queries.inquiry_states(room, request.record_ids))


@_open
def _results(request: i.MidResultsRequest, caller: Caller) -> i.MidResults:
    with inside(caller.body) as room:
        found, last, persons = queries.results(room, after=request.after, limit=request.limit)
    if found:
        _note(caller, "inquiry-results", persons, changed=False)
    return i.MidResults(results=found, last=last)


@_open
def _cancel(request: i.MidStatesRequest, caller: Caller) -> i.MidStates:
    with inside(caller.body) as room:
        persons = cancel_inquiries(room, record_ids=request.record_ids, at=caller.at)
        states = queries.inquiry_states(room, request.record_ids)
    _note(caller, "cancel-inquiries", persons, changed=True, inquiries_cancelled=len(persons))
    return i.MidStates(states=states)


@_open
def _replica(request: i.ReplicaUpdate, caller: Caller) -> i.MidAccepted:
    information = frozenset(row.information_code for row in _permissions().master.permissions)
    with inside(caller.body) as room:
        reply, persons = update_replica(room, rows=request.rows, known_information=information, at=caller.at)
    _note(caller, "replica", persons, changed=True, replicas_updated=reply.accepted)
    return reply


def _flags(kind: Kind, operation: str) -> Callable[[i.Flags, Caller], i.MidAccepted]:
    @_open
    def handler(request: i.Flags, caller: Caller) -> i.MidAccepted:
        with inside(caller.body) as room:
            reply, persons = set_flags(room, kind=kind, flags=request.flags, by=caller.client_id, at=caller.at)
        _note(caller, operation, persons, changed=True, flags_changed=reply.accepted)
        return reply

    return handler


@_open
def _provisions(request: i.ProvisionRequests, caller: Caller) -> i.ProvisionsWaiting:
    with inside(caller.body) as room:
        found, last, persons = queries.waiting(room, after=request.after, limit=request.limit)
    if found:
        _note(caller, "provisions", persons, changed=False)
    return i.ProvisionsWaiting(waiting=found, last=last)


@_open
def _answer(request: i.ManualAnswer, caller: Caller) -> Empty:
    keys, years = directory(), number("record_years")
    with inside(caller.body) as room:
        person = answer_manually(
            room,
            provision_id=request.provision_id,
            send=request.send,
            reason=request.reason,
            records=request.records,
            by=request.personal_id,
            keys=keys,
            record_years=years,
            at=caller.at,
        )
    _note(caller, "manual-answer", [person], changed=True, provided_by_hand=1)
    return Empty()


@_open
def _records(request: i.RecordsRequest, caller: Caller) -> i.Records:
    with inside(caller.body) as room:
        found, more, persons = queries.records(
            room,
            unified_no=request.unified_no,
            date_from=request.date_from,
            date_to=request.date_to,
            after=request.after,
            limit=request.limit,
        )
    _note(caller, "records", persons, changed=False)
    return i.Records(records=found, more=more)


@_open
def _master(request: i.MasterRequest, caller: Caller) -> i.Master:
    return master_for(body=caller.body, known=request.known, at=caller.at)


def _state(request: Empty, caller: Caller) -> i.MidServiceState:
    return service_state(at=caller.at)


HANDLERS: Handlers = {
    i.REQUEST_CODES: _request_codes,
    i.CODE_STATES: _code_states,
    i.REMOVE_NUMBERS: _remove_numbers,
    i.REGISTER_INQUIRIES: _register,
    i.INQUIRY_STATES: _states,
    i.INQUIRY_RESULTS: _results,
    i.CANCEL_INQUIRIES: _cancel,
    i.UPDATE_REPLICA: _replica,
    i.SET_MANUAL: _flags("manual", "no-automatic-answer"),
    i.SET_UNDISCLOSED: _flags("undisclosed", "undisclosed"),
    i.PROVISIONS: _provisions,
    i.ANSWER_MANUALLY: _answer,
    i.PROVISION_RECORDS: _records,
    i.GET_MASTER: _master,
    i.MID_SERVICE_STATE: _state,
}
