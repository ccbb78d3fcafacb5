"""The city's register at the start and everyone who will appear in it within the window.

One row per person; row number = `pid`. Days are day numbers (draw.NO_DAY = none). The three groups are the residents
at the start (with children to be born and partners to come), the households that move in, and the persons of the past.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city import names, people, places
from tasuke.city.draw import NO_DAY, Bools, Ints, atena_numbers, chance, digits, stream
from tasuke.city.fates import Fate, draw_fates
from tasuke.city.people import YEAR, HouseholdKind, Role, Window
from tasuke.city.words import rates
from tasuke.schemes.profile import Profile


@dataclass(frozen=True, slots=True)
class Register:
    """people: one row per person. addresses: by index. window: the simulated span."""

    people: pl.DataFrame
    addresses: pl.DataFrame
    elsewhere: pl.DataFrame
    window: Window
    municipality_code: str


BASE, MOVING_IN, PAST = 0, 1, 2


def _together(residents: int, seed: int, window: Window, *, with_window: bool) -> pl.DataFrame:
    """All groups, with household indexes that do not collide. Columns group, enter, gone, died are added."""
    base = people.households_at_start(residents=residents, seed=seed, window=window)
    parts = [
        base.with_columns(
            group=pl.lit(BASE),
            enter=pl.lit(NO_DAY, dtype=pl.Int64),
            gone=pl.lit(NO_DAY, dtype=pl.Int64),
            died=pl.lit(False),
        )
    ]
    if not with_window:
        parts[0] = parts[0].filter(pl.col("birth") < window.start, pl.col("role") != int(Role.NEW_PARTNER))
    if with_window:
        coming = people.households_moving_in(residents=residents, seed=seed, window=window)
        parts.append(
            coming.with_columns(group=pl.lit(MOVING_IN), gone=pl.lit(NO_DAY, dtype=pl.Int64), died=pl.lit(False))
        )
        past = people.households_of_the_past(residents=residents, seed=seed, window=window)
        parts.append(past.with_columns(group=pl.lit(PAST), enter=pl.lit(NO_DAY, dtype=pl.Int64)))
    order = parts[0].columns
    stacked = pl.concat([p.select(order).with_columns(pl.col("group").cast(pl.Int8)) for p in parts])
    dense = stacked.select(pl.struct("group", "household").rank("dense").cast(pl.Int64) - 1).to_series()
    return stacked.with_columns(household=dense).sort("household", maintain_order=True)


def _first_of_household(household: Ints) -> Ints:
    """Row of the first member of each person's household (rows are sorted by household)."""
    starts = np.flatnonzero(np.r_[True, household[1:] != household[:-1]])
    return np.asarray(np.repeat(starts, np.diff(np.r_[starts, len(household)])), dtype=np.int64)


def _drop_impossible(frame: pl.DataFrame, fates: pl.DataFrame) -> pl.DataFrame:
    """Leave out partners who never come and children who would be born after their family has left or parted."""
    joined = frame.with_columns(fates[frame["household"].to_numpy()])
    comes = pl.col("fate").is_in([int(Fate.REMARRIAGE), int(Fate.DE_FACTO)])
    parted = pl.col("fate").is_in(
        [int(f) for f in (Fate.MOVE_OUT, Fate.RETURN, Fate.DIVORCE_STAY, Fate.DIVORCE_LEAVE, Fate.HEAD_CHANGE)]
    )
    keep = ((pl.col("role") != int(Role.NEW_PARTNER)) | comes) & ~(parted & (pl.col("birth") >= pl.col("day")))
    return joined.filter(keep).with_columns(
        enter=pl.when(pl.col("role") == int(Role.NEW_PARTNER)).then("day").otherwise("enter")
    )


