"""Bring the tables of municipalities up to the newest template, each in a transaction of its own."""

import re
from importlib import resources

from django.db import connections
from psycopg import sql

from tasuke.systems.midserver.models import Tenant
from tasuke.systems.midserver.tenancy import USING, as_owner, names_of, tenants

_VERSION = "tasuke tables "
_FILE = re.compile(r"tenant_(\d{4})\.sql")
_KNOWN = """
SELECT coalesce(obj_description(c.oid, 'pg_class'), obj_description(n.oid, 'pg_namespace'))
FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'counter'
WHERE n.nspname = %s
"""


def upgrade_tenants(*, using: str = USING) -> dict[str, int]:
    """All municipalities; gives code → version for those that changed. A stopped upgrade goes on where it was."""
    changed = {}
    for tenant in tenants(using=using):
        before = tenant.template
        if upgrade_tenant(tenant, using=using) != before:
            changed[tenant.body] = tenant.template
    return changed


def upgrade_tenant(tenant: Tenant, *, using: str = USING) -> int:
    """One municipality; gives the version that its tables have now. The tables themselves say which that is."""
    names = names_of(tenant.body, using=using)
    words = {"schema": names.schema, "tenant": names.role, "operator": names.operator}
    done = _version(names.schema, using)
    for number, text in templates():
        if number <= done:
            continue
        with as_owner(tenant.body, using=using) as owner:
            for word, name in words.items():
                text = text.replace(f"{{{word}}}", sql.Identifier(name).as_string())
            owner.cursor.execute(text)
            # at a table and not at the schema: that is in other hands once the records are protected
            owner.cursor.execute(f"COMMENT ON TABLE counter IS '{_VERSION}{number}'")
        done = number
    if tenant.template != done:
        tenant.template = done
        tenant.save(using=using, update_fields=["template"])
    return done


def pending(*, using: str = USING) -> bool:
    """Whether a municipality's tables are older than the newest template."""
    newest = templates()[-1][0]
    return any(tenant.template < newest for tenant in tenants(using=using))


def _version(schema: str, using: str) -> int:
    with connections[using].cursor() as cursor:
        cursor.execute(_KNOWN, [schema])
        row = cursor.fetchone()
    return int(row[0].removeprefix(_VERSION)) if row and row[0] else 0


def templates() -> list[tuple[int, str]]:
    """(number, SQL) of every step, in order."""
    folder = resources.files("tasuke.systems.midserver") / "sql"
    found = [(match, file) for file in folder.iterdir() if (match := _FILE.fullmatch(file.name))]
    return sorted((int(match[1]), file.read_text("utf-8")) for match, file in found)
