"""The engine says the same as the oracle, for every scheme, on many days, and for one row as for many."""

from datetime import date
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.schemes import oracle, people

from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import CATALOGUE, load_scheme
from tasuke.schemes.frames import INCOME_COLUMNS, PERSON_COLUMNS

COMPARED = (
    "outcome", "start", "end", "band", "coverage", "copay_class", "funding", "income_year", "deciding_subject_id",
    "net_income", "income_limit",
)  # fmt: skip
TURNS = [(4, 1), (3, 31), (7, 31), (8, 1), (8, 31), (9, 1), (12, 31), (1, 1)]
PERSONS = 150
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))


def days_of(scheme_id):
    """Days on which a scheme is judged: any, and often the turning days of a year."""
    first = oracle.SCHEMES[scheme_id]["first"]
    edges = [date(y, m, d) for y in range(first.year, 2028) for m, d in TURNS]
    return st.one_of(st.dates(first, date(2027, 12, 31)), st.sampled_from([first, *[e for e in edges if e >= first]]))


def town(scheme_id, on, seed, persons=PERSONS):
    """Persons and shuffled incomes, most of them of the year that the scheme asks for."""
    r = Random(seed)
    scheme = oracle.SCHEMES[scheme_id]
    month, back = scheme["switch"]
    year = on.year - back if on.month >= month else on.year - back - 1
    who = [people.person(r, on, n, scheme["roles"]) for n in range(persons)]
    money = [row for p in who for row in people.incomes(r, p["id"], year, [*scheme["subjects"], "self"])]
    r.shuffle(money)
    return who, money


def frames(persons, incomes):
    return (
        pl.DataFrame(persons, schema=dict(PERSON_COLUMNS)),
        pl.DataFrame(incomes, schema=dict(INCOME_COLUMNS)),
    )


@pytest.mark.parametrize("scheme_id", CATALOGUE)
@settings(SETTINGS, max_examples=60)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_assess_agrees_with_oracle(scheme_id, data, seed):
    on = data.draw(days_of(scheme_id))
    persons, incomes = town(scheme_id, on, seed)
    result = assess(load_scheme(scheme_id), *frames(persons, incomes), on).to_dicts()
    for person, row in zip(persons, result, strict=True):
        own = [i for i in incomes if i["person_id"] == person["id"]]
        told = {name: row[name] for name in COMPARED} | {"reasons": set(row["reasons"]) - {"UNCONFIRMED_RULE"}}
        assert told == oracle.judge(scheme_id, person, own, on), (on, person, own)


@pytest.mark.parametrize("scheme_id", CATALOGUE)
@settings(SETTINGS, max_examples=4)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_assess_one_row_alone_as_among_many(scheme_id, data, seed):
    on = data.draw(days_of(scheme_id))
    persons, incomes = town(scheme_id, on, seed, persons=40)
    scheme = load_scheme(scheme_id)
    together = assess(scheme, *frames(persons, incomes), on).to_dicts()
    for person, row in zip(persons, together, strict=True):
        alone = assess(scheme, *frames([person], [i for i in incomes if i["person_id"] == person["id"]]), on)
        assert alone.to_dicts() == [row]


@pytest.mark.parametrize("scheme_id", CATALOGUE)
@settings(SETTINGS, max_examples=6)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_assess_rows_of_many_days_as_each_day_alone(scheme_id, seed, data):
    days = data.draw(st.lists(days_of(scheme_id), min_size=2, max_size=5))
    scheme = load_scheme(scheme_id)
    persons, incomes = town(scheme_id, days[0], seed, persons=60)
    people_frame, money = frames(persons, incomes)
    days_column = pl.Series("on", [days[n % len(days)] for n in range(len(persons))])
    together = assess(scheme, people_frame.with_columns(days_column), money, days[0])
    for day in set(days):
        alone = assess(scheme, people_frame, money, day)
        assert together.filter(days_column == day).equals(alone.filter(days_column == day))
