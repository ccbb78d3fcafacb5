"""Households and their members: who lives with whom, how old, since when. Whole columns, no loop over persons.

A household kind is a block: arrays (households × slots) of birth day, sex, role and presence, flattened at the end.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import polars as pl

from tasuke.city.draw import NO_DAY, Bools, Floats, Ints, chance, choose, stream
from tasuke.city.words import rates

YEAR = 365.2425


class HouseholdKind(IntEnum):
    """Kinds of households, in the order of [households] in rates.toml."""

    SINGLE = 0
    COUPLE = 1
    FAMILY = 2
    ADULT_CHILD = 3
    THREE_GENERATION = 4
    LONE_PARENT = 5
    LONE_WITH_GRANDPARENTS = 6
    DORMITORY = 7
    CARE_HOME = 8
    CHILD_HOME = 9


class Role(IntEnum):
    """Place in the household."""

    HEAD = 0
    SPOUSE = 1
    CHILD = 2
    FATHER = 3
    MOTHER = 4
    LONE_CHILD = 5  # a lone parent living with his or her own parents: child of the head
    GRANDCHILD = 6
    NEW_PARTNER = 7  # joins the household of a lone parent within the window


@dataclass(frozen=True, slots=True)
class Block:
    """Members of n households of one kind; every array is (n, slots)."""

    birth: Ints
    sex: Ints
    role: Ints
    present: Bools


@dataclass(frozen=True, slots=True)
class Window:
    """The span that is simulated, as day numbers: [start, end)."""

    start: int
    end: int

    @property
    def years(self) -> float:
        return (self.end - self.start) / YEAR


def _block(columns: list[tuple[Ints, Ints | int, Role, Bools | bool]]) -> Block:
    """Slots side by side: (birth, sex, role, present) each."""
    n = len(columns[0][0])

    def spread(value: Ints | Bools | int | bool) -> Ints:
        return np.broadcast_to(np.asarray(value, dtype=np.int64), (n,))

    return Block(
        birth=np.stack([c[0] for c in columns], axis=1),
        sex=np.stack([spread(c[1]) for c in columns], axis=1),
        role=np.stack([spread(int(c[2])) for c in columns], axis=1),
        present=np.stack([spread(c[3]) for c in columns], axis=1).astype(bool),
    )


def _ages_to_births(rng: np.random.Generator, years: Floats, window: Window) -> Ints:
    return (window.start - years * YEAR - rng.random(len(years)) * 300).astype(np.int64)


def _sexes(rng: np.random.Generator, n: int, men: float) -> Ints:
    return np.where(chance(rng, men, n), 1, 2)


def _adult_ages(rng: np.random.Generator, n: int, shares: list[float]) -> Floats:
    """Ages drawn from the bands 18-29, 30-44, 45-64, 65-79, 80-101."""
    lows = np.array([18.0, 30.0, 45.0, 65.0, 80.0])
    widths = np.array([12.0, 15.0, 20.0, 15.0, 21.0])
    band = choose(rng, shares, n)
    spread = np.where(band == 4, rng.beta(1.0, 2.6, n), rng.random(n))
    return np.asarray(lows[band] + widths[band] * spread, dtype=np.float64)


def _singles(rng: np.random.Generator, n: int, window: Window, shares: list[float], men: float) -> Block:
    births = _ages_to_births(rng, _adult_ages(rng, n, shares), window)
    return _block([(births, _sexes(rng, n, men), Role.HEAD, True)])


def _couples(rng: np.random.Generator, n: int, window: Window) -> Block:
    head = _ages_to_births(rng, _adult_ages(rng, n, [0.05, 0.15, 0.22, 0.42, 0.16]), window)
    spouse = head + (rng.normal(2.0, 3.2, n) * YEAR).astype(np.int64)
    spouse = np.minimum(spouse, window.start - int(18.5 * YEAR))
    wife_heads = chance(rng, 0.02, n)
    return _block(
        [(head, np.where(wife_heads, 2, 1), Role.HEAD, True), (spouse, np.where(wife_heads, 1, 2), Role.SPOUSE, True)]
    )


def _brood(
    rng: np.random.Generator, n: int, window: Window, counts: list[float], oldest: float
) -> tuple[Ints, Ints, Bools]:
    """Birth days, sexes, presence of up to four children; the eldest up to `oldest` years, or born in the window."""
    r = rates()["children"]
    first = (window.end - rng.beta(1.12, 1.0, n) * (oldest * YEAR + window.end - window.start)).astype(np.int64)
    gaps = ((1.4 + rng.gamma(2.2, 0.65, (n, 4))) * YEAR).astype(np.int64)
    gaps = np.where(chance(rng, r["twins"], n)[:, None] & (np.arange(4) == 1), 0, gaps)
    gaps[:, 0] = 0
    births = first[:, None] + np.cumsum(gaps, axis=1)
    wanted = choose(rng, counts, n) + 1
    present = (np.arange(4) < wanted[:, None]) & (births < window.end)
    grown = births < window.start - int(18.9 * YEAR)
    present &= ~(grown & (rng.random((n, 4)) < r["left_home"]))
    sexes = np.where(rng.random((n, 4)) < 0.513, 1, 2)
    return births, sexes, present


def _children_slots(
    births: Ints, sexes: Ints, present: Bools, role: Role
) -> list[tuple[Ints, Ints | int, Role, Bools | bool]]:
    return [(births[:, k], sexes[:, k], role, present[:, k]) for k in range(births.shape[1])]


def _mother_birth(rng: np.random.Generator, first_child: Ints, mean: float) -> Ints:
    age = np.clip(rng.normal(mean, 4.8, len(first_child)), 17.2, 44.0)
    return np.asarray((first_child - age * YEAR).astype(np.int64), dtype=np.int64)


def _families(rng: np.random.Generator, n: int, window: Window, *, grandparents: bool) -> Block:
    births, sexes, present = _brood(rng, n, window, rates()["children"]["count"], 22.0)
    mother = _mother_birth(rng, births[:, 0], 30.6)
    father = np.minimum(mother - (rng.normal(1.8, 3.6, n) * YEAR).astype(np.int64), mother + int(6 * YEAR))
    slots: list[tuple[Ints, Ints | int, Role, Bools | bool]] = [
        (father, 1, Role.HEAD, True),
        (mother, 2, Role.SPOUSE, True),
        *_children_slots(births, sexes, present, Role.CHILD),
    ]
    if grandparents:
        grandmother = father - (rng.normal(28.0, 3.5, n) * YEAR).astype(np.int64)
        grandfather = grandmother - (rng.normal(3.0, 3.0, n) * YEAR).astype(np.int64)
        slots += [
            (grandfather, 1, Role.FATHER, chance(rng, 0.55, n)),
            (grandmother, 2, Role.MOTHER, chance(rng, 0.93, n)),
        ]
    return _block(slots)


def _adult_child(rng: np.random.Generator, n: int, window: Window) -> Block:
    mother = _ages_to_births(rng, 50 + 42 * rng.beta(1.5, 1.6, n), window)
    father = mother - (rng.normal(2.5, 3.5, n) * YEAR).astype(np.int64)
    child = mother + (np.clip(rng.normal(28.5, 4.5, n), 19, 42) * YEAR).astype(np.int64)
    child = np.minimum(child, window.start - int(19 * YEAR))
    both = chance(rng, 0.55, n)
    head = np.where(both, father, mother)
    return _block(
        [
            (head, np.where(both, 1, 2), Role.HEAD, True),
            (mother, 2, Role.SPOUSE, both),
            (child, _sexes(rng, n, 0.58), Role.CHILD, True),
            (child + int(2.5 * YEAR), _sexes(rng, n, 0.5), Role.CHILD, chance(rng, 0.15, n)),
        ]
    )


def _lone_parents(rng: np.random.Generator, n: int, window: Window, *, grandparents: bool) -> Block:
    """Mothers in 87 of 100; a slot for the partner who may come (fates decide)."""
    births, sexes, present = _brood(rng, n, window, rates()["children"]["count_lone"], 18.3)
    inside = births < window.start - 200  # children of a lone parent are there before the start
    inside[:, 0] |= True
    births[:, 0] = np.minimum(births[:, 0], window.start - 200)
    present = present & inside & (births <= window.start - 200)
    present[:, 0] = True
    parent = _mother_birth(rng, births[:, 0], 28.3)
    sex = np.where(chance(rng, 0.87, n), 2, 1)
    parent = np.where(sex == 1, parent - int(2 * YEAR), parent)
    partner = (parent - int(1 * YEAR), 3 - sex, Role.NEW_PARTNER, True)
    if not grandparents:
        return _block([(parent, sex, Role.HEAD, True), *_children_slots(births, sexes, present, Role.CHILD), partner])
    grandmother = parent - (rng.normal(27.5, 3.5, n) * YEAR).astype(np.int64)
    grandfather = grandmother - (rng.normal(2.5, 3.0, n) * YEAR).astype(np.int64)
    has_grandfather = chance(rng, 0.72, n)
    return _block(
        [
            (np.where(has_grandfather, grandfather, grandmother), np.where(has_grandfather, 1, 2), Role.HEAD, True),
            (grandmother, 2, Role.SPOUSE, has_grandfather),
            (parent, sex, Role.LONE_CHILD, True),
            *_children_slots(births, sexes, present, Role.GRANDCHILD),
            partner,
        ]
    )


def _child_homes(rng: np.random.Generator, n: int, window: Window) -> Block:
    births = _ages_to_births(rng, rng.uniform(2.0, 16.5, n), window)
    return _block([(births, _sexes(rng, n, 0.55), Role.HEAD, True)])


def _build_block(rng: np.random.Generator, kind: HouseholdKind, n: int, window: Window) -> Block:
    """n households of one kind."""
    builders = {
        HouseholdKind.SINGLE: lambda: _singles(rng, n, window, [0.21, 0.18, 0.24, 0.20, 0.17], 0.53),
        HouseholdKind.COUPLE: lambda: _couples(rng, n, window),
        HouseholdKind.FAMILY: lambda: _families(rng, n, window, grandparents=False),
        HouseholdKind.ADULT_CHILD: lambda: _adult_child(rng, n, window),
        HouseholdKind.THREE_GENERATION: lambda: _families(rng, n, window, grandparents=True),
        HouseholdKind.LONE_PARENT: lambda: _lone_parents(rng, n, window, grandparents=False),
        HouseholdKind.LONE_WITH_GRANDPARENTS: lambda: _lone_parents(rng, n, window, grandparents=True),
        HouseholdKind.DORMITORY: lambda: _singles(rng, n, window, [0.93, 0.07, 0.0, 0.0, 0.0], 0.6),
        HouseholdKind.CARE_HOME: lambda: _singles(rng, n, window, [0.0, 0.0, 0.02, 0.20, 0.78], 0.28),
        HouseholdKind.CHILD_HOME: lambda: _child_homes(rng, n, window),
    }
    return builders[kind]()


def _flatten(block: Block, kind: HouseholdKind, first_household: int) -> pl.DataFrame:
    n, slots = block.birth.shape
    keep = block.present.ravel()
    household = np.repeat(np.arange(first_household, first_household + n, dtype=np.int64), slots)
    return pl.DataFrame(
        {
            "household": household[keep],
            "kind": np.full(int(keep.sum()), int(kind), dtype=np.int8),
            "role": block.role.ravel()[keep].astype(np.int8),
            "sex": block.sex.ravel()[keep].astype(np.int8),
            "birth": block.birth.ravel()[keep],
        }
    )


def _households(seed: int, name: str, shares: dict[str, float], count: int, window: Window) -> pl.DataFrame:
    """Members of `count` households in a mixed order. Columns household, kind, role, sex, birth (day number)."""
    names = [k.name.lower() for k in HouseholdKind]
    weights = np.array([shares.get(n, 0.0) for n in names])
    counts = np.floor(weights / weights.sum() * count).astype(int)
    counts[0] += count - counts.sum()
    parts, first = [], 0
    for kind, n in zip(HouseholdKind, counts, strict=True):
        if n:
            rng = stream(seed, f"{name}.{kind.name}")
            parts.append(_flatten(_build_block(rng, kind, int(n), window), kind, first))
            first += int(n)
    mixed = stream(seed, f"{name}.order").permutation(first)
    frame = pl.concat(parts)
    return frame.with_columns(household=pl.Series(mixed[frame["household"].to_numpy()])).sort(
        "household", maintain_order=True
    )


def _cut_to(frame: pl.DataFrame, residents: int, window: Window, seed: int) -> pl.DataFrame:
    """Whole households until `residents` persons live there at the start; singles fill the rest exactly."""
    at_start = frame.filter(pl.col("birth") < window.start, pl.col("role") != int(Role.NEW_PARTNER))
    sizes = at_start.group_by("household").len().sort("household")
    total = np.cumsum(sizes["len"].to_numpy())
    last = int(np.searchsorted(total, residents, side="right"))
    kept = sizes["household"][:last]
    frame = frame.filter(pl.col("household").is_in(kept.implode()))
    missing = residents - (int(total[last - 1]) if last else 0)
    if missing:
        first = int(frame["household"].to_numpy().max(initial=0)) + 1
        block = _build_block(stream(seed, "fill"), HouseholdKind.SINGLE, missing, window)
        frame = pl.concat([frame, _flatten(block, HouseholdKind.SINGLE, first)])
    return frame


def households_at_start(*, residents: int, seed: int, window: Window) -> pl.DataFrame:
    """Everyone who lives in the city at the start (exactly `residents`), and the children born to them in the window.

    Columns: household, kind, role, sex, birth (day number). New partners of lone parents are included as candidates.
    """
    count = int(residents / 1.75) + 60
    frame = _households(seed, "base", rates()["households"], count, window)
    return _cut_to(frame, residents, window, seed)


def households_moving_in(*, residents: int, seed: int, window: Window) -> pl.DataFrame:
    """Households that move in within the window, with the day `enter`. The same columns as households_at_start."""
    persons = residents * rates()["yearly"]["move_in"] * window.years
    count = max(4, int(persons / 1.45))
    frame = _households(seed, "moving_in", rates()["moving_in"], count, window)
    frame = frame.filter(pl.col("birth") < window.start - 30, pl.col("role") != int(Role.NEW_PARTNER))
    rng = stream(seed, "moving_in.day")
    days = rng.integers(window.start, window.end, count)
    return frame.with_columns(enter=pl.Series(days[frame["household"].to_numpy()]))


def households_of_the_past(*, residents: int, seed: int, window: Window) -> pl.DataFrame:
    """Persons who stand in the register as moved out or dead before the start: column `gone` (day), `died`."""
    count = max(4, int(residents * rates()["yearly"]["past"] / 1.6))
    frame = _households(seed, "past", rates()["moving_in"], count, window)
    frame = frame.filter(pl.col("birth") < window.start - 1200, pl.col("role") != int(Role.NEW_PARTNER))
    rng = stream(seed, "past.day")
    gone = window.start - rng.integers(10, 1100, count)
    old = pl.col("birth") < window.start - int(70 * YEAR)
    return frame.with_columns(gone=pl.Series(gone[frame["household"].to_numpy()]), died=old)


__all__ = [
    "NO_DAY",
    "HouseholdKind",
    "Role",
    "Window",
    "households_at_start",
    "households_moving_in",
    "households_of_the_past",
]
