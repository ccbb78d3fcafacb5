"""One system's trail: where its database and its checkpoints are, and how both are read consistently."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from psycopg.conninfo import make_conninfo

from tasuke.platform.audit.chain import ROW_SQL, Block, Snapshot

_LOCK = 7_106  # next to the lock of runs; one sealer per database
_BLOCK_COLUMNS = "number, snapshot, rows, rows_sha256, sha256(row_index), sealed_at, previous, hash, key_id, signature"


@dataclass(frozen=True, slots=True)
class Trail:
    """system: its name, which is part of what is sealed. conninfo: of the database. checkpoints: the file."""

    system: str
    conninfo: str
    checkpoints: Path


def audit_folder(home: Path) -> Path:
    """Where checkpoints lie: TASUKE_AUDIT_FOLDER, or `audit` in the data folder."""
    return Path(os.environ.get("TASUKE_AUDIT_FOLDER") or home / "audit")


def key_file(home: Path) -> Path:
    """Where the signing key lies: TASUKE_AUDIT_KEY, or `audit-key/key.pem` in the data folder."""
    return Path(os.environ.get("TASUKE_AUDIT_KEY") or home / "audit-key" / "key.pem")


def trail_of(using: str, *, home: Path) -> Trail:
    """The trail of one of Django's databases."""
    known = connections[using].settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {key: str(known[name]) for key, name in names.items() if known[name]}
    return Trail(using, make_conninfo("", **given), audit_folder(home) / f"checkpoints-{known['NAME']}.jsonl")


@contextmanager
def sealing_alone(trail: Trail, *, wait: bool) -> Iterator[psycopg.Connection[Any] | None]:
    """A connection that no other sealer works beside. wait False: None when another one is at work.

    It is closed without a farewell: a fault in the middle of a COPY leaves nothing that could be rolled back first.
    """
    connection = psycopg.connect(trail.conninfo, autocommit=True)
    try:
        # a table of the same name in another schema must not stand before ours
        connection.execute("SET client_encoding = 'UTF8'; SET search_path = public")
        if wait:
            connection.execute("SELECT pg_advisory_lock(%s, 0)", [_LOCK])
        else:
            got = connection.execute("SELECT pg_try_advisory_lock(%s, 0)", [_LOCK]).fetchone()
            if not got or not got[0]:
                yield None
                return
        yield connection
    finally:
        connection.close()


def let_others_seal(connection: psycopg.Connection[Any]) -> None:
    """Release the lock, keep the connection (and its open transaction)."""
    connection.execute("SELECT pg_advisory_unlock(%s, 0)", [_LOCK])


def current_snapshot(connection: psycopg.Connection[Any]) -> Snapshot:
    """The snapshot of the connection's transaction, in numbers of the trail."""
    row = connection.execute("SELECT pg_current_snapshot()::text, audit_offset()").fetchone()
    assert row is not None
    return Snapshot.parse(row[0]).shifted(row[1])


def last_block(connection: psycopg.Connection[Any], system: str) -> Block | None:
    """The newest block."""
    return next(blocks(connection, system, newest=True), None)


def blocks(connection: psycopg.Connection[Any], system: str, *, newest: bool = False) -> Iterator[Block]:
    """All blocks by number, or the newest alone. The index is hashed by the server; verify hashes it again itself."""
    order = "DESC LIMIT 1" if newest else ""
    for row in connection.execute(f"SELECT {_BLOCK_COLUMNS} FROM audit_block ORDER BY number {order}"):  # noqa: S608
        yield block_of(system, row)


def block_of(system: str, row: tuple[Any, ...]) -> Block:
    """A block from the columns of `_BLOCK_COLUMNS`."""
    number, snapshot, count, rows_sha256, index_sha256, sealed_at, previous, digest, key_id, signature = row
    moment: datetime = sealed_at
    return Block(
        system=system, number=number, snapshot=snapshot, rows=count, rows_sha256=bytes(rows_sha256),
        index_sha256=bytes(index_sha256), sealed_at=moment.astimezone(UTC), previous=bytes(previous),
        hash=bytes(digest), key_id=key_id, signature=bytes(signature),
    )  # fmt: skip


def unsealed(since: Snapshot | None) -> tuple[str, list[Any]]:
    """Predicate with parameters: rows that the last block's snapshot did not see."""
    if since is None:
        return "TRUE", []
    # the first part is what the index on xid can use
    return "xid >= %s AND (xid >= %s OR xid = ANY(%s))", [since.xmin, since.xmax, sorted(since.running)]


def seen(by: Snapshot) -> tuple[str, list[Any]]:
    """Predicate with parameters: rows that this snapshot saw."""
    return "(xid < %s AND NOT xid = ANY(%s))", [by.xmax, sorted(by.running)]


def row_lines(connection: psycopg.Connection[Any], where: str, parameters: list[Any]) -> Iterator[bytes]:
    """Canonical bytes of the rows that fulfil a predicate of ours, in the order of their ids."""
    query = f"COPY ({ROW_SQL} WHERE {where} ORDER BY id) TO STDOUT (FORMAT text, ENCODING 'UTF8')"
    bound = psycopg.ClientCursor(connection).mogrify(query, parameters)  # COPY takes no parameters
    with connection.cursor() as cursor, cursor.copy(bound) as copy:
        for line in copy:
            yield bytes(line)
