"""Seal what was committed since the last block, and write the signed checkpoint outside the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from tasuke.platform.audit.chain import Block, Rows, Snapshot, seal_rows
from tasuke.platform.audit.checkpoints import Checkpoint, CheckpointInvalid, append, last_line, parse_line, restoration
from tasuke.platform.audit.events import EventKind
from tasuke.platform.audit.keys import SigningKey
from tasuke.platform.audit.trail import Trail, current_snapshot, last_block, row_lines, sealing_alone, seen, unsealed


class TrailBroken(Exception):
    """Database and checkpoint file do not belong together: nothing is sealed on top of that."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A new block: number, rows, and whether the checkpoint of the block before had to be written first."""

    number: int
    rows: int
    mended: bool


def seal_trail(*, trail: Trail, key: SigningKey, now: datetime) -> Sealed | None:
    """Seal every row that is committed and not sealed. None: there is none, or another process seals right now.

    First the block commits, then its checkpoint is appended; a process that was killed in between is made good by
    the next one, which tells the trail so. Raises TrailBroken.
    """
    with sealing_alone(trail, wait=False) as connection:
        if connection is None:
            return None
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        last = last_block(connection, trail.system)
        mended = _match(trail, last)
        if mended and last:
            connection.execute(
                "INSERT INTO audit_event (at, personal_id, kind, detail) VALUES (%s, 'system', %s, %s)",
                [now, EventKind.CHECKPOINT_MENDED, f'{{"block":{last.number}}}'],
            )
        block = _seal(connection, trail, last, key, now)
        connection.execute("COMMIT")
        if block is None:
            return None
        append(trail.checkpoints, Checkpoint.of(block).line())
        return Sealed(block.number, block.rows, mended)


def accept_restore(*, trail: Trail, key: SigningKey, now: datetime, by: str, reason: str) -> Checkpoint:
    """Somebody answers for a database that was restored to an earlier state: a signed line says who and why.

    Raises TrailBroken when the database is not behind the file.
    """
    with sealing_alone(trail, wait=True) as connection:
        assert connection is not None
        last = last_block(connection, trail.system)
        newest = _parsed(last_line(trail.checkpoints))
        if last is None or newest is None or newest.number <= last.number:
            raise TrailBroken("データベースは検証点ファイルより前に戻っていません")
        line = restoration(block=last, key=key, at=now, by=by, reason=reason)
        connection.execute(
            "INSERT INTO audit_event (at, personal_id, kind, detail) VALUES (%s, %s, %s, %s)",
            [now, by, EventKind.TRAIL_RESTORED, f'{{"block":{last.number},"lost_to":{newest.number}}}'],
        )
        append(trail.checkpoints, line.line())
        return line


def _seal(
    connection: psycopg.Connection[Any], trail: Trail, last: Block | None, key: SigningKey, now: datetime
) -> Block | None:
    snapshot = current_snapshot(connection)
    before = Snapshot.parse(last.snapshot) if last else None
    if before and snapshot.xmax < before.xmax:
        raise TrailBroken("データベースの取引番号が証跡より小さくなっています。tasuke setup を実行してください")
    rows = Rows()
    new, parameters = unsealed(before)
    ended, more = seen(snapshot)  # which leaves out what this very transaction wrote
    rows.add(row_lines(connection, f"{new} AND {ended}", [*parameters, *more]))
    if not rows.count:
        return None
    block = seal_rows(system=trail.system, last=last, snapshot=snapshot, rows=rows, sealed_at=now, key=key)
    connection.execute(
        "INSERT INTO audit_block (number, snapshot, rows, rows_sha256, row_index, sealed_at, previous, hash, key_id,"
        " signature) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            block.number, block.snapshot, block.rows, block.rows_sha256, bytes(rows.index), block.sealed_at,
            block.previous, block.hash, block.key_id, block.signature,
        ],
    )  # fmt: skip
    return block


def _match(trail: Trail, last: Block | None) -> bool:
    """Whether the last block's checkpoint was missing (and is written now). Raises TrailBroken for anything else."""
    line = last_line(trail.checkpoints)
    wanted = Checkpoint.of(last).line() if last else b""
    if line == wanted:
        return False
    if last and not line.endswith(b"\n") and wanted.startswith(line) and (line or last.number == 1):
        append(trail.checkpoints, wanted[len(line) :])  # killed before, or in the middle of, the append
        return True
    newest = _parsed(line)
    if last is None or newest is None:
        raise TrailBroken("検証点ファイルとデータベースの証跡が合いません。tasuke audit verify を実行してください")
    if newest.number == last.number - 1 and newest.hash == last.previous.hex():
        append(trail.checkpoints, wanted)
        return True
    if newest.restored and newest.hash == last.hash.hex():
        return False
    if newest.number > last.number:
        raise TrailBroken(
            f"データベースが検証点ファイルより前の状態です(データベース {last.number}、ファイル {newest.number})。"
            "バックアップから戻したときは tasuke audit restored で理由を記録してください"
        )
    raise TrailBroken("検証点ファイルが切り詰められたか、書き換えられています。tasuke audit verify を実行してください")


def _parsed(line: bytes) -> Checkpoint | None:
    try:
        return parse_line(line) if line else None
    except CheckpointInvalid as error:
        raise TrailBroken(f"検証点ファイルの最後の行を読めません: {error}") from error
