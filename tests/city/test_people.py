from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.city.draw import NO_DAY, day_number
from tasuke.city.people import YEAR, HouseholdKind, Role, Window, households_at_start
from tasuke.city.register import Register, build_register
from tasuke.schemes.profile import Profile

WINDOW = Window(day_number(date(2026, 4, 1)), day_number(date(2026, 10, 1)))


def living_at_start(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("birth") < WINDOW.start, pl.col("role") != int(Role.NEW_PARTNER))


@given(st.integers(60, 3_000), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_households_give_exactly_the_wanted_residents(residents: int, seed: int) -> None:
    frame = households_at_start(residents=residents, seed=seed, window=WINDOW)
    assert living_at_start(frame).height == residents


@pytest.fixture(scope="module")
def residents() -> pl.DataFrame:
    return living_at_start(households_at_start(residents=40_000, seed=3, window=WINDOW))


def test_ages_look_like_japan(residents: pl.DataFrame) -> None:
    age = (WINDOW.start - residents["birth"]) / YEAR
    assert 0.12 < (age < 15).mean() + (age.is_between(15, 18, closed="left")).mean() < 0.19
    assert 0.24 < (age >= 65).mean() < 0.33
    assert 0.11 < (age >= 75).mean() < 0.19
    assert age.max() < 105


def test_households_look_like_japan(residents: pl.DataFrame) -> None:
    sizes = residents.group_by("household").len("size")["size"]
    assert 1.9 < sizes.mean() < 2.4
    assert 0.36 < (sizes == 1).mean() < 0.5
    young = residents.filter((WINDOW.start - pl.col("birth")) < 18 * YEAR).unique("household")
    lone = young["kind"].is_in([int(HouseholdKind.LONE_PARENT), int(HouseholdKind.LONE_WITH_GRANDPARENTS)]).mean()
    assert 0.09 < lone < 0.18  # about one family in eight
    assert (residents["kind"] == int(HouseholdKind.THREE_GENERATION)).any()


def test_parents_are_old_enough(residents: pl.DataFrame) -> None:
    mothers = residents.filter(pl.col("kind") == int(HouseholdKind.FAMILY), pl.col("role") == int(Role.SPOUSE))
    children = residents.filter(pl.col("kind") == int(HouseholdKind.FAMILY), pl.col("role") == int(Role.CHILD))
    pairs = children.join(mothers.select("household", mother="birth"), on="household")
    assert ((pairs["birth"] - pairs["mother"]) / YEAR).min() > 16.9


@pytest.fixture(scope="module")
def register(sapporo: Profile) -> Register:
    return build_register(profile=sapporo, residents=20_000, seed=5, window=WINDOW, with_window=True)


def test_register_has_foreign_residents_and_rare_characters(register: Register) -> None:
    people = register.people
    assert 0.015 < people["foreign"].mean() < 0.035
    assert people.filter("foreign")["name"].str.contains("^[A-Z ]+$").all()
    assert people["alias"].is_not_null().any()
    names = people["name"].str.join("")[0]
    assert all(character in names for character in ("髙", "﨑", "𠮷", "\U000e0102"))


def test_register_has_the_odd_cases(register: Register) -> None:
    people = register.people
    assert (people["status"] == 8).any()  # 住登外
    assert people["unknown_birth"].any()
    assert 0.001 < people["protection"].mean() < 0.01
    births = people.filter(pl.col("role") == int(Role.CHILD)).group_by("household", "birth").len("same")
    assert (births["same"] > 1).any()  # twins
    twins = people.filter(pl.col("twin_of") >= 0)
    same = people[twins["twin_of"].to_numpy()]
    assert (twins["name"] == same["name"]).all()
    assert (twins["birth"] == same["birth"]).all()


def test_register_numbers_are_unique(register: Register) -> None:
    assert register.people["atena_no"].n_unique() == register.people.height
    pids = register.people["pid"].to_numpy()
    assert np.array_equal(pids, np.arange(len(pids)))
    heads = register.people[register.people["head"].to_numpy()]
    assert (heads["head"] == register.people["head"]).all()


def test_children_are_not_born_into_families_that_left(register: Register) -> None:
    people = register.people
    born = people.filter(pl.col("birth") >= WINDOW.start)
    assert born.height
    assert not born.filter(
        pl.col("fate").is_in([1, 2, 4, 5]), pl.col("day") != NO_DAY, pl.col("birth") >= pl.col("day")
    ).height
