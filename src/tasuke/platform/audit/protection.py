"""Rights on the trail: its tables belong to a role that nobody signs in as; the program may add and read.

`protect` needs the administrator's connection and can be run at any time. `weaknesses` asks, as the program's own
role, what it could still do.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

OWNER = "tasuke_audit_owner"  # one for all databases of a server; no login
_TABLES = ("audit_event", "audit_block")
_FUNCTIONS = ("audit_offset", "audit_xact", "audit_refuse")
# everything but id and xid, which only the database gives
_INSERTED = (
    "at", "personal_id", "office", "terminal", "session", "action", "screen", "purpose", "kind", "atena_no", "detail",
)  # fmt: skip


def protect(conninfo: str, *, program: str) -> bool:
    """Hand the tables over to their own role; give whether anything had to be changed.

    conninfo: an administrator's connection to the system's database. program: the role that the program signs in as.
    Raises psycopg errors when the administrator's role may not do this.
    """
    with psycopg.connect(conninfo) as connection:
        if not connection.execute("SELECT to_regclass('audit_event')").fetchone()[0]:  # type: ignore[index]
            return False
        _raise_offset(connection)
        if _handed_over(connection):
            return False
        _make_owner(connection)
        # the owner of a schema may drop every table in it
        _do(connection, "ALTER SCHEMA public OWNER TO {}", connection.info.user)
        _do(connection, "GRANT USAGE, CREATE ON SCHEMA public TO {}", program)
        for table in _TABLES:
            _do(connection, "ALTER TABLE {} OWNER TO {}", table, OWNER)
            _do(connection, "REVOKE ALL ON {} FROM {}, PUBLIC", table, program)
            _do(connection, "GRANT SELECT ON {} TO {}", table, program)
        columns = sql.SQL(", ").join(map(sql.Identifier, _INSERTED))
        connection.execute(sql.SQL("GRANT INSERT ({}) ON audit_event TO {}").format(columns, sql.Identifier(program)))
        _do(connection, "GRANT INSERT ON audit_block TO {}", program)
        for function in _FUNCTIONS:
            _do(connection, "ALTER FUNCTION {}() OWNER TO {}", function, OWNER)
        return True


def release(conninfo: str, *, program: str) -> None:
    """Give the tables back to the program's role so that a migration can change them; `protect` follows."""
    with psycopg.connect(conninfo) as connection:
        if not connection.execute("SELECT to_regclass('audit_event')").fetchone()[0]:  # type: ignore[index]
            return
        for table in _TABLES:
            _do(connection, "ALTER TABLE {} OWNER TO {}", table, program)
        for function in _FUNCTIONS:
            _do(connection, "ALTER FUNCTION {}() OWNER TO {}", function, program)


def weaknesses(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """What the connection's role could do to the trail, in Japanese; nothing when the trail is protected."""
    owner, schema, superuser, update, xid, triggers = _rights(connection)
    if superuser:
        yield "データベースの管理者の権限で動いています"
    elif owner:
        yield "証跡の表の所有者として動いています(改変や引き金の停止ができます)"
    elif update:
        yield "証跡の表の変更や削除の権限があります"
    if schema and not superuser:
        yield "スキーマの所有者として動いています(証跡の表を削除できます)"
    if xid and not superuser and not owner:
        yield "証跡の取引番号を自分で書く権限があります"
    if triggers != len(_TABLES):
        yield "証跡の表の引き金が止まっているか、ありません"


def _rights(connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
    row = connection.execute(
        """
        SELECT bool_or(pg_has_role(c.relowner, 'MEMBER')),
               bool_or(pg_has_role(n.nspowner, 'MEMBER')),
               (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
               bool_or(has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')),
               bool_or(c.relname = 'audit_event' AND has_column_privilege(c.oid, 'xid', 'INSERT')),
               (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid IN ('audit_event'::regclass, 'audit_block'::regclass)
                    AND t.tgenabled = 'A' AND t.tgfoid = 'audit_refuse'::regproc AND NOT t.tgisinternal)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid IN ('audit_event'::regclass, 'audit_block'::regclass)
        """
    ).fetchone()
    assert row is not None
    return tuple(row)


def _handed_over(connection: psycopg.Connection[Any]) -> bool:
    rows = connection.execute(
        "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = ANY(%s::regclass[])", [list(_TABLES)]
    ).fetchall()
    schema = connection.execute(
        "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'"
    ).fetchone()
    return {row[0] for row in rows} == {OWNER} and schema is not None and schema[0] == connection.info.user


def _make_owner(connection: psycopg.Connection[Any]) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
        try:
            with connection.transaction():
                _do(connection, "CREATE ROLE {} NOLOGIN", OWNER)
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            return  # another process made it in this moment


def _raise_offset(connection: psycopg.Connection[Any]) -> None:
    """After a dump was restored into another server, whose transaction numbers start below those of the trail."""
    row = connection.execute(
        """
        SELECT audit_offset(), pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
               GREATEST((SELECT max(split_part(snapshot, ':', 2)::bigint) FROM audit_block),
                        (SELECT max(xid) FROM audit_event WHERE id > (SELECT max(id) - 100000 FROM audit_event)))
        """
    ).fetchone()
    assert row is not None
    offset, here, reached = row
    if reached is not None and here + offset < reached:
        raised = reached - here + 1
        statement = (
            "CREATE OR REPLACE FUNCTION audit_offset() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS {}"
        )
        connection.execute(sql.SQL(statement).format(sql.Literal(f"SELECT {raised}::bigint")))


def _do(connection: psycopg.Connection[Any], statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
