"""Tables that only grow are handed over to a role that nobody signs in as and that the program cannot become.

Who owns a table may stop its triggers, empty it and drop it, and who owns a schema may drop what lies in it. So both go
to other hands than the program's, which keeps what it is given here and nothing else. An administrator does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

OWNER = "tasuke_record_owner"  # one for all databases of a server; no login
Rights = Mapping[str, str]  # role → what it may, as SQL: "SELECT, INSERT"


@dataclass(frozen=True, slots=True)
class Handed:
    """What is handed over in one schema. users: role → its rights on the schema; tables: name → role → its rights."""

    schema: str
    users: Rights
    tables: Mapping[str, Rights]
    functions: Sequence[str]


def hand_over(connection: psycopg.Connection[Any], what: Handed) -> bool:
    """Hand over; give whether anything changed. The connection is an administrator's, and commits."""
    if _is_handed_over(connection, what):
        return False
    _make_owner(connection)
    _do(connection, "ALTER SCHEMA {} OWNER TO {}", what.schema, connection.info.user)
    for role, rights in what.users.items():
        _do(connection, f"GRANT {rights} ON SCHEMA {{}} TO {{}}", what.schema, role)
    for table, allowed in what.tables.items():
        before = _owner_of(connection, what.schema, table)
        _do(connection, "ALTER TABLE {}.{} OWNER TO {}", what.schema, table, OWNER)
        for role in {before, *allowed} - {OWNER}:
            _do(connection, "REVOKE ALL ON {}.{} FROM {}", what.schema, table, role)
        for role, rights in allowed.items():
            _do(connection, f"GRANT {rights} ON {{}}.{{}} TO {{}}", what.schema, table, role)
    for function in what.functions:
        _do(connection, "ALTER FUNCTION {}.{}() OWNER TO {}", what.schema, function, OWNER)
    return True


def keep_database(connection: psycopg.Connection[Any], *, program: str) -> None:
    """Let the administrator own the database: its owner may drop it whole. The program may go on making schemas."""
    database = connection.info.dbname
    if not _owns_database(connection, program):
        return
    _do(connection, "ALTER DATABASE {} OWNER TO {}", database, connection.info.user)
    _do(connection, "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO {}", database, program)


def database_weaknesses(connection: psycopg.Connection[Any], *, program: str) -> list[str]:
    """What the program's role could do to the database as a whole, in Japanese."""
    return ["データベースの所有者です(全体を削除できます)"] if _owns_database(connection, program) else []


def take_back(connection: psycopg.Connection[Any], what: Handed, *, owner: str) -> None:
    """Give the tables to `owner` again so that a change of them can be made; `hand_over` follows."""
    for table in what.tables:
        _do(connection, "ALTER TABLE {}.{} OWNER TO {}", what.schema, table, owner)
    for function in what.functions:
        _do(connection, "ALTER FUNCTION {}.{}() OWNER TO {}", what.schema, function, owner)


def weaknesses(connection: psycopg.Connection[Any], what: Handed) -> list[str]:
    """What the connection's own role could do to the tables, in Japanese; nothing when they are in other hands."""
    found = []
    for table in what.tables:
        row = connection.execute(
            """
            SELECT pg_has_role(c.relowner, 'MEMBER'), pg_has_role(n.nspowner, 'MEMBER')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
            """,
            [what.schema, table],
        ).fetchone()
        if row is None:
            found.append(f"{table}: 表がありません")
        elif row[0]:
            found.append(f"{table}: 表の所有者になれます(改変や引き金の停止ができます)")
        elif row[1]:
            found.append(f"{table}: スキーマの所有者になれます(表を削除できます)")
    return found


def _owns_database(connection: psycopg.Connection[Any], program: str) -> bool:
    row = connection.execute(
        "SELECT pg_get_userbyid(datdba) = %s FROM pg_database WHERE datname = current_database()", [program]
    ).fetchone()
    return row is not None and bool(row[0])


def _is_handed_over(connection: psycopg.Connection[Any], what: Handed) -> bool:
    schema = connection.execute(
        "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %s", [what.schema]
    ).fetchone()
    owners = {_owner_of(connection, what.schema, table) for table in what.tables}
    return schema is not None and schema[0] == connection.info.user and owners == {OWNER}


def _owner_of(connection: psycopg.Connection[Any], schema: str, table: str) -> str:
    row = connection.execute(
        "SELECT pg_get_userbyid(c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = %s",
        [schema, table],
    ).fetchone()
    if row is None:
        raise LookupError(f"no table {schema}.{table}")
    return str(row[0])


def _make_owner(connection: psycopg.Connection[Any]) -> None:
    """Made by the administrator: a role that the program had made could be given to it by the program."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
        return
    try:
        with connection.transaction():
            _do(connection, "CREATE ROLE {} NOLOGIN", OWNER)
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return  # another process made it in this moment


def _do(connection: psycopg.Connection[Any], statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
