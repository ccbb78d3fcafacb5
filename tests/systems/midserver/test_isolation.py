"""A municipality's data are its own: by call, by SQL as its role, by identifiers; the operator sees none of them."""

from datetime import date

import pytest
from django.db import connections
from django.db.utils import ProgrammingError
from tests.systems.midserver.conftest import KAWASAKI, OTARU, SAPPORO, inquiry, replica, unified

from tasuke.contracts import interface as i
from tasuke.contracts.kit import Refused
from tasuke.platform.crypto.vault import CannotOpen
from tasuke.platform.transport.links import bind
from tasuke.platform.transport.local import LocalLink
from tasuke.systems.midserver import api
from tasuke.systems.midserver.models import Tenant
from tasuke.systems.midserver.safe import PERSON, person_keys
from tasuke.systems.midserver.services.join_tenant import join_tenant
from tasuke.systems.midserver.services.upgrade_tenants import templates, upgrade_tenants
from tasuke.systems.midserver.tenancy import Inside, as_operator, inside, names_of

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])
JUNE = {"date_from": date(2026, 6, 1), "date_to": date(2026, 7, 1)}


def tables(body):
    with connections["midserver"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [names_of(body).schema])
        return [row[0] for row in cursor.fetchall()]


def refused(statement, enter):
    """Whether the database itself says no."""
    with pytest.raises(ProgrammingError, match="permission denied"), enter() as place:
        (place.cursor if isinstance(place, Inside) else place).execute(statement)


def test_the_role_of_one_municipality_can_neither_read_nor_count_nor_change_another(asked):
    assert len(tables(OTARU)) > 10
    for table in tables(OTARU):
        name = f"{names_of(OTARU).schema}.{table}"
        refused(f"SELECT count(*) FROM {name}", lambda: inside(SAPPORO))
        refused(f"DELETE FROM {name}", lambda: inside(SAPPORO))
    refused(f"CREATE TABLE {names_of(OTARU).schema}.mine (a int)", lambda: inside(SAPPORO))
    refused("CREATE TABLE mine (a int)", lambda: inside(SAPPORO))


