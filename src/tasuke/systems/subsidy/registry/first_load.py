"""The first load of a table: constraints and indexes are built once at the end, in the transaction that loads.

Entering 2,000,000 residents into a GiST index one by one takes a minute, building it from the finished table a
third of that, and the same holds for the B-trees. Nothing is given up: DDL is transactional in PostgreSQL, so either
all rows stand under all constraints or, after a kill, none does and everything is as before. Readers wait, but there
is nothing to read yet. A role that does not own the table loads chunk by chunk under the constraints, as always.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, models


def can_load_at_once(*, using: str, model: type[models.Model]) -> bool:
    """True when the table is empty and our role owns it."""
    query = (
        "SELECT pg_get_userbyid(c.relowner) = current_user, NOT EXISTS (SELECT 1 FROM {}) "
        "FROM pg_class c WHERE c.oid = %s::regclass"
    )
    table = model._meta.db_table
    with connections[using].cursor() as cursor:
        cursor.execute(query.format(connections[using].ops.quote_name(table)), [table])
        owner, empty = cursor.fetchone()
    return bool(owner and empty)


@contextmanager
def built_at_the_end(*, using: str, model: type[models.Model]) -> Iterator[None]:
    """Take constraints and indexes off the table for the time of the block; the caller's transaction holds it all."""
    connection = connections[using]
    constraints, indexes = model._meta.constraints, model._meta.indexes
    with connection.schema_editor(atomic=False) as editor:
        for constraint in constraints:
            editor.remove_constraint(model, constraint)
        for index in indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor(atomic=False) as editor:
        for constraint in constraints:
            editor.add_constraint(model, constraint)
        for index in indexes:
            editor.add_index(model, index)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
