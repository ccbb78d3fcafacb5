"""A municipality starts to use the installation: its role, its schema, its tables, its keys."""

from datetime import datetime

from django.db import connections, transaction
from psycopg import sql

from tasuke.systems.midserver.models import Tenant
from tasuke.systems.midserver.services.upgrade_tenants import upgrade_tenant
from tasuke.systems.midserver.tenancy import USING, Inside, names_of

_OPERATOR_READS = (
    "midserver_tenant", "midserver_round_state", "midserver_daily_count", "midserver_deletion_record",
    "midserver_hours", "midserver_notice", "midserver_setting", "midserver_master_version",
    "midserver_directory_key", "midserver_directory_version",
)  # fmt: skip


def join_tenant(*, body: str, name: str, by: str, at: datetime, using: str = USING) -> Tenant:
    """Take a municipality in; one that is there already gets its tables brought up to date and nothing else.

    Raises ValueError for a code of another form, psycopg errors when the program's role may not create roles.
    """
    names = names_of(body, using=using)
    with transaction.atomic(using=using):
        for role in (names.owner, names.operator, names.role):
            _make_role(role, using=using)
        _let_operator_read(names.operator, using=using)
        with connections[using].cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(
                    sql.Identifier(names.schema), sql.Identifier(names.owner)
                )
            )
        tenant, _ = Tenant.objects.using(using).get_or_create(
            body=body, defaults={"name": name, "joined_at": at, "joined_by": by}
        )
        upgrade_tenant(tenant, using=using)
    with connections[using].cursor() as cursor:
        keys = Inside(body, cursor)
    keys.vault.index("", context="")  # keys are made at first use: now, not in the middle of a request
    keys.opening_keys.public_jwks()
    keys.signing_keys.public_jwks()
    return tenant


def _make_role(role: str, *, using: str) -> None:
    """A role that nobody signs in as; ours may take it up, but has none of its rights by itself."""
    with connections[using].cursor() as cursor:
        name = sql.Identifier(role)
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(name))
        # since PostgreSQL 16 who makes a role must give himself the right to take it up; before, NOINHERIT is needed
        modern = connections[using].connection.info.server_version >= 160_000
        more = " WITH INHERIT FALSE, SET TRUE" if modern else ""
        cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER" + more).format(name))


def _let_operator_read(operator: str, *, using: str) -> None:
    with connections[using].cursor() as cursor:
        tables = sql.SQL(", ").join(map(sql.Identifier, _OPERATOR_READS))
        cursor.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(tables, sql.Identifier(operator)))