def _household_facts(frame: pl.DataFrame, seed: int, window: Window) -> pl.DataFrame:
    """Facts of each household, row = household index: kind, foreign, fate, day, back, protection, since."""
    by_household = frame.group_by("household", maintain_order=True).agg(
        pl.col("kind").first(), pl.col("group").first(), pl.col("enter").first(), pl.col("birth").min().alias("eldest")
    )
    n = by_household.height
    rng = stream(seed, "households")
    kinds = by_household["kind"].to_numpy().astype(np.int64)
    old = by_household["eldest"].to_numpy() < window.start - 75 * 365
    home = np.isin(kinds, [int(HouseholdKind.CARE_HOME), int(HouseholdKind.CHILD_HOME)])
    foreign = chance(rng, rates()["people"]["foreign_household"] * 1.35, n) & ~old & ~home
    lone = np.isin(kinds, [int(HouseholdKind.LONE_PARENT), int(HouseholdKind.LONE_WITH_GRANDPARENTS)])
    protection = chance(rng, np.where(lone, 0.04, rates()["people"]["protection"] * 0.6), n)
    fates = draw_fates(kinds=kinds, foreign=pl.Series(foreign), seed=seed, window=window)
    settled = (by_household["group"] == BASE).to_numpy()
    fates = fates.with_columns(
        fate=pl.Series(np.where(settled, fates["fate"].to_numpy(), 0).astype(np.int8)),
        day=pl.Series(np.where(settled, fates["day"].to_numpy(), NO_DAY)),
        back=pl.Series(np.where(settled, fates["back"].to_numpy(), NO_DAY)),
    )
    years_ago = rng.exponential(1 / rates()["yearly"]["moved_in_last_years"], n)
    since = window.start - 1 - (years_ago * YEAR).astype(np.int64)
    entered = by_household["enter"].to_numpy()
    since = np.where(entered != NO_DAY, entered, since)
    return by_household.select("kind").with_columns(
        fates, foreign=pl.Series(foreign), protection=pl.Series(protection), since=pl.Series(since)
    )


