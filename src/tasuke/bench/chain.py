"""The whole chain for a bench: all systems in this process, each with its own database, and a neighbour to ask."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from tasuke.bench.database import own_database
from tasuke.contracts.kit import Link, Operation, Q, R

PROFILE, NEIGHBOUR = "sapporo", "B012033"
CHILDREN, TAX = "JT00000000000901", "TM00000000000002"
SYSTEMS = ("subsidy", "resident", "welfare", "unified_id", "gateway", "midserver", "nis")
_AT_ONCE = 20_000
RECORD: dict[str, str | int | bool | None] = {
    "tax_year": 2026,
    "status_code": "3",
    "total_income": 3_120_000,
    "dependents": 2,
    "income_levy": 98_000,
}


@contextmanager
def standing_chain(name: str) -> Iterator[datetime]:
    """Databases, keys and contacts of its own; found, wired and at rest. Gives the moment at which it was founded."""
    with own_database(name, profile=PROFILE) as folder:
        os.environ["TASUKE_HOME"] = str(folder)  # keys and contacts; the server is known by its address
        from tasuke.deploy.chain.founding import found
        from tasuke.deploy.chain.opening import open_chain
        from tasuke.deploy.clock import now
        from tasuke.deploy.profiles import open_profile
        from tasuke.platform.transport.links import unbind_all

        profile, at = open_profile(PROFILE), now()
        found(profile=profile, at=at, systems=SYSTEMS)
        open_chain(profile=profile, clock=now, systems=SYSTEMS)
        rest()
        try:
            yield at
        finally:
            unbind_all()


def rest() -> None:
    """Turn until nothing moves."""
    from tasuke.deploy.chain.cycle import settle
    from tasuke.deploy.clock import now

    settle(clock=now, systems=SYSTEMS)


def atena_nos(count: int) -> list[str]:
    """宛名番号 of so many persons."""
    from tasuke.systems.unified_id.numbering import numbers_from

    numbers = numbers_from(10_000_000)
    return [next(numbers)[1] for _ in range(count)]


def residents(people: list[str], *, day: date) -> pl.DataFrame:
    """Rows of the 住民情報 layout as the distribution takes them: people who moved in on a day."""
    from tasuke.formats import resident_feed

    schema = {f.name: f.dtype for f in resident_feed.LAYOUT.fields if f.name != "seq"}
    fixed: dict[str, Any] = {
        "resident_type": "1",
        "resident_status": "1",
        "sex": "1",
        "birth_date": date(1988, 5, 1),
        "relationship_code": "02",
        "municipality_code": "011002",
        "ward_code": "011011",
        "address": "札幌市中央区北一条西二丁目１番地",
        "event_code": "01",
        "event_date": day,
        "protection": False,
    }
    rows = [
        {**fixed, "atena_no": no, "household_no": no[:9] + no[12:], "name": f"髙橋　{no[-4:]}", "line": line}
        for line, no in enumerate(people, start=2)
    ]
    return pl.DataFrame(rows, schema={**schema, "line": pl.Int64})


def distribute(people: list[str], *, day: date, at: datetime) -> None:
    """Into the distribution, committed in the pieces in which its job takes a file."""
    from tasuke.systems.resident.services.receive_states import receive_states

    for start in range(0, len(people), _AT_ONCE):
        rows = residents(people[start : start + _AT_ONCE], day=day)
        receive_states(using="resident", rows=rows, at=at, file_id=None, tell_gateway=False)


def my_numbers(people: list[str]) -> pl.DataFrame:
    """Rows of the 個人番号 layout with synthetic numbers: one for each person."""
    from tasuke.core.numbers import synthetic_my_number

    return pl.DataFrame(
        {
            "seq": range(1, len(people) + 1),
            "atena_no": people,
            # an odd factor that 5 does not divide: one to one, and no order shows
            "my_number": [synthetic_my_number(f"{int(no[:-1]) * 7_381_940_527 % 10**11:011d}") for no in people],
            "event": "1",
            "valid_from": date(2026, 4, 1),
        },
        schema_overrides={"seq": pl.Int64},
    )


def populate(count: int) -> list[str]:
    """So many residents with numbers, 符号 and a life before in the neighbouring city, which knows their tax."""
    from tasuke.contracts.unified import REGISTER, RegisterRequest, Registration
    from tasuke.deploy.chain.neighbour import Person, move_in
    from tasuke.deploy.clock import now
    from tasuke.platform.transport.links import link_to
    from tasuke.systems.resident.services.receive_numbers import receive_numbers

    people = atena_nos(count)
    distribute(people, day=date(2026, 4, 1), at=now())
    rest()
    numbers = my_numbers(people)
    receive_numbers(using="resident", rows=numbers, at=now(), source="bench")
    rest()
    for start in range(0, count, 5_000):
        part = tuple(Registration(atena_no=no, resident=True, name="髙橋") for no in people[start : start + 5_000])
        request = RegisterRequest(business_id="900", registrations=part)
        link_to("unified_id", consumer="resident").call(REGISTER, request, key=f"bench-900-{start}")
    known = [
        Person(f"7{place:08d}", number, ({**RECORD, "total_income": 2_000_000 + place},))
        for place, number in enumerate(numbers["my_number"])
    ]
    move_in(body=NEIGHBOUR, people=known, at=now())
    rest()
    return people


def ask(people: list[str]) -> int:
    """A clerk asks for the tax of these; gives how many questions are on their way."""
    from tasuke.deploy.clock import now
    from tasuke.systems.subsidy.inquiries.choices import Question, choices_on
    from tasuke.systems.subsidy.inquiries.services.ask_inquiries import ask_inquiries

    at = now()
    asked = ask_inquiries(
        using="subsidy",
        questions=[Question(no, CHILDREN, TAX, NEIGHBOUR, 2026) for no in people],
        about={},
        scheme="sapporo-kodomo",
        ward_code="011011",
        choices=choices_on(at.date()),
        by="S0001",
        department="0101",
        at=at,
    )
    return len(asked.inquiries)


@dataclass
class Meter:
    """Seconds that each system works by itself: what it waits for another counts for that one."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _open: list[list[Any]] = field(default_factory=list)

    @contextmanager
    def at(self, system: str) -> Iterator[None]:
        """In here it works."""
        began = time.perf_counter()
        self._open.append([system, 0.0])
        try:
            yield
        finally:
            _, inner = self._open.pop()
            taken = time.perf_counter() - began
            self.seconds[system] += taken - inner
            if self._open:
                self._open[-1][1] += taken


