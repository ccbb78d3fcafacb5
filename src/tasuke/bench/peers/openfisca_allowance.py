"""Runs in the environment of requirements/openfisca.txt: 児童手当 by openfisca-japan for N households of a parent and
a child, then the income after deductions that its former income test used. Prints one JSON line with seconds.

Usage: python openfisca_allowance.py N   (N = 1: the single household, median of repeated runs)
"""

import json
import statistics
import sys
import time
from typing import Any

import numpy as np
from openfisca_core.simulation_builder import SimulationBuilder  # type: ignore[import-not-found]
from openfisca_japan import CountryTaxBenefitSystem  # type: ignore[import-not-found]

DAY = "2024-10-01"  # the first day of the allowance that the package knows


def build(system: Any, n: int) -> Any:
    """A simulation of n households: person 2k is the parent, 2k+1 the child; ages and salaries by a fixed seed."""
    rng = np.random.default_rng(20_260_401)
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("人物", [str(i) for i in range(2 * n)])
    households = builder.declare_entity("世帯", [str(i) for i in range(n)])
    builder.join_with_persons(households, np.repeat(np.arange(n), 2).astype(str), np.array(["親", "子"] * n))
    simulation = builder.build(system)
    years = np.empty(2 * n, dtype=int)
    years[0::2], years[1::2] = rng.integers(1970, 2000, n), rng.integers(2006, 2024, n)
    births = np.array([f"{y}-06-15" for y in years], dtype="datetime64[D]")
    simulation.set_input("誕生年月日", DAY, births)
    salaries = np.zeros(2 * n)
    salaries[0::2] = rng.integers(0, 15_000_000, n)
    simulation.set_input("収入", DAY, salaries)
    return simulation


def seconds(system: Any, n: int, variables: list[str]) -> float:
    """Seconds to compute the variables in a fresh simulation (building it is not counted)."""
    simulation = build(system, n)
    start = time.perf_counter()
    for variable in variables:
        simulation.calculate(variable, DAY)
    return time.perf_counter() - start


def main() -> None:
    """Print the figures."""
    n = int(sys.argv[1])
    system = CountryTaxBenefitSystem()
    repeat = 5 if n == 1 else 1
    only = statistics.median(seconds(system, n, ["児童手当"]) for _ in range(repeat))
    both = statistics.median(seconds(system, n, ["児童手当", "児童手当の控除後世帯高所得"]) for _ in range(repeat))
    print(json.dumps({"persons": n, "allowance": only, "allowance_and_income": both}))


if __name__ == "__main__":
    main()
