"""residents: a register of 2,000,000 from its file to committed history; beside it COPY alone of the same rows."""

from datetime import date
from pathlib import Path

from tasuke.bench.database import copy_alone, in_own_process, own_database
from tasuke.bench.importing import timed_import
from tasuke.bench.result import BenchResult, result

_RESIDENTS = 2_000_000
_PROFILE = "sapporo"


def measure(scale: float) -> BenchResult:
    """Seconds from the bytes of the full file to committed rows with keys for search, constraints and indexes."""
    with own_database("residents", profile=_PROFILE) as folder:
        path = in_own_process(write_residents, int(_RESIDENTS * scale), folder)
        megabytes = path.stat().st_size / 2**20
        done = timed_import("residents", path)
        peer, rows = copy_alone(("subsidy_resident_record",), folder)
    return result(
        "residents", done.seconds, "s", target="<= 180 s for 2,000,000",
        peer_name="COPY alone of the same rows, no constraints", peer=peer, rows=rows, megabytes=round(megabytes, 1),
        phases=done.phases, counts=done.counts, problems=done.problems,
    )  # fmt: skip


def write_residents(residents: int, folder: Path) -> Path:
    """The full resident file of a synthetic city."""
    from tasuke.city.parts import residents_only
    from tasuke.deploy.profiles import open_profile

    profile = open_profile(_PROFILE)
    return residents_only(profile=profile, residents=residents, seed=1, start=date(2026, 4, 1), out=folder)
