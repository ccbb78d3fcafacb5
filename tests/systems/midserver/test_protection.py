"""What PostgreSQL tells everybody by itself is closed to a municipality's role, and the program goes on working."""

from functools import partial

import psycopg
import pytest
from django.db import connections
from django.db.utils import ProgrammingError
from psycopg.conninfo import make_conninfo
from tests.systems.midserver.conftest import OTARU, SAPPORO, inquiry, unified
from tests.systems.midserver.test_walk import register, results

from tasuke.contracts import interface as i
from tasuke.platform.database.embedded import ensure_server
from tasuke.systems.midserver.protection import protect_catalogue
from tasuke.systems.midserver.tenancy import Inside, as_operator, inside, names_of

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])


@pytest.fixture
def closed(joined, django_db_blocker):
    """The administrator has closed the catalogue of the test database; it stays so until the database is dropped."""
    with django_db_blocker.unblock():
        known = connections["midserver"].settings_dict
    place = make_conninfo(ensure_server(), dbname=known["NAME"])
    with psycopg.connect(place) as admin:
        if not admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]:
            pytest.skip("the server's administrator is needed")
    assert protect_catalogue(place, program=known["USER"]) > 50


@pytest.mark.parametrize(
    "question",
    [
        "SELECT reltuples FROM pg_class WHERE relname = 'inquiry'",
        "SELECT n_live_tup FROM pg_stat_user_tables",
        "SELECT nspname FROM pg_namespace",
        "SELECT schemaname FROM pg_tables",
        "SELECT pg_total_relation_size(16500::regclass)",
        "SELECT pg_stat_get_live_tuples(16500)",
    ],
)
def test_a_municipalitys_role_learns_no_estimate_and_no_size(closed, asked, question):
    for enter in (partial(inside, SAPPORO), as_operator):
        with pytest.raises(ProgrammingError, match="permission denied"), enter() as place:
            (place.cursor if isinstance(place, Inside) else place).execute(question)


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
