"""Small cities, generated once for all tests of the room."""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from tasuke.city.files import CityFiles, FileKind
from tasuke.city.generate import generate
from tasuke.formats import claims_csv, uke
from tasuke.schemes.profile import Profile, load_profile

START = date(2026, 6, 1)
MONTHS = 4
RESIDENTS = 4_000


def profile_of(name: str) -> Profile:
    """A profile that ships with the product."""
    return load_profile(Path(str(files("tasuke.deploy.profiles") / f"{name}.toml")))


@pytest.fixture(scope="session")
def sapporo() -> Profile:
    return profile_of("sapporo")


@pytest.fixture(scope="session")
def kawasaki() -> Profile:
    return profile_of("kawasaki")


@dataclass(frozen=True)
class ReadCity:
    """A city and its claim files as a city's system would read them."""

    profile: Profile
    written: CityFiles
    claims: pl.DataFrame  # file, line and the neutral columns
    kohi: pl.DataFrame
    planted: pl.DataFrame


def read_city(profile: Profile, written: CityFiles) -> ReadCity:
    claims, kohi = [], []
    for file in written.files:
        if file.kind is FileKind.CLAIMS_UKE:
            parsed, _ = uke.parse(file.path.read_bytes())
            pair = parsed.claims, parsed.kohi
        elif file.kind is FileKind.CLAIMS_CSV:
            pair = claims_csv.parse(file.path.read_bytes(), claims_csv.example_mapping())[:2]
        else:
            continue
        claims.append(pair[0].with_columns(file=pl.lit(file.path.name)))
        kohi.append(pair[1].with_columns(file=pl.lit(file.path.name)))
    planted = pl.read_csv(written.planted, infer_schema=False).with_columns(pl.col("line", "amount").cast(pl.Int64))
    return ReadCity(
        profile, written, pl.concat(claims, how="diagonal_relaxed"), pl.concat(kohi, how="diagonal_relaxed"), planted
    )


@pytest.fixture(scope="session", params=["kawasaki", "sapporo"])
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ReadCity:
    profile = profile_of(request.param)
    out = tmp_path_factory.mktemp(request.param)
    written = generate(profile=profile, residents=RESIDENTS, months=MONTHS, seed=7, start=START, out=out)
    return read_city(profile, written)
