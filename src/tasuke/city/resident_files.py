"""住民情報 files: the whole register at the start, and one file of changes a month (formats/resident_feed)."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from tasuke.city import names
from tasuke.city.draw import NO_DAY, Ints, date_series, digits
from tasuke.city.people import Role
from tasuke.city.register import PAST, Register
from tasuke.city.relations import relation_codes, relation_labels

PHONE_SHARE = 0.8


def _state_at_start(register: Register) -> pl.DataFrame:
    """Everyone in the register on the first day, as state rows with event code 20."""
    people, window = register.people, register.window
    there = people.filter(
        (pl.col("enter") == NO_DAY) & (pl.col("birth") < window.start) & (pl.col("role") != int(Role.NEW_PARTNER))
    )
    past = pl.col("group") == PAST
    return there.select(
        "pid",
        pl.col("status").cast(pl.Int64),
        pl.col("head"),
        pl.col("address"),
        pl.col("since"),
        pl.col("surname").cast(pl.Int64),
        code=pl.lit("20"),
        day=pl.when(past).then("gone").otherwise("since"),
        notified=pl.lit(None, dtype=pl.Int64),
        household=pl.col("register_household"),
        relation=pl.lit(None, dtype=pl.String),
        renamed=pl.lit(False),
    )


def _name_columns(register: Register, state: pl.DataFrame, pid: Ints) -> list[pl.Series]:
    """name, name_kana and head_name as they are in each state."""
    people = register.people
    surname, given_all = state["surname"].to_numpy(), people["given"].to_numpy().astype(np.int64)
    given = given_all[pid]
    renamed = state["renamed"]
    columns = []
    for column, kana in (("name", False), ("name_kana", True)):
        stored = people[column].gather(pid)
        columns.append(names.japanese_name(surname, given, kana=kana).zip_with(renamed, stored).alias(column))
    head = state["head"].to_numpy()
    base_surname = people["surname"].to_numpy()
    # where the head bears the same surname, a change of name is a change of the head's name too
    shared = renamed & pl.Series(base_surname[head] == base_surname[pid])
    renamed_head = names.japanese_name(surname, given_all[head], kana=False)
    return [*columns, renamed_head.zip_with(shared, people["name"].gather(head)).alias("head_name")]


def _address_columns(register: Register, state: pl.DataFrame, pid: Ints) -> list[pl.Series]:
    """municipality_code, ward_code, postal_code, address, address_detail: at home or, for 住登外, elsewhere."""
    address = state["address"].to_numpy()
    home = register.addresses
    away = register.people["away"].to_numpy()[pid]
    outside = pl.Series(away >= 0)
    index = np.maximum(away, 0)
    own_code = pl.Series("x", [register.municipality_code]).new_from_index(0, len(pid))

    def pick(column: str) -> pl.Series:
        return register.elsewhere[column].gather(index)

    return [
        pick("municipality_code").zip_with(outside, own_code).alias("municipality_code"),
        home["ward_code"].gather(address).set(outside, None).alias("ward_code"),
        pick("postal_code").zip_with(outside, home["postal_code"].gather(address)).alias("postal_code"),
        pick("address").zip_with(outside, home["address"].gather(address)).alias("address"),
        home["address_detail"].gather(address).set(outside, None).alias("address_detail"),
    ]


def _birth_columns(register: Register, pid: Ints) -> list[pl.Series]:
    """birth_date, and 不詳表記 where the day is not known."""
    born = register.people["birth"].to_numpy()[pid]
    unknown = register.people["unknown_birth"].to_numpy()[pid]
    dates = date_series("birth_date", np.where(unknown, NO_DAY, born))
    year = date_series("y", born).dt.year()
    showa = pl.Series(born < 6947)  # before 1989-01-08
    text = ("昭和" + (year - 1925).cast(pl.String)).zip_with(showa, "平成" + (year - 1988).cast(pl.String))
    return [dates, (text + "年不詳月不詳日").set(pl.Series(~unknown), None).alias("birth_text")]


def _phones(register: Register, pid: Ints) -> pl.Series:
    """Telephone numbers of households from the unassigned 000- series."""
    household = register.people["household"].to_numpy()[pid]
    text = "000-" + digits(household // 10000 % 10000, 4) + "-" + digits(household % 10000, 4)
    return text.set(pl.Series(household % 10 >= int(PHONE_SHARE * 10)), None).alias("phone")


def rows_of(register: Register, state: pl.DataFrame) -> pl.DataFrame:
    """Feed rows (formats/resident_feed) from state rows."""
    pid = state["pid"].to_numpy()
    people = register.people
    sex = people["sex"].to_numpy()[pid].astype(np.int64)
    role = people["register_role"].to_numpy()[pid].astype(np.int64)
    by_role = relation_codes(role, sex)
    relation = by_role.zip_with(state["relation"].is_null(), state["relation"]).alias("relationship_code")
    status = state["status"]
    gone = status.is_in([2, 3, 9])
    foreign = people["foreign"].gather(pid)
    return pl.DataFrame(
        [
            pl.Series("seq", np.arange(1, state.height + 1, dtype=np.int64)),
            people["atena_no"].gather(pid),
            digits(state["household"].to_numpy() + 1, 10).alias("household_no"),
            pl.Series("resident_type", np.where(foreign.to_numpy(), "2", "1")),
            status.cast(pl.String).alias("resident_status"),
            *_name_columns(register, state, pid),
            people["kana_notarised"].gather(pid).cast(pl.Int8).cast(pl.String).alias("kana_status"),
            people["alias"].gather(pid),
            pl.Series("sex", sex).cast(pl.String),
            *_birth_columns(register, pid),
            relation,
            relation_labels(relation).alias("relationship"),
            *_address_columns(register, state, pid),
            _phones(register, pid),
            date_series("resident_since", state["since"].to_numpy()),
            state["code"].alias("event_code"),
            date_series("event_date", state["day"].to_numpy()),
            date_series("notified_on", state["notified"].fill_null(NO_DAY).to_numpy()),
            date_series("removed_on", np.where(gone.to_numpy(), state["day"].to_numpy(), NO_DAY)),
            people["protection"].gather(pid),
        ]
    )


def full_rows(register: Register) -> pl.DataFrame:
    """The register at the start: residents, 住登外 persons and those who left or died in the last years."""
    return rows_of(register, _state_at_start(register))


def full_row_pieces(register: Register, size: int) -> Iterator[pl.DataFrame]:
    """The same rows in pieces of `size`, so that a register of millions needs no second copy in memory."""
    state = _state_at_start(register)
    for first in range(0, state.height, size):
        rows = rows_of(register, state.slice(first, size))
        yield rows.with_columns(seq=pl.col("seq") + first)


def change_rows(register: Register, full_states: pl.DataFrame, first: int, end: int) -> pl.DataFrame:
    """Events of [first, end) by day of the event; `full_states` comes from events.states."""
    month = full_states.filter(pl.col("day").is_between(first, end, closed="left")).sort("day", "pid", "code")
    return rows_of(register, month)
