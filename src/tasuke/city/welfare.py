"""福祉情報: 生活保護, measures, handbooks, 児童扶養手当, school; drawn by person and household."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import NO_DAY, Bools, Ints, chance, choose, date_series, stream
from tasuke.city.people import YEAR, HouseholdKind, Role
from tasuke.city.register import PAST, Register
from tasuke.city.words import rates

ASSISTANCE, INSTITUTION, FOSTER, PHYSICAL, INTELLECTUAL, MENTAL = "10", "20", "21", "30", "31", "32"
CHILD_ALLOWANCE, MIDDLE_DISABILITY, IN_SCHOOL, DEPENDENT = "40", "50", "60", "70"


@dataclass(frozen=True, slots=True)
class Welfare:
    """facts: pid, fact_code, grade, valid_from, valid_to (day numbers, inclusive)."""

    facts: pl.DataFrame
    assistance: Bools  # by pid, on 生活保護 at the start


def _facts(pid: Ints, code: str, since: Ints, grade: pl.Series | None = None) -> pl.DataFrame:
    text = grade if grade is not None else pl.Series([None] * len(pid), dtype=pl.String)
    return pl.DataFrame(
        {
            "pid": pid,
            "fact_code": pl.Series([code], dtype=pl.String).new_from_index(0, len(pid)),
            "grade": text.cast(pl.String),
            "valid_from": since,
            "valid_to": np.full(len(pid), NO_DAY, dtype=np.int64),
        }
    )


def assistance_households(register: Register, seed: int) -> Bools:
    """Persons whose household receives 生活保護, by pid."""
    people = register.people
    rng = stream(seed, "assistance")
    r = rates()["welfare"]
    kind = people["kind"].to_numpy()
    first = np.r_[True, people["household"].to_numpy()[1:] != people["household"].to_numpy()[:-1]]
    old = ((register.window.start - people["birth"].to_numpy()) / YEAR >= 65)[first]
    head_kind = kind[first]
    single = np.isin(head_kind, [HouseholdKind.SINGLE, HouseholdKind.CARE_HOME])
    lone = np.isin(head_kind, [HouseholdKind.LONE_PARENT, HouseholdKind.LONE_WITH_GRANDPARENTS])
    p = np.where(
        single,
        np.where(old, r["public_assistance_single_old"], r["public_assistance_single"]),
        np.where(lone, r["public_assistance_lone"], r["public_assistance_other"]),
    )
    settled = (people["fate"].to_numpy() == 0)[first] & (people["group"].to_numpy() == 0)[first]
    away = people["father_away"].to_numpy()[first]
    by_household = chance(rng, p, int(first.sum())) & settled & ~away & (head_kind != HouseholdKind.CHILD_HOME)
    return np.asarray(by_household[np.cumsum(first) - 1], dtype=np.bool_)


def _handbooks(register: Register, seed: int) -> list[pl.DataFrame]:
    """身体障害者手帳, 療育手帳, 精神障害者保健福祉手帳, with grades."""
    people, window = register.people, register.window
    rng = stream(seed, "handbooks")
    n = people.height
    r = rates()["welfare"]
    age = (window.start - people["birth"].to_numpy()) / YEAR
    band = np.searchsorted([18.0, 40.0, 60.0, 75.0], age, side="right")
    living = (people["status"].is_in([1, 8]) & (people["group"] != PAST)).to_numpy() & (age > 0.5)
    physical = np.flatnonzero(chance(rng, np.array(r["physical_by_age"])[band], n) & living)
    intellectual = np.flatnonzero(chance(rng, r["intellectual"], n) & living & (age > 2) & (age < 70))
    mental = np.flatnonzero(chance(rng, r["mental"] * 1.2, n) & living & (age > 15) & (age < 85))
    grades = choose(rng, [0.30, 0.15, 0.16, 0.25, 0.07, 0.07], len(physical)) + 1
    internal = chance(rng, 0.32, len(physical)) & np.isin(grades, [1, 3, 4])
    physical_grade = pl.Series(grades).cast(pl.String) + pl.Series(np.where(internal, "N", ""))
    intellectual_grade = pl.Series(np.where(chance(rng, 0.36, len(intellectual)), "A", "B"))
    mental_grade = pl.Series(choose(rng, [0.09, 0.6, 0.31], len(mental)) + 1).cast(pl.String)

    def since(rows: Ints) -> Ints:
        span = np.minimum(rng.exponential(6.0, len(rows)), age[rows] * 0.8)
        born = people["birth"].to_numpy()[rows]
        old = np.maximum(window.start - 30 - (span * YEAR).astype(np.int64), born + 60)
        fresh = chance(rng, r["new_handbook_yearly"] * window.years, len(rows))
        return np.where(fresh, rng.integers(window.start, window.end, len(rows)), old)

    return [
        _facts(physical, PHYSICAL, since(physical), physical_grade),
        _facts(intellectual, INTELLECTUAL, since(intellectual), intellectual_grade),
        _facts(mental, MENTAL, since(mental), mental_grade),
    ]


def _children_facts(register: Register, seed: int) -> list[pl.DataFrame]:
    """Child-welfare measures, 中程度の障害, and school or support after 18."""
    people, window = register.people, register.window
    rng = stream(seed, "children.facts")
    n, r = people.height, rates()["welfare"]
    age = (window.start - people["birth"].to_numpy()) / YEAR
    living = ((people["status"] == 1) & (people["group"] != PAST)).to_numpy()
    child = np.isin(people["role"].to_numpy(), [Role.CHILD, Role.GRANDCHILD]) & living
    home = np.flatnonzero((people["kind"].to_numpy() == HouseholdKind.CHILD_HOME) & living)
    foster = np.flatnonzero(chance(rng, r["foster"], n) & child & (age < 17) & (age > 0.5))
    middle = np.flatnonzero(chance(rng, r["middle_disability"], n) & child & (age < 19.5) & (age > 3))
    grown = child & (age >= 18.3) & (age < 19.8)
    school = np.flatnonzero(chance(rng, r["in_school_over_18"] * 3, n) & grown)
    dependent = np.flatnonzero(chance(rng, r["dependent_18_20"], n) & grown)
    start = window.start
    return [
        _facts(home, INSTITUTION, start - rng.integers(60, 300, len(home))),
        _facts(foster, FOSTER, start - rng.integers(60, 150, len(foster))),
        _facts(middle, MIDDLE_DISABILITY, start - rng.integers(60, 900, len(middle))),
        _facts(school, IN_SCHOOL, np.full(len(school), start - 365, dtype=np.int64)),
        _facts(dependent, DEPENDENT, start - rng.integers(1, 60, len(dependent))),
    ]


def _new_assistance(register: Register, already: Bools) -> pl.DataFrame:
    """生活保護 that begins within the window."""
    start = register.people["assist_from"].to_numpy()
    rows = np.flatnonzero((start != NO_DAY) & ~already & (register.people["status"] == 1).to_numpy())
    return _facts(rows, ASSISTANCE, start[rows])


def build_welfare(register: Register, *, seed: int, allowance: Ints) -> Welfare:
    """All facts. allowance: pids of the lone parents who receive 児童扶養手当."""
    rng = stream(seed, "welfare.days")
    assistance = (
        assistance_households(register, seed)
        & ((register.people["status"] == 1) & (register.people["group"] != PAST)).to_numpy()
    )
    rows = np.flatnonzero(assistance)
    household = register.people["household"].to_numpy()[rows]
    since = register.window.start - rng.integers(60, 1800, int(household.max(initial=0)) + 1)[household]
    since = np.maximum(since, register.people["birth"].to_numpy()[rows])
    parts = [
        _facts(rows, ASSISTANCE, since),
        _new_assistance(register, assistance),
        *_handbooks(register, seed),
        *_children_facts(register, seed),
        _facts(allowance, CHILD_ALLOWANCE, register.window.start - rng.integers(30, 1500, len(allowance))),
    ]
    return Welfare(pl.concat(parts).sort("pid", "fact_code", maintain_order=True), assistance)


def welfare_rows(register: Register, facts: pl.DataFrame) -> pl.DataFrame:
    """Feed rows (formats/welfare_feed) from facts."""
    return facts.select(
        pl.Series("seq", np.arange(1, facts.height + 1, dtype=np.int64)),
        register.people["atena_no"].gather(facts["pid"].to_numpy()),
        "fact_code",
        "grade",
        date_series("valid_from", facts["valid_from"].to_numpy()),
        date_series("valid_to", facts["valid_to"].to_numpy()),
        pl.lit(None, dtype=pl.String).alias("note"),
    )
