"""The writer of CSV feeds: what it writes reads back, and what would not read back is refused by name."""

from datetime import date

import polars as pl
import pytest

from tasuke.formats import application_feed, csv_layout, resident_feed, welfare_feed
from tasuke.formats.csv_layout import Layout, UnwritableFrame, UnwritableValue
from tasuke.formats.layout_docs import example_file

APPLICATION, RESIDENT, WELFARE = application_feed.LAYOUT, resident_feed.LAYOUT, welfare_feed.LAYOUT


def example(layout: Layout, **values: object) -> pl.DataFrame:
    """The documented row with some values changed."""
    frame, _ = csv_layout.parse(example_file(layout), layout)
    return frame.with_columns(pl.lit(value, dtype=layout.schema[name]).alias(name) for name, value in values.items())


def test_render_writes_iso_dates_flags_and_crlf() -> None:
    frame = example(WELFARE, grade=None, valid_to=date(2026, 3, 31), note='=1+1,"x"\n二')

    assert csv_layout.render(frame, WELFARE).decode() == (
        "連番,宛名番号,福祉事実コード,等級,開始年月日,終了年月日,備考\r\n"
        '1,000000010234561,30,,2025-06-01,2026-03-31,"=1+1,""x""\n二"\r\n'
    )


def test_render_writes_flags_as_digits() -> None:
    assert csv_layout.render(example(RESIDENT, protection=True), RESIDENT).endswith(b",1\r\n")


def test_render_of_no_rows_is_a_header() -> None:
    data = csv_layout.render(pl.DataFrame(schema=WELFARE.schema), WELFARE)

    assert data.decode() == ",".join(field.label for field in WELFARE.fields) + "\r\n"


def test_render_writes_absent_optional_columns_empty() -> None:
    frame = example(WELFARE, note=None)

    assert csv_layout.render(frame.drop("note", "line"), WELFARE) == csv_layout.render(frame, WELFARE)


@pytest.mark.parametrize(
    ("layout", "name", "value"),
    [
        (RESIDENT, "name", None),
        (RESIDENT, "name", ""),
        (RESIDENT, "alias", ""),
        (RESIDENT, "name", " 花子"),
        (RESIDENT, "name", "あ" * 101),
        (RESIDENT, "address_detail", "a\0b"),
        (RESIDENT, "atena_no", "12A"),
        (RESIDENT, "atena_no", "１２"),
        (RESIDENT, "event_code", "99"),
        (RESIDENT, "ward_code", "0110"),
        (RESIDENT, "postal_code", "060-8611"),
        (RESIDENT, "event_date", None),
        (RESIDENT, "event_date", date(9999, 12, 31)),
        (RESIDENT, "protection", None),
        (APPLICATION, "child_support", -1),
        (APPLICATION, "child_support", 10**13),
        (APPLICATION, "benefit_rate", 75),
        (APPLICATION, "child_atena_nos", "1;;2"),
        (WELFARE, "grade", "a"),
    ],
)
def test_render_refuses_a_value_that_would_not_read_back(layout: Layout, name: str, value: object) -> None:
    frame = pl.concat([example(layout), example(layout, **{name: value})])

    with pytest.raises(UnwritableValue) as refused:
        csv_layout.render(frame, layout)

    assert (refused.value.layout, refused.value.field, refused.value.row) == (layout.id, name, 1)
    assert name in str(refused.value)


@pytest.mark.parametrize(
    "frame",
    [
        example(WELFARE).drop("fact_code"),
        example(WELFARE).with_columns(other=pl.lit(1)),
        example(WELFARE).with_columns(seq=pl.lit(1.0)),
        example(WELFARE).with_columns(valid_from=pl.lit("2026-04-01")),
        example(WELFARE).with_columns(atena_no=pl.lit(12)),
    ],
)
def test_render_refuses_a_frame_of_another_shape(frame: pl.DataFrame) -> None:
    with pytest.raises(UnwritableFrame):
        csv_layout.render(frame, WELFARE)
