"""Medical insurance of everyone: kinds, insurers with valid numbers, symbols, dependents, changes within the window.

One row per person and membership: pid, insured (pid of the 被保険者), insurance_kind, insurer_no, symbol, number,
branch_no, insured_relation, acquired and lost (day numbers, lost = first day without), cause.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import NO_DAY, Bools, Ints, chance, choose, date_series, digits, stream, take, with_weight21
from tasuke.city.fates import Fate
from tasuke.city.people import YEAR, HouseholdKind, Role
from tasuke.city.register import PAST, Register
from tasuke.city.words import rates
from tasuke.schemes.profile import Profile

NHI, NHI_UNION, KYOKAI, KEMPO, KYOSAI, LATE_ELDERLY, SEAMEN = 1, 2, 3, 4, 5, 6, 7
LATE_ELDERLY_AGE = 75
_PER_KIND = 48  # insurers of one kind


@dataclass(frozen=True, slots=True)
class Insurers:
    """Insurer numbers by kind: row = kind * _PER_KIND + rank."""

    numbers: pl.Series
    symbols: pl.Series
    city: str  # the city's own NHI
    symbol: str


def insurers_of(profile: Profile, seed: int) -> Insurers:
    """Insurers that the city's residents belong to; the bigger ones come first."""
    rng = stream(seed, "insurers")
    prefecture = int(profile.prefecture_code)
    rank = np.arange(_PER_KIND, dtype=np.int64)
    prefectures = np.where(rng.random(_PER_KIND) < 0.45, prefecture, 13)
    own = prefecture * 1000 + int(profile.municipality_code[2:5])
    bodies = {
        NHI: (np.full(_PER_KIND, own), 5),
        NHI_UNION: (np.where(rank % 3 == 2, 13, prefecture) * 1000 + 300 + rank % 9 + 1, 5),
        KYOKAI: (100000 + prefecture * 1000 + 1 + 0 * rank, 7),
        KEMPO: (600000 + prefectures * 1000 + rng.choice(899, _PER_KIND, replace=False) + 101, 7),
        KYOSAI: (np.array([31, 32, 33, 34])[rank % 4] * 100000 + prefecture * 1000 + 10 + rank % 7, 7),
        LATE_ELDERLY: (3900000 + prefecture * 1000 + 1 + 0 * rank, 7),
        SEAMEN: (200000 + 13 * 1000 + 1 + 0 * rank, 7),
    }
    empty = pl.Series([None] * _PER_KIND, dtype=pl.String)
    numbers = [empty] + [with_weight21(b, width) for b, width in bodies.values()]
    short = profile.name[0] + "国"
    texts = {
        NHI: pl.Series([short] * _PER_KIND),
        NHI_UNION: digits(rank + 101, 3),
        KYOKAI: digits(rng.integers(1, 9999, _PER_KIND) * 10000 + 1234, 8),
        KEMPO: digits(rng.integers(11, 9999, _PER_KIND), 1),
        KYOSAI: pl.Series(["公立共", "国共済", "警共済", "私学共"] * (_PER_KIND // 4)),
        LATE_ELDERLY: empty,
        SEAMEN: digits(rank + 1, 1),
    }
    return Insurers(pl.concat(numbers), pl.concat([empty, *texts.values()]), numbers[NHI][0], short)


def _own_kinds(register: Register, seed: int) -> Ints:
    """Kind of insurance that each person would have as an insured person, before the rules by age."""
    people = register.people
    rng = stream(seed, "insurance.kinds")
    table = rates()["insurance"]
    weights = [table[k] for k in ("nhi", "nhi_union", "kyokai", "kempo", "kyosai")]
    kinds = choose(rng, weights, people.height) + 1
    kinds = np.where(chance(rng, table["seamen"], people.height), SEAMEN, kinds)
    age = (register.window.start - people["birth"].to_numpy()) / YEAR
    retired = (age >= 64) & chance(rng, 0.75, people.height)
    young = (age < 25) & (age >= 18) & chance(rng, 0.2, people.height)
    return np.where(retired | young, NHI, kinds)


def _insured_persons(register: Register, kinds: Ints, seed: int) -> Ints:
    """pid of the insured person for everyone (before the 75 rule): self, parent or spouse."""
    people = register.people
    rng = stream(seed, "insurance.dependents")
    n = people.height
    pid = people["pid"].to_numpy()
    role = people["role"].to_numpy()
    household = people["household"].to_numpy()
    first = np.flatnonzero(np.r_[True, household[1:] != household[:-1]])
    head = np.repeat(first, np.diff(np.r_[first, n]))
    lone_child = np.full(int(household.max()) + 1, -1, dtype=np.int64)
    is_lone = role == Role.LONE_CHILD
    lone_child[household[is_lone]] = pid[is_lone]
    age = (register.window.start - people["birth"].to_numpy()) / YEAR
    child = (role == Role.CHILD) & ((age < 19) | ((age < 23) & chance(rng, 0.7, n)))
    spouse = (role == Role.SPOUSE) & ~chance(rng, rates()["insurance"]["own_spouse"], n)
    parents = np.isin(role, [Role.FATHER, Role.MOTHER]) & chance(rng, 0.35, n)
    insured = np.where(child | spouse | parents, head, pid)
    grandchild = role == Role.GRANDCHILD
    return np.asarray(np.where(grandchild, lone_child[household], insured), dtype=np.int64)


def _memberships(register: Register, insured: Ints, kinds: Ints, acquired: Ints, rows: Ints) -> pl.DataFrame:
    """Rows with kind and insured person after the rules: 75 and older apart, NHI by household under its head."""
    people = register.people
    kind = kinds[insured]
    head = people["head"].to_numpy()
    birth = people["birth"].to_numpy()
    age75 = _birthday(birth, LATE_ELDERLY_AGE)
    pid = people["pid"].to_numpy()
    old = acquired[pid] >= age75
    # a dependent of somebody in 後期 has an NHI membership of his or her own
    kind = np.where(~old & (age75[insured] <= register.window.start) & (insured != pid), NHI, kind)
    kind = np.where(old, LATE_ELDERLY, kind)
    insured = np.where(old, pid, np.where(kind == NHI, head, insured))
    return pl.DataFrame({"pid": pid, "insured": insured, "kind": kind, "acquired": acquired})[rows]


def _birthday(birth: Ints, age: int) -> Ints:
    """The birthday itself, as day numbers (75: 高確法, formats.md 6.4)."""
    dates = date_series("d", birth)
    return dates.dt.offset_by(f"{age}y").cast(pl.Int32).cast(pl.Int64).to_numpy()


def _change_days(register: Register, seed: int) -> Ints:
    """Day on which an insured person changes the insurer within the window (first of a month in most cases)."""
    window, n = register.window, register.people.height
    rng = stream(seed, "insurance.changes")
    day = rng.integers(window.start + 2, max(window.start + 3, window.end - 5), n)
    month_first = date_series("d", day).dt.month_start().dt.offset_by("1mo").cast(pl.Int32).cast(pl.Int64).to_numpy()
    day = np.where(chance(rng, 0.6, n) & (month_first < window.end), month_first, day)
    changes = chance(rng, rates()["insurance"]["change_yearly"] * window.years, n)
    quiet = (register.people["fate"] == 0) & (register.people["enter"] == NO_DAY)
    return np.where(changes & quiet.to_numpy(), day, NO_DAY)


def build_insurance(register: Register, *, profile: Profile, seed: int, uninsured: Bools) -> pl.DataFrame:
    """All memberships of the residents, incl. changes in the window. uninsured: persons on 生活保護."""
    people, window = register.people, register.window
    kinds = _own_kinds(register, seed)
    insured = _insured_persons(register, kinds, seed)
    rng = stream(seed, "insurance.acquired")
    years = rng.exponential(6.0, people.height)
    age75 = _birthday(people["birth"].to_numpy(), LATE_ELDERLY_AGE)
    start = window.start - 1 - (years[insured] * YEAR).astype(np.int64)
    # nobody's membership is younger than the residence: NHI begins with it, the others lie before it
    since = people["since"].to_numpy()
    start = np.where(kinds[insured] == NHI, since, np.minimum(start, since))
    start = np.maximum(start, people["birth"].to_numpy())
    entered = people["enter"].to_numpy()
    start = np.where(entered != NO_DAY, entered, start)
    start = np.where(age75 < window.start, age75, start)
    living = ((people["status"].is_in([1, 8])) & (people["group"] != PAST)).to_numpy() & ~uninsured
    base = _memberships(register, insured, kinds, start, np.flatnonzero(living))
    base = base.with_columns(cause=pl.lit("base"))
    changes = _changes(register, base, kinds, age75, seed)
    lost = changes.select("pid", lost=pl.col("acquired"))
    base = base.join(lost, on="pid", how="left", maintain_order="left")
    both = pl.concat([base, changes.with_columns(lost=pl.lit(None, dtype=pl.Int64)).select(base.columns)])
    both = _with_end_of_life(register, both)
    return _with_numbers(both.sort("pid", "acquired"), register, insurers_of(profile, seed), seed)


def _changes(register: Register, base: pl.DataFrame, kinds: Ints, age75: Ints, seed: int) -> pl.DataFrame:
    """Second memberships: a new employer, 75th birthday, divorce (mother and children leave the father's insurance)."""
    people, window = register.people, register.window
    day = _change_days(register, seed)
    rng = stream(seed, "insurance.new_kind")
    new_kind = choose(rng, [0.35, 0.03, 0.32, 0.24, 0.06], people.height) + 1
    pid, insured = base["pid"].to_numpy(), base["insured"].to_numpy()
    turns75 = (age75[pid] > window.start) & (age75[pid] < window.end)
    fate = people["fate"].to_numpy()[pid]
    divorced = np.isin(fate, [Fate.DIVORCE_STAY, Fate.DIVORCE_LEAVE]) & (people["role"].to_numpy()[pid] != Role.HEAD)
    first = people["household"].to_numpy()[pid]
    mothers = people.filter(pl.col("role") == int(Role.SPOUSE)).select("household", "pid").unique("household")
    mother_of = np.full(int(people["household"].to_numpy().max()) + 1, -1, dtype=np.int64)
    mother_of[mothers["household"].to_numpy()] = mothers["pid"].to_numpy()
    mother = mother_of[first]
    divorced &= mother >= 0
    unit_day = day[insured]
    same_kind = new_kind[insured] == base["kind"].to_numpy()
    moves = (unit_day != NO_DAY) & (base["kind"].to_numpy() != LATE_ELDERLY) & ~same_kind & ~turns75
    born = people["birth"].to_numpy()[pid]
    moves &= born < unit_day
    changed_kind = np.where(
        turns75, LATE_ELDERLY, np.where(divorced, np.where(kinds[mother] == 0, NHI, kinds[mother]), new_kind[insured])
    )
    head = people["head"].to_numpy()[pid]
    holder = np.where(turns75, pid, np.where(divorced, mother, np.where(changed_kind == NHI, head, insured)))
    when = np.where(turns75, age75[pid], np.where(divorced, people["day"].to_numpy()[pid], unit_day))
    rows = turns75 | divorced | moves
    causes = np.where(turns75, "age75", np.where(divorced, "divorce", "change"))
    table = pl.DataFrame({"pid": pid, "insured": holder, "kind": changed_kind, "acquired": when, "cause": causes})
    return table.filter(pl.Series(rows) & (table["acquired"] > base["acquired"]))


def _with_end_of_life(register: Register, rows: pl.DataFrame) -> pl.DataFrame:
    """NHI and 後期 end with removal, 生活保護 or the day after death; the other insurers are unknown to the city."""
    people = register.people
    pid = rows["pid"].to_numpy()
    death = people["death"].to_numpy()[pid]
    leaves = np.isin(people["fate"].to_numpy()[pid], [Fate.MOVE_OUT, Fate.ERASED])
    day = people["day"].to_numpy()[pid]
    lost = rows["lost"].fill_null(NO_DAY).to_numpy()
    municipal = np.isin(rows["kind"].to_numpy(), [NHI, LATE_ELDERLY])
    by_death = np.where((death != NO_DAY) & (lost == NO_DAY), death + 1, lost)
    by_leaving = np.where(leaves & municipal & (by_death == NO_DAY), day, by_death)
    assisted = people["assist_from"].to_numpy()[pid]
    by_assistance = (assisted != NO_DAY) & municipal & (by_leaving == NO_DAY) & (rows["acquired"].to_numpy() < assisted)
    return rows.with_columns(lost=pl.Series(np.where(by_assistance, assisted, by_leaving)))


def _with_numbers(rows: pl.DataFrame, register: Register, insurers: Insurers, seed: int) -> pl.DataFrame:
    """Insurer, symbol, number and branch; one insured person has one number per kind."""
    insured, kind = rows["insured"].to_numpy(), rows["kind"].to_numpy()
    rng = stream(seed, "insurance.numbers")
    n = register.people.height
    zipf = 1.0 / (np.arange(_PER_KIND) + 1.5)
    rank = choose(rng, zipf, n)[insured]
    at = kind * _PER_KIND + rank
    serial = rng.integers(1, 999_999, n)[insured]
    eight = np.isin(kind, [NHI, LATE_ELDERLY])
    number = digits(insured + 1_000_000, 8).zip_with(pl.Series(eight), digits(serial, 1))
    late = pl.Series(kind == LATE_ELDERLY)
    own_branch = pl.int_range(1, pl.len() + 1).over("insured", "kind")
    branch = rows.select(own_branch.cast(pl.String).str.zfill(2)).to_series()
    relation = np.where((insured == rows["pid"].to_numpy()) | (kind == LATE_ELDERLY), "1", "2")
    return rows.select("pid", "insured", "acquired", "lost", "cause").with_columns(
        insurance_kind=pl.Series(kind).cast(pl.String),
        insurer_no=take(insurers.numbers, at),
        symbol=take(insurers.symbols, at),
        number=number,
        branch_no=branch.set(late, None),
        insured_relation=pl.Series(relation),
    )


def benefit_rate(birth: Ints, day: Ints) -> Ints:
    """給付割合 on a day: 80 before school and from 70, 90 from 75, else 70 (the usual income class)."""
    age = (day - birth) / YEAR
    birth_dates = date_series("b", birth)
    year = birth_dates.dt.year().to_numpy().astype(np.int64)
    early = (birth_dates.dt.ordinal_day() <= 91).to_numpy()  # up to 1 April: a school year earlier
    on = date_series("d", day)
    school_year = on.dt.year().to_numpy().astype(np.int64) - (on.dt.month() < 4).to_numpy()
    in_school = school_year - (year - early) >= 7
    return np.where(age >= LATE_ELDERLY_AGE, 90, np.where((age >= 70) | ~in_school, 80, 70)).astype(np.int64)


def nhi_rows(register: Register, rows: pl.DataFrame) -> pl.DataFrame:
    """Feed rows (formats/nhi_feed) from memberships."""
    people = register.people
    pid = rows["pid"].to_numpy()
    rate = benefit_rate(people["birth"].to_numpy()[pid], np.maximum(rows["acquired"].to_numpy(), register.window.start))
    low = stream(0, "limit_class").random(rows.height) < 0.12
    limit = pl.Series(np.where(rows["insurance_kind"].to_numpy() == "6", "一般", "ウ"))
    return rows.select(
        pl.Series("seq", np.arange(1, rows.height + 1, dtype=np.int64)),
        people["atena_no"].gather(pid),
        "insurance_kind",
        "insurer_no",
        "symbol",
        "number",
        "branch_no",
        "insured_relation",
        date_series("acquired_on", rows["acquired"].to_numpy()),
        date_series("lost_on", rows["lost"].to_numpy()),
        pl.Series("benefit_rate", rate),
        limit.set(pl.Series(~low), None).alias("limit_class"),
    )


__all__ = ["HouseholdKind", "benefit_rate", "build_insurance", "insurers_of", "nhi_rows"]
