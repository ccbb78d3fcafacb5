"""unified-numbers: 2,000,000 residents with their 個人番号 get a unified number each, linked to their 宛名番号.

The way is the real one: sealed batches of the distribution, posted to the outbox, delivered, opened, checked, indexed,
numbered, sealed at rest, written. Residents' states are there before and are not counted.
"""

import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tasuke.bench.chain import atena_nos, disk_mb, distribute, my_numbers, standing_chain
from tasuke.bench.database import copy_alone
from tasuke.bench.result import BenchResult, result

_NUMBERS = 2_000_000


def measure(scale: float) -> BenchResult:
    """Seconds from the rows of the feed to the last committed link."""
    count = int(_NUMBERS * scale)
    with standing_chain("numbers") as at:
        people = atena_nos(count)
        distribute(people, day=date(2026, 4, 1), at=at)
        rows = my_numbers(people)
        began, cpu = time.perf_counter(), time.process_time()
        sealed = _hand_on(rows)
        _deliver()
        taken, busy = time.perf_counter() - began, time.process_time() - cpu
        issued, linked = _issued_and_linked()
        disk = disk_mb()
        tables = ("unified_id_person", "unified_id_number", "unified_id_business_number")
        with TemporaryDirectory() as folder:
            peer, _ = copy_alone(tables, Path(folder), using="unified_id")
    return result(
        "unified-numbers", taken, "s", target="<= 600 s for 2,000,000", peer_name="COPY alone of the same rows",
        peer=peer, numbers=count, issued=issued, linked=linked, seal_and_post_seconds=round(sealed, 2),
        python_cpu_seconds=round(busy, 2), numbers_per_second=int(count / taken),
        seconds_for_2_000_000=round(taken * _NUMBERS / count, 1), databases_mb=disk,
    )  # fmt: skip


def _issued_and_linked() -> tuple[int, int]:
    from tasuke.systems.unified_id.models import BusinessNumber, Person

    linked = BusinessNumber.objects.using("unified_id").filter(unlinked_at__isnull=True)
    return Person.objects.using("unified_id").count(), linked.count()


def _hand_on(rows: pl.DataFrame) -> float:
    from tasuke.deploy.clock import now
    from tasuke.systems.resident.services.receive_numbers import receive_numbers

    began = time.perf_counter()
    receive_numbers(using="resident", rows=rows, at=now(), source="bench")
    return time.perf_counter() - began


def _deliver() -> None:
    """Deliver until the outbox is empty. Raises RuntimeError when a message is dead."""
    from tasuke.deploy.clock import now
    from tasuke.platform.transport import outbox

    while outbox.waiting("resident").exists():
        outbox.deliver(using="resident", consumer="resident", at=now(), limit=1_000)
    if outbox.dead_letters("resident").exists():
        raise RuntimeError("a batch was refused")
