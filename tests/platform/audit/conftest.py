"""A database of its own with a protected trail: seals and tampering need real commits and real rights."""

import os
from importlib import import_module

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.platform.audit.archive import Archive

from tasuke.platform.audit.protection import protect
from tasuke.platform.audit.trail import Trail
from tasuke.platform.database.embedded import ensure_server

FORWARD = import_module("tasuke.platform.audit.migrations.0001_initial").FORWARD


@pytest.fixture(scope="session")
def trail_database():
    """(conninfo of the program's role, conninfo of the administrator)."""
    server = ensure_server()
    name, role = f"tasuke_trail_{os.getpid()}", f"tasuke_trail_{os.getpid()}_program"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(sql.Identifier(name), sql.Identifier(role))
        )
    program, admin = make_conninfo(server, dbname=name, user=role), make_conninfo(server, dbname=name)
    with psycopg.connect(program) as connection:
        connection.execute(FORWARD)
    assert protect(admin, program=role)
    yield program, admin
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture
def archive(trail_database, tmp_path):
    program, admin = trail_database
    folder = tmp_path / "audit"
    folder.mkdir()
    yield (made := Archive(Trail("subsidy", program, folder / "checkpoints.jsonl"), admin, folder))
    made.empty()
