"""Hand 個人番号 on to 団体内統合宛名, sealed for it alone: the distribution keeps none."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from hashlib import sha256

import polars as pl
from django.db import connections, transaction

from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.unified import REGISTER, Empty, RegisterRequest, Registration
from tasuke.platform.bulk import staging
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport import outbox
from tasuke.platform.transport.links import link_to
from tasuke.systems.resident.deliveries import usage_of
from tasuke.systems.resident.links import ME
from tasuke.systems.resident.models import DeliveryRecord

UNIFIED = "unified_id"
BUSINESS_ID = "001"  # 住民記録
AT_ONCE = 10_000
_CONTEXT = "my_number"
_JST = timezone(timedelta(hours=9))
_STATES = """
SELECT s.items->>'name', s.items->>'birth_date', s.items->>'sex', s.items->>'address', s.items->>'resident_status'
FROM {people} p LEFT JOIN LATERAL (
  SELECT x.items FROM resident_state x WHERE x.atena_no = p.atena_no
  ORDER BY x.event_date DESC, x.id DESC LIMIT 1) s ON TRUE
ORDER BY p.place
"""
_UNKNOWN = """
SELECT asked FROM unnest(%s::text[]) asked
WHERE NOT EXISTS (SELECT FROM resident_state x WHERE x.atena_no = asked)
"""
Registered = tuple[Registration, str | None]


class NotAllowed(ValueError):
    """団体内統合宛名 has no approval in force for 個人番号."""


def receive_numbers(*, using: str, rows: pl.DataFrame, at: datetime, source: str) -> Mapping[str, int]:
    """Seal the numbers of rows of the 個人番号 layout and put them on their way; the caller's transaction.

    Nothing of a number is written here but the JWE, which this system cannot open. source: the file's hash, so that
    the same file is sent once. Rows about unknown persons are left out and counted. Raises NotAllowed; Unreachable when
    団体内統合宛名 cannot be asked for its key.
    """
    consumer, usage = usage_of(using=using, system=UNIFIED, on=at.astimezone(_JST).date(), at=at)
    if not usage.with_my_number:
        raise NotAllowed("団体内統合宛名への個人番号の提供が承認されていません")
    key = link_to(UNIFIED, consumer=ME).call(SEALING_KEYS, Empty()).keys[0]
    sent = unknown = 0
    with transaction.atomic(using=using):
        for number, part in enumerate(rows.iter_slices(AT_ONCE)):
            known = [found for found in _registrations(using, part) if found is not None]
            unknown += part.height - len(known)
            if not known:
                continue
            numbers = json.dumps([my_number for _, my_number in known]).encode()
            request = RegisterRequest(
                business_id=BUSINESS_ID,
                registrations=tuple(registration for registration, _ in known),
                batch_sealed=seal_for({**key.jwk, "kid": key.kid}, numbers, context=_CONTEXT),
            )
            outbox.post(
                using=using,
                provider=UNIFIED,
                operation=REGISTER,
                request=request,
                key=f"numbers-{source[:40]}-{number}",
                at=at,
            )
            persons = "\n".join(sorted(registration.atena_no for registration, _ in known))
            DeliveryRecord.objects.using(using).create(
                consumer=consumer,
                usage=usage,
                at=at,
                way="numbers",
                events=len(known),
                persons_sha256=sha256(persons.encode()).digest(),
            )
            sent += len(known)
    return {"sent": sent, "unknown": unknown}


def unknown_persons(*, using: str, atena_nos: Sequence[str]) -> frozenset[str]:
    """Those of whom no state has come: their numbers cannot be handed on."""
    wanted = frozenset(atena_nos)
    if not wanted:
        return wanted
    with connections[using].cursor() as cursor:
        cursor.execute(_UNKNOWN, [sorted(wanted)])
        return frozenset(atena_no for (atena_no,) in cursor.fetchall())


def _registrations(using: str, part: pl.DataFrame) -> list[Registered | None]:
    """In the rows' order; None for somebody whose state never came."""
    people = part.select("atena_no").with_columns(pl.int_range(part.height, dtype=pl.Int64).alias("place"))
    connection = connections[using]
    types = {"atena_no": "varchar(15)", "place": "integer"}
    with staging(connection, people, types) as staged, connection.cursor() as cursor:
        cursor.execute(_STATES.format(people=staged))
        states = cursor.fetchall()
    found: list[Registered | None] = []
    for (name, birth_date, sex, address, status), atena_no, my_number, event in zip(
        states, part["atena_no"], part["my_number"], part["event"], strict=True
    ):
        if name is None:
            found.append(None)
            continue
        registration = Registration(
            atena_no=atena_no,
            resident=status == "1",
            name=name,
            birth_date=birth_date,
            sex=sex,
            address=address,
            removed=event == "3",
        )
        found.append((registration, None if event == "3" else my_number))
    return found
