"""What runs again and again: missing events, requests to 住基GW, delivery. Each round may be killed and done again."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connections, transaction

from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.mediation import WANT_CODES, CodesWanted, CodeWanted
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport import outbox
from tasuke.platform.transport.models import Outgoing
from tasuke.systems.unified_id import links
from tasuke.systems.unified_id.models import NumberRow, Position
from tasuke.systems.unified_id.my_number import WIRE, MyNumber, open_at_rest
from tasuke.systems.unified_id.policy import NoPolicy, policy
from tasuke.systems.unified_id.services.take_events import take_events

USING = "unified_id"
_KEY = "unified_id-codes-"

_PULL_AFTER = timedelta(minutes=10)  # what is new is pushed; so often we look whether a push was lost
# is there anything to do for: pull_missing, request_codes, deliver
_WORK = """
SELECT p.last > p.applied OR p.applied > p.confirmed OR p.changed_at IS NULL
         OR NOT p.changed_at BETWEEN %s AND %s,
  EXISTS (SELECT FROM unified_id_person WHERE linkage_state = 'requested'),
  EXISTS (SELECT FROM unified_id_person WHERE linkage_state = 'requested')
    OR EXISTS (SELECT FROM transport_outgoing WHERE state = 'waiting')
FROM unified_id_position p WHERE p.provider = %s
"""
_UNPOSTED = """
SELECT p.unified_no, p.processing_no FROM unified_id_person p
WHERE p.linkage_state = 'requested' AND p.state = 'in_use' AND NOT EXISTS
  (SELECT FROM unified_id_code_request r WHERE r.person_id = p.unified_no AND r.processing_no = p.processing_no)
ORDER BY p.linkage_at, p.unified_no LIMIT %s
"""
_UNPOSTED_LOCKED = _UNPOSTED + " FOR UPDATE SKIP LOCKED"
# Which message carried a person's request stands in unified_id_code_request, written with the message.
_MARK_SENT = """
UPDATE unified_id_person p SET linkage_state = 'sent', linkage_at = %s
FROM unified_id_code_request r
WHERE r.person_id = p.unified_no AND r.processing_no = p.processing_no AND p.linkage_state = 'requested'
  AND r.message_key = ANY(%s)
"""


def run_round(at: datetime, limit: int = 1_000) -> Counter[str]:
    """Everything that waits, once. Counts by name; a provider that does not answer is counted as `unreachable`, one
    that gives nothing (an approval has ended) as `refused`: the other steps go on.

    Without work a round costs one statement.
    """
    counts: Counter[str] = Counter()
    with connections[USING].cursor() as cursor:
        cursor.execute(_WORK, [at - _PULL_AFTER, at, links.RESIDENT])
        due = cursor.fetchone() or (True, True, True)  # no position yet: nothing was ever received
    for step, has_work in zip((pull_missing, request_codes, deliver), due, strict=True):
        if not has_work and not (step is deliver and counts["codes_posted"]):
            continue
        try:
            counts.update(step(at, limit))
        except Unreachable:
            counts["unreachable"] += 1
        except Refused:
            counts["refused"] += 1
    return counts


def pull_missing(at: datetime, limit: int = 1_000) -> dict[str, int]:
    """Ask the distribution for what follows on what is applied, until nothing is missing. Raises Unreachable."""
    if not links.resident_is_bound():
        return {"events": 0}
    count = 0
    while True:
        position = Position.objects.using(USING).filter(pk=links.RESIDENT).first()
        applied = position.applied if position else 0
        got = links.pull_events(after=applied, limit=limit)
        taken = take_events(using=USING, provider=links.RESIDENT, events=got.events, last=got.last, at=at)
        count += taken.rows
        if not taken.rows or taken.missing_from is None:
            break
    confirmed = position.confirmed if position else 0
    if taken.applied > confirmed:
        links.confirm_events(applied=taken.applied)
        Position.objects.using(USING).filter(pk=links.RESIDENT, confirmed__lt=taken.applied).update(
            confirmed=taken.applied
        )
    return {"events": count}


def request_codes(at: datetime, limit: int = 1_000) -> dict[str, int]:
    """Seal the 個人番号 of those with a new 処理通番 to 住基GW and post the request. Raises Unreachable, NoPolicy."""
    waiting = _unposted(limit)
    if not waiting:
        return {"codes_posted": 0}
    body = policy().body
    if not body:
        raise NoPolicy("機関コードが設定されていません")
    jwk = links.sealing_jwk_of(links.JUKI)
    with transaction.atomic(using=USING):
        rows = _unposted(limit, lock=True)
        numbers = _numbers([no for no, _ in rows])
        wanted = [
            CodeWanted(
                body=body,
                processing_no=processing_no,
                my_number_sealed=seal_for(jwk, numbers[no].reveal().encode("ascii"), context=WIRE),
            )
            for no, processing_no in rows
            if no in numbers
        ]
        if wanted:
            key = _KEY + wanted[0].processing_no
            outbox.post(
                using=USING, provider=links.JUKI, operation=WANT_CODES, request=CodesWanted(items=tuple(wanted)),
                key=key, at=at,
            )  # fmt: skip
            _note_posted(rows, key, at)
    return {"codes_posted": len(wanted)}


def deliver(at: datetime, limit: int = 100) -> dict[str, int]:
    """Deliver the outbox, and mark the persons whose request has arrived as sent."""
    done = outbox.deliver(using=USING, consumer=links.SYSTEM, at=at, limit=limit)
    with transaction.atomic(using=USING), connections[USING].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT message_key FROM unified_id_code_request r JOIN unified_id_person p"
            " ON p.unified_no = r.person_id AND p.processing_no = r.processing_no"
            " WHERE p.linkage_state = 'requested'"
        )
        keys = [key for (key,) in cursor.fetchall()]
        arrived = Outgoing.objects.using(USING).filter(
            provider=links.JUKI, key__in=keys, state=Outgoing.State.DELIVERED
        )
        cursor.execute(_MARK_SENT, [at, list(arrived.values_list("key", flat=True))])
        sent = cursor.rowcount
    return {"delivered": done.sent, "failed": done.failed, "dead": done.dead, "codes_sent": sent}


def _unposted(limit: int, *, lock: bool = False) -> list[tuple[str, str]]:
    """統合宛名番号 and 処理通番 of requests that are in no message yet, the oldest first."""
    with connections[USING].cursor() as cursor:
        cursor.execute(_UNPOSTED_LOCKED if lock else _UNPOSTED, [min(limit, 1_000)])
        return list(cursor.fetchall())


def _numbers(unified_nos: Sequence[str]) -> dict[str, MyNumber]:
    rows = list(
        NumberRow.objects.using(USING)
        .filter(person_id__in=unified_nos, ended_at__isnull=True)
        .values_list("person_id", "sealed")
    )
    return dict(zip((no for no, _ in rows), open_at_rest(bytes(sealed) for _, sealed in rows), strict=True))


def _note_posted(rows: Sequence[tuple[str, str]], key: str, at: datetime) -> None:
    with connections[USING].cursor() as cursor:
        cursor.execute(
            "INSERT INTO unified_id_code_request (person_id, processing_no, message_key, posted_at)"
            " SELECT no, processing_no, %s, %s FROM unnest(%s::text[], %s::text[]) AS row (no, processing_no)",
            [key, at, [no for no, _ in rows], [processing_no for _, processing_no in rows]],
        )
