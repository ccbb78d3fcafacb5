"""住民異動: every event of the window as a row with the values that it changes; `states` turns them into full rows.

Override columns (null = unchanged): status, household, head (pid), relation, address, since, surname. Days are day
numbers. Household numbers and addresses of new homes come from the spare part of the register's tables.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import NO_DAY, chance, stream
from tasuke.city.fates import Fate
from tasuke.city.people import HouseholdKind, Role
from tasuke.city.register import Register

OVERRIDES = ("status", "household", "head", "relation", "address", "since", "surname")
_INTS = ("status", "household", "head", "address", "since", "surname")


@dataclass(slots=True)
class _Spare:
    """Next unused household number and address (one counter serves both: they are added together)."""

    next: int

    def give(self, count: int) -> pl.Series:
        first = self.next
        self.next += count
        return pl.Series(np.arange(first, first + count, dtype=np.int64))


def _rows(frame: pl.DataFrame, code: str, day: pl.Expr, **overrides: pl.Expr) -> pl.DataFrame:
    """Event rows for the persons of `frame`."""
    columns = {
        name: overrides.get(name, pl.lit(None)).cast(pl.String if name == "relation" else pl.Int64)
        for name in OVERRIDES
    }
    return frame.select(pl.col("pid"), code=pl.lit(code), day=day.cast(pl.Int64), **columns)


def _of_fate(people: pl.DataFrame, *fates: Fate) -> pl.DataFrame:
    """Registered residents at the start whose household has one of the fates."""
    return people.filter(
        pl.col("fate").is_in([int(f) for f in fates]), pl.col("status") == 1, pl.col("enter") == NO_DAY
    )


def _arrivals(register: Register) -> list[pl.DataFrame]:
    """Births and households that move in: the whole state is new, so nothing needs to be overridden."""
    people, window = register.people, register.window
    born = people.filter(pl.col("birth") >= window.start)
    entered = people.filter(pl.col("enter") != NO_DAY, pl.col("role") != int(Role.NEW_PARTNER))
    return [
        _rows(born, "02", pl.col("birth")),
        _rows(entered, "01", pl.col("enter")),
    ]


def _departures(register: Register, spare: _Spare) -> list[pl.DataFrame]:
    """Households that leave, that leave and come back, and foreign residents who are struck off."""
    people = register.people
    leaving = _of_fate(people, Fate.MOVE_OUT, Fate.RETURN)
    back = _of_fate(people, Fate.RETURN)
    homes = back.select("register_household").unique(maintain_order=True)
    homes = homes.with_columns(home=spare.give(homes.height))
    back = back.join(homes, on="register_household", how="left", maintain_order="left")
    return [
        _rows(leaving, "04", pl.col("day"), status=pl.lit(2)),
        _rows(
            back,
            "01",
            pl.col("back"),
            status=pl.lit(1),
            household=pl.col("home"),
            address=pl.col("home"),
            since=pl.col("back"),
        ),
        _rows(_of_fate(people, Fate.ERASED), "11", pl.col("day"), status=pl.lit(9)),
    ]


def _moves_within(register: Register, spare: _Spare) -> list[pl.DataFrame]:
    moving = _of_fate(register.people, Fate.MOVE_WITHIN)
    homes = moving.select("register_household").unique(maintain_order=True)
    homes = homes.with_columns(home=spare.give(homes.height))
    moving = moving.join(homes, on="register_household", how="left", maintain_order="left")
    return [_rows(moving, "03", pl.col("day"), address=pl.col("home"))]


def _divorces(register: Register, spare: _Spare, seed: int) -> list[pl.DataFrame]:
    """The father leaves; the mother becomes the head; later some families take her former surname."""
    both = _of_fate(register.people, Fate.DIVORCE_STAY, Fate.DIVORCE_LEAVE)
    father = both.filter(pl.col("role") == int(Role.HEAD))
    leaves = father.filter(pl.col("fate") == int(Fate.DIVORCE_LEAVE))
    stays = father.filter(pl.col("fate") == int(Fate.DIVORCE_STAY)).with_columns(home=pl.lit(0))
    stays = stays.with_columns(home=spare.give(stays.height))
    mothers = both.filter(pl.col("role") == int(Role.SPOUSE)).select("register_household", mother="pid")
    rest = both.filter(pl.col("role") != int(Role.HEAD)).join(
        mothers, on="register_household", how="inner", maintain_order="left"
    )
    mother, children = rest.filter(pl.col("pid") == pl.col("mother")), rest.filter(pl.col("pid") != pl.col("mother"))
    renamed = _former_surname(register, rest, seed)
    return [
        _rows(leaves, "04", pl.col("day"), status=pl.lit(2)),
        _rows(
            stays,
            "03",
            pl.col("day"),
            household=pl.col("home"),
            address=pl.col("home"),
            head=pl.col("pid"),
            relation=pl.lit("02"),
        ),
        _rows(mother, "09", pl.col("day"), head=pl.col("pid"), relation=pl.lit("02")),
        _rows(children, "06", pl.col("day"), head=pl.col("mother")),
        _rows(renamed, "07", pl.col("renamed_on"), surname=pl.col("new_surname")),
    ]


def _former_surname(register: Register, rest: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Mothers and children who change their surname 10 to 40 days after the divorce, within the window."""
    rng = stream(seed, "divorce.names")
    households = rest.select("register_household").unique(maintain_order=True)
    n = households.height
    households = households.with_columns(
        renames=pl.Series(chance(rng, 0.45, n)),
        later=pl.Series(rng.integers(10, 41, n)),
        new_surname=pl.Series(rng.integers(0, 200, n)),
    )
    joined = rest.join(households, on="register_household", how="left", maintain_order="left")
    return joined.with_columns(renamed_on=pl.col("day") + pl.col("later")).filter(
        pl.col("renames"), ~pl.col("foreign"), pl.col("renamed_on") < register.window.end
    )


