"""The pure merges, against a plain re-telling of the rule."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.systems.subsidy.registry.history import merge_periods, merge_values

DAY = date(2026, 1, 1)
EXISTING = {"id": pl.Int64, "k": pl.String, "start": pl.Date, "end": pl.Date, "v": pl.String}
INCOMING = {"k": pl.String, "start": pl.Date, "end": pl.Date, "v": pl.String, "order": pl.Int64}


def day(number):
    return DAY + timedelta(days=number)


def existing_frame(rows):
    return pl.DataFrame([{"id": n, **r} for n, r in enumerate(rows)], schema=EXISTING)


def incoming_frame(rows):
    return pl.DataFrame([{**r, "order": n} for n, r in enumerate(rows)], schema=INCOMING)


def state_after(existing, changes):
    kept = existing.filter(~pl.col("id").is_in(changes.superseded.implode())).drop("id")
    return pl.concat([kept, changes.added.select(kept.columns)]).sort("k", "start")


def values_by_day(frame, days):
    """What holds on each day: {(key, day): value}."""
    told = {}
    for row in frame.iter_rows(named=True):
        for number in days:
            if row["start"] <= day(number) and (row["end"] is None or day(number) < row["end"]):
                assert (row["k"], number) not in told, "two rows hold on one day"
                told[row["k"], number] = row["v"]
    return told


def plain(existing, incoming, *, own_ends):
    """Steps by first day; each holds until its own end or the next step."""
    steps = {(r["k"], r["start"]): r for r in [*existing, *incoming]}
    told = []
    for key in {k for k, _ in steps}:
        mine = sorted((s for k, s in steps if k == key))
        for start, following in zip(mine, [*mine[1:], None], strict=True):
            row = steps[key, start]
            ends = [e for e in ((row["end"] if own_ends else None), following) if e is not None]
            end = min(ends) if ends else None
            if end is None or end > start:
                told.append({**row, "end": end})
    return pl.DataFrame(told, schema={k: v for k, v in INCOMING.items() if k != "order"})


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.sampled_from("ab"),
            "start": st.integers(0, 12).map(day),
            "end": st.one_of(st.none(), st.integers(0, 14).map(day)),
            "v": st.sampled_from("xyz"),
        }
    ),
    max_size=6,
)


@settings(max_examples=150)
@given(first=ROWS, second=ROWS, own_ends=st.booleans())
def test_merge_periods_agrees_with_the_plain_rule_and_never_overlaps(first, second, own_ends):
    empty = existing_frame([])
    before = merge_periods(
        existing=empty, incoming=incoming_frame(first), key=["k"], content=["v"], own_ends=own_ends
    ).added
    known = before.with_row_index("id").cast({"id": pl.Int64}).select(list(EXISTING))

    changes = merge_periods(
        existing=known, incoming=incoming_frame(second), key=["k"], content=["v"], own_ends=own_ends
    )

    wanted = plain(known.drop("id").to_dicts(), second, own_ends=own_ends)
    assert values_by_day(state_after(known, changes), range(20)) == values_by_day(wanted, range(20))


@settings(max_examples=80)
@given(rows=ROWS, own_ends=st.booleans())
def test_merge_periods_of_the_same_rows_again_changes_nothing(rows, own_ends):
    added = merge_periods(
        existing=existing_frame([]), incoming=incoming_frame(rows), key=["k"], content=["v"], own_ends=own_ends
    ).added
    known = added.with_row_index("id").cast({"id": pl.Int64}).select(list(EXISTING))
    again = added.with_row_index("order").cast({"order": pl.Int64}).select(list(INCOMING))

    assert merge_periods(existing=known, incoming=again, key=["k"], content=["v"], own_ends=own_ends).is_empty


def test_merge_periods_restated_content_keeps_the_row():
    known = existing_frame([{"k": "a", "start": day(0), "end": None, "v": "x"}])

    changes = merge_periods(
        existing=known,
        incoming=incoming_frame([{"k": "a", "start": day(5), "end": None, "v": "x"}]),
        key=["k"],
        content=["v"],
        own_ends=False,
    )

    assert changes.is_empty


def test_merge_periods_row_that_ends_before_it_starts_takes_the_old_one_away():
    known = existing_frame([{"k": "a", "start": day(3), "end": None, "v": "x"}])

    changes = merge_periods(
        existing=known,
        incoming=incoming_frame([{"k": "a", "start": day(3), "end": day(3), "v": "x"}]),
        key=["k"],
        content=["v"],
        own_ends=True,
    )

    assert changes.superseded.to_list() == [0]
    assert changes.added.is_empty()


def test_merge_values_null_and_zero_differ():
    known = pl.DataFrame({"id": [1, 2], "k": ["a", "b"], "v": [None, 0]}, schema_overrides={"v": pl.Int64})
    incoming = pl.DataFrame({"k": ["a", "b"], "v": [0, 0], "order": [0, 1]})

    changes = merge_values(existing=known, incoming=incoming, key=["k"], content=["v"])

    assert changes.superseded.to_list() == [1]
    assert changes.added["k"].to_list() == ["a"]
