"""inquiry: one question at a time through every system and back, turns back to back; the share of each system.

Seven systems with seven databases in one process, every handler the real one: signed and sealed envelopes between
中間サーバー and the national stand-in, permits, records and the trail on all sides.
"""

import statistics
import time

from tasuke.bench.chain import Meter, ask, counted_statements, meter_links, metered_turn, populate, standing_chain
from tasuke.bench.result import BenchResult, result

_ROUNDS = 200
_WARM_UP = 10


def measure(scale: float) -> BenchResult:
    """p95 in milliseconds of a round trip; beside it the seals and signatures of one question alone."""
    from tasuke.bench.chain_peer import BARE, bare_inquiries

    rounds = max(int(_ROUNDS * scale), 20)
    with standing_chain("inquiry"):
        people = populate(rounds + _WARM_UP + 1)
        meter = Meter()
        meter_links(meter)
        for person in people[:_WARM_UP]:
            _round_trip([person], meter)
        meter.seconds.clear()
        meter.calls.clear()
        cpu = time.process_time()
        trips = [_round_trip([person], meter) for person in people[_WARM_UP:-1]]
        busy = (time.process_time() - cpu) * 1000 / rounds
        bare = bare_inquiries(200) * 1000
        idle, one = _statements(people[-1], meter)
    times = [taken * 1000 for taken, _ in trips]
    calls = round(sum(meter.calls.values()) / rounds, 1)
    share = {system: round(taken * 1000 / rounds, 1) for system, taken in sorted(meter.seconds.items())}
    return result(
        "inquiry", statistics.quantiles(times, n=20)[18], "ms", target="p95 <= 500 ms alone",
        peer_name=BARE, peer=bare, rounds=rounds,
        p50=round(statistics.median(times), 1), turns=statistics.median(turns for _, turns in trips),
        python_cpu_milliseconds=round(busy, 1), milliseconds_by_system=share,
        calls_per_inquiry=calls, statements_of_an_idle_turn=idle, statements_of_a_turn_with_one=one,
    )  # fmt: skip


def _statements(person: str, meter: Meter) -> tuple[int, int]:
    """Of a turn in which nothing waits, and of one inquiry from the question to the answer."""
    with counted_statements() as idle:
        metered_turn(meter)
    with counted_statements() as one:
        _round_trip([person], meter)
    return idle.total(), one.total()


def _round_trip(people: list[str], meter: Meter) -> tuple[float, int]:
    """Seconds and turns from the question to the answer that the clerk sees."""
    from tasuke.systems.subsidy.inquiries.models import Inquiry

    began, turns = time.perf_counter(), 0
    with meter.at("subsidy"):
        ask(people)
    while not Inquiry.objects.using("subsidy").filter(atena_no=people[0], outcome="found").exists():
        metered_turn(meter)
        turns += 1
        if turns > 100:
            raise TimeoutError("the answer does not come")
    return time.perf_counter() - began, turns