def _partners(register: Register) -> list[pl.DataFrame]:
    """Remarriage and de facto marriage: the partner moves in from elsewhere; a married mother takes his surname."""
    people = register.people
    partner = people.filter(pl.col("role") == int(Role.NEW_PARTNER))
    married = people.filter(pl.col("fate") == int(Fate.REMARRIAGE), pl.col("role") != int(Role.NEW_PARTNER))
    surnames = partner.select("register_household", new_surname="surname", partner_sex="sex")
    married = married.join(surnames, on="register_household", how="inner", maintain_order="left")
    parent = married.filter(pl.col("role").is_in([int(Role.HEAD), int(Role.LONE_CHILD)]), pl.col("kind") == 5)
    child = married.filter(pl.col("role").is_in([int(Role.CHILD), int(Role.GRANDCHILD)]), pl.col("kind") == 5)
    takes = pl.when((pl.col("partner_sex") == 1) & ~pl.col("foreign")).then(pl.col("new_surname"))
    formal = pl.col("fate") == int(Fate.REMARRIAGE)
    relation = (
        pl.when(formal & (pl.col("sex") == 1))
        .then(pl.lit("11"))
        .when(formal)
        .then(pl.lit("12"))
        .when(pl.col("sex") == 1)
        .then(pl.lit("13"))
        .otherwise(pl.lit("14"))
    )
    return [
        _rows(partner, "01", pl.col("day"), relation=relation),
        _rows(parent, "08", pl.col("day"), surname=takes),
        _rows(child.filter(pl.col("partner_sex") == 1), "07", pl.col("day") + 1, surname=takes),
    ]


