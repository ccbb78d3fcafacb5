from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tasuke.systems.subsidy.registry.feeds import person_slices


@given(people=st.lists(st.integers(0, 20), max_size=60), size=st.integers(1, 7))
def test_person_slices_cover_all_rows_and_no_person_is_in_two(people, size):
    persons = pl.Series(sorted(str(p) for p in people), dtype=pl.String)

    slices = person_slices(persons, size)

    parts = [set(persons.slice(*s).to_list()) for s in slices]
    assert sum(length for _, length in slices) == len(people)
    assert all(a.isdisjoint(b) for a, b in pairwise(parts))
    assert len(slices) >= len(set(people)) / size / 2 - 1


def test_person_slices_of_single_rows_are_of_the_size():
    assert person_slices(pl.Series(["a", "b", "c", "d", "e"]), 2) == [(0, 2), (2, 2), (4, 1)]