@dataclass(frozen=True, slots=True)
class MeteredLink:
    """A link that tells the meter when the provider works."""

    link: Link
    provider: str
    meter: Meter

    def call(self, operation: Operation[Q, R], request: Q, *, key: str = "") -> R:
        """As the link does."""
        self.meter.calls[f"{self.provider}.{operation.name}"] += 1
        with self.meter.at(self.provider):
            return self.link.call(operation, request, key=key)


def meter_links(meter: Meter) -> None:
    """Put the meter on every way between systems."""
    from tasuke.deploy.chain.grants import GRANTS
    from tasuke.platform.transport.links import bind, is_bound, link_to
    from tasuke.systems.midserver.tenancy import tenants

    bodies = [tenant.body for tenant in tenants()]
    for provider, consumer in GRANTS:
        for name in (consumer, *(f"{consumer}:{body}" for body in bodies)):
            if is_bound(provider, consumer=name):
                bind(provider, name, MeteredLink(link_to(provider, consumer=name), provider, meter))


@contextmanager
def counted_statements() -> Iterator[Counter[str]]:
    """Statements by system, while in here."""
    from django.db import connections

    counts: Counter[str] = Counter()

    def counting(system: str) -> Callable[..., Any]:
        def count(execute: Callable[..., Any], *called: Any) -> Any:
            counts[system] += 1
            return execute(*called)

        return count

    with ExitStack() as stack:
        for system in SYSTEMS:
            stack.enter_context(connections[system].execute_wrapper(counting(system)))
        yield counts


def disk_mb() -> int:
    """What the databases of the chain lie on disk, without the server's log of changes."""
    from django.db import connections

    sizes = []
    for system in SYSTEMS:
        with connections[system].cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            sizes.append(int(cursor.fetchone()[0]))
    return sum(sizes) // 2**20


def metered_turn(meter: Meter) -> None:
    """One turn of each system."""
    from tasuke.deploy.chain.cycle import turn
    from tasuke.deploy.clock import now

    turn(now(), systems=SYSTEMS, around=meter.at)
