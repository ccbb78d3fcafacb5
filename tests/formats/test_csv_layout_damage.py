"""Properties of the CSV reader: ugly text comes back, damage never raises and never loses a row in silence."""

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from tasuke.core.problems import is_fatal
from tasuke.formats import csv_layout, nhi_feed
from tasuke.formats.csv_layout import Field, Kind, Layout
from tasuke.formats.layout_docs import example_file

LAYOUT = nhi_feed.LAYOUT
PIECES = [*",\"\n\r\t =+-@;\\'#葛髙﨑𠮷あｱー０:", "\u3000", "\U000e0100", "\r\n", "\u0301", "\u2028", "\ufeff"]
UGLY = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)
WRITABLE = UGLY.filter(lambda text: text == text.strip() != "")


@given(st.lists(st.tuples(WRITABLE, st.none() | WRITABLE), min_size=1, max_size=8), st.integers(16, 400))
def test_text_comes_back_as_it_was_written(texts: list[tuple[str, str | None]], block: int) -> None:
    layout = Layout(
        "ugly",
        "文字",
        "1.0",
        (Field("seq", "連番", Kind.INT), Field("a", "甲", Kind.TEXT), Field("b", "乙", Kind.TEXT, required=False)),
    )
    frame = pl.DataFrame(
        {"seq": range(len(texts)), "a": [a for a, _ in texts], "b": [b for _, b in texts]},
        schema={"seq": pl.Int64, "a": pl.String, "b": pl.String},
    )

    data = csv_layout.render(frame, layout)
    back, problems = csv_layout.parse(data, layout, block_bytes=block)

    assert not problems
    assert back.drop("line").equals(frame)
    assert back["line"].to_list() == physical_lines(data)


def physical_lines(data: bytes) -> list[int]:
    """Line on which each record of a well-formed file begins, the header left out."""
    begins, inside = [1], False
    for line, text in enumerate(data.decode().split("\n")[:-1], start=1):
        inside ^= text.count('"') % 2 == 1
        if not inside:
            begins.append(line + 1)
    return begins[1:-1]


@given(
    at=st.integers(0, 10_000),
    gone=st.integers(0, 40),
    put=st.binary(max_size=12) | st.sampled_from([b'"', b',"', b'",', b"\n", b"\r\n", b'"\n"', b"\0", b",,", b"\xe3"]),
    block=st.sampled_from([64, 300, 1 << 20]),
)
@example(at=0, gone=0, put=b'"', block=64)
def test_damage_in_one_place_never_raises_and_never_loses_another_row(
    at: int, gone: int, put: bytes, block: int
) -> None:
    data = example_file(LAYOUT, *({"seq": str(n), "symbol": "" if n % 3 else "札国"} for n in range(1, 13)))
    lines = data.splitlines()
    body = len(lines[0]) + 1
    at = body + at % (len(data) - body)
    damaged = data[:at] + put + data[at + gone :]

    frame, problems = csv_layout.parse(damaged, LAYOUT, block_bytes=block)

    told = {p.line for p in problems if p.line is not None}
    # an edit that leaves both numbers of a row whole may still change the row itself; all rows beyond it must be there
    before, after = data[:at].count(b"\n"), data[at + gone :].count(b"\n")
    shift = damaged.count(b"\n") - data.count(b"\n")
    untouched = [*range(2, before + 1), *range(len(lines) - after + 2 + shift, len(lines) + shift + 1)]
    missing = [n for n in untouched if n not in told and n not in set(frame["line"].to_list())]
    assert not missing
    same = {n: n - 1 for n in range(2, before + 1)}
    seqs = dict(zip(frame["line"].to_list(), frame["seq"].to_list(), strict=True))
    assert all(seqs[n] == seq for n, seq in same.items() if n in seqs)


@given(st.binary(max_size=600))
def test_any_bytes_after_a_header_never_raise(tail: bytes) -> None:
    frame, problems = nhi_feed.parse(example_file(LAYOUT).splitlines()[0] + b"\n" + tail)

    assert frame.schema == LAYOUT.schema
    assert problems or frame.height


@given(st.binary(max_size=300))
def test_any_bytes_never_raise(data: bytes) -> None:
    frame, problems = nhi_feed.parse(data)

    assert frame.is_empty()
    assert is_fatal(problems)


@given(
    st.lists(
        st.sampled_from(["1,2", '"a","b"', '"a\nb",c', '"a', 'a"b,c', "x", "", '"a""b",""', '"",""', '"a"b,c']),
        max_size=12,
    ),
    st.integers(1, 40),
)
def test_every_line_is_in_a_row_or_told(lines: list[str], block: int) -> None:
    layout = Layout(
        "two", "二列", "1.0", (Field("a", "甲", Kind.TEXT, required=False), Field("b", "乙", Kind.TEXT, required=False))
    )
    data = "".join(line + "\n" for line in ["甲,乙", *lines]).encode()

    frame, problems = csv_layout.parse(data, layout, block_bytes=block)

    covered = {p.line for p in problems if p.line is not None}
    for line, a, b in frame.iter_rows():
        covered |= set(range(line, line + 1 + ((a or "") + (b or "")).count("\n")))
    assert covered >= set(range(2, data.count(b"\n") + 1))
    assert frame.equals(csv_layout.parse(data, layout)[0])
    assert problems == csv_layout.parse(data, layout)[1]