def _same_identity(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A few pairs of children with the same name, sex and birth day in different households (column `twin_of`)."""
    children = frame.with_row_index("row").filter(
        pl.col("role") == int(Role.CHILD), pl.col("group") == BASE, pl.col("fate") == 0, ~pl.col("foreign")
    )
    pairs = children.sort("sex", "birth").with_columns(
        other=pl.col("row").shift(1), gap=pl.col("birth") - pl.col("birth").shift(1), same=pl.col("sex").shift(1)
    )
    pairs = pairs.filter(
        pl.col("gap").is_between(0, 20), pl.col("same") == pl.col("sex"), pl.col("household").diff().abs() > 0
    )
    wanted = min(pairs.height, max(1, frame.height // 9000))
    chosen = pairs.sample(wanted, seed=seed, shuffle=False) if pairs.height else pairs
    twin = np.full(frame.height, -1, dtype=np.int64)
    twin[chosen["row"].to_numpy()] = chosen["other"].to_numpy()
    clash = np.isin(chosen["other"].to_numpy(), chosen["row"].to_numpy())
    twin[chosen["row"].to_numpy()[clash]] = -1
    birth = frame["birth"].to_numpy().copy()
    birth[twin >= 0] = birth[twin[twin >= 0]]
    return frame.with_columns(birth=pl.Series(birth), twin_of=pl.Series(twin))


def _with_names(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add surname, given, foreign_name (indexes), name, name_kana, alias."""
    household = frame["household"].to_numpy()
    surname = names.draw_surnames(seed=seed, name="household", count=int(household.max()) + 1)[household]
    partner = frame["role"].to_numpy() == int(Role.NEW_PARTNER)
    surname = np.where(partner, names.draw_surnames(seed=seed, name="partner", count=frame.height), surname)
    sex = frame["sex"].to_numpy().astype(np.int64)
    born = frame["birth"].to_numpy()
    given = names.draw_given(seed=seed, sex=sex, birth_year=1970 + np.floor_divide(born * 10000, 3652425))
    twin = frame["twin_of"].to_numpy()
    rows = np.flatnonzero(twin >= 0)
    surname[rows], given[rows] = surname[twin[rows]], given[twin[rows]]
    is_foreign = frame["foreign"].to_numpy() & ~partner
    foreign = names.draw_foreign(seed=seed, foreign=is_foreign, sex=sex, household=household)
    rng = stream(seed, "name.details")
    wanted = chance(rng, rates()["people"]["alias"], frame.height) & is_foreign
    missing = chance(rng, np.where(is_foreign, 0.05, rates()["people"]["kana_missing"]), frame.height)
    foreign_row = pl.Series(is_foreign)
    japanese = [names.japanese_name(surname, given, kana=kana) for kana in (False, True)]
    roman = [names.foreign_name(foreign, kana=kana) for kana in (False, True)]
    return frame.with_columns(
        surname=pl.Series(surname),
        given=pl.Series(given),
        foreign=foreign_row,
        name=roman[0].zip_with(foreign_row, japanese[0]),
        name_kana=roman[1].zip_with(foreign_row, japanese[1]).set(pl.Series(missing), None),
        alias=names.aliases(foreign, given, wanted=wanted),
        kana_notarised=pl.Series(chance(rng, rates()["people"]["kana_notarised"], frame.height) & ~is_foreign),
    )


def _deaths(frame: pl.DataFrame, seed: int, window: Window) -> Ints:
    """Day of death in the window, NO_DAY for the living. Households with another fate, and lone parents, live on."""
    rng = stream(seed, "deaths")
    age = (window.start - frame["birth"].to_numpy()) / YEAR
    yearly = np.where(age < 1, 0.0016, 0.000018 * np.exp(0.1 * np.clip(age, 0, 105)))
    kind = frame["kind"].to_numpy()
    spared = (frame["fate"].to_numpy() != 0) | np.isin(kind, [5, 6, 9]) | (frame["group"].to_numpy() != BASE)
    dies = chance(rng, yearly * window.years, frame.height) & ~spared & (age > 0)
    day = rng.integers(window.start + 1, window.end, frame.height)
    return np.where(dies, day, NO_DAY)


def _elsewhere(frame: pl.DataFrame, seed: int) -> Bools:
    """Fathers of families who live and are registered in another municipality (住登外)."""
    rng = stream(seed, "elsewhere")
    candidate = (
        (pl.col("kind") == int(HouseholdKind.FAMILY))
        & (pl.col("role") == int(Role.HEAD))
        & (pl.col("fate") == 0)
        & (pl.col("group") == BASE)
    )
    is_father = frame.select(candidate).to_series().to_numpy()
    return is_father & chance(rng, rates()["yearly"]["elsewhere_breadwinner"], frame.height)


def _status_and_head(frame: pl.DataFrame, elsewhere: Bools) -> pl.DataFrame:
    """status (1 2 3 8), head (pid of the head), register_household, after fathers who live elsewhere are set apart."""
    household = frame["household"].to_numpy()
    first = _first_of_household(household)
    pid = np.arange(frame.height, dtype=np.int64)
    father_away = elsewhere[first]
    head = np.where(father_away & ~elsewhere, first + 1, first)  # the mother is the next member
    own = int(household.max()) + 1
    register_household = np.where(elsewhere, own + np.cumsum(elsewhere) - 1, household)
    gone, died = frame["gone"].to_numpy() != NO_DAY, frame["died"].to_numpy()
    status = np.where(elsewhere, 8, np.where(gone & died, 3, np.where(gone, 2, 1)))
    role = np.where(father_away & (pid == head), int(Role.HEAD), frame["role"].to_numpy())
    return frame.with_columns(
        pid=pl.Series(pid),
        head=pl.Series(np.where(elsewhere, pid, head)),
        register_household=pl.Series(register_household),
        status=pl.Series(status.astype(np.int8)),
        register_role=pl.Series(role.astype(np.int8)),
        father_away=pl.Series(father_away),
    )


def build_register(*, profile: Profile, residents: int, seed: int, window: Window, with_window: bool) -> Register:
    """Everyone of the city. with_window=False: only the residents at the start (for very large registers)."""
    frame = _together(residents, seed, window, with_window=with_window)
    facts = _household_facts(frame, seed, window)
    if not with_window:
        facts = facts.with_columns(
            fate=pl.lit(0, dtype=pl.Int8), day=pl.lit(NO_DAY, dtype=pl.Int64), back=pl.lit(NO_DAY, dtype=pl.Int64)
        )
    frame = _drop_impossible(frame, facts)
    # a lone parent's family may have lost a member slot; household indexes stay dense because the first member stays
    frame = _same_identity(frame, seed)
    frame = _with_names(frame, seed)
    frame = frame.with_columns(death=pl.Series(_deaths(frame, seed, window)))
    frame = _status_and_head(frame, _elsewhere(frame, seed))
    return _finish(frame, profile, seed, window)


def _finish(frame: pl.DataFrame, profile: Profile, seed: int, window: Window) -> Register:
    """Numbers, days of residence, addresses."""
    households = int(frame["register_household"].max() or 0) + 1  # type: ignore[arg-type]
    towns = places.places_of(profile)
    extra = households // 3 + 50  # for moves within the window
    addresses = places.draw_addresses(places=towns, seed=seed, name="home", count=households + extra)
    kinds = frame.group_by("register_household").agg(pl.col("kind").first()).sort("register_household")["kind"]
    shared = places.shared_homes(
        kinds.to_numpy().astype(np.int64),
        np.arange(households, dtype=np.int64),
        kinds={int(HouseholdKind.DORMITORY): 55, int(HouseholdKind.CARE_HOME): 45, int(HouseholdKind.CHILD_HOME): 28},
    )
    away = draw_away(frame, profile, seed)
    household = frame["register_household"].to_numpy()
    since = np.maximum(frame["since"].to_numpy(), frame["birth"].to_numpy())
    frame = frame.with_columns(
        atena_no=atena_numbers(frame.height, first=100_000 + seed % 1000),
        household_no=digits(household + 1, 10),
        address=pl.Series(shared[household]),
        since=pl.Series(since),
        away=pl.Series(away[0]),
        unknown_birth=pl.Series(_unknown_births(frame, seed)),
        assist_from=pl.Series(_new_assistance(frame, seed, window)),
    )
    return Register(frame, addresses, away[1], window, profile.municipality_code)


def _new_assistance(frame: pl.DataFrame, seed: int, window: Window) -> Ints:
    """Day of the window from which a household is under 生活保護; NO_DAY for nearly all."""
    rng = stream(seed, "new_assistance")
    r = rates()["welfare"]
    household = frame["household"].to_numpy()
    lone = np.isin(frame["kind"].to_numpy(), [5, 6])
    quiet = (frame["fate"].to_numpy() == 0) & (frame["group"].to_numpy() == BASE) & ~frame["father_away"].to_numpy()
    n = int(household.max()) + 1
    draw, day = rng.random(n)[household], rng.integers(window.start + 1, window.end, n)[household]
    rate = r["new_assistance_yearly"] * window.years * np.where(lone, r["new_assistance_lone"], 1.0)
    alive = frame["death"].to_numpy() == NO_DAY
    born = frame["birth"].to_numpy() < window.start
    return np.where((draw < rate) & quiet & alive & born, day, NO_DAY)


def draw_away(frame: pl.DataFrame, profile: Profile, seed: int) -> tuple[Ints, pl.DataFrame]:
    """Index into the addresses elsewhere (-1: lives here), and those addresses."""
    outside = frame["status"].to_numpy() == 8
    index = np.where(outside, np.cumsum(outside) - 1, -1)
    table = places.draw_elsewhere(own_code=profile.municipality_code, seed=seed, count=max(1, int(outside.sum())))
    return index, table


def _unknown_births(frame: pl.DataFrame, seed: int) -> Bools:
    """Persons whose birth date is not known to the day: a few old ones and a few foreign residents, adults only."""
    rng = stream(seed, "unknown_birth")
    born = frame["birth"].to_numpy()
    p = rates()["people"]
    rate = np.where(born < -7305, p["unknown_birth_old"], 0.0)
    foreign_adult = frame["foreign"].to_numpy() & (born < 12000)
    rate = np.where(foreign_adult, p["unknown_birth_foreign"], rate)
    return chance(rng, rate, frame.height)
