"""inquiries-bulk: a file of 10,000 questions through every system and back, signed, sealed and logged at each step."""

import time

from tasuke.bench.chain import Meter, ask, meter_links, metered_turn, populate, standing_chain
from tasuke.bench.result import BenchResult, result

_INQUIRIES = 10_000


def measure(scale: float) -> BenchResult:
    """Inquiries a second from the question to the last answer; one process for Python, the server beside it."""
    from tasuke.bench.chain_peer import BARE, bare_inquiries

    count = int(_INQUIRIES * scale)
    with standing_chain("inquiries"):
        people = populate(count)
        meter = Meter()
        meter_links(meter)
        began, cpu, turns = time.perf_counter(), time.process_time(), 0
        with meter.at("subsidy"):
            asked = ask(people)
        while _answered() < count and turns < 1_000:
            metered_turn(meter)
            turns += 1
        taken, busy = time.perf_counter() - began, time.process_time() - cpu
        counts = {"asked": asked, "answered": _answered(), **_records()}
        bare = bare_inquiries(500)
    share = {system: round(seconds, 2) for system, seconds in sorted(meter.seconds.items())}
    return result(
        "inquiries-bulk", count / taken, "inquiries/s", target=">= 200 on 2 cores",
        peer_name=BARE, peer=1 / bare, **counts, turns=turns,
        seconds=round(taken, 2), python_cpu_seconds=round(busy, 2), seconds_by_system=share,
    )  # fmt: skip


def _answered() -> int:
    from tasuke.systems.subsidy.inquiries.models import Inquiry

    return Inquiry.objects.using("subsidy").filter(outcome="found").count()


def _records() -> dict[str, int]:
    """That every step was logged: records of 番号法23条 at the centre and on both sides."""
    from tasuke.systems.midserver.tenancy import inside, tenants
    from tasuke.systems.nis.models import Record

    kept = {"national_records": Record.objects.using("nis").count()}
    for tenant in tenants():
        with inside(tenant.body) as room:
            kept[f"records_{tenant.body}"] = int(room.value("SELECT count(*) FROM provision_record"))
    return kept
