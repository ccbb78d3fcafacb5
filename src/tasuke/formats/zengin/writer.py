"""Write 総合振込 files, whole columns at a time. Nothing is cut to fit: what does not fit is refused."""

from typing import Literal

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.zengin.layout import DATA, EDI, END, HEADER, TRAILER, Field
from tasuke.formats.zengin.records import Header
from tasuke.formats.zengin.validation import check_header, check_transfers, with_all_columns

Separator = Literal["none", "crlf"]


class TransfersRejected(ValueError):
    """The records would make a file that a bank refuses; `problems` says why, by payment line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(p) for p in problems[:5]))
        self.problems = problems


def render(
    header: Header, transfers: pl.DataFrame, *, separator: Separator = "crlf", allow_wo: bool = False, eof: bool = False
) -> bytes:
    """The bytes of one file: header, one record per row, trailer with count and total, end.

    transfers: columns of `records.SCHEMA`; bank_name, branch_name, new_code, customer codes, edi and transfer_kind may
    be missing or null, numbers may lack their leading zeros. eof: a 0x1A at the end, which the standard does not know.
    Raises TransfersRejected.
    """
    frame = with_all_columns(transfers)
    problems = [*check_header(header, allow_wo=allow_wo), *check_transfers(frame, allow_wo=allow_wo)]
    errors = [p for p in problems if p.severity is not Severity.WARNING]
    if errors:
        raise TransfersRejected(errors)
    head = {name: getattr(header, name) for name in (f.name for f in HEADER) if hasattr(header, name)}
    tail = {"count": str(frame.height), "total": str(frame["amount"].sum())}
    records = [_line(HEADER, {**head, "kind": "1"}), *_payment_lines(frame)]
    records += [_line(TRAILER, {**tail, "kind": "8"}), _line(END, {"kind": "9"})]
    between = "\r\n" if separator == "crlf" else ""
    # JIS X 0201: cp932 writes half-width kana and ASCII as the same single bytes
    return (between.join(records) + between).encode("cp932") + (b"\x1a" if eof else b"")


def _payment_lines(frame: pl.DataFrame) -> list[str]:
    edi_or_codes = (
        pl.when(pl.col("edi").is_not_null())
        .then(_fixed(EDI, pl.col("edi")))
        .otherwise(
            pl.concat_str(_fixed(f, pl.col(f.name)) for f in DATA if f.name in ("customer_code1", "customer_code2"))
        )
    )
    parts: list[pl.Expr] = []
    for of in DATA:
        if of.name == "customer_code1":
            parts.append(edi_or_codes)
        elif of.name != "customer_code2":
            parts.append(_fixed(of, pl.col(of.name)))
    columns = frame.with_columns(
        kind=pl.lit("2"),
        clearing_house=pl.lit("0000"),
        identification=pl.when(pl.col("edi").is_not_null()).then(pl.lit("Y")).otherwise(pl.lit("")),
        filler=pl.lit(""),
    )
    return columns.select(pl.concat_str(parts)).to_series().to_list()


def _fixed(of: Field, value: pl.Expr) -> pl.Expr:
    text = value.cast(pl.String).fill_null("")
    return text.str.zfill(of.length) if of.kind == "N" else text.str.pad_end(of.length, " ")


def _line(fields: tuple[Field, ...], values: dict[str, str]) -> str:
    texts = ((of, values.get(of.name, "")) for of in fields)
    return "".join(text.zfill(of.length) if of.kind == "N" else text.ljust(of.length) for of, text in texts)
