"""符号: random per body and person, sealed at rest, found by a keyed index. Set-based.

Law: 番号法21条の2. The 個人番号 comes in sealed, lives in one function here, and only its keyed index stays.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from tasuke.contracts.mediation import CodeIssued, CodeWanted
from tasuke.core.numbers import NumberKind, check_number, is_synthetic_my_number
from tasuke.platform.crypto.sealed import CannotOpen, open_with
from tasuke.systems.nis.models import CodeWish
from tasuke.systems.nis.settings_holder import accepted_numbers, juki_sealing, vault

_NUMBER_CONTEXT = "my_number"  # of the JWE, the same for every receiver
_INDEX_CONTEXT = "nis.my_number"
_ADD_PERSONS = """
INSERT INTO nis_person (number_index, created_at)
SELECT DISTINCT number_index, %s::timestamptz FROM unnest(%s::bytea[]) AS wanted (number_index) ORDER BY number_index
ON CONFLICT (number_index) DO NOTHING
"""
_HELD = """
SELECT person_id, code_sealed FROM nis_code WHERE body = %s AND removed_at IS NULL AND person_id = ANY(%s::bigint[])
"""
_ISSUE = """
INSERT INTO nis_code (person_id, body, code_index, code_sealed, issued_at)
SELECT person_id, %s, code_index, code_sealed, %s
FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS row (person_id, code_index, code_sealed)
"""
_WISH = """
INSERT INTO nis_codewish (body, processing_no, error, at)
SELECT %s, processing_no, error, %s FROM unnest(%s::text[], %s::text[]) AS row (processing_no, error)
"""
_REMOVE = """
UPDATE nis_code SET removed_at = %s WHERE body = %s AND code_index = ANY(%s::bytea[]) AND removed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Issued:
    """What became of wishes: for the body's mailbox; known: 処理通番 that were there before."""

    items: tuple[CodeIssued, ...]
    known: int


def code_context(body: str) -> str:
    """Context of the codes of one body, in the vault and in the index."""
    return f"nis.code.{body}"


def issue_codes(wanted: Sequence[CodeWanted], *, body: str, at: datetime, using: str) -> Issued:
    """Codes of one body for those behind the 処理通番, in the caller's transaction.

    The caller holds the body's lock, so two calls of one body follow each other. Whoever has a code there already
    gets the same one. Errors: cannot-open (sealed to somebody else), bad-number, number-not-accepted.
    """
    fresh = _fresh(wanted, body, using)
    errors: dict[str, str] = {}
    numbers: dict[str, bytes] = {}
    for processing_no, sealed in fresh.items():
        found = _number_index(sealed)
        if isinstance(found, str):
            errors[processing_no] = found
        else:
            numbers[processing_no] = found
    persons = _persons(list(numbers.values()), at, using)
    codes = _codes(sorted(set(persons.values())), body, at, using)
    with connections[using].cursor() as cursor:
        cursor.execute(_WISH, [body, at, list(fresh), [errors.get(number, "") for number in fresh]])
    return Issued(
        tuple(
            CodeIssued(processing_no=number, code=None, error=errors[number])
            if number in errors
            else CodeIssued(processing_no=number, code=codes[persons[numbers[number]]])
            for number in fresh
        ),
        known=len(wanted) - len(fresh),
    )


def remove_codes(codes: Sequence[str], *, body: str, at: datetime, using: str) -> int:
    """A body uses these codes no more; gives how many it had. Asked again, the person gets another one."""
    indexes = vault().index_many(codes, context=code_context(body))
    with connections[using].cursor() as cursor:
        cursor.execute(_REMOVE, [at, body, indexes])
        return int(cursor.rowcount)


def _fresh(wanted: Sequence[CodeWanted], body: str, using: str) -> dict[str, str]:
    """処理通番 → sealed number, without those that were here before; of two in one call the first counts."""
    numbers = [item.processing_no for item in wanted]
    known = set(
        CodeWish.objects.using(using)
        .filter(body=body, processing_no__in=numbers)
        .values_list("processing_no", flat=True)
    )
    fresh: dict[str, str] = {}
    for item in wanted:
        if item.processing_no not in known:
            fresh.setdefault(item.processing_no, item.my_number_sealed)
    return fresh


def _number_index(sealed: str) -> bytes | str:
    """The keyed index of a sealed 個人番号, or why it is not taken. The number itself goes no further."""
    try:
        number = open_with(juki_sealing(), sealed, context=_NUMBER_CONTEXT).decode("ascii")
    except (CannotOpen, UnicodeDecodeError):
        return "cannot-open"
    if len(number) != 12 or not number.isdigit():
        return "bad-number"
    real = check_number(NumberKind.MY_NUMBER, number).valid
    accepted = real if accepted_numbers() == "real" else is_synthetic_my_number(number)
    return vault().index(number, context=_INDEX_CONTEXT) if accepted else "number-not-accepted"


def _persons(indexes: list[bytes], at: datetime, using: str) -> Mapping[bytes, int]:
    if not indexes:
        return {}
    with connections[using].cursor() as cursor:
        cursor.execute(_ADD_PERSONS, [at, indexes])
        # a statement of its own: it also sees those whom another call added in this moment
        cursor.execute("SELECT number_index, id FROM nis_person WHERE number_index = ANY(%s)", [indexes])
        return {bytes(index): person for index, person in cursor.fetchall()}


def _codes(persons: list[int], body: str, at: datetime, using: str) -> Mapping[int, str]:
    """The code of each person at a body; new ones are made for those who have none."""
    context = code_context(body)
    with connections[using].cursor() as cursor:
        cursor.execute(_HELD, [body, persons])
        held = cursor.fetchall()
        opened = vault().open_many((bytes(sealed) for _, sealed in held), context=context)
        codes = {person: code.decode("ascii") for (person, _), code in zip(held, opened, strict=True)}
        missing = [person for person in persons if person not in codes]
        if missing:
            made = [f"F{secrets.token_hex(16)}" for _ in missing]
            sealed = vault().seal_many((code.encode("ascii") for code in made), context=context)
            cursor.execute(_ISSUE, [body, at, missing, vault().index_many(made, context=context), sealed])
            codes.update(zip(missing, made, strict=True))
    return codes
