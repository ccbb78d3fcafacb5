"""What only the administrator of the database can do: close the catalogue, and take the records into other hands.

PostgreSQL tells everybody by itself estimates of row counts, sizes and activity of every table. A municipality's role
could tell from them how much another holds. The program's own role keeps what Django reads.

情報提供等の記録 (番号法23条), refusals and notes of deletions belong to a role that the program cannot become: it, and
the roles that it takes up, add to them, and delete a record only after the day that is written in it.
"""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from tasuke.platform.database.handing import Handed, hand_over, take_back, weaknesses
from tasuke.systems.midserver.tenancy import USING, names_of

# names and estimates of every table, whoever owns it
_VIEWS = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
    AND (c.relname IN ('pg_class', 'pg_namespace', 'pg_sequence', 'pg_tables', 'pg_locks', 'pg_stats',
                         'pg_sequences', 'pg_database', 'pg_replication_slots', 'pg_prepared_xacts',
                         'pg_prepared_statements', 'pg_cursors', 'pg_shdepend')
         OR c.relname LIKE 'pg\\_stat\\_%%' OR c.relname LIKE 'pg\\_statio\\_%%')
ORDER BY 1
"""
# sizes and counters by table number: these ask for no right on the table; locks by name: they tell who is at work;
# numbers of transactions: their distance tells how much all others write; what a connection, which municipalities take
# in turns, remembers of the one before: lastval names its table
_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace
    AND (p.proname IN ('pg_relation_size', 'pg_total_relation_size', 'pg_table_size', 'pg_indexes_size',
                       'pg_relation_filepath', 'pg_relation_filenode', 'pg_database_size', 'pg_tablespace_size',
                       'pg_sequence_last_value', 'pg_lock_status', 'pg_prepared_xact', 'pg_current_wal_lsn',
                       'pg_current_wal_insert_lsn', 'pg_current_wal_flush_lsn', 'pg_last_committed_xact',
                       'pg_xact_commit_timestamp', 'pg_get_sequence_data', 'pg_current_snapshot',
                       'txid_current_snapshot', 'pg_current_xact_id', 'pg_current_xact_id_if_assigned',
                       'txid_current', 'txid_current_if_assigned', 'pg_xact_status', 'txid_status', 'mxid_age',
                       'pg_blocking_pids', 'pg_safe_snapshot_blocking_pids', 'pg_export_snapshot', 'lastval',
                       'pg_cursor', 'pg_prepared_statement')
         OR p.oid = 'pg_catalog.age(xid)'::regprocedure
         OR p.proname LIKE 'pg\\_advisory%%' OR p.proname LIKE 'pg\\_try\\_advisory%%'
         OR p.proname LIKE 'pg\\_stat\\_get\\_%%')
ORDER BY 1
"""


def protect_catalogue(conninfo: str, *, program: str) -> int:
    """Take estimates and sizes from everybody but the program's role; gives how many things were closed.

    conninfo: an administrator's connection to the database of 中間サーバー. Can be run at any time, again and again,
    and must be run again after a restore. Raises psycopg errors when the role may not do this.
    """
    role = sql.Identifier(program)
    with psycopg.connect(conninfo) as connection:
        views = [row[0] for row in connection.execute(_VIEWS)]
        functions = [row[0] for row in connection.execute(_FUNCTIONS)]
        for kind, word, names in (("SELECT", "TABLE", views), ("EXECUTE", "FUNCTION", functions)):
            for name in names:
                what = sql.SQL(f"{word} {name}")  # names of PostgreSQL's own, already quoted by it
                connection.execute(sql.SQL("REVOKE {} ON {} FROM PUBLIC").format(sql.SQL(kind), what))
                connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(kind), what, role))
        return len(views) + len(functions)


def protect_records(conninfo: str) -> int:
    """Hand the records of every municipality over; gives for how many that was not done yet.

    conninfo: an administrator's connection to the database of 中間サーバー. To be run whenever a municipality has
    joined, and after a restore. Raises psycopg errors when the role may not do this.
    """
    with psycopg.connect(conninfo) as connection:
        return sum(hand_over(connection, handed) for _, handed in _records(connection))


def release_records(conninfo: str) -> None:
    """Give the records back to the owner of the other tables, for a new version of them; `protect_records` follows."""
    with psycopg.connect(conninfo) as connection:
        for owner, handed in _records(connection):
            take_back(connection, handed, owner=owner)


def record_weaknesses(conninfo: str) -> list[str]:
    """What the program's role could do to the records, in Japanese. conninfo: as that role."""
    with psycopg.connect(conninfo) as connection:
        return [
            f"{handed.schema} {told}" for _, handed in _records(connection) for told in weaknesses(connection, handed)
        ]


def _records(connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[tuple[str, Handed]]:
    """For each municipality: the owner of its other tables, and what is handed over."""
    found = connection.execute("SELECT to_regclass('public.midserver_tenant')").fetchone()
    if found is None or found[0] is None:
        return
    for row in connection.execute("SELECT body FROM midserver_tenant ORDER BY body").fetchall():
        names = names_of(str(row[0]), using=USING)
        tables = {
            "provision_record": {names.role: "SELECT, INSERT", names.owner: "SELECT, DELETE"},
            "refusal": {names.role: "SELECT, INSERT", names.owner: "SELECT"},
            "deletion": {names.role: "SELECT, INSERT", names.owner: "SELECT, INSERT"},
        }
        users = {names.owner: "USAGE, CREATE", names.role: "USAGE"}
        yield names.owner, Handed(names.schema, users, tables, ("only_grows",))
