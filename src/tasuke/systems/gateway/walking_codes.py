"""符号: numbers that need one go to 中間サーバー, 処理通番 and states come back to 団体内統合宛名. No 符号 passes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connections, transaction

from tasuke.contracts.interface import (
    CODE_STATES,
    REMOVE_NUMBERS,
    REQUEST_CODES,
    CodeRequest,
    CodeStateRequest,
    Removal,
)
from tasuke.contracts.unified import CodeProgress, CodeProgressRequest
from tasuke.systems.gateway import links
from tasuke.systems.gateway.models import NumberCode

USING = "gateway"
_OPEN = ("requested", "sent")
_MOVE = """
UPDATE gateway_number_code c SET state = s.state, error = s.error, reported = FALSE, changed_at = %s
FROM unnest(%s::text[], %s::text[], %s::text[]) AS s (unified_no, state, error) WHERE c.unified_no = s.unified_no
"""
_COLUMNS = ["processing_no", "state", "error", "attempt", "reported", "changed_at"]


def request_codes(at: datetime, limit: int) -> dict[str, int]:
    """Numbers that need a 符号 → 中間サーバー; numbers out of use are taken out there. Raises Unreachable, Refused."""
    pending = links.pending_codes(limit)
    if not pending.unified_nos and not pending.removed:  # what is not reported yet, `follow_codes` reports
        return {"codes_requested": 0, "numbers_removed": 0}
    with transaction.atomic(using=USING):
        removed = _remove(pending.removed)
        requested = _request(pending.unified_nos, at)
    _report(at)
    if removed:
        links.put_progress(CodeProgressRequest(changed=(), removed=tuple(pending.removed)), salt=at.isoformat())
    return {"codes_requested": requested, "numbers_removed": removed}


def follow_codes(at: datetime, limit: int) -> dict[str, int]:
    """What became of the open requests → 団体内統合宛名. Raises Unreachable, Refused."""
    changed = 0
    after = ""
    while True:
        with transaction.atomic(using=USING):
            rows = list(
                NumberCode.objects.using(USING)
                .select_for_update(skip_locked=True)
                .filter(state__in=_OPEN, unified_no__gt=after)
                .order_by("unified_no")[: min(limit, links.MOST)]
            )
            if not rows:
                break
            after = rows[-1].unified_no
            request = CodeStateRequest(processing_nos=tuple(row.processing_no for row in rows))
            changed += _follow(rows, links.ask(CODE_STATES, request).progress, at)
        if len(rows) < min(limit, links.MOST):
            break
    _report(at)
    return {"codes_changed": changed}


def _follow(rows: Sequence[NumberCode], progress: Iterable[CodeProgress], at: datetime) -> int:
    states = {one.processing_no: one for one in progress}
    moved = [row for row in rows if row.processing_no in states and states[row.processing_no].state != row.state]
    told = [states[row.processing_no] for row in moved]
    numbers = [row.unified_no for row in moved]
    with connections[USING].cursor() as cursor:
        # a thousand rows by CASE WHEN cost seconds
        cursor.execute(_MOVE, [at, numbers, [one.state for one in told], [one.error[:200] for one in told]])
    return len(moved)


def _request(unified_nos: Sequence[str], at: datetime) -> int:
    """Ask for those that were not asked for; what was asked for and not reported (a crash) is reported again."""
    rows = NumberCode.objects.using(USING).select_for_update().filter(unified_no__in=unified_nos)
    known = {row.unified_no: row for row in rows.order_by("unified_no")}
    NumberCode.objects.using(USING).filter(pk__in=[no for no, row in known.items() if row.state != "failed"]).update(
        reported=False
    )
    wanted = [no for no in unified_nos if no not in known or known[no].state == "failed"]
    if not wanted:
        return 0
    attempts = [known[no].attempt + 1 if no in known else 1 for no in wanted]
    reply = links.tell(REQUEST_CODES, CodeRequest(unified_nos=tuple(wanted)), salt=f"codes {attempts}")
    NumberCode.objects.using(USING).bulk_create(
        [
            NumberCode(
                unified_no=one.unified_no,
                processing_no=one.processing_no,
                state="requested",
                attempt=attempt,
                reported=False,
                changed_at=at,
            )
            for one, attempt in zip(reply.progress, attempts, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["unified_no"],
        update_fields=_COLUMNS,
        batch_size=1_000,
    )
    return len(wanted)


def _report(at: datetime) -> None:
    """Tell 団体内統合宛名 what it does not know yet."""
    while True:
        with transaction.atomic(using=USING):
            rows = list(
                NumberCode.objects.using(USING)
                .select_for_update(skip_locked=True)
                .filter(reported=False)
                .order_by("unified_no")[:1_000]
            )
            if not rows:
                return
            told = [row for row in rows if row.state != "requested"]
            changed = [_progress(row, "requested", "") for row in rows]  # begins it, where it has not begun
            changed += [_progress(row, row.state, row.error) for row in told]
            links.put_progress(CodeProgressRequest(changed=tuple(changed)), salt=at.isoformat())
            NumberCode.objects.using(USING).filter(pk__in=[r.pk for r in rows]).update(reported=True)


def _progress(row: NumberCode, state: str, error: str) -> CodeProgress:
    return CodeProgress.model_validate(
        {"unified_no": row.unified_no, "processing_no": row.processing_no, "state": state, "error": error}
    )


def _remove(unified_nos: Sequence[str]) -> int:
    """Take numbers out at 中間サーバー. The salt holds the 処理通番: a number that came back may be taken out again."""
    if not unified_nos:
        return 0
    rows = NumberCode.objects.using(USING).select_for_update().filter(unified_no__in=unified_nos)
    known = {row.unified_no: row.processing_no for row in rows.order_by("unified_no")}
    salt = f"remove {[known.get(no, '') for no in unified_nos]}"
    links.tell(REMOVE_NUMBERS, Removal(unified_nos=tuple(unified_nos)), salt=salt)
    NumberCode.objects.using(USING).filter(unified_no__in=unified_nos).delete()
    return len(unified_nos)
