"""Items of a receipt beside the neutral frame: admission, reductions, prescriber, 資格確認, the payer's additions."""

import polars as pl

from tasuke.formats.uke.frames import Schema
from tasuke.formats.uke.items import read_items
from tasuke.formats.uke.layouts import LAYOUTS, Record, UkeKind
from tasuke.formats.uke.structure import Structure
from tasuke.formats.uke.values import typed

EXTRA_SCHEMA: Schema = {
    "line": pl.Int64,
    "admitted_on": pl.Date,
    "started_on": pl.Date,
    "outcome": pl.String,
    "ward_kind": pl.String,
    "standard_charge_class": pl.String,
    "patient_state": pl.String,
    "summary_class": pl.String,  # DPC: 0 plain 1 total 2/3 part
    "prescriber": pl.String,  # 調剤: 10-digit code of the prescribing institution
    "prescriber_name": pl.String,
    "prescriber_address": pl.String,
    "duty_reason": pl.String,
    "certificate_no": pl.String,
    "reduction_class": pl.String,
    "reduction_rate": pl.Int64,
    "reduction_amount": pl.Int64,
    "standard_charge": pl.Int64,  # DPC: 標準負担額
    "confirmation": pl.String,  # 確認区分 of 資格確認
    "confirmed_insurer_no": pl.String,
    "confirmed_symbol": pl.String,
    "confirmed_number": pl.String,
    "window_charge": pl.String,  # 窓口負担額区分
    "high_cost": pl.Int64,  # 高額療養費金額 of EX
}
KOHI_EXTRA_SCHEMA: Schema = {
    "line": pl.Int64,
    "order": pl.Int64,
    "voluntary": pl.String,  # 任意給付区分
    "standard_charge": pl.Int64,
    "confirmation": pl.String,
    "confirmed_recipient_no": pl.String,
}


def extra_items(found: Structure, kind: UkeKind, claims: pl.DataFrame) -> pl.DataFrame:
    """EXTRA_SCHEMA for the receipts of `claims`, in their order."""
    layouts = LAYOUTS[kind]
    rows = _columns(found, layouts["RE"]).rename({"line": "_re_line"})
    for record, columns in (("HO", None), ("MF", None), ("EX", ("high_cost",))):
        frame = _columns(found, layouts[record], columns).unique("_r", keep="last")
        rows = rows.join(frame.drop("line"), on="_r", how="left", suffix=f"_{record}", maintain_order="left")
    own = _columns(found, layouts["SN"]).filter(pl.col("bearer") == "1").unique("_r", keep="last")
    rows = rows.join(own.drop("line", "bearer"), on="_r", how="left", suffix="_SN", maintain_order="left")
    if "prescriber_code" in rows.columns:
        prescriber = pl.concat_str(["prescriber_prefecture", "prescriber_table", "prescriber_code"])
        rows = rows.with_columns(prescriber=prescriber)
    rows = rows.rename({"_re_line": "line"}).join(claims.select("line"), on="line", how="semi", maintain_order="left")
    return _filled(rows, EXTRA_SCHEMA)


def kohi_extra_items(found: Structure, kind: UkeKind, claims: pl.DataFrame) -> pl.DataFrame:
    """KOHI_EXTRA_SCHEMA for the 公費 of the receipts of `claims`."""
    layouts = LAYOUTS[kind]
    rows = _columns(found, layouts["KO"]).drop("line")
    rows = rows.with_columns(order=pl.int_range(1, pl.len() + 1).over("_r").cast(pl.Int64))
    confirmed = _columns(found, layouts["SN"], ("bearer", "confirmation", "confirmed_recipient_no")).with_columns(
        order=pl.col("bearer").cast(pl.Int64, strict=False) - 1
    )
    confirmed = confirmed.unique(["_r", "order"], keep="last").drop("line", "bearer")
    rows = rows.join(confirmed, on=["_r", "order"], how="left", maintain_order="left")
    receipts = _columns(found, layouts["RE"], ("receipt_no",)).select("_r", "line")
    rows = rows.join(receipts, on="_r", how="inner", maintain_order="left")
    return _filled(rows.join(claims.select("line"), on="line", how="semi", maintain_order="left"), KOHI_EXTRA_SCHEMA)


def _columns(found: Structure, record: Record, names: tuple[str, ...] | None = None) -> pl.DataFrame:
    index = found.lines.where(record.id)
    frame = typed(read_items(found.lines, index, record, names), record).frame.drop("at", "_items", "_broken")
    return frame.with_columns(pl.Series("_r", found.receipt[index], dtype=pl.Int64)).filter(pl.col("_r") >= 0)


def _filled(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
