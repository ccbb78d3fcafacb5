"""診療報酬請求書レコード (GO): the numbers by which a file says what it holds, checked against what it does hold."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.uke.claims import Built
from tasuke.formats.uke.frames import Schema
from tasuke.formats.uke.items import read_items
from tasuke.formats.uke.layouts import HEAD_RECORD, LAYOUTS, UkeKind
from tasuke.formats.uke.scan import Ints
from tasuke.formats.uke.structure import Structure
from tasuke.formats.uke.values import typed

TOTAL_SCHEMA: Schema = {
    "line": pl.Int64,
    "institution_code": pl.String,
    "count": pl.Int64,  # as written in GO
    "points": pl.Int64,
    "volume": pl.String,  # マルチボリューム識別情報 of GO, 99 = the last or only one
    "found_count": pl.Int64,  # receipts that stand before it, the bad ones too
    "found_points": pl.Int64,  # null when one of them cannot be read
}
_SINGLE = ("99", "00")
# Problems (as an ERROR) that say: the file is not what its own totals say, or that could not be found out.
UNPROVEN_TOTALS = frozenset({"TOTALS_DIFFER", "BAD_TOTAL", "NO_TOTAL", "TRUNCATED", "VOLUMES_INCOMPLETE"})


def totals(found: Structure, kind: UkeKind, built: Built) -> pl.DataFrame:
    """Each GO with what stands before it (TOTAL_SCHEMA); where the figures differ, an ERROR at the GO.

    The receipts stay: which side is wrong is for a person to say. Whoever pays by them asks `UNPROVEN_TOTALS` first.

    DPC: the parts of a total receipt may or may not be in the count, the specification was not to be had.
    """
    index = found.lines.where("GO")
    layout = LAYOUTS[kind]["GO"]
    values = typed(read_items(found.lines, index, layout), layout, ("count", "points"))
    for problem in values.problems:
        message = f"{problem.message.split('。')[0]}。合計は確かめられませんでした。"
        found.problems.append(replace(problem, code="BAD_TOTAL", message=message))
    heads = found.lines.where(HEAD_RECORD[kind])
    owner = _last_before(heads, index)
    frame = values.frame.with_columns(_go=pl.int_range(0, pl.len(), dtype=pl.Int64), _owner=pl.Series(owner))
    frame = frame.join(_sums(found, built, index, heads, owner), on="_go", how="left", maintain_order="left")
    known = built.heads.select("at", "institution_code", head_volume="volume")
    frame = frame.join(known, left_on="_owner", right_on="at", how="left", maintain_order="left")
    frame = frame.with_columns(
        pl.col("found_count", "all_count").fill_null(0),
        found_points=pl.when(pl.col("found_count").is_null()).then(0).otherwise("found_points"),
    )
    _compare(found, frame)
    _missing(found, kind, index, heads)
    return frame.select(pl.col(name).cast(dtype) for name, dtype in TOTAL_SCHEMA.items())


def _last_before(candidates: Ints, at: Ints) -> Ints:
    """The last of the candidates (sorted) before each place, -1 when there is none."""
    place = np.searchsorted(candidates, at) - 1
    padded = np.concatenate((candidates, np.full(1, -1, dtype=np.int64)))
    return np.where(place >= 0, padded[place], -1)


def _sums(found: Structure, built: Built, index: Ints, heads: Ints, owner: Ints) -> pl.DataFrame:
    """Receipts and points before each GO, under the same head as the GO."""
    go = np.searchsorted(index, found.at)
    padded = np.concatenate((owner, np.full(1, -2, dtype=np.int64)))
    same = _last_before(heads, found.at) == padded[go]
    receipts = pl.DataFrame({"_go": go, "points": built.points, "counted": built.counted}).filter(pl.Series(same))
    readable = pl.col("points").null_count() == 0
    return receipts.group_by("_go").agg(
        found_count=pl.col("counted").sum().cast(pl.Int64),
        all_count=pl.len().cast(pl.Int64),
        found_points=pl.when(readable).then((pl.col("points") * pl.col("counted")).sum()),
    )


def _compare(found: Structure, frame: pl.DataFrame) -> None:
    """A bill in one file must agree with its GO; one that goes over several files is for `check_volumes`."""
    single = pl.col("volume").fill_null("99").is_in(_SINGLE) & pl.col("head_volume").fill_null("00").is_in(["00", ""])
    checked = frame.filter(single)
    wrong = checked.filter(~pl.col("count").is_between("found_count", "all_count"))
    for line, said, there in wrong.select("line", "count", "found_count").iter_rows():
        _differ(found.problems, line, "総件数", said, there)
    wrong = checked.filter(pl.col("points") != pl.col("found_points"))
    for line, said, there in wrong.select("line", "points", "found_points").iter_rows():
        _differ(found.problems, line, "総合計点数", said, there)


def _missing(found: Structure, kind: UkeKind, index: Ints, heads: Ints) -> None:
    """A head after receipts without a GO between: the total of the institution before is missing."""
    last_receipt = _last_before(found.at, heads)
    open_ = (last_receipt >= 0) & (last_receipt > _last_before(index, heads))
    for at in heads[open_]:
        message = "前の医療機関の診療報酬請求書レコード(GO)がありません。合計は確かめられませんでした。"
        line = int(found.lines.number[at])
        # where 訪問看護 has its GO is not confirmed, so its absence proves nothing
        severity = Severity.WARNING if kind is UkeKind.NURSING else Severity.ERROR
        found.problems.append(Problem("NO_TOTAL", message, line=line, field="GO", severity=severity))


def _differ(problems: list[Problem], line: int | None, item: str, said: int, there: int) -> None:
    message = f"「{item}」が合いません。ファイルに書かれた合計は {said:,}、実際のレセプトの合計は {there:,} です。"
    problems.append(Problem("TOTALS_DIFFER", message, line, None, f"GO {item}", str(said)))


def check_volumes(files: Sequence[pl.DataFrame]) -> list[Problem]:
    """Totals of a bill that goes over several files: `totals` of each volume; the last GO (99) states the whole."""
    every = pl.concat(files) if files else pl.DataFrame(schema=TOTAL_SCHEMA)
    problems: list[Problem] = []
    for (institution,), volumes in every.group_by("institution_code", maintain_order=True):
        final = volumes.filter(pl.col("volume").fill_null("99").is_in(_SINGLE))
        if final.height != 1:
            message = (
                f"医療機関 {institution} の最後のボリューム(99)が {final.height} 個あります。1個でなければなりません。"
            )
            problems.append(Problem("VOLUMES_INCOMPLETE", message, field="マルチボリューム識別情報"))
            continue
        line = int(final["line"][0])
        for item, said, there in (("総件数", "count", "found_count"), ("総合計点数", "points", "found_points")):
            if volumes[there].null_count() == 0 and final[said][0] != volumes[there].sum():
                _differ(problems, line, item, int(final[said][0] or 0), int(volumes[there].sum()))
    return problems
