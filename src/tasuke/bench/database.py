"""A database of its own for a bench, and COPY alone as the limit that the machine sets. Dropped afterwards."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import psycopg
from psycopg import sql


def in_own_process(work: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Result of a call in a process of its own, so that its memory does not count as the bench's."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **named).result()


@contextmanager
def own_database(name: str, *, profile: str) -> Iterator[Path]:
    """An empty, migrated database and an empty folder, both gone afterwards. Call it before Django is configured."""
    prefix = f"tasuke_bench_{name}_{os.getpid()}"
    os.environ["TASUKE_DATABASE_PREFIX"] = prefix
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}_"))
    os.environ["TASUKE_ARCHIVE"] = str(folder / "archive")

    from tasuke.deploy.profiles import open_profile
    from tasuke.deploy.setup import configure, prepare_databases
    from tasuke.systems.subsidy.profile import set_profile

    configure()
    try:
        prepare_databases()
        set_profile(open_profile(profile))
        yield folder
    finally:
        drop_databases()
        shutil.rmtree(folder, ignore_errors=True)


def drop_databases() -> None:
    """Drop the databases and roles of this prefix."""
    from django.db import connections

    from tasuke.platform.database.embedded import ensure_server
    from tasuke.platform.database.systems import SYSTEMS, database_name

    connections.close_all()
    with psycopg.connect(ensure_server(), autocommit=True) as server:
        for system in SYSTEMS:
            name = sql.Identifier(database_name(system))
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            if os.environ.get("TASUKE_DATABASE_EMBEDDED") == "1":
                server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))


def copy_alone(tables: tuple[str, ...], folder: Path, *, using: str = "subsidy") -> tuple[float, int]:
    """(seconds, rows) of COPY of all rows of the tables into plain, logged copies without constraints and indexes."""
    from django.db import connections

    connections[using].ensure_connection()
    raw = cast("psycopg.Connection[Any]", connections[using].connection)
    time, rows = 0.0, 0
    for table in tables:
        path, plain = folder / f"{table}.csv", f"plain_{table}"
        _save(raw, table, path)
        raw.execute(sql.SQL("CREATE TABLE {} (LIKE {})").format(sql.Identifier(plain), sql.Identifier(table)))
        raw.commit()
        began = perf_counter()
        rows += _load(raw, plain, path)
        time += perf_counter() - began
        raw.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(plain)))
        raw.commit()
        path.unlink()
    return time, rows


def _save(raw: psycopg.Connection[Any], table: str, path: Path) -> None:
    statement = sql.SQL("COPY {} TO STDOUT (FORMAT csv)").format(sql.Identifier(table))
    with raw.cursor() as cursor, path.open("wb") as file, cursor.copy(statement) as copy:
        for block in copy:
            file.write(block)


def _load(raw: psycopg.Connection[Any], table: str, path: Path) -> int:
    """COPY and commit, as the import does."""
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(sql.Identifier(table))
    with raw.cursor() as cursor:
        with path.open("rb") as file, cursor.copy(statement) as copy:
            while block := file.read(4 << 20):
                copy.write(block)
        rows = cursor.rowcount
    raw.commit()
    return rows
