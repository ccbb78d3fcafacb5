"""The payer's side (レセ電コード情報ファイル): which recorded state of a line is in force, and what was returned.

Every line has データ識別, 行番号 and 枝番号 before it. A correction by 審査支払機関 is a further line with the same
行番号 and a higher 枝番号, so the last line of a 行番号 is the effective one; a JY record with 補正区分 3 takes a line
away. データ識別 11-16 are the history before a resubmission and are not in force. (記録条件仕様 令和6年8月版; the
reading of 枝番号 is an inference, see docs/interfaces/uke.md.)
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.uke.items import read_items
from tasuke.formats.uke.layouts import HEAD_IDS, Record
from tasuke.formats.uke.scan import Bools, Ints, Lines, code
from tasuke.formats.uke.values import typed

HISTORY = (11, 12, 13, 14, 15, 16)
# データ識別 of lines that state the receipt: the claim, its corrections, the claim before and after 資格確認.
IN_FORCE = (1, 2, 4, 5, 6, 86)
_RECEIPT_IDS = ("RE", "HO", "KO", "SN", "JD", "MF")
RETURN_SCHEMA: dict[str, type[pl.DataType]] = {
    "line": pl.Int64,
    "return_line": pl.Int64,
    "record": pl.String,
    "processed_month": pl.Date,
    "return_class": pl.String,
    "reason_code": pl.String,
    "reason": pl.String,
    "note": pl.String,
    "search_no": pl.String,  # of HR; MK has none
}


@dataclass(frozen=True, slots=True)
class Effective:
    """Lines in force in the order of their rows; segment: number of the receipt's stretch of each line; doubtful:
    index of lines whose receipt must not be used."""

    lines: Lines
    segment: Ints
    problems: list[Problem]
    doubtful: list[int]


def effective(lines: Lines, correction: Record) -> Effective:
    """Keep the line in force of each row of each receipt."""
    segment = _segments(lines)
    problems, spoiled = _unreadable(lines, segment)
    state = ~np.isin(lines.source, HISTORY) & (lines.row >= 0)
    more, clashes = _clashes(lines, segment, state)
    problems += more
    spoiled |= clashes
    keep = state & _last_of_row(lines, segment, state) & ~_deleted(lines, segment, correction)
    # lines without a readable prefix and the head of a returned file stay where they are
    keep |= lines.row < 0
    kept = np.flatnonzero(keep)
    order = kept[np.lexsort((kept, np.where(lines.row[kept] < 0, 0, lines.row[kept]), segment[kept]))]
    chosen = lines.take(order)
    doubtful = np.flatnonzero(np.isin(segment[order], segment[spoiled]))
    problems += _lost(lines, segment, order)
    return Effective(chosen, segment[order], problems, doubtful.tolist())


def _segments(lines: Lines) -> Ints:
    """A receipt begins with MN; where MN is damaged, with row 1, or with a head or RE whose row does not go on."""
    before = np.concatenate((np.full(1, 1 << 30, dtype=np.int64), lines.row[:-1]))
    opens = np.isin(lines.id, [code(record) for record in (*HEAD_IDS, "RE")])
    back = (lines.row >= 0) & (lines.row < before)
    starts = (lines.id == code("MN")) & back | ((lines.row == 1) & (before != 1)) | (opens & back)
    return np.cumsum(starts)


def _unreadable(lines: Lines, segment: Ints) -> tuple[list[Problem], Bools]:
    """Lines without a readable history prefix, and parts of a receipt with a データ識別 that means no state of it."""
    shapeless = (lines.row < 0) & (lines.id != code("HI"))
    parts = np.isin(lines.id, [code(record) for record in _RECEIPT_IDS])
    strange = parts & (lines.row >= 0) & ~np.isin(lines.source, (*IN_FORCE, *HISTORY))
    problems = [
        Problem(
            "BAD_HISTORY",
            "行の先頭の履歴管理情報(データ識別・行番号・枝番号)が読めません。前後のレセプトは取り込みません。",
            line=int(lines.number[at]),
        )
        for at in np.flatnonzero(shapeless)
    ]
    problems += [
        Problem(
            "UNKNOWN_DATA_CLASS",
            f"データ識別「{int(lines.source[at])}」のレコードの扱いが決まっていません。このレセプトは取り込みません。",
            line=int(lines.number[at]),
            field="データ識別",
            value=str(int(lines.source[at])),
        )
        for at in np.flatnonzero(strange)
    ]
    near = shapeless.copy()
    near[:-1] |= shapeless[1:]
    near[1:] |= shapeless[:-1]
    return problems, near | strange


def _clashes(lines: Lines, segment: Ints, state: Bools) -> tuple[list[Problem], Bools]:
    """Two lines that claim the same row and the same branch, or another record under the same row."""
    index = np.flatnonzero(state)
    columns = {"segment": segment, "row": lines.row, "branch": lines.branch, "id": lines.id}
    frame = pl.DataFrame({"at": index, **{name: values[index] for name, values in columns.items()}})
    rows = frame.filter(pl.len().over("segment", "row") > 1)
    same_branch = pl.len().over("segment", "row", "branch") > 1
    wrong = rows.filter(same_branch | (pl.col("id").n_unique().over("segment", "row") > 1))
    clashing = np.zeros(len(lines.number), dtype=np.bool_)
    clashing[wrong["at"].to_numpy()] = True
    problems = [
        Problem(
            "ROW_CLASH",
            "同じ行番号のレコードが重なっています。どれが有効か決められないため、このレセプトは取り込みません。",
            line=int(lines.number[at]),
            field="行番号",
            value=str(int(lines.row[at])),
        )
        for at in wrong["at"]
    ]
    return problems, clashing


def _last_of_row(lines: Lines, segment: Ints, state: Bools) -> Bools:
    """True for the line with the highest branch of its row (the later line when two have the same)."""
    index = np.flatnonzero(state)
    order = index[np.lexsort((index, lines.branch[index], lines.row[index], segment[index]))]
    last = np.ones(len(order), dtype=np.bool_)
    same = (segment[order][1:] == segment[order][:-1]) & (lines.row[order][1:] == lines.row[order][:-1])
    last[:-1] = ~same
    result = np.zeros(len(lines.number), dtype=np.bool_)
    result[order[last]] = True
    return result


def _deleted(lines: Lines, segment: Ints, correction: Record) -> Bools:
    """Lines that a JY record (補正区分 3) takes away."""
    gone = np.zeros(len(lines.number), dtype=np.bool_)
    index = lines.where("JY")
    if not len(index):
        return gone
    records = read_items(lines, index, correction).filter(pl.col("change") == "3")
    wanted = records.select(
        pl.Series("segment", segment[records["at"].to_numpy()]),
        pl.col("row").cast(pl.Int64, strict=False),
        pl.col("branch").cast(pl.Int64, strict=False),
    )
    known = pl.DataFrame({"segment": segment, "row": lines.row, "branch": lines.branch}).with_row_index("at")
    hit = known.join(wanted, on=["segment", "row", "branch"], how="semi")
    gone[hit["at"].to_numpy()] = True
    return gone


def _lost(lines: Lines, segment: Ints, kept: Ints) -> list[Problem]:
    """Receipts of which no RE record is in force: only history, or their RE is damaged."""
    re_id = code("RE")
    alive = np.unique(segment[kept][lines.id[kept] == re_id])
    everything = np.unique(segment[lines.id != code("HI")])
    lost = np.setdiff1d(everything, alive)
    first = np.searchsorted(segment, lost)
    past = np.isin(lost, segment[(lines.id == re_id) & np.isin(lines.source, HISTORY)])
    problems = []
    for at, history in zip(first, past, strict=True):
        if history:
            message = "再請求前の履歴だけのレセプトです。有効なレセプトではないため取り込みません。"
            severity = Severity.WARNING
        else:
            message = "有効なレセプト共通レコード(RE)がありません。このレセプトは取り込みません。"
            severity = Severity.ERROR
        problems.append(Problem("NO_RECEIPT_RECORD", message, line=int(lines.number[at]), severity=severity))
    return problems


def returns(lines: Lines, receipt_line: Ints, layouts: dict[str, Record]) -> pl.DataFrame:
    """返戻理由 (HR) and 再審査結果 (MK) records: RETURN_SCHEMA; line = the line of its RE, if it has one."""
    frames = [pl.DataFrame(schema=RETURN_SCHEMA)]
    for record in ("HR", "MK"):
        index = lines.where(record)
        if len(index):
            values = typed(read_items(lines, index, layouts[record]), layouts[record]).frame
            under = pl.Series("line", receipt_line[index], dtype=pl.Int64)
            named = values.rename({"line": "return_line"}).with_columns(
                pl.when(under >= 0).then(under).alias("line"), record=pl.lit(record)
            )
            if "search_no" not in named.columns:
                named = named.with_columns(search_no=pl.lit(None, dtype=pl.String))
            frames.append(named.select(list(RETURN_SCHEMA)))
    return pl.concat(frames).sort("return_line")
