"""個人番号 of the city: synthetic, one a person, the same in every run; newcomers get theirs when they come."""

from datetime import date
from pathlib import Path

import polars as pl

from tasuke.city.files import FileKind
from tasuke.city.generate import generate
from tasuke.core.numbers import is_synthetic_my_number
from tasuke.formats import my_number_feed, resident_feed
from tasuke.schemes.profile import Profile


def test_every_resident_has_one_number_that_can_be_nobodys(kawasaki: Profile, tmp_path: Path) -> None:
    files = generate(profile=kawasaki, residents=700, months=3, seed=5, start=date(2026, 8, 1), out=tmp_path)
    numbers, residents = [], []
    for file in files.files:
        if file.kind is FileKind.NUMBERS:
            frame, problems = my_number_feed.parse(file.path.read_bytes())
            assert problems == []
            numbers.append(frame)
        if file.kind is FileKind.RESIDENTS:
            residents.append(resident_feed.parse(file.path.read_bytes())[0])
    rows = pl.concat(numbers)
    assert len(numbers) > 1
    assert all(is_synthetic_my_number(number) for number in rows["my_number"])
    assert rows["my_number"].n_unique() == rows["atena_no"].n_unique() == rows.height
    here = pl.concat(residents).filter(pl.col("resident_status") == "1")["atena_no"].unique()
    assert set(rows["atena_no"]) == set(here)


def test_babies_get_theirs_on_their_birthday(kawasaki: Profile, tmp_path: Path) -> None:
    generate(profile=kawasaki, residents=3_000, months=3, seed=5, start=date(2026, 8, 1), out=tmp_path)
    born = pl.concat(
        [resident_feed.parse(path.read_bytes())[0] for path in sorted(tmp_path.glob("resident_diff_*.csv"))]
    ).filter(pl.col("event_code") == "02")
    given = pl.concat([my_number_feed.parse(p.read_bytes())[0] for p in sorted(tmp_path.glob("numbers_2*.csv"))])
    joined = born.join(given, on="atena_no")
    assert joined.height == born.height > 0
    assert (joined["valid_from"] >= joined["birth_date"]).all()
