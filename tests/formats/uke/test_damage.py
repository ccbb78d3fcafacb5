"""Whatever happens to the bytes: nothing raises, no receipt is counted twice, none is lost without a word."""

from datetime import date
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.core.problems import Severity
from tasuke.formats.uke import UkeKind, parse, render
from tasuke.formats.uke.layouts import TABLE_CODE
from tasuke.formats.uke.text import encode

_KANJI = st.text(alphabet="山田川髙一二三子？ｱｲﾞ･～", min_size=1, max_size=8)
_FORMS = st.sampled_from(["claim", "payer"])


@st.composite
def _bills(draw):
    """A kind, claims and kohi whose values the layout can carry."""
    kind = draw(st.sampled_from(list(UkeKind)))
    count = draw(st.integers(1, 5))
    table = TABLE_CODE[kind]
    unit = 1 if kind is UkeKind.NURSING else 10
    rows = []
    for line in range(count):
        days = draw(st.sets(st.integers(1, 31), min_size=1, max_size=6))
        rows.append(
            {
                "line": line,
                "agency": draw(st.sampled_from("12")),
                "institution_code": f"{draw(st.integers(1, 47)):02d}{table}{draw(st.integers(0, 9999999)):07d}",
                "institution_name": draw(_KANJI),
                "billed_month": date(2026, 6, 1),
                "service_month": date(draw(st.integers(2021, 2025)), draw(st.integers(1, 12)), 1),
                "receipt_type": f"{table}122",
                "name": draw(_KANJI),
                "kana": draw(st.none() | st.just("ヤマダハナコ")),
                "sex": draw(st.sampled_from([None, "1", "2"])),
                "birth_date": draw(st.none() | st.dates(date(1900, 1, 1), date(2020, 12, 31))),
                "insurer_no": draw(st.sampled_from(["06130488", "138057"])),
                "number": draw(st.none() | st.integers(0, 99999999).map(str)),
                "branch_no": draw(st.none() | st.just("03")),
                "benefit_rate": draw(st.none() | st.sampled_from([70, 80, 90])),
                "cost": draw(st.integers(0, 999999)) * unit,
                "days": len(days),
                "visit_days": sum(1 << (day - 1) for day in days),
                "insurance_share": draw(st.none() | st.integers(0, 999999)),
                "special_notes": draw(st.none() | st.just("2601")),
                "first_visits": draw(st.integers(0, min(2, len(days)))),
            }
        )
    claims = pl.DataFrame(rows, infer_schema_length=None).unique("institution_code", keep="first", maintain_order=True)
    kohi = claims.select("line", "cost", "days", order=pl.lit(1), payer_no=pl.lit("81136244"), copay=pl.lit(500))
    return kind, claims, kohi


@settings(max_examples=30, deadline=None)
@given(bill=_bills(), form=_FORMS, filler=st.integers(0, 3))
def test_every_bill_survives_writing_and_reading(bill, form, filler):
    kind, claims, kohi = bill
    uke, problems = parse(render(kind=kind, claims=claims, kohi=kohi, form=form, filler=filler))
    assert problems == []
    expected = claims.sort("institution_code", maintain_order=True)
    for column in expected.columns:
        if column in ("line", "first_visits"):
            continue
        values = expected[column].to_list()
        if column in ("name", "kana", "institution_name"):
            values = [None if value is None else encode(value).decode("cp932") for value in values]
        assert uke.claims[column].to_list() == values, column
    if kind in (UkeKind.MEDICAL, UkeKind.DENTAL, UkeKind.DPC):
        assert uke.claims["first_visits"].to_list() == expected["first_visits"].to_list()
    assert uke.kohi.select("cost", "days", "copay").rows() == (
        kohi.join(expected.select("line"), on="line", how="right").select("cost", "days", "copay").rows()
    )


def _starts(data: bytes, form: str) -> list[int]:
    """Where each receipt begins: its RE, on the payer's side its MN."""
    mark = b",MN," if form == "payer" else b"RE,"
    starts, at = [], 0
    for line in data.split(b"\n"):
        if mark in line if form == "payer" else line.startswith(mark):
            starts.append(at)
        at += len(line) + 1
    return starts


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(list(UkeKind)), form=_FORMS, draw=st.data())
def test_damaged_bytes_never_raise_and_lose_nothing_silently(kind, form, draw, frames):
    claims, kohi = frames(kind)
    good = render(kind=kind, claims=claims, kohi=kohi, filler=1, form=form)
    byte = st.one_of(st.sampled_from(b"\n\r,\x1a019A"), st.integers(0, 255))
    hits = draw.draw(st.dictionaries(st.integers(0, len(good) - 1), byte, min_size=1, max_size=4))
    data = bytearray(good)
    for at, value in hits.items():
        data[at] = value
    before, _ = parse(good)
    uke, problems = parse(bytes(data))
    uke.daily_cost(), uke.extras(), uke.kohi_extras(), uke.details()
    if any(problem.severity is Severity.FATAL for problem in problems):
        return
    errors = {problem.line for problem in problems if problem.severity is Severity.ERROR}
    bounds = [*_starts(good, form), len(good)]
    for (start, end), row in zip(pairwise(bounds), before.claims.iter_rows(named=True), strict=True):
        if any(start - 1 <= at < end for at in hits):
            continue  # damaged itself, or glued to the line before
        found = uke.claims.filter((pl.col("name") == row["name"]) & (pl.col("number") == row["number"]))
        assert found.height <= 1
        # on the payer's side MN and the head stand before RE, 歯科 has two heads
        before_re = 0 if form == "claim" else 3 if kind is UkeKind.DENTAL else 2
        line = bytes(data[:start]).count(b"\n") + 1 + before_re
        if found.is_empty():
            assert line in errors
        else:
            same = ("cost", "days", "visit_days", "first_visits", "insurer_no", "number", "branch_no", "birth_date")
            assert {name: found[name][0] for name in same} == {name: row[name] for name in same}
            publics = [
                u.kohi.filter(pl.col("line") == at) for u, at in ((before, row["line"]), (uke, found["line"][0]))
            ]
            assert publics[0].drop("line", "kohi_line").equals(publics[1].drop("line", "kohi_line"))


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(list(UkeKind)), form=_FORMS, draw=st.data())
def test_moved_cut_and_doubled_lines_never_count_twice(kind, form, draw, frames):
    claims, kohi = frames(kind)
    lines = render(kind=kind, claims=claims, kohi=kohi, form=form).split(b"\r\n")
    a, b, c = (draw.draw(st.integers(0, len(lines) - 1)) for _ in range(3))
    block = lines[min(a, b) : max(a, b)]
    how = draw.draw(st.sampled_from(["cut", "double", "move", "truncate"]))
    if how == "truncate":
        changed = b"\r\n".join(lines)[: draw.draw(st.integers(0, 4000))]
    else:
        rest = lines if how == "double" else lines[: min(a, b)] + lines[max(a, b) :]
        changed = b"\r\n".join(rest[:c] + (block if how != "cut" else []) + rest[c:])
    uke, problems = parse(changed)
    names = uke.claims.filter(uke.claims["double_of"].is_null())["name"].to_list()
    if len(set(names)) != len(names):
        assert {problem.code for problem in problems} & {"LIKELY_DOUBLE", "REPEATED_NUMBER"}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_file_and_problems(data):
    uke, problems = parse(data)
    assert uke.claims.is_empty()
    assert problems
