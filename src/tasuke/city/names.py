"""Names: surname by household, given name by sex and era, foreign residents with Roman letters, kana and 通称."""

import numpy as np
import polars as pl

from tasuke.city.draw import Bools, Ints, choose, stream, take
from tasuke.city.words import words

SPACE = "　"


def draw_surnames(*, seed: int, name: str, count: int) -> Ints:
    """Indexes into surnames.csv, by frequency."""
    return choose(stream(seed, f"surname.{name}"), words("surnames")["weight"].to_numpy(), count)


def draw_given(*, seed: int, sex: Ints, birth_year: Ints) -> Ints:
    """Indexes into given_names.csv, by sex and the era of birth."""
    table = words("given_names")
    sexes = table["sex"].cast(pl.Int64).to_numpy()
    eras = table["from_year"].cast(pl.Int64).to_numpy()
    starts = np.unique(eras)
    era = starts[np.searchsorted(starts, birth_year, side="right").clip(1) - 1]
    weights = table["weight"].to_numpy()
    rng = stream(seed, "given")
    result = np.zeros(len(sex), dtype=np.int64)
    for one_sex in (1, 2):
        for start in starts:
            rows = np.flatnonzero((sex == one_sex) & (era == start))
            options = np.flatnonzero((sexes == one_sex) & (eras == start))
            result[rows] = options[choose(rng, weights[options], len(rows))]
    return result


def draw_foreign(*, seed: int, foreign: Bools, sex: Ints, household: Ints) -> Ints:
    """Indexes into foreign_names.csv, -1 for Japanese; one surname a household."""
    table = words("foreign_names")
    groups = table.select("country", "surname", pl.col("weight")).unique(maintain_order=True)
    rng = stream(seed, "foreign")
    by_household = choose(rng, groups["weight"].to_numpy(), int(household.max()) + 1 if len(household) else 1)
    group = by_household[household]
    group_of_row = table.join(groups.with_row_index("g"), on=["country", "surname"], how="left")["g"].to_numpy()
    row_sex = table["sex"].cast(pl.Int64).to_numpy()
    result = np.full(len(sex), -1, dtype=np.int64)
    for g in range(groups.height):
        for one_sex in (1, 2):
            rows = np.flatnonzero(foreign & (group == g) & (sex == one_sex))
            options = np.flatnonzero((group_of_row == g) & (row_sex == one_sex))
            result[rows] = options[rng.integers(0, len(options), len(rows))]
    return result


def japanese_name(surname: Ints, given: Ints, *, kana: bool) -> pl.Series:
    """姓, one full-width space, 名 (or their kana)."""
    column = "kana" if kana else "kanji"
    family, own = words("surnames")[column], words("given_names")[column]
    return take(family, surname) + SPACE + take(own, given)


def foreign_name(index: Ints, *, kana: bool) -> pl.Series:
    """Family name, one half-width space, given names in Roman letters; null for Japanese (index -1)."""
    table = words("foreign_names")
    if kana:
        return take(table["surname_kana"] + SPACE + table["given_kana"], index)
    return take(table["surname"] + " " + table["given"], index)


def aliases(index: Ints, given: Ints, *, wanted: Bools) -> pl.Series:
    """通称 of foreign residents who registered one; null for the others."""
    table = words("foreign_names")
    family = take(table["alias"], index)
    name = family + SPACE + take(words("given_names")["kanji"], given)
    keep = pl.Series(wanted) & (family.fill_null("") != "")
    return name.set(~keep, None)
