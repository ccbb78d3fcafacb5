"""The records belong to a role that the program cannot become: it adds to them, and deletes what is past its time."""

import psycopg
import pytest
from django.db import connections, transaction
from django.db.utils import Error, IntegrityError, ProgrammingError
from psycopg.conninfo import make_conninfo

from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.database.handing import OWNER
from tasuke.systems.nis.models import Record, Removal
from tasuke.systems.nis.protection import protect_records, record_weaknesses, release_records
from tasuke.systems.nis.records import RecordRow, add_records
from tasuke.systems.nis.rounds import tidy

pytestmark = pytest.mark.django_db(databases=["nis"])
REFUSED = [
    "UPDATE nis_record SET outcome = 'none'",
    "TRUNCATE nis_record",
    "TRUNCATE nis_record, nis_removal CASCADE",
    "DROP TRIGGER nis_record_no_change ON nis_record",
    "ALTER TABLE nis_record DISABLE TRIGGER ALL",
    "ALTER TABLE nis_record DISABLE TRIGGER nis_record_no_change",
    "DROP TABLE nis_record",
    "DROP SCHEMA public CASCADE",
    "ALTER TABLE nis_record OWNER TO CURRENT_USER",
    "ALTER TABLE nis_record RENAME TO nis_old",
    f"SET ROLE {OWNER}",
    f"GRANT {OWNER} TO CURRENT_USER",
    "SET session_replication_role = replica",
    "CREATE RULE hide AS ON INSERT TO nis_record DO INSTEAD NOTHING",
    "CREATE TRIGGER hide BEFORE INSERT ON nis_record FOR EACH ROW EXECUTE FUNCTION nis_record_refuse()",
    "CREATE OR REPLACE FUNCTION nis_record_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "DROP FUNCTION nis_record_refuse() CASCADE",
    "MERGE INTO nis_record r USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "UPDATE nis_removal SET rows = 0",
    "DELETE FROM nis_removal",
]


@pytest.fixture
def place(django_db_setup, django_db_blocker):
    """The administrator's connection, and the program's own, to the test database."""
    with django_db_blocker.unblock():
        known = connections["nis"].settings_dict
    admin = make_conninfo(ensure_server(), dbname=known["NAME"])
    with psycopg.connect(admin) as connection:
        if not connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]:
            pytest.skip("the server's administrator is needed")
    return admin, make_conninfo(admin, user=known["USER"]), known["USER"]


@pytest.fixture(scope="module", autouse=True)
def handed_back(django_db_setup, django_db_blocker):
    """Other tests empty these tables as the program: they get them back as they were."""
    yield
    with django_db_blocker.unblock():
        known = connections["nis"].settings_dict
    release_records(make_conninfo(ensure_server(), dbname=known["NAME"]), program=known["USER"])


@pytest.fixture
def protected(place):
    """Handed over; it stays so until the tests of this file are done."""
    protect_records(place[0], program=place[2])
    return place


def keep(*, asked_at):
    row = RecordRow("K1", None, "B1", "B2", "JT1", "TM1", asked_at, None, "", "", (), False)
    add_records([row], event="asked", at=asked_at, using="nis")


@pytest.mark.parametrize("statement", REFUSED)
def test_the_program_can_only_add(protected, db, clock, statement):
    keep(asked_at=clock.now)
    with (
        pytest.raises((ProgrammingError, IntegrityError)),
        transaction.atomic("nis"),
        connections["nis"].cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Record.objects.using("nis").count() == 1


def test_a_record_goes_after_its_time_and_not_a_day_before(protected, db, clock):
    keep(asked_at=clock.now.replace(year=2015))
    keep(asked_at=clock.now)
    with pytest.raises(Error, match="append-only"), transaction.atomic("nis"), connections["nis"].cursor() as cursor:
        cursor.execute("DELETE FROM nis_record")
    # a moment far ahead, by the program's clock, takes nothing more than the database's own
    assert tidy(clock.now.replace(year=2099))["records"] == 1
    assert Record.objects.using("nis").get().at == clock.now
    assert Removal.objects.using("nis").get(what="records").rows == 1


def test_what_is_not_protected_is_told(place):
    admin, own, program = place
    release_records(admin, program=program)
    assert any("所有者" in told for told in record_weaknesses(own, program=program))
    assert protect_records(admin, program=program)
    assert not protect_records(admin, program=program)
    assert record_weaknesses(own, program=program) == []


def test_the_owner_cannot_sign_in(protected):
    with psycopg.connect(protected[0]) as connection:
        row = connection.execute("SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
    assert row == (False, False)
