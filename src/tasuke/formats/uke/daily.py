"""Detail records of receipts, read when someone asks: the cost of each day for caps per visit, lines for a screen."""

import numpy as np
import polars as pl

from tasuke.formats.uke.claims import first_visit_lines
from tasuke.formats.uke.days import day_marks, marked_frame
from tasuke.formats.uke.frames import DAILY_SCHEMA, Schema
from tasuke.formats.uke.items import read_items
from tasuke.formats.uke.layouts import (
    CZ_POINTS,
    DAY_RECORDS,
    KI_TIMES_POINTS,
    LAYOUTS,
    YEN_PER_POINT,
    Item,
    Mode,
    Placed,
    Record,
    UkeKind,
)
from tasuke.formats.uke.scan import RANK_DETAIL, ranks
from tasuke.formats.uke.structure import Structure
from tasuke.formats.uke.text import decode, decode_broken
from tasuke.formats.uke.values import typed

DETAIL_SCHEMA: Schema = {"line": pl.Int64, "detail_line": pl.Int64, "record": pl.String, "text": pl.String}


def daily_costs(found: Structure, kind: UkeKind, claims: pl.DataFrame) -> pl.DataFrame:
    """DAILY_SCHEMA, one row per receipt and day; records without a day (older files) are left out."""
    receipts = _receipts(found, claims)
    if kind is UkeKind.PHARMACY:
        rows = pl.concat([_dated(found, kind, "CZ"), _dated(found, kind, "KI")])
    elif kind is UkeKind.NURSING:
        rows = _dated(found, kind, "KA")
    else:
        rows = _marked(found, kind)
    costs = rows.group_by("_r", "day").agg(
        cost=pl.col("points").sum() * YEN_PER_POINT[kind], first_visit=pl.col("first_visit").any()
    )
    joined = costs.join(receipts, on="_r", how="inner").sort("line", "day")
    return joined.select(pl.col(name).cast(dtype) for name, dtype in DAILY_SCHEMA.items())


def _receipts(found: Structure, claims: pl.DataFrame) -> pl.DataFrame:
    """Number and line of the receipts that are in the claims."""
    every = pl.DataFrame({"_r": np.arange(len(found.at)), "line": found.lines.number[found.at]})
    return every.join(claims.select("line"), on="line", how="semi", maintain_order="left")


def _marked(found: Structure, kind: UkeKind) -> pl.DataFrame:
    """SI, IY, TO, SS: points once for each time on each day. The points of a group stand on its last line alone."""
    first = first_visit_lines(found)
    frames = []
    for record in DAY_RECORDS[kind]:
        layout = LAYOUTS[kind][record]
        index = found.lines.where(record)
        marks = day_marks(found.lines, index, layout.position("day_1"))
        days = marked_frame(marks)
        dated = np.unique(marks.at)
        points = typed(read_items(found.lines, dated, layout, ["points"]), layout).frame.select("at", "points")
        rows = days.join(points, on="at", how="left")
        frames.append(
            rows.select(
                _r=pl.Series(found.receipt[rows["at"].to_numpy()]),
                day="day",
                points=(pl.col("points").fill_null(0) * pl.col("value")),
                first_visit=pl.Series(np.isin(rows["at"].to_numpy(), first)),
            )
        )
    return pl.concat(frames)


def _dated(found: Structure, kind: UkeKind, record: str) -> pl.DataFrame:
    """CZ, KI, KA: dated records with their points in fixed places."""
    layout = LAYOUTS[kind][record]
    wide = _with_points(layout)
    index = found.lines.where(record)
    frame = typed(read_items(found.lines, index, wide), wide).frame
    return frame.select(
        _r=pl.Series(found.receipt[index], dtype=pl.Int64),
        day=pl.col("date").dt.day().cast(pl.Int64),
        points=_point_sum(record),
        first_visit=pl.lit(False),
    ).filter(pl.col("day").is_not_null())


def _with_points(layout: Record) -> Record:
    """The layout with every item that carries points or times, named by its position."""
    positions = {"CZ": CZ_POINTS, "KI": (5, *(place for pair in KI_TIMES_POINTS for place in pair))}.get(
        layout.id, (5,)
    )
    items = tuple(Placed(Item(f"p{place}", "点数", Mode.NUMBER, 7), place) for place in positions)
    dated = tuple(placed for placed in layout.items if placed.item.name == "date")
    return Record(layout.id, layout.length, dated + items)


def _point_sum(record: str) -> pl.Expr:
    if record == "CZ":
        return pl.sum_horizontal(pl.col(f"p{place}").fill_null(0) for place in CZ_POINTS)
    if record == "KI":
        fees = [
            pl.col(f"p{times}").fill_null(1) * pl.col(f"p{points}").fill_null(0) for times, points in KI_TIMES_POINTS
        ]
        return pl.sum_horizontal(pl.col("p5").fill_null(0), *fees)
    return pl.col("p5").fill_null(0)


def detail_rows(found: Structure | None, claims: pl.DataFrame, line: int | None) -> pl.DataFrame:
    """DETAIL_SCHEMA: the detail records as they stand, of one receipt or of all in `claims`."""
    if found is None:
        return pl.DataFrame(schema=DETAIL_SCHEMA)
    receipts = _receipts(found, claims if line is None else claims.filter(pl.col("line") == line))
    index = np.flatnonzero((ranks(found.lines.id) == RANK_DETAIL) & np.isin(found.receipt, receipts["_r"].to_numpy()))
    texts = [_text(found, int(at)) for at in index]
    owner = found.lines.number[found.at[found.receipt[index]]] if len(index) else index
    columns = {"line": owner, "detail_line": found.lines.number[index], "text": texts}
    frame = pl.DataFrame(columns, schema={"line": pl.Int64, "detail_line": pl.Int64, "text": pl.String})
    return frame.with_columns(record=pl.col("text").str.slice(0, 2)).select(list(DETAIL_SCHEMA))


def _text(found: Structure, at: int) -> str:
    raw = bytes(found.lines.data[int(found.lines.start[at]) : int(found.lines.end[at])])
    text = decode(raw)
    return decode_broken(raw) if text is None else text
