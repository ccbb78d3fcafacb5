"""A stand-in for another city: it uses 中間サーバー as every municipality does, and holds tax figures to be asked for.

It keeps nothing between two calls; its own 統合宛名番号 follow from its 宛名番号, and what it registers twice is known.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import TypeVar

from tasuke.contracts.interface import (
    REQUEST_CODES,
    SET_MANUAL,
    SET_UNDISCLOSED,
    UPDATE_REPLICA,
    CodeRequest,
    Flag,
    Flags,
    ReplicaRow,
    ReplicaUpdate,
)
from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.kit import Link
from tasuke.contracts.mediation import WANT_CODES, CodesWanted, CodeWanted
from tasuke.contracts.unified import Empty
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.links import link_to

TAX = "TM00000000000002"
_AT_ONCE = 1_000
_T = TypeVar("_T")
Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the neighbour knows. taxes: one record per 課税年度, item names of the 税情報 layout."""

    atena_no: str
    my_number: str
    taxes: tuple[Mapping[str, Value], ...] = ()
    protected: bool = False

    def __repr__(self) -> str:
        return f"Person({self.atena_no})"


def unified_no(atena_no: str) -> str:
    """The neighbour's own 統合宛名番号 of a person: 15 digits that nobody else uses for anything."""
    return f"9{int(sha256(f'neighbour|{atena_no}'.encode()).hexdigest(), 16) % 10**14:014d}"


def move_in(*, body: str, people: Sequence[Person], at: datetime) -> int:
    """Make people known: ask for 符号, and hand their tax figures to 中間サーバー as 副本. Gives the replica rows.

    The 符号 are there after the next turns of 中間サーバー and the national side. Raises Unreachable, Refused.
    """
    mid = link_to("midserver", consumer=f"gateway:{body}")
    juki = link_to("nis", consumer=f"unified_id:{body}")
    for part in _parts(people):
        _want_codes(mid, juki, body, part)
    rows = [row for person in people for row in _replicas(person)]
    for replicas in _parts(rows):
        update = ReplicaUpdate(rows=tuple(replicas))
        mid.call(UPDATE_REPLICA, update, key=_key("replica", update.model_dump_json()))
    flags = tuple(
        Flag(unified_no=unified_no(person.atena_no), on=True, reason="支援措置")
        for person in people
        if person.protected
    )
    for part_of_flags in _parts(flags):
        update_flags = Flags(flags=tuple(part_of_flags))
        for operation in (SET_MANUAL, SET_UNDISCLOSED):
            mid.call(operation, update_flags, key=_key(operation.name, update_flags.model_dump_json()))
    return len(rows)


def _want_codes(mid: Link, juki: Link, body: str, people: Sequence[Person]) -> None:
    request = CodeRequest(unified_nos=tuple(unified_no(person.atena_no) for person in people))
    progress = mid.call(REQUEST_CODES, request, key=_key("codes", request.model_dump_json())).progress
    key = juki.call(SEALING_KEYS, Empty()).keys[0]
    jwk = {**key.jwk, "kid": key.kid}
    wanted = tuple(
        CodeWanted(
            body=body,
            processing_no=one.processing_no,
            my_number_sealed=seal_for(jwk, person.my_number.encode("ascii"), context="my_number"),
        )
        for person, one in zip(people, progress, strict=True)
        if one.state == "requested"
    )
    if wanted:
        asked = CodesWanted(items=wanted)
        # sealed anew each time: a second try is another message, and the 処理通番 say that it is the same wish
        juki.call(WANT_CODES, asked, key=_key("want", asked.model_dump_json()))


def _replicas(person: Person) -> Iterator[ReplicaRow]:
    for record in person.taxes:
        values = {name: _plain(value) for name, value in record.items()}
        yield ReplicaRow(
            unified_no=unified_no(person.atena_no),
            information_code=TAX,
            year=int(str(record["tax_year"])),
            version=1,
            records=(values,),
        )


def _plain(value: object) -> Value:
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | bool) else None


def _parts(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def _key(what: str, content: str) -> str:
    return f"{what}-{sha256(content.encode()).hexdigest()[:40]}"
