"""The turns of the systems in this process: once, until nothing moves, or for as long as the process lives."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from django.db import close_old_connections, connections

from tasuke.deploy.chain.rooms import turn_of
from tasuke.deploy.clock import now
from tasuke.platform.database.systems import SYSTEMS

_log = logging.getLogger(__name__)
TURN_EVERY = 2.0  # seconds between two turns of a process that lives
# in the order in which an inquiry walks
_ORDER = ("resident", "welfare", "unified_id", "subsidy", "gateway", "midserver", "nis")
# when 中間サーバー has received letters: what they bring goes home in the same turn
_BACK = ("gateway", "subsidy")
# counts that say that something went on; the others tell states (open, unreachable …)
STATES = frozenset(
    {"open", "unreachable", "refused", "failed", "dead", "unchanged", "expired", "renewed"}
    | {"replicas_failed", "flags_failed"}  # nobody knows the person's number yet
)


def turn(
    at: datetime,
    *,
    systems: tuple[str, ...] = SYSTEMS,
    around: Callable[[str], AbstractContextManager[None]] = lambda system: nullcontext(),
) -> Mapping[str, int]:
    """One turn of each system, in the order of an inquiry's walk and back. Counts are named `system.what`.

    around: entered while a system has its turn (for who measures it).
    """
    counts: Counter[str] = Counter()

    def give_turns(order: tuple[str, ...]) -> None:
        for system in order:
            if system not in systems:
                continue
            with around(system):
                for name, count in turn_of(system)(at).items():
                    counts[f"{system}.{name}"] += count

    give_turns(_ORDER)
    if counts["midserver.letters_received"]:
        give_turns(_BACK)
    return counts


def settle(*, clock: Callable[[], datetime], most: int = 60, systems: tuple[str, ...] = SYSTEMS) -> Mapping[str, int]:
    """Turn until two turns in a row move nothing; gives the counts of all turns. most: turns after which it stops."""
    total: Counter[str] = Counter()
    still = 0
    for _ in range(most):
        done = turn(clock(), systems=systems)
        total.update(done)
        moved = any(count for name, count in done.items() if name.partition(".")[2] not in STATES)
        still = 0 if moved else still + 1
        if still == 2:
            break
    return total


def start_turning(*, every: float = TURN_EVERY, stop: threading.Event | None = None) -> threading.Thread:
    """Turn for as long as this process lives, in a thread of its own with connections of its own."""
    end = stop or threading.Event()

    def run() -> None:
        while not end.wait(every):
            try:
                turn(now())
            except Exception:  # noqa: BLE001 the next turn may succeed, and what failed is in the log
                _log.exception("turn failed")
            finally:
                close_old_connections()
        connections.close_all()

    thread = threading.Thread(target=run, name="chain", daemon=True)
    thread.start()
    return thread
