"""Signed checkpoints: one JSON line per block in a file outside the database that only grows."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tasuke.platform.audit.chain import Block, signed_text, stamp
from tasuke.platform.audit.keys import SigningKey


class CheckpointInvalid(ValueError):
    """The line is not one that this program writes."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One line. restored: set when somebody answered for a database that came back older than this file."""

    system: str
    number: int
    hash: str
    sealed_at: str
    rows: int
    key: str
    signature: str
    restored: dict[str, str] | None = None

    @classmethod
    def of(cls, block: Block) -> "Checkpoint":
        """The line of a block."""
        return cls(
            system=block.system,
            number=block.number,
            hash=block.hash.hex(),
            sealed_at=stamp(block.sealed_at),
            rows=block.rows,
            key=block.key_id,
            signature=block.signature.hex(),
        )

    def line(self) -> bytes:
        """The bytes in the file, with the line feed."""
        facts = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}
        return (json.dumps(facts, ensure_ascii=False, separators=(",", ":")) + "\n").encode()

    def signed(self) -> bytes:
        """What the signature covers."""
        told = json.dumps(self.restored, ensure_ascii=False, sort_keys=True) if self.restored else ""
        digest = bytes.fromhex(self.hash)
        return signed_text(system=self.system, number=self.number, digest=digest, key_id=self.key, restored=told)


def restoration(*, block: Block, key: SigningKey, at: datetime, by: str, reason: str) -> Checkpoint:
    """The line that accepts that the trail goes on behind `block`, though this file has later ones."""
    told = {"at": stamp(at), "by": by, "reason": reason}
    plain = Checkpoint.of(block)
    text = signed_text(
        system=block.system, number=block.number, digest=block.hash, key_id=key.id,
        restored=json.dumps(told, ensure_ascii=False, sort_keys=True),
    )  # fmt: skip
    signature = key.sign(text).hex()
    return Checkpoint(
        plain.system, plain.number, plain.hash, plain.sealed_at, plain.rows, key.id, signature, restored=told
    )


def parse_line(line: bytes) -> Checkpoint:
    """A checkpoint from its bytes. Raises CheckpointInvalid when they are not exactly what `line` writes."""
    try:
        facts: dict[str, Any] = json.loads(line)
        found = Checkpoint(**facts)
        bytes.fromhex(found.hash), bytes.fromhex(found.signature)
    except (TypeError, ValueError) as error:
        raise CheckpointInvalid(line[:80].decode("utf-8", "replace")) from error
    if found.line() != line:
        raise CheckpointInvalid(line[:80].decode("utf-8", "replace"))
    return found


def read_lines(path: Path) -> Iterator[bytes]:
    """Lines of the file, each with its line feed (the last one may lack it); none when there is no file."""
    if path.exists():
        with path.open("rb") as file:
            yield from file


def last_line(path: Path) -> bytes:
    """The last line, without reading the whole file; empty when there is none."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        reach = 4096
        while True:
            file.seek(max(0, size - reach))
            lines = file.read().splitlines(keepends=True)
            if len(lines) > 1 or reach >= size:
                return lines[-1] if lines else b""
            reach *= 4


def append(path: Path, data: bytes) -> None:
    """Append and wait until the disk has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    with os.fdopen(handle, "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
