"""How many statements a turn costs: what waits for nothing costs next to nothing, in every system. Counts, no times.

Measured before the rounds looked for work first: 168 statements in an idle turn, 446 in a turn with one inquiry.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connections
from tests.deploy.chain.conftest import CHAIN, FATHER, Chain

from tasuke.systems.midserver.directory import forget_loaded

pytestmark = pytest.mark.django_db(databases=CHAIN)
# measured, and a few to spare; the savepoints of a test's transaction are no statements of a turn
IDLE = {"subsidy": 5, "resident": 2, "welfare": 3, "unified_id": 4, "gateway": 5, "midserver": 10, "nis": 6}
ONE_INQUIRY = {
    "subsidy": 26,
    "resident": 2,
    "welfare": 4,
    "unified_id": 12,
    "gateway": 40,
    "midserver": 105,
    "nis": 60,
}


@pytest.fixture(autouse=True)
def nothing_of_another_city():
    """The directory of keys is kept by its version, and each test has a city of its own that begins at version 1."""
    forget_loaded()
    yield
    forget_loaded()


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Statements by database."""
    counts: Counter[str] = Counter()

    def counting(system: str):
        def count(execute, sql, params, many, context):
            if "SAVEPOINT" not in sql:
                counts[system] += 1
            return execute(sql, params, many, context)

        return count

    with ExitStack() as stack:
        for system in CHAIN:
            stack.enter_context(connections[system].execute_wrapper(counting(system)))
        yield counts


def over(counts: Counter[str], limits: dict[str, int]) -> dict[str, tuple[int, int]]:
    """System → (statements, limit) where there are more."""
    return {system: (counts[system], limit) for system, limit in limits.items() if counts[system] > limit}


def test_a_turn_without_work_costs_a_handful_of_statements_in_each_system(family: Chain) -> None:
    family.turn()
    turns = []
    for _ in range(3):  # keys and the master are looked at again every few minutes, which may be now
        with counted() as counts:
            family.turn()
        turns.append(counts)
    least = Counter({system: min(counts[system] for counts in turns) for system in CHAIN})
    assert not over(least, IDLE), turns


def test_a_turn_with_one_inquiry_stays_below_its_limit_and_brings_the_answer_home(family: Chain) -> None:
    family.turn()
    with counted() as counts:
        (asked,) = family.ask(FATHER)
        family.turn()
    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == ("answered", "found")
    assert not over(counts, ONE_INQUIRY), counts


def test_more_inquiries_cost_hardly_more_statements(family: Chain) -> None:
    family.turn()
    with counted() as one:
        family.ask(FATHER)
        family.turn()
    family.turn()
    with counted() as many:
        asked = [inquiry for year in (2024, 2025, 2026) for inquiry in family.ask(FATHER, year=year)]
        family.turn()
    for inquiry in asked:
        inquiry.refresh_from_db()
    assert {inquiry.state for inquiry in asked} == {"answered"}
    assert many.total() < 1.3 * one.total()
