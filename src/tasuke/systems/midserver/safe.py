"""What is sealed in a municipality's tables, and how persons are found again: one place for the contexts.

A context is authenticated with what is sealed: a value that is moved to another column does not open.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tasuke.contracts.interface import Record
from tasuke.systems.midserver.tenancy import Inside

PERSON = "midserver.person"
CODE = "midserver.code"
INQUIRY = "midserver.inquiry"
PROVISION = "midserver.provision"
ANSWER = "midserver.answer"
REPLICA = "midserver.replica"
FLAG = "midserver.flag"
MAIL = "midserver.mail"
REASON = "midserver.reason"


def person_keys(room: Inside, unified_nos: Iterable[str]) -> list[bytes]:
    """Keyed indexes of persons, in order."""
    return room.vault.index_many(unified_nos, context=PERSON)


def code_keys(room: Inside, codes: Iterable[str]) -> list[bytes]:
    """Keyed indexes of 符号, in order."""
    return room.vault.index_many(codes, context=CODE)


def seal_texts(room: Inside, texts: Iterable[str], *, context: str) -> list[bytes]:
    """Seal texts, in order."""
    return room.vault.seal_many([text.encode() for text in texts], context=context)


def open_texts(room: Inside, blobs: Iterable[bytes], *, context: str) -> list[str]:
    """Open texts, in order. Raises CannotOpen."""
    return [data.decode() for data in room.vault.open_many(blobs, context=context)]


def seal_values(room: Inside, values: Iterable[Any], *, context: str) -> list[bytes]:
    """Seal values that JSON can say, in order."""
    return room.vault.seal_many([_json(value) for value in values], context=context)


def open_values(room: Inside, blobs: Iterable[bytes], *, context: str) -> list[Any]:
    """Open such values, in order. Raises CannotOpen."""
    return [json.loads(data) for data in room.vault.open_many(blobs, context=context)]


def item_names(records: Sequence[Record]) -> tuple[str, ...]:
    """Names of the items in an answer: all that the record of 番号法23条 may hold of it."""
    return tuple(sorted({name for record in records for name in record}))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
