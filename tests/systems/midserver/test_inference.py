"""Nothing that a municipality is told differs by what another one has: no reply, no refusal, no number, no fault."""

from datetime import date

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from tests.systems.midserver.conftest import KAWASAKI, OTARU, SAPPORO, inquiry, replica, unified

from tasuke.contracts import interface as i
from tasuke.contracts.kit import Refused
from tasuke.contracts.unified import Empty
from tasuke.systems.midserver.tenancy import inside, names_of

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])
JUNE = {"date_from": date(2026, 6, 1), "date_to": date(2026, 7, 1)}
# what others have, and what nobody has: person, record, 処理通番, request that waits, version of a replica
THEIRS = (unified(90), "900-2026-00000001", "P0000000000001", "V0000000000001")
NOBODYS = (unified(55), "900-2026-77777777", "P0000000077777", "V0000000077777")

REQUESTS = {
    i.REQUEST_CODES: lambda person, *_: i.CodeRequest(unified_nos=(person,)),
    i.CODE_STATES: lambda _, __, number, ___: i.CodeStateRequest(processing_nos=(number,)),
    i.REMOVE_NUMBERS: lambda person, *_: i.Removal(unified_nos=(person,)),
    i.REGISTER_INQUIRIES: lambda person, record, *_: i.MidInquiries(items=(inquiry(1, person, record_id=record),)),
    i.INQUIRY_STATES: lambda _, record, *__: i.MidStatesRequest(record_ids=(record,)),
    i.INQUIRY_RESULTS: lambda *_: i.MidResultsRequest(after=0),
    i.CANCEL_INQUIRIES: lambda _, record, *__: i.MidStatesRequest(record_ids=(record,)),
    i.UPDATE_REPLICA: lambda person, *_: i.ReplicaUpdate(rows=(replica(person, version=3),)),
    i.SET_MANUAL: lambda person, *_: i.Flags(flags=(i.Flag(unified_no=person, on=True, reason="試験"),)),
    i.SET_UNDISCLOSED: lambda person, *_: i.Flags(flags=(i.Flag(unified_no=person, on=False, reason="試験"),)),
    i.PROVISIONS: lambda *_: i.ProvisionRequests(after=0),
    i.ANSWER_MANUALLY: lambda _, __, ___, waiting: i.ManualAnswer(
        provision_id=waiting, send=True, reason="試験", personal_id="S1"
    ),
    i.PROVISION_RECORDS: lambda person, *_: i.RecordsRequest(unified_no=person, **JUNE),
    i.GET_MASTER: lambda *_: i.MasterRequest(known=0),
    i.MID_SERVICE_STATE: lambda *_: Empty(),
}


@pytest.fixture
def busy(asked):
    """Sapporo has asked, Otaru has flags, a newer replica, and a request that waits for a person."""
    flag = i.Flags(flags=(i.Flag(unified_no=unified(90), on=True, reason="支援措置"),))
    asked.call(OTARU, i.SET_MANUAL, flag)
    asked.call(OTARU, i.SET_UNDISCLOSED, flag)
    asked.call(OTARU, i.UPDATE_REPLICA, i.ReplicaUpdate(rows=(replica(unified(90), version=9),)))
    asked.call(SAPPORO, i.REGISTER_INQUIRIES, i.MidInquiries(items=(inquiry(1, unified(17)),)))
    asked.walk()
    assert len(asked.call(OTARU, i.PROVISIONS, i.ProvisionRequests(after=0)).waiting) == 1
    return asked


def told(world, operation, names):
    """What Kawasaki is told, with what it has asked about left out; nothing of it lasts."""
    with transaction.atomic("midserver"):
        try:
            text = world.call(KAWASAKI, operation, REQUESTS[operation](*names)).model_dump_json()
        except Refused as refused:
            text = f"{refused.status} {refused.title} {refused.errors}"
        transaction.set_rollback(True, "midserver")
    for name in (*THEIRS, *NOBODYS):
        text = text.replace(name, "…")
    return text


def test_every_call_of_the_contract_is_tried():
    assert set(REQUESTS) == set(i.INTERFACE.operations)


@pytest.mark.parametrize("operation", REQUESTS, ids=lambda operation: operation.name)
def test_a_call_about_what_another_has_is_answered_as_one_about_nothing(busy, operation):
    assert told(busy, operation, THEIRS) == told(busy, operation, NOBODYS)


