"""assess-one: one person in process, as at the counter; beside it openfisca-japan for one household."""

import statistics

from tasuke.bench.openfisca import allowance
from tasuke.bench.persons import ON, incomes, persons
from tasuke.bench.result import BenchResult, result, seconds
from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import load_scheme


def measure(scale: float) -> BenchResult:
    """Milliseconds, the median of 200 different persons."""
    n = max(20, int(200 * scale))
    scheme, people, money = load_scheme("sapporo-kodomo"), persons(n), incomes(n)
    assess(scheme, people[:1], money[:1], ON)
    times = [seconds(lambda i=i: assess(scheme, people[i : i + 1], money[i : i + 1], ON)) * 1000 for i in range(n)]  # type: ignore[misc]
    peer = allowance(1)
    return result(
        "assess-one", statistics.median(times), "ms", target="median <= 5 ms",
        peer_name="openfisca-japan 児童手当, one household", peer=peer["allowance"] * 1000 if peer else None,
        p95=round(statistics.quantiles(times, n=20)[-1], 2), openfisca=peer,
    )  # fmt: skip
