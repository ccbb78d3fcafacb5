"""One database and one role per system: names, settings, creation, and the router that keeps them apart."""

import os
from typing import Any

import psycopg
from django.db import models
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

# Systems with a database of their own. Apps are named `<system>_<area>`; platform apps live in each of them, because
# their rows share the transaction of what they record. `accounts` is the organisation's people and grants.
ALL_SYSTEMS = ("subsidy", "accounts", "resident", "welfare", "unified_id", "gateway", "midserver", "nis")


def _systems() -> tuple[str, ...]:
    """Those that this process holds: TASUKE_SYSTEMS (comma between), or all. `accounts` is always among them."""
    named = [name.strip() for name in os.environ.get("TASUKE_SYSTEMS", "").split(",") if name.strip()]
    unknown = sorted(set(named) - set(ALL_SYSTEMS))
    if unknown:
        raise UnknownSystem(f"TASUKE_SYSTEMS: {', '.join(unknown)} はありません。あるもの: {', '.join(ALL_SYSTEMS)}")
    return tuple(name for name in ALL_SYSTEMS if not named or name in named or name == "accounts")


class UnknownSystem(ValueError):
    """TASUKE_SYSTEMS names a system that does not exist."""


SYSTEMS = _systems()
PLATFORM_APPS = frozenset({"batch", "exchange", "audit", "transport"})
# apps of Django and others that belong to the people of the organisation, not to what they work on
ACCOUNTS_APPS = frozenset({"accounts", "access", "auth", "contenttypes", "sessions", "axes"})


def database_name(system: str) -> str:
    """Name of a system's database, which is also the name of its role."""
    prefix = os.environ.get("TASUKE_DATABASE_PREFIX", "tasuke")
    organisation = os.environ.get("TASUKE_ORGANISATION", "city")
    if system == "accounts" and organisation != "city":  # each organisation has its own people
        return f"{prefix}_accounts_{organisation}"
    return f"{prefix}_{system}"


def django_databases() -> dict[str, dict[str, Any]]:
    """Django's DATABASES. `default` stays empty on purpose: a query that names no system is a fault.

    TASUKE_DATABASE_URL_<SYSTEM> names one system's database outright. Otherwise TASUKE_DATABASE_URL gives the server;
    on the embedded server each system has its own role, on another one the role of the URL unless one is named.
    """
    databases: dict[str, dict[str, Any]] = {"default": {}}
    server = os.environ.get("TASUKE_DATABASE_URL", "")
    for system in SYSTEMS:
        own = os.environ.get(f"TASUKE_DATABASE_URL_{system.upper()}")
        parts = conninfo_to_dict(own or server)
        embedded = os.environ.get("TASUKE_DATABASE_EMBEDDED") == "1"
        databases[system] = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.get("dbname") if own else database_name(system),
            "USER": database_name(system) if embedded and not own else parts.get("user", ""),
            "PASSWORD": parts.get("password", "") or "",
            "HOST": parts.get("host", ""),
            "PORT": str(parts.get("port", "") or ""),
            # for every database named here each request opens a connection; the others' screens open their own
            # transaction (access/screen.py)
            "ATOMIC_REQUESTS": system in ("subsidy", "accounts"),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "TEST": {"DEPENDENCIES": []},
            "OPTIONS": {"options": "-c timezone=Asia/Tokyo"},
        }
    return databases


def create_missing(server_url: str) -> list[str]:
    """Create roles and databases that are not there yet; give the names of the new databases.

    The URL's role must be allowed to create both. Extensions are made here too, since they may need more rights than
    a system's role has.
    """
    made: list[str] = []
    for system in SYSTEMS:
        if os.environ.get(f"TASUKE_DATABASE_URL_{system.upper()}"):
            continue
        name = database_name(system)
        with psycopg.connect(server_url, autocommit=True) as connection:
            if os.environ.get("TASUKE_DATABASE_EMBEDDED") == "1":
                _create_role(connection, name, may_create_roles=system == "midserver")
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                continue
            owner = name if os.environ.get("TASUKE_DATABASE_EMBEDDED") == "1" else connection.info.user
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name), sql.Identifier(owner)
                )
            )
            made.append(name)
    return made


def _create_role(connection: psycopg.Connection[Any], name: str, *, may_create_roles: bool) -> None:
    """may_create_roles: 中間サーバー has a role for each municipality, made when it joins, and rules these alone."""
    found = connection.execute("SELECT rolcreaterole FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    more = sql.SQL(" CREATEROLE" if may_create_roles else "")
    if found is None:
        # CREATEDB lets the test runner make its databases with the same role that the program runs under
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB{}").format(sql.Identifier(name), more))
    elif may_create_roles and not found[0]:
        connection.execute(sql.SQL("ALTER ROLE {}{}").format(sql.Identifier(name), more))


class SystemRouter:
    """Each system's tables live in its own database; no relation crosses."""

    def _system(self, app_label: str) -> str | None:
        if app_label in ACCOUNTS_APPS:
            return "accounts"
        if app_label == "procrastinate":  # the queue of runs (settings.PROCRASTINATE_DATABASE_ALIAS)
            return "subsidy"
        return next((s for s in SYSTEMS if app_label == s or app_label.startswith(f"{s}_")), None)

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        system = self._system(model._meta.app_label)
        if system:
            return system
        instance = hints.get("instance")
        if instance is not None and instance._state.db:
            return str(instance._state.db)
        return None  # falls to the empty `default`: a query that names no system is a fault

    db_for_write = db_for_read

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        return obj1._state.db == obj2._state.db

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if app_label in PLATFORM_APPS:
            return db in SYSTEMS
        return self._system(app_label) == db
