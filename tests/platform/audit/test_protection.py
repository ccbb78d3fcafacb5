import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tasuke.platform.audit.protection import protect, release, weaknesses

REFUSED = [
    "UPDATE audit_event SET atena_no = '0000009'",
    "DELETE FROM audit_event",
    "DELETE FROM audit_event WHERE false",
    "TRUNCATE audit_event",
    "TRUNCATE audit_event CASCADE",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event DISABLE TRIGGER audit_event_grows",
    "DROP TRIGGER audit_event_grows ON audit_event",
    "DROP TABLE audit_event",
    "DROP SCHEMA public CASCADE",
    "ALTER TABLE audit_event OWNER TO CURRENT_USER",
    "SET ROLE tasuke_audit_owner",
    "SET session_replication_role = replica",
    "CREATE RULE hide AS ON INSERT TO audit_event DO INSTEAD NOTHING",
    "INSERT INTO audit_event (id, at, personal_id, kind) OVERRIDING SYSTEM VALUE VALUES (1, now(), 'x', 'read')",
    "INSERT INTO audit_event (xid, at, personal_id, kind) VALUES (1, now(), 'x', 'read')",
    "CREATE OR REPLACE FUNCTION audit_xact() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "UPDATE audit_block SET rows = 1",
    "DELETE FROM audit_block",
    "TRUNCATE audit_block",
    "ALTER TABLE audit_block DISABLE TRIGGER ALL",
    "DROP TABLE audit_block",
    "MERGE INTO audit_event e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_program_can_only_add(archive, statement):
    ids = archive.write("0000001", "0000002")

    with pytest.raises(InsufficientPrivilege), psycopg.connect(archive.trail.conninfo) as connection:
        connection.execute(statement)

    with psycopg.connect(archive.trail.conninfo) as connection:
        assert [row[0] for row in connection.execute("SELECT id FROM audit_event ORDER BY id")] == ids


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET kind = 'x'", "DELETE FROM audit_block", "TRUNCATE audit_event"]
)
def test_even_an_administrator_must_stop_the_triggers_first(archive, statement):
    archive.write("0000001")

    with pytest.raises(InsufficientPrivilege, match="only grows"), psycopg.connect(archive.admin) as connection:
        connection.execute(statement)


def test_a_protected_trail_has_no_weakness(archive):
    with psycopg.connect(archive.trail.conninfo) as connection:
        assert list(weaknesses(connection)) == []


def test_weaknesses_are_told(archive):
    program = psycopg.conninfo.conninfo_to_dict(archive.trail.conninfo)["user"]
    with psycopg.connect(archive.admin) as connection:
        assert any("管理者" in told for told in weaknesses(connection))
    release(archive.admin, program=program)
    with psycopg.connect(archive.trail.conninfo) as connection:
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")
        told = list(weaknesses(connection))
    assert any("所有者として" in text for text in told)
    assert any("引き金" in text for text in told)

    with psycopg.connect(archive.admin) as connection:
        connection.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_grows")
    assert protect(archive.admin, program=program)
    assert not protect(archive.admin, program=program)


def test_a_grant_too_many_is_a_weakness(archive):
    program = psycopg.conninfo.conninfo_to_dict(archive.trail.conninfo)["user"]
    with psycopg.connect(archive.admin) as connection:
        connection.execute(f"GRANT UPDATE ON audit_event TO {program}")
        connection.execute(f"SET ROLE {program}")
        told = list(weaknesses(connection))
        connection.rollback()

    assert told == ["証跡の表の変更や削除の権限があります"]


def test_the_program_cannot_give_itself_rights(archive):
    with psycopg.connect(archive.trail.conninfo) as connection:
        connection.execute("GRANT ALL ON audit_event, audit_block TO CURRENT_USER")  # a warning, no effect
        assert list(weaknesses(connection)) == []


def test_the_table_s_owner_cannot_sign_in(archive):
    with psycopg.connect(archive.admin) as connection:
        row = connection.execute("SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'tasuke_audit_owner'")
        assert row.fetchone() == (False, False)
