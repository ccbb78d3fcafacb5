"""What holds for each of the six feeds."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.core.problems import Severity
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Kind, Layout, UnwritableValue
from tasuke.formats.csv_layout.columns import good_expr
from tasuke.formats.csv_layout.values import read_value
from tasuke.formats.feeds import FEEDS
from tasuke.formats.layout_docs import example_file

PIECES = [*",\"\n\r\t =+-@;\\'#葛髙﨑𠮷あｱー０:", "\u3000", "\U000e0100", "\r\n", "\u0301", "\u2028", "\ufeff"]
UGLY = st.lists(st.sampled_from(PIECES), min_size=1, max_size=10).map("".join)
WRITABLE = UGLY.filter(lambda text: text == text.strip() != "")
DIGITS = "0123456789"


def values_of(field: Field) -> st.SearchStrategy[object]:
    """Values that a field may hold."""
    made: st.SearchStrategy[object] = {
        Kind.TEXT: lambda: (
            st.from_regex(field.pattern, fullmatch=True).filter(lambda t: len(t) <= 3 and t.isascii())
            if field.pattern
            else WRITABLE.filter(lambda t: len(t) <= (field.max_length or 99))
        ),
        Kind.DIGITS: lambda: st.text(
            DIGITS, min_size=max(field.lengths, default=1), max_size=max(field.lengths, default=15)
        ),
        Kind.DIGITS_LIST: lambda: st.lists(st.text(DIGITS, min_size=1, max_size=15), min_size=1, max_size=3).map(
            ";".join
        ),
        Kind.INT: lambda: (
            st.sampled_from(field.values) if field.values else st.integers(field.minimum, min(field.maximum, 10**7))
        ),
        Kind.DATE: lambda: st.dates(date(1900, 1, 1), date(2100, 12, 31)),
        Kind.FLAG: st.booleans,
        Kind.CODE: lambda: st.sampled_from(list(field.codes or {})),
    }[field.kind]()
    return made if field.required else st.none() | made


def frames_of(layout: Layout) -> st.SearchStrategy[pl.DataFrame]:
    row = st.tuples(*(values_of(field) for field in layout.fields))
    schema = {field.name: field.dtype for field in layout.fields}
    return st.lists(row, min_size=1, max_size=4).map(lambda rows: pl.DataFrame(rows, schema=schema, orient="row"))


@pytest.mark.parametrize("layout", FEEDS.values(), ids=FEEDS)
def test_example_reads_without_a_problem_and_is_written_the_same(layout: Layout) -> None:
    data = example_file(layout).replace(b"\n", b"\r\n")

    frame, problems = csv_layout.parse(data, layout)

    assert not problems
    assert frame.height == 1
    assert csv_layout.render(frame, layout) == data


@pytest.mark.parametrize("layout", FEEDS.values(), ids=FEEDS)
def test_names_and_labels_are_unique_and_speak_of_fields_that_exist(layout: Layout) -> None:
    names, labels = [f.name for f in layout.fields], [f.label for f in layout.fields]

    assert len(set(names)) == len(names)
    assert len(set(labels)) == len(labels)
    assert all(rule.field in names for rule in layout.rules)
    assert all(set(rule.broken.meta.root_names()) <= set(names) for rule in layout.rules)
    assert all(name in names for key in layout.keys for name in key.fields)
    assert len({rule.code for rule in layout.rules}) == len(layout.rules)


@pytest.mark.parametrize("layout", FEEDS.values(), ids=FEEDS)
def test_every_row_comes_back_or_is_told(layout: Layout) -> None:
    @settings(max_examples=40)
    @given(frames_of(layout), st.sampled_from([200, 1 << 20]))
    def check(frame: pl.DataFrame, block: int) -> None:
        data = csv_layout.render(frame, layout)
        back, problems = csv_layout.parse(data, layout, block_bytes=block)
        refused = {p.line for p in problems if p.severity is Severity.ERROR}
        lines = lines_of(data)
        assert sorted([*back["line"].to_list(), *refused]) == lines
        kept = pl.Series([line not in refused for line in lines], dtype=pl.Boolean)
        assert back.drop("line").equals(frame.filter(kept))

    check()


def lines_of(data: bytes) -> list[int]:
    """Line on which each row of a well-formed file begins."""
    begins, inside = [1], False
    for line, text in enumerate(data.decode().split("\n")[:-1], start=1):
        inside ^= text.count('"') % 2 == 1
        if not inside:
            begins.append(line + 1)
    return begins[1:-1]


DOUBTFUL = (
    st.sampled_from(
        [
            "",
            "0",
            "1",
            "01",
            "-0",
            "-5",
            "+5",
            "1.0",
            "1e3",
            "１",
            "٣",
            "2026-02-30",
            "2026-04-01",
            "2026-4-1",
            "+026-04-01",
        ]
    )
    | st.text(DIGITS + "-/;.NA１　 ", max_size=16)
    | UGLY
    | st.text(max_size=8)
)
FIELDS = [(kind, field) for kind, layout in FEEDS.items() for field in layout.fields]


@pytest.mark.parametrize("kind", FEEDS)
def test_fast_look_passes_only_what_the_slow_look_passes(kind: str) -> None:
    @settings(max_examples=60)
    @given(st.lists(DOUBTFUL, min_size=1, max_size=20))
    def check(texts: list[str]) -> None:
        for field in FEEDS[kind].fields:
            column = pl.DataFrame({field.name: texts}, schema={field.name: pl.String})
            good = column.select(good_expr(field, controls=True))[field.name].to_list()
            for text, passed in zip(texts, good, strict=True):
                reading = read_value(field, text)
                assert not passed or (reading.code is None and reading.text == text), (field.name, text)

    check()


@pytest.mark.parametrize("kind", FEEDS)
def test_render_of_anything_raises_or_reads_back(kind: str) -> None:
    layout = FEEDS[kind]
    example, _ = csv_layout.parse(example_file(layout), layout)
    texts = [field for field in layout.fields if field.dtype == pl.String()]

    @settings(max_examples=60)
    @given(st.sampled_from(texts), DOUBTFUL)
    def check(field: Field, text: str) -> None:
        frame = example.with_columns(pl.lit(text).alias(field.name))
        try:
            data = csv_layout.render(frame, layout)
        except UnwritableValue:
            return
        back, problems = csv_layout.parse(data, layout)
        assert back.equals(frame) or {p.code for p in problems} & {rule.code for rule in layout.rules}

    check()