def _household_changes(register: Register) -> list[pl.DataFrame]:
    """The wife becomes head; a family changes its surname."""
    people = register.people
    change = _of_fate(people, Fate.HEAD_CHANGE).filter(pl.col("kind") == int(HouseholdKind.FAMILY))
    wives = change.filter(pl.col("role") == int(Role.SPOUSE)).select("register_household", wife="pid")
    change = change.join(wives, on="register_household", how="inner", maintain_order="left")
    relation = (
        pl.when(pl.col("role") == int(Role.SPOUSE))
        .then(pl.lit("02"))
        .when(pl.col("role") == int(Role.HEAD))
        .then(pl.lit("11"))
    )
    renamed = _of_fate(people, Fate.RENAME).filter(~pl.col("foreign"))
    return [
        _rows(change, "06", pl.col("day"), head=pl.col("wife"), relation=relation),
        _rows(renamed, "07", pl.col("day"), surname=(pl.col("surname") + 7) % 200),
    ]


def _deaths(register: Register) -> list[pl.DataFrame]:
    """Deaths; where the head dies, the next member becomes head."""
    people = register.people
    dead = people.filter(pl.col("death") != NO_DAY)
    dead_heads = dead.filter(pl.col("pid") == pl.col("head")).select("register_household", died_on="death")
    left = people.filter(
        pl.col("death") == NO_DAY, pl.col("status") == 1, pl.col("birth") < register.window.start
    ).join(dead_heads, on="register_household", how="inner", maintain_order="left")
    left = left.with_columns(new_head=pl.col("pid").min().over("register_household"))
    spouse = (pl.col("role") == int(Role.SPOUSE)).any().over("register_household")
    man = pl.col("sex") == 1
    relation = (
        pl.when(pl.col("pid") == pl.col("new_head"))
        .then(pl.lit("02"))
        .when(spouse & (pl.col("role") == int(Role.FATHER)))
        .then(pl.lit("1151"))
        .when(spouse & (pl.col("role") == int(Role.MOTHER)))
        .then(pl.lit("1152"))
        .when(~spouse & man)
        .then(pl.lit("74"))
        .when(~spouse)
        .then(pl.lit("84"))
    )
    return [
        _rows(dead, "05", pl.col("death"), status=pl.lit(3)),
        _rows(left, "06", pl.col("died_on"), head=pl.col("new_head"), relation=relation),
    ]


def draw_events(register: Register, *, seed: int) -> pl.DataFrame:
    """All events of the window, by day. Columns pid, code, day, notified and the overrides."""
    spare = _Spare(int(register.people["register_household"].max() or 0) + 1)  # type: ignore[arg-type]
    parts = [
        *_arrivals(register),
        *_departures(register, spare),
        *_moves_within(register, spare),
        *_divorces(register, spare, seed),
        *_partners(register),
        *_household_changes(register),
        *_deaths(register),
    ]
    events = pl.concat(parts).filter(pl.col("day") < register.window.end).sort("day", "pid", "code")
    lag = stream(seed, "notified").integers(0, 14, events.height)
    date_of = pl.col("day").cast(pl.Int32).cast(pl.Date)
    month_end = date_of.dt.month_end().cast(pl.Int32).cast(pl.Int64)
    # a notification reaches the files of the month in which the event happened
    return events.with_columns(notified=pl.min_horizontal(pl.col("day") + pl.Series(lag), month_end))


def states(register: Register, events: pl.DataFrame) -> pl.DataFrame:
    """For each event the full state from that day on: the event's columns with every override filled in."""
    base = register.people.select(
        "pid",
        pl.col("status").cast(pl.Int64).alias("base_status"),
        pl.col("register_household").alias("base_household"),
        pl.col("head").alias("base_head"),
        pl.col("address").alias("base_address"),
        pl.col("since").alias("base_since"),
        pl.col("surname").cast(pl.Int64).alias("base_surname"),
    )
    ordered = events.sort("pid", "day", "code", maintain_order=True)
    filled = ordered.with_columns(pl.col(name).forward_fill().over("pid") for name in OVERRIDES)
    joined = filled.join(base, on="pid", how="left", maintain_order="left")
    return joined.with_columns(
        **{name: pl.coalesce(name, f"base_{name}") for name in _INTS},
        renamed=pl.col("surname").is_not_null() & (pl.col("surname") != pl.col("base_surname")),
    ).drop(f"base_{name}" for name in _INTS)
