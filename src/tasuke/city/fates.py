"""What happens to a household within the window: at most one big event each, so that every state stays plausible."""

from enum import IntEnum

import numpy as np
import polars as pl

from tasuke.city.draw import NO_DAY, Floats, Ints, choose, stream
from tasuke.city.people import HouseholdKind, Window
from tasuke.city.words import rates


class Fate(IntEnum):
    """The big event of a household in the window."""

    NONE = 0
    MOVE_OUT = 1
    RETURN = 2  # 転出, then 転入 within the same year: the same 宛名番号 again
    MOVE_WITHIN = 3
    DIVORCE_STAY = 4  # divorce; the father moves to another home in the city
    DIVORCE_LEAVE = 5  # divorce; the father leaves the city
    REMARRIAGE = 6
    DE_FACTO = 7
    HEAD_CHANGE = 8
    RENAME = 9
    ERASED = 10  # a foreign resident is struck off by the city (職権消除)


def _yearly_rates(kind: HouseholdKind, years: float) -> Floats:
    """Probability of each fate within the window, for one kind of household."""
    y = rates()["yearly"]
    table = np.zeros(len(Fate))
    lone = kind in (HouseholdKind.LONE_PARENT, HouseholdKind.LONE_WITH_GRANDPARENTS)
    with_children = kind in (HouseholdKind.FAMILY, HouseholdKind.THREE_GENERATION)
    if kind in (HouseholdKind.SINGLE, HouseholdKind.DORMITORY):
        table[Fate.MOVE_OUT], table[Fate.MOVE_WITHIN] = y["out_single"], y["within_single"]
    elif kind not in (HouseholdKind.CARE_HOME, HouseholdKind.CHILD_HOME):
        table[Fate.MOVE_OUT], table[Fate.MOVE_WITHIN] = y["out_family"], y["within_family"]
        table[Fate.RETURN], table[Fate.RENAME] = y["return"], y["rename"]
    if with_children:
        table[Fate.DIVORCE_STAY], table[Fate.DIVORCE_LEAVE] = y["divorce"] * 0.6, y["divorce"] * 0.4
        table[Fate.HEAD_CHANGE] = y["head_change"]
    if lone:
        table[Fate.REMARRIAGE], table[Fate.DE_FACTO] = y["remarriage"], y["de_facto"]
    table *= years
    table[Fate.NONE] = max(0.0, 1.0 - table.sum())
    return table


def draw_fates(*, kinds: Ints, foreign: pl.Series, seed: int, window: Window) -> pl.DataFrame:
    """Fate of each household (row = household). Columns fate, day, back (day of return, null otherwise)."""
    rng = stream(seed, "fates")
    n = len(kinds)
    fate = np.zeros(n, dtype=np.int64)
    for kind in HouseholdKind:
        rows = np.flatnonzero(kinds == int(kind))
        fate[rows] = choose(rng, _yearly_rates(kind, window.years), len(rows))
    single = (kinds == int(HouseholdKind.SINGLE)) & foreign.to_numpy() & (fate == Fate.NONE)
    erased = single & (rng.random(n) < rates()["yearly"]["erased_foreigner"] * window.years)
    fate[erased] = Fate.ERASED
    day = rng.integers(window.start + 1, window.end, n)
    # who comes back must have time for it
    early = rng.integers(window.start + 1, max(window.start + 2, window.end - 50), n)
    day = np.where(fate == Fate.RETURN, early, day)
    back = np.where(fate == Fate.RETURN, day + rng.integers(25, 49, n), NO_DAY)
    fate = np.where((fate == Fate.RETURN) & (back >= window.end), Fate.NONE, fate)
    day = np.where(fate == Fate.NONE, NO_DAY, day)
    return pl.DataFrame({"fate": fate.astype(np.int8), "day": day, "back": np.where(fate == Fate.RETURN, back, NO_DAY)})
