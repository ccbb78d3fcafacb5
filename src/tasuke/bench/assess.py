"""assess: a million persons judged with reasons; beside it openfisca-japan 児童手当 for as many households."""

from tasuke.bench.openfisca import allowance
from tasuke.bench.persons import ON, incomes, persons
from tasuke.bench.result import BenchResult, median_seconds, result
from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import load_scheme


def measure(scale: float) -> BenchResult:
    """Persons a second, from frames to frames; the median of three runs after a warm-up."""
    n = int(1_000_000 * scale)
    scheme, people, money = load_scheme("sapporo-kodomo"), persons(n), incomes(n)
    time = median_seconds(lambda: assess(scheme, people, money, ON), runs=3)
    outcomes = dict(assess(scheme, people, money, ON).group_by("outcome").len().sort("outcome").iter_rows())
    peer = allowance(n)
    return result(
        "assess", n / time, "persons/s", target=">= 1,000,000/s", peer_name="openfisca-japan 児童手当 (households/s)",
        peer=n / peer["allowance"] if peer else None, persons=n, seconds=round(time, 3), outcomes=outcomes,
        openfisca=peer,
    )  # fmt: skip
