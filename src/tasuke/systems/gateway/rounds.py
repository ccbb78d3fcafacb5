"""The gateway's round: it asks 団体内統合宛名 and 中間サーバー again and again; nobody outside ever asks the gateway.

Each step goes on from what is stored, so a round that was killed is done again: what was done is known by record id,
version, sequence or idempotency key, and is not done twice.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connections

from tasuke.contracts.kit import Refused, Unreachable
from tasuke.systems.gateway import answers, providing, receiving, sending, walking_codes, watching

USING = "gateway"
Step = Callable[[datetime, int], dict[str, int]]


def _erase(at: datetime, limit: int) -> dict[str, int]:
    return {"erased": answers.erase_old(using=USING, at=at, limit=limit)}


# name → step. Inside: those that need no 中間サーバー; outside: in the order in which one gives the next its work.
_INSIDE: dict[str, Step] = {"convert_held": receiving.convert_held, "erase": _erase}
_OUTSIDE: dict[str, Step] = {
    "master": watching.take_master,
    "follow_codes": walking_codes.follow_codes,
    "request_codes": walking_codes.request_codes,
    "results": receiving.fetch_results,
    "cancel": sending.cancel_sent,
    "convert": sending.convert_numbers,
    "send": sending.send_inquiries,
    "flags": providing.send_flags,
    "households": providing.send_households,
}


# step → whether it has anything to do. Those that are not here ask others, and are told.
_WORK = {
    "convert_held": "EXISTS (SELECT FROM gateway_held_result)",
    "erase": "EXISTS (SELECT FROM gateway_answer WHERE erased_at IS NULL AND at < %(erase)s)",
    "follow_codes": "EXISTS (SELECT FROM gateway_number_code WHERE state IN ('requested', 'sent'))"
    " OR EXISTS (SELECT FROM gateway_number_code WHERE NOT reported)",
    "results": "EXISTS (SELECT FROM gateway_inquiry WHERE state IN ('ready', 'sent', 'cancelling'))",
    "cancel": "EXISTS (SELECT FROM gateway_inquiry WHERE state = 'cancelling')",
    "convert": "EXISTS (SELECT FROM gateway_inquiry WHERE state = 'waiting')",
    "send": "EXISTS (SELECT FROM gateway_inquiry WHERE state IN ('waiting', 'ready'))",
    "flags": "EXISTS (SELECT FROM gateway_person_flag WHERE NOT sent_version = version"
    " AND (retry_at IS NULL OR retry_at <= %(at)s))",
    "households": "EXISTS (SELECT FROM gateway_provision WHERE NOT sent_version = version AND retry_at IS NULL)"
    " OR EXISTS (SELECT FROM gateway_provision WHERE NOT sent_version = version AND retry_at <= %(at)s)",
}


def run_round(at: datetime, limit: int = 1_000) -> Counter[str]:
    """Everything that waits, once; while 中間サーバー is closed or away, only what stays inside. Counts by name.

    `unreachable` and `refused` count steps that could not be done; the others go on. Without work a round costs one
    statement, one for the state of 中間サーバー, and the questions to others.
    """
    state = watching.watch(at)
    work = _work(at)
    work["master"] = watching.is_newer(state, known=work["newest_master"])
    counts: Counter[str] = Counter(open=int(state.open))
    for name, step in {**_INSIDE, **(_OUTSIDE if state.open else {"convert": sending.convert_numbers})}.items():
        if not work.get(name, True):
            continue
        try:
            counts.update(step(at, limit))
        except Unreachable:
            counts["unreachable"] += 1
        except Refused:
            counts["refused"] += 1
    return counts


def _work(at: datetime) -> dict[str, int]:
    """For each step whether it has anything to do, and the version of the newest master."""
    questions = {**_WORK, "newest_master": "COALESCE((SELECT max(version) FROM gateway_master_version), 0)"}
    with connections[USING].cursor() as cursor:
        statement = f"SELECT {', '.join(questions.values())}"
        cursor.execute(statement, {"at": at, "erase": at - timedelta(days=answers.KEEP_DAYS)})
        return dict(zip(questions, cursor.fetchone(), strict=True))
