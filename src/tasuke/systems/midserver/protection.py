"""What PostgreSQL tells everybody by itself: estimates of row counts, sizes and activity of every table.

A municipality's role could tell from them how much another holds. Taking them away needs the administrator of the
database (as `platform/audit/protection.py` does); the program's own role keeps what Django reads.
"""

import psycopg
from psycopg import sql

# names and estimates of every table, whoever owns it
_VIEWS = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
    AND (c.relname IN ('pg_class', 'pg_namespace', 'pg_sequence', 'pg_tables', 'pg_locks', 'pg_stats')
         OR c.relname LIKE 'pg\\_stat\\_%%' OR c.relname LIKE 'pg\\_statio\\_%%')
ORDER BY 1
"""
# sizes and counters by table number: these ask for no right on the table
_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace
    AND (p.proname IN ('pg_relation_size', 'pg_total_relation_size', 'pg_table_size', 'pg_indexes_size',
                       'pg_relation_filepath', 'pg_relation_filenode')
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