def test_the_role_of_a_municipality_sees_nothing_of_the_installation(asked):
    with connections["midserver"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        public = [row[0] for row in cursor.fetchall()]
    assert "midserver_daily_count" in public
    assert "audit_event" in public
    for table in public:
        refused(f"SELECT 1 FROM public.{table}", lambda: inside(SAPPORO))


def test_the_operator_sees_no_table_of_a_municipality_and_no_trail(asked):
    for body in (SAPPORO, OTARU):
        for table in tables(body):
            refused(f"SELECT 1 FROM {names_of(body).schema}.{table}", as_operator)
    for table in ("audit_event", "transport_answered"):
        refused(f"SELECT 1 FROM {table}", as_operator)
    with as_operator() as cursor:
        cursor.execute("SELECT sum(count) FROM midserver_daily_count")
        assert cursor.fetchone()[0] > 0


def test_the_programs_own_role_reads_nothing_unless_it_takes_up_a_municipalitys(asked):
    with pytest.raises(ProgrammingError, match="permission denied"), connections["midserver"].cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {names_of(OTARU).schema}.replica")


def test_after_the_block_the_connection_has_no_role_also_after_a_fault(asked):
    with pytest.raises(ZeroDivisionError), inside(SAPPORO):
        1 / 0  # noqa: B018
    with inside(OTARU):
        pass
    with connections["midserver"].cursor() as cursor:
        cursor.execute("SELECT current_user = session_user, current_setting('search_path')")
        assert cursor.fetchone() == (True, '"$user", public')


def test_no_call_tells_a_municipality_of_another(asked):
    asked.call(SAPPORO, i.REGISTER_INQUIRIES, i.MidInquiries(items=(inquiry(1, unified(17)),)))
    asked.walk()
    record = i.MidStatesRequest(record_ids=("900-2026-00000001",))
    assert asked.call(KAWASAKI, i.INQUIRY_STATES, record).states == ()
    assert asked.call(KAWASAKI, i.CANCEL_INQUIRIES, record).states == ()
    answers = asked.call(KAWASAKI, i.INQUIRY_RESULTS, i.MidResultsRequest(after=0))
    assert (answers.results, answers.last) == ((), 0)
    assert asked.call(KAWASAKI, i.PROVISIONS, i.ProvisionRequests(after=0)).last == 0
    found = asked.call(KAWASAKI, i.PROVISION_RECORDS, i.RecordsRequest(unified_no=unified(17), **JUNE))
    assert (found.records, found.more) == ((), False)
    progress = asked.call(KAWASAKI, i.CODE_STATES, i.CodeStateRequest(processing_nos=("P0000000000001",)))
    assert progress.progress == ()


def test_each_municipality_counts_for_itself(asked):
    """Numbers that rise for all together would tell how busy the others are."""
    asked.codes(KAWASAKI, {unified(5): 5})
    numbers = set()
    for body in (SAPPORO, OTARU, KAWASAKI):
        with inside(body) as room:
            numbers.add(room.value("SELECT min(processing_no) || max(processing_no) FROM code_request"))
    assert numbers == {"P0000000000001" * 2}


def test_the_same_record_id_and_number_of_two_municipalities_do_not_meet(asked):
    asked.codes(KAWASAKI, {unified(17): 2})
    for body in (SAPPORO, KAWASAKI):
        assert asked.call(body, i.REGISTER_INQUIRIES, i.MidInquiries(items=(inquiry(1, unified(17)),))).accepted == 1
    with inside(SAPPORO) as room:
        mine = person_keys(room, [unified(17)])
    with inside(KAWASAKI) as room:
        assert person_keys(room, [unified(17)]) != mine


def test_the_key_of_one_municipality_opens_nothing_of_another(asked):
    with inside(SAPPORO) as room:
        sealed = bytes(room.value("SELECT person_sealed FROM linkage_code"))
        assert room.vault.open(sealed, context=PERSON) == unified(17).encode()
    with inside(OTARU) as room, pytest.raises(CannotOpen):
        room.vault.open(sealed, context=PERSON)


def test_no_number_of_a_person_and_no_code_stands_in_clear_in_any_table(asked):
    asked.call(SAPPORO, i.REGISTER_INQUIRIES, i.MidInquiries(items=(inquiry(1, unified(17)),)))
    asked.walk()
    names = tables(SAPPORO)  # as the program: a municipality's role may not even list them
    with inside(SAPPORO) as room:
        code = room.vault.open(bytes(room.value("SELECT code_sealed FROM linkage_code")), context="midserver.code")
        for table in names:
            text = str(
                [
                    [bytes(v) if isinstance(v, memoryview) else v for v in row]
                    for row in room.rows(f"SELECT * FROM {table}")
                ]
            )
            assert unified(17) not in text, table
            assert code.decode() not in text, table
            assert "total_income" not in text or table == "provision_record", table
    with connections["midserver"].cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM audit_event e")
        trail = cursor.fetchone()[0]
    assert unified(17) not in trail
    assert code.decode() not in trail


def test_who_does_not_take_part_is_refused(asked):
    scopes = frozenset(operation.scope for operation in api.HANDLERS)
    for body in ("B999999", "", "B011002; DROP"):
        link = LocalLink(
            handlers=api.HANDLERS, using="midserver", system="gateway", clock=asked.clock, scopes=scopes, body=body
        )
        bind("midserver", f"gateway:{body}", link)
        with pytest.raises(Refused, match="利用していません"):
            asked.call(body, i.INQUIRY_RESULTS, i.MidResultsRequest(after=0))


def test_joining_twice_changes_nothing_and_tables_are_upgraded_for_all(asked):
    before = Tenant.objects.using("midserver").get(body=SAPPORO)
    join_tenant(body=SAPPORO, name="別の名", by="other", at=asked.now)
    after = Tenant.objects.using("midserver").get(body=SAPPORO)
    assert (after.name, after.joined_by, after.template) == (before.name, before.joined_by, templates()[-1][0])
    assert upgrade_tenants() == {}
    with inside(SAPPORO) as room:
        assert room.value("SELECT count(*) FROM linkage_code") == 1


@pytest.mark.parametrize("body", ["b011002", "B01100-2", 'B"', "", "B01100201100201100"])
def test_a_strange_code_names_no_schema(body):
    with pytest.raises(ValueError, match="code"):
        names_of(body)


def test_replicas_are_answered_to_nobody_by_calls_of_another_municipality(asked):
    """Sapporo cannot reach Otaru's replica but through the national side: its own update goes to its own register."""
    asked.call(SAPPORO, i.UPDATE_REPLICA, i.ReplicaUpdate(rows=(replica(unified(90), version=9),)))
    with inside(OTARU) as room:
        assert room.value("SELECT max(version) FROM replica") == 1
