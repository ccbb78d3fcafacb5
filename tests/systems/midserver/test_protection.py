"""What only the administrator can do: the catalogue is closed, the records are in other hands, and all goes on."""

from datetime import date, datetime
from functools import partial

import psycopg
import pytest
from django.db import connections, transaction
from django.db.utils import Error, ProgrammingError
from psycopg.conninfo import make_conninfo
from tests.systems.midserver.conftest import OTARU, SAPPORO, ZONE, inquiry, unified
from tests.systems.midserver.test_walk import register, results

from tasuke.contracts import interface as i
from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.database.handing import OWNER
from tasuke.systems.midserver.mail.recording import Fact, record
from tasuke.systems.midserver.models import DeletionRecord
from tasuke.systems.midserver.protection import (
    protect_catalogue,
    protect_records,
    record_weaknesses,
    release_records,
)
from tasuke.systems.midserver.services.delete_expired import delete_expired
from tasuke.systems.midserver.services.join_tenant import join_tenant
from tasuke.systems.midserver.services.upgrade_tenants import upgrade_tenants
from tasuke.systems.midserver.tenancy import Inside, as_operator, as_owner, inside, names_of

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])


@pytest.fixture
def place(joined, django_db_blocker):
    """The administrator's connection to the test database, and the program's role."""
    with django_db_blocker.unblock():
        known = connections["midserver"].settings_dict
    place = make_conninfo(ensure_server(), dbname=known["NAME"])
    with psycopg.connect(place) as admin:
        if not admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]:
            pytest.skip("the server's administrator is needed")
    return place, known["USER"]


@pytest.fixture(scope="module", autouse=True)
def handed_back(django_db_setup, django_db_blocker):
    """Other tests empty these tables as the program: they get them back as they were."""
    yield
    with django_db_blocker.unblock():
        known = connections["midserver"].settings_dict
    release_records(make_conninfo(ensure_server(), dbname=known["NAME"]))


@pytest.fixture
def closed(place):
    """The administrator has closed the catalogue of the test database; it stays so until the database is dropped."""
    assert protect_catalogue(place[0], program=place[1]) > 50


@pytest.fixture
def protected(place):
    """The records of the test database are in other hands until the tests of this file are done."""
    protect_records(place[0])
    return place


@pytest.mark.parametrize(
    "question",
    [
        "SELECT reltuples FROM pg_class WHERE relname = 'inquiry'",
        "SELECT n_live_tup FROM pg_stat_user_tables",
        "SELECT nspname FROM pg_namespace",
        "SELECT schemaname FROM pg_tables",
        "SELECT pg_total_relation_size(16500::regclass)",
        "SELECT pg_stat_get_live_tuples(16500)",
        "SELECT pg_database_size(current_database())",
        "SELECT pg_sequence_last_value(16500::regclass)",
        "SELECT pg_current_wal_lsn()",
        "SELECT 1 FROM pg_sequences",
        "SELECT 1 FROM pg_prepared_statements",
        "SELECT lastval()",
        "SELECT pg_current_xact_id()",
        "SELECT txid_current_if_assigned()",
        "SELECT pg_current_snapshot()",
        "SELECT age('3'::xid)",
        "SELECT txid_status(3)",
        "SELECT pg_blocking_pids(1)",
    ],
)
def test_a_municipalitys_role_learns_no_estimate_and_no_size(closed, asked, question):
    for enter in (partial(inside, SAPPORO), as_operator):
        with pytest.raises(ProgrammingError, match="permission denied"), enter() as place:
            (place.cursor if isinstance(place, Inside) else place).execute(question)


READABLE = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND c.relkind IN ('r', 'v')
    AND has_table_privilege(%s, c.oid, 'SELECT') ORDER BY 1