def test_numbers_that_a_municipality_gets_do_not_tell_how_many_others_got(busy):
    """Each begins at one, whatever the others have done; what is common is drawn at random."""
    busy.codes(KAWASAKI, {unified(17): 2})
    reply = busy.call(KAWASAKI, i.REQUEST_CODES, i.CodeRequest(unified_nos=(unified(1),)))
    assert reply.progress[0].processing_no == "P0000000000002"
    busy.call(KAWASAKI, i.REGISTER_INQUIRIES, i.MidInquiries(items=(inquiry(1, unified(17)),)))
    busy.walk()
    results = busy.call(KAWASAKI, i.INQUIRY_RESULTS, i.MidResultsRequest(after=0))
    assert (results.last, [one.sequence for one in results.results]) == (1, [1])
    with inside(KAWASAKI) as room:
        assert (
            room.value("SELECT min(id) || '-' || max(id) FROM inquiry") == "1-1"
            or room.value("SELECT count(*) FROM inquiry") == 1
        )
        assert room.rows("SELECT sequence, message_id FROM outbox") == [(1, f"{KAWASAKI}-0000000000001")]
        letters = [row[0] for row in room.rows("SELECT message_id FROM inbox")]
    assert all(len(letter) == 25 and letter.startswith("N") for letter in letters)  # 96 random bits


def test_who_is_unknown_there_and_what_is_not_held_there_are_answered_alike(busy):
    """Whether another body has ever had a 符号 of a person would say where that person has lived."""
    busy.codes(SAPPORO, {unified(18): 2, unified(19): 3})
    busy.codes(OTARU, {unified(91): 2})  # known there, but nothing is held
    asked = (inquiry(2, unified(18)), inquiry(3, unified(19)))
    assert busy.call(SAPPORO, i.REGISTER_INQUIRIES, i.MidInquiries(items=asked)).accepted == 2
    busy.walk()
    told = busy.call(SAPPORO, i.INQUIRY_RESULTS, i.MidResultsRequest(after=0)).results
    states = busy.call(SAPPORO, i.INQUIRY_STATES, i.MidStatesRequest(record_ids=tuple(one.record_id for one in asked)))
    own = {"sequence", "record_id", "unified_no", "answered_at"}
    assert [one.unified_no for one in sorted(told, key=lambda one: one.record_id)] == [unified(18), unified(19)]
    assert len({one.model_dump_json(exclude=own) for one in told}) == 1
    assert len({one.model_dump_json(exclude=own) for one in states.states}) == 1


def said(statement):
    """The database's own words to Kawasaki's role."""
    with pytest.raises(DatabaseError) as error, inside(KAWASAKI) as room:
        room.cursor.execute(statement)
    return str(error.value).splitlines()[0].rstrip("0123456789 ")


@pytest.mark.parametrize(
    ("of_theirs", "of_nobodys"),
    [
        ("SELECT last_value FROM {otaru}.inquiry_id_seq", "SELECT last_value FROM {otaru}.nothing_id_seq"),
        ("SELECT nextval('{otaru}.provision_id_seq')", "SELECT nextval('{otaru}.nothing')"),
        ("SELECT count(*) FROM {otaru}.replica", "SELECT count(*) FROM {otaru}.nothing"),
        ("SELECT has_table_privilege('{otaru}.flag', 'SELECT')", "SELECT has_table_privilege('{otaru}.x', 'SELECT')"),
        ("SELECT '{otaru}.replica'::regclass", "SELECT '{otaru}.nothing'::regclass"),
        ("INSERT INTO {otaru}.flag DEFAULT VALUES", "INSERT INTO {otaru}.nothing DEFAULT VALUES"),
        ("EXPLAIN SELECT * FROM {otaru}.replica", "EXPLAIN SELECT * FROM {otaru}.nothing"),
        ("COPY {otaru}.replica TO STDOUT", "COPY {otaru}.nothing TO STDOUT"),
        ("LOCK TABLE {otaru}.replica", "LOCK TABLE {otaru}.nothing"),
    ],
)
def test_the_databases_own_words_are_the_same_for_a_table_and_for_none(busy, of_theirs, of_nobodys):
    otaru = names_of(OTARU).schema
    assert said(of_theirs.format(otaru=otaru)) == said(of_nobodys.format(otaru=otaru))
