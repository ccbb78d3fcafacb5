"""Read a UKE file: receipts of institutions (form "claim") or of the payer's side (form "payer").

    uke, problems = parse(data)

Vectorised: the bytes are searched with numpy, only RE, HO, KO, SN, JD and the first-visit records are split into items;
details are read when asked for. Nothing raises on bad input: good receipts go on, each receipt that is left out has a
Problem (severity ERROR) with the line of its RE. FATAL: nothing of the file was used.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.uke.claims import build
from tasuke.formats.uke.daily import daily_costs, detail_rows
from tasuke.formats.uke.doubles import find_doubles
from tasuke.formats.uke.extras import EXTRA_SCHEMA, KOHI_EXTRA_SCHEMA, extra_items, kohi_extra_items
from tasuke.formats.uke.frames import CLAIM_SCHEMA, DAILY_SCHEMA, HEAD_SCHEMA, KOHI_SCHEMA
from tasuke.formats.uke.layouts import LAYOUTS, UkeKind
from tasuke.formats.uke.payer import RETURN_SCHEMA, effective, returns
from tasuke.formats.uke.scan import Form, detect_kind, scan
from tasuke.formats.uke.structure import Structure, structure
from tasuke.formats.uke.text import is_utf8
from tasuke.formats.uke.totals import TOTAL_SCHEMA, totals

Returned = Literal["hen", "sah"]


@dataclass(frozen=True, slots=True)
class Head:
    """The first head of the file: who bills, where, for which month."""

    agency: str
    institution_code: str
    institution_name: str
    billed_month: date
    volume: str | None


@dataclass(frozen=True, slots=True)
class UkeFile:
    """A file that was read.

    claims and kohi: the neutral frames; heads: one row per head record; totals: one row per GO with what was found;
    returns: 返戻 and 再審査 records; returned: "hen" or "sah" for returned files.
    """

    kind: UkeKind | None
    form: Form
    returned: Returned | None
    claims: pl.DataFrame
    kohi: pl.DataFrame
    heads: pl.DataFrame
    totals: pl.DataFrame
    returns: pl.DataFrame
    _structure: Structure | None = field(default=None, repr=False)

    @property
    def head(self) -> Head | None:
        """The first head of the file, None when none could be read."""
        if self.heads.is_empty():
            return None
        row = self.heads.row(0, named=True)
        return Head(**{name: row[name] for name in Head.__dataclass_fields__})

    def details(self, line: int | None = None) -> pl.DataFrame:
        """Detail records (line of the receipt, detail_line, record, items): of one receipt, or of all of them."""
        return detail_rows(self._structure, self.claims, line)

    def daily_cost(self) -> pl.DataFrame:
        """What was done on each day: (line, day, cost in yen, first_visit), from the detail records with points."""
        if self._structure is None or self.kind is None:
            return pl.DataFrame(schema=DAILY_SCHEMA)
        if self._structure.daily is None:
            self._structure.daily = daily_costs(self._structure, self.kind, self.claims)
        return self._structure.daily

    def extras(self) -> pl.DataFrame:
        """The items of the receipts that the neutral frame does not carry; see EXTRA_SCHEMA."""
        if self._structure is None or self.kind is None:
            return pl.DataFrame(schema=EXTRA_SCHEMA)
        return extra_items(self._structure, self.kind, self.claims)

    def kohi_extras(self) -> pl.DataFrame:
        """The items of 公費 that the neutral frame does not carry; see KOHI_EXTRA_SCHEMA."""
        if self._structure is None or self.kind is None:
            return pl.DataFrame(schema=KOHI_EXTRA_SCHEMA)
        return kohi_extra_items(self._structure, self.kind, self.claims)


def parse(data: bytes, *, kind: UkeKind | None = None) -> tuple[UkeFile, list[Problem]]:
    """Read one file. kind: when it is known from elsewhere, else it is taken from the head."""
    fault = _whole_file_fault(data)
    if fault is not None:
        return _nothing(kind), [fault]
    lines = scan(data)
    found_kind = kind or detect_kind(lines)
    if found_kind is None:
        message = "レセプト電算処理システムのファイルではありません(医療機関等の情報レコードも明細もありません)。"
        return _nothing(None), [Problem("NOT_UKE", message, severity=Severity.FATAL)]
    layouts = LAYOUTS[found_kind]
    if lines.form == "claim":
        found = structure(lines, found_kind)
    else:
        state = effective(lines, layouts["JY"])
        found = structure(state.lines, found_kind, state.segment)
        found.problems.extend(state.problems)
        for receipt in np.unique(found.receipt[state.doubtful]) if state.doubtful else ():
            if receipt >= 0:
                found.reject(int(receipt), "DOUBTFUL_ROWS", "このレセプトの行番号に誤りがあるため取り込みません。")
    return _file(found, found_kind), sorted(found.problems, key=_place)


def _file(found: Structure, kind: UkeKind) -> UkeFile:
    layouts = LAYOUTS[kind]
    built = build(found, kind)
    claims = find_doubles(built.claims, found)
    kohi = built.kohi.join(claims.select("line"), on="line", how="semi", maintain_order="left")
    form = found.lines.form
    sums = totals(found, kind, built) if form == "claim" else pl.DataFrame(schema=TOTAL_SCHEMA)
    if not len(found.at):
        found.problems.append(Problem("NO_RECEIPTS", "レセプト(RE レコード)が1件もありません。"))
    receipt_line = np.where(found.receipt >= 0, _line_of_receipts(found), -1)
    returned = returns(found.lines, receipt_line, layouts)
    return UkeFile(
        kind=kind,
        form=form,
        returned=_returned(found, returned),
        claims=claims,
        kohi=kohi,
        heads=built.heads.select(list(HEAD_SCHEMA)),
        totals=sums,
        returns=returned,
        _structure=found,
    )


def _line_of_receipts(found: Structure) -> np.ndarray:
    if not len(found.at):
        return np.full(len(found.receipt), -1, dtype=np.int64)
    return found.lines.number[found.at[np.maximum(found.receipt, 0)]]


def _returned(found: Structure, returned: pl.DataFrame) -> Returned | None:
    records = set(returned["record"].to_list())
    if "MK" in records or len(found.lines.where("MD")):
        return "sah"
    return "hen" if "HR" in records or len(found.lines.where("HI")) else None


def _whole_file_fault(data: bytes) -> Problem | None:
    if not data.strip(b"\x1a\r\n \t"):
        return Problem("EMPTY_FILE", "ファイルが空です。", severity=Severity.FATAL)
    if is_utf8(data):
        message = (
            "文字コードが UTF-8 です。レセプト電算のファイルは Shift_JIS です。"
            "保存し直したものではなく、届いたままのファイルを取り込んでください。"
        )
        return Problem("WRONG_ENCODING", message, severity=Severity.FATAL)
    return None


def _nothing(kind: UkeKind | None) -> UkeFile:
    return UkeFile(
        kind=kind,
        form="claim",
        returned=None,
        claims=pl.DataFrame(schema=CLAIM_SCHEMA),
        kohi=pl.DataFrame(schema=KOHI_SCHEMA),
        heads=pl.DataFrame(schema=HEAD_SCHEMA),
        totals=pl.DataFrame(schema=TOTAL_SCHEMA),
        returns=pl.DataFrame(schema=RETURN_SCHEMA),
    )


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.line or 0, problem.column or 0)