"""


def catalogue(names):
    """What Sapporo's role reads in each of these tables and views of PostgreSQL's own."""
    read = {}
    for name in names:
        try:
            with inside(SAPPORO) as room:
                read[name] = room.value(f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {name} t")
        except ProgrammingError as refused:  # a view that itself asks for what is closed
            read[name] = str(refused)
    return read


def test_nothing_that_a_role_reads_of_the_catalogue_changes_when_another_gets_busy(closed, asked):
    """All that is left open is read, before and after: a view of a newer PostgreSQL that tells more is found, too."""
    with connections["midserver"].cursor() as cursor:
        cursor.execute(READABLE, [names_of(SAPPORO).role])
        names = [row[0] for row in cursor.fetchall() if row[0] != "pg_settings"]  # of the session, by the planner
    assert len(names) > 100
    before = catalogue(names)
    with inside(OTARU) as room:
        room.cursor.execute(
            "INSERT INTO flag (kind, person_key, sealed, set_at, set_by)"
            " SELECT 'manual', sha256(n::text::bytea), '', now(), '' FROM generate_series(1, 3000) n"
        )
    with as_owner(OTARU) as owner:
        owner.cursor.execute("ANALYZE flag")
    assert {name for name, read in catalogue(names).items() if read != before[name]} == set()


def test_nobody_learns_of_others_tables_from_the_information_schema(asked):
    with inside(SAPPORO) as room:
        rows = room.rows("SELECT DISTINCT table_schema FROM information_schema.tables")
    assert names_of(OTARU).schema not in {row[0] for row in rows}


def test_the_program_works_behind_a_closed_catalogue(closed, asked):
    assert register(asked, inquiry(1, unified(17))).accepted == 1
    asked.walk()
    assert [r.outcome for r in results(asked)] == ["found"]
    assert asked.call(SAPPORO, i.PROVISIONS, i.ProvisionRequests(after=0)).waiting == ()
    assert "midserver_tenant" in connections["midserver"].introspection.table_names()


PROGRAM_REFUSED = [
    "UPDATE {schema}.provision_record SET outcome = 'none'",
    "DELETE FROM {schema}.provision_record",
    "TRUNCATE {schema}.provision_record",
    "DROP TABLE {schema}.provision_record",
    "DROP SCHEMA {schema} CASCADE",
    "DROP TRIGGER provision_record_grows ON {schema}.provision_record",
    "ALTER TABLE {schema}.provision_record DISABLE TRIGGER ALL",
    "ALTER TABLE {schema}.provision_record OWNER TO CURRENT_USER",
    "CREATE OR REPLACE FUNCTION {schema}.only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "DROP FUNCTION {schema}.only_grows() CASCADE",
    "CREATE RULE hide AS ON INSERT TO {schema}.provision_record DO INSTEAD NOTHING",
    "UPDATE {schema}.refusal SET code = ''",
    "DELETE FROM {schema}.refusal",
    "UPDATE {schema}.deletion SET rows = 0",
    "DELETE FROM {schema}.deletion",
    "SET session_replication_role = replica",
    "SET ROLE {owner}",
    "GRANT {owner} TO CURRENT_USER",
]


def expired_record(body, *, until):
    fact = Fact("provider", f"K{until}", None, SAPPORO, OTARU, "JT1", "TM1", FIRST, FIRST, "none", (), False)
    with inside(body) as room:
        record(room, [fact], at=FIRST, until=until)


FIRST = datetime(2015, 6, 1, 9, 0, tzinfo=ZONE)


def as_role(role, text):
    """What a program gone bad would do: any role that it can take up, any day that it likes to say."""
    with transaction.atomic("midserver"), connections["midserver"].cursor() as cursor:
        cursor.execute("SELECT set_config('tasuke.deletion_day', '9999-12-31', true)")
        if role is not None:
            cursor.execute(f'SET LOCAL ROLE "{role}"')
        cursor.execute(text)


@pytest.mark.parametrize("statement", PROGRAM_REFUSED)
def test_no_role_that_the_program_can_take_up_changes_a_record(protected, asked, statement):
    expired_record(OTARU, until=date(9999, 1, 1))
    text = statement.format(schema=names_of(OTARU).schema, owner=OWNER)
    for role in (None, names_of(OTARU).owner, names_of(OTARU).role, names_of(OTARU).operator):
        with pytest.raises(ProgrammingError):
            as_role(role, text)
    with inside(OTARU) as room:
        assert room.value("SELECT count(*) FROM provision_record") == 1


def test_a_record_goes_after_its_day_with_a_note_on_both_sides_and_none_before(protected, asked):
    expired_record(OTARU, until=date(2022, 6, 1))
    expired_record(OTARU, until=date(9999, 1, 1))
    with pytest.raises(Error, match="only grows"), as_owner(OTARU) as owner:
        owner.cursor.execute("DELETE FROM provision_record")
    # by the program's own clock everything is past its time; the database has another
    gone = delete_expired(body=OTARU, by="test", at=asked.now.replace(year=9000))
    assert gone["provision_records"] == 1
    assert DeletionRecord.objects.using("midserver").get(tenant=OTARU, what="provision_records").rows == 1
    with inside(OTARU) as room:
        assert room.value("SELECT rows FROM deletion WHERE what = 'provision_records'") == 1
        assert room.value("SELECT count(*) FROM provision_record") == 1


def test_everything_goes_on_with_protected_records(protected, closed, asked):
    assert register(asked, inquiry(1, unified(17))).accepted == 1
    asked.walk()
    assert [r.outcome for r in results(asked)] == ["found"]
    join_tenant(body="B999992", name="あとから(代役)", by="test", at=asked.now)
    assert upgrade_tenants() == {}


def test_unprotected_records_are_told_of(place):
    admin, program = place
    release_records(admin)
    own = make_conninfo(admin, user=program)
    assert any("所有者" in told for told in record_weaknesses(own))
    assert protect_records(admin) > 0
    assert protect_records(admin) == 0
    assert record_weaknesses(own) == []
