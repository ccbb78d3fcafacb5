"""resident-events: differential events from the distribution to three consumers, each under its own approval.

団体内統合宛名 and 社会保障宛名 are the real ones, the third is a consumer that keeps no more than its count. Pushed in
pages, applied in the consumer's own transaction, confirmed, and on record at the distribution.
"""

import time
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tasuke.bench.chain import Meter, atena_nos, distribute, meter_links, my_numbers, rest, standing_chain
from tasuke.bench.database import copy_alone
from tasuke.bench.result import BenchResult, result

_EVENTS = 50_000
_COUNTING = "counting"


def measure(scale: float) -> BenchResult:
    """Events a second until all three have confirmed the last one; an event counts once, not once per consumer."""
    count = int(_EVENTS * scale)
    with standing_chain("events") as at:
        _third_consumer(at)
        received = _counting_link(at)
        people = atena_nos(count)
        _known(people, at)
        began = time.perf_counter()
        distribute(people, day=date(2026, 5, 1), at=at)
        taken_in = time.perf_counter() - began
        began, cpu = time.perf_counter(), time.process_time()
        share = _push_all(2 * count)
        taken, busy = time.perf_counter() - began, time.process_time() - cpu
        confirmed = _confirmed()
        peer, rows = _copy()
    return result(
        "resident-events", count / taken, "events/s", target=">= 2,000 to three consumers",
        peer_name="COPY alone of the states that the two registers keep", peer=rows / peer, events=count,
        seconds=round(taken, 2), python_cpu_seconds=round(busy, 2), confirmed=confirmed, counted=received[0] - count,
        intake_events_per_second=int(count / taken_in), seconds_by_system=share,
    )  # fmt: skip


def _known(people: list[str], at: datetime) -> None:
    """Everybody is known to all three, with a 個人番号; what is measured are the events that follow."""
    from tasuke.systems.resident.services.receive_numbers import receive_numbers

    distribute(people, day=date(2026, 4, 1), at=at)
    rest()
    receive_numbers(using="resident", rows=my_numbers(people), at=at, source="bench")
    rest()


def _third_consumer(at: datetime) -> None:
    from tasuke.systems.resident.services.apply_for_items import apply_for_items, decide_application

    made = apply_for_items(
        using="resident", system=_COUNTING, name="件数を数える利用業務(代役)", business_id="999",
        items=("name", "birth_date", "address"), with_my_number=False, legal_basis="性能の測定", purpose="性能の測定",
        valid_from=date(2017, 4, 1), valid_to=None, by="bench-1", at=at,
    )  # fmt: skip
    decide_application(using="resident", application_id=made.pk, approve=True, by="bench-2", at=at)


def _counting_link(at: datetime) -> list[int]:
    """A consumer that applies what it gets by counting it. Gives the cell with its count."""
    from tasuke.contracts.distribution import PUSH, Events, Received
    from tasuke.contracts.kit import Caller
    from tasuke.deploy.clock import now
    from tasuke.platform.transport.links import bind
    from tasuke.platform.transport.local import LocalLink

    received = [0]

    def push(request: Events, caller: Caller) -> Received:
        received[0] += sum(event.sequence > received[0] for event in request.events)
        return Received(applied=received[0])

    # its answers are kept in a provider's database, as everybody's are; it has none of its own, and borrows one
    link = LocalLink(
        handlers={PUSH: push}, using="accounts", system="resident", clock=now, scopes=frozenset({PUSH.scope})
    )  # fmt: skip
    bind(_COUNTING, "resident", link)
    return received


def _push_all(count: int) -> dict[str, float]:
    """Push until everybody has confirmed so many; gives the seconds of each system."""
    from tasuke.deploy.chain.cycle import turn
    from tasuke.deploy.clock import now

    meter = Meter()
    meter_links(meter)
    for _ in range(1_000):
        with meter.at("resident"):
            turn(now(), systems=("resident",))
        if min(_confirmed().values()) >= count:
            break
    return {system: round(seconds, 2) for system, seconds in sorted(meter.seconds.items())}


def _confirmed() -> dict[str, int]:
    from tasuke.systems.resident.models import Consumer

    return dict(Consumer.objects.using("resident").order_by("system").values_list("system", "confirmed"))


def _copy() -> tuple[float, int]:
    with TemporaryDirectory() as folder:
        first, rows = copy_alone(("unified_id_business_number",), Path(folder), using="unified_id")
        second, more = copy_alone(("welfare_person_state",), Path(folder), using="welfare")
    return first + second, rows + more
