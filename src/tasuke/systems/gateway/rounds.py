"""The gateway's round: it asks 団体内統合宛名 and 中間サーバー again and again; nobody outside ever asks the gateway.

Each step goes on from what is stored, so a round that was killed is done again: what was done is known by record id,
version, sequence or idempotency key, and is not done twice.
"""

from collections.abc import Callable
from datetime import datetime

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


def run_round(at: datetime, limit: int = 1_000) -> dict[str, int]:
    """Everything once; while 中間サーバー is closed or away, only what stays inside. Counts by name.

    `unreachable` and `refused` count steps that could not be done; the others go on.
    """
    counts: dict[str, int] = {"open": int(watching.watch(at))}
    steps = {**_INSIDE, **(_OUTSIDE if counts["open"] else {"convert": sending.convert_numbers})}
    for step in steps.values():
        try:
            done = step(at, limit)
        except Unreachable:
            done = {"unreachable": 1}
        except Refused:
            done = {"refused": 1}
        for name, count in done.items():
            counts[name] = counts.get(name, 0) + count
    return counts
