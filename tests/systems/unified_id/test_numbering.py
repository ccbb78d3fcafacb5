"""Numbers: 15 digits with a check digit, none twice, and in no order that tells anything."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core.numbers import NumberKind, check_number
from tasuke.systems.unified_id.numbering import NumbersExhausted, numbers_from, take_numbers


@given(st.integers(1, 10**14 - 200))
def test_every_number_has_fifteen_digits_and_a_right_check_digit(serial):
    taken = list(islice(numbers_from(serial), 20))
    assert all(len(no) == 15 and no[:14] == f"{one:014}" for one, no in taken)
    assert all(check_number(NumberKind.ATENA, no).problems == () for _, no in taken)
    assert len({no for _, no in taken}) == 20


def test_the_last_serial_is_the_end():
    with pytest.raises(NumbersExhausted):
        list(numbers_from(10**14 - 3))


@pytest.mark.django_db(databases=["unified_id"])
def test_numbers_that_were_taken_are_not_given_again():
    first, second = take_numbers(30, using="unified_id"), take_numbers(30, using="unified_id")
    assert len({*first, *second}) == 60
    assert max(first) < min(second)
    assert take_numbers(0, using="unified_id") == []
