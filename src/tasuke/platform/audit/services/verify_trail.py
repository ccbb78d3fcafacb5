"""Prove the trail: every sealed row, every block, every checkpoint; the first broken place by name.

One pass over the rows in the order of their ids, by COPY: each row belongs to the first block whose snapshot saw its
transaction. Rows are hashed block by block as they come; only a block that does not come out is read again, row by
row, against its index.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from tasuke.platform.audit.chain import Block, Snapshot, index_id
from tasuke.platform.audit.faults import Fault, Verdict
from tasuke.platform.audit.keys import Trust
from tasuke.platform.audit.protection import weaknesses
from tasuke.platform.audit.trail import Trail, block_of, let_others_seal, sealing_alone, unsealed
from tasuke.platform.audit.walk_blocks import ChainWalk
from tasuke.platform.audit.walk_checkpoints import CheckpointWalk
from tasuke.platform.audit.walk_rows import RowWalk

_BLOCKS_AT_ONCE = 500


def verify_trail(*, trail: Trail, trust: Trust, older_file: bool = False) -> Verdict:
    """Check everything. The sealer waits only for the blink in which database and file are taken together.

    older_file: the checkpoint file is a copy that was kept elsewhere and may end before the database does.
    """
    with sealing_alone(trail, wait=True) as connection:
        assert connection is not None
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        count = _scalar(connection, "SELECT count(*) FROM audit_block")
        file = CheckpointWalk(trail.checkpoints, trust, may_end_early=older_file)
        let_others_seal(connection)
        chain = ChainWalk(trail.system, trust, blocks=count)
        for block, index in _blocks(connection, trail.system):
            chain.take(block, first_row=index_id(index))
            file.take(block)
        chain.end()
        file.end()
        rows = RowWalk(chain.members)
        rows.read(connection)
        faults = {*chain.faults, *file.faults, *rows.faults, *rows.examine(connection)}
        pending, oldest = _pending(connection, chain.members.last_snapshot())
        return Verdict(
            system=trail.system,
            rows=rows.sealed,
            blocks=count,
            pending=pending,
            oldest_pending=oldest,
            faults=tuple(sorted(faults, key=Fault.order)),
            unexamined_blocks=rows.unexamined,
            restores=tuple(file.restores),
            weaknesses=tuple(weaknesses(connection)),
        )


def _blocks(connection: psycopg.Connection[Any], system: str) -> Iterator[tuple[Block, bytes]]:
    """Every block by number with its index; the index is hashed here, not by the server."""
    query = (
        "SELECT number, snapshot, rows, rows_sha256, row_index, sealed_at, previous, hash, key_id, signature"
        " FROM audit_block ORDER BY number"
    )
    with connection.cursor(name="audit_blocks", binary=True) as cursor:
        cursor.itersize = _BLOCKS_AT_ONCE
        for row in cursor.execute(query):
            index = bytes(row[4])
            yield block_of(system, (*row[:4], hashlib.sha256(index).digest(), *row[5:])), index


def _pending(connection: psycopg.Connection[Any], last: Snapshot | None) -> tuple[int, datetime | None]:
    where, parameters = unsealed(last)
    row = connection.execute(f"SELECT count(*), min(at) FROM audit_event WHERE {where}", parameters).fetchone()  # noqa: S608
    return (row[0], row[1]) if row else (0, None)


def _scalar(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
