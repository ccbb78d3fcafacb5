"""Receipts to the neutral CLAIM and KOHI frames."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.uke.days import bits, day_marks, masks
from tasuke.formats.uke.frames import CLAIM_SCHEMA, HEAD_SCHEMA, KOHI_SCHEMA, has_replaced, inpatient
from tasuke.formats.uke.items import read_items
from tasuke.formats.uke.layouts import CARE, HEAD_RECORD, LAYOUTS, TABLE_CODE, YEN_PER_POINT, Record, UkeKind
from tasuke.formats.uke.scan import Ints
from tasuke.formats.uke.structure import Structure
from tasuke.formats.uke.values import count_problems, typed

_HEAD_REQUIRED = ("agency", "prefecture", "table", "institution", "billed_month")
_REQUIRED: dict[str, tuple[str, ...]] = {
    "RE": ("receipt_type", "service_month", "name"),
    "HO": ("insurer_no", "points"),
    "KO": ("payer_no",),
    "SN": ("bearer",),
}
_MOST_KOHI = 4


@dataclass(frozen=True, slots=True)
class Built:
    """claims and kohi of the good receipts; points: what each receipt adds to the total (null = unknown);
    counted: False for the parts of a DPC total; heads: `at` and HEAD_SCHEMA."""

    claims: pl.DataFrame
    kohi: pl.DataFrame
    points: pl.Series
    counted: pl.Series
    heads: pl.DataFrame


def build(found: Structure, kind: UkeKind) -> Built:
    """Read the records of all receipts; what is wrong goes to found.problems and found.bad."""
    layouts = LAYOUTS[kind]
    heads = _heads(found, kind)
    common = _record(found, layouts["RE"])
    insurers = _record(found, layouts["HO"])
    kohi = _record(found, layouts["KO"]).with_columns(order=pl.int_range(1, pl.len() + 1).over("_r").cast(pl.Int64))
    branch = _record(found, layouts["SN"], ("bearer", "branch_no", "confirmation"))
    insurers, kohi = _bearers(found, insurers, kohi)
    unit = YEN_PER_POINT[kind]
    totals = kohi.group_by("_r").agg(
        kohi_points=pl.col("points").max(),
        kohi_days=pl.col("days").max(),
        first_points=pl.col("points").first(),
        kohi_count=pl.len().cast(pl.Int64),
    )
    branches = branch.filter(pl.col("bearer") == "1").unique("_r", keep="last").select("_r", "branch_no")
    rows = common.join(insurers.drop("at", "line"), on="_r", how="left", maintain_order="left", suffix="_ho")
    rows = rows.join(totals, on="_r", how="left", maintain_order="left")
    rows = rows.join(branches, on="_r", how="left", maintain_order="left")
    rows = rows.with_columns(_head=pl.Series(found.head)).join(
        heads.rename({"line": "_head_line"}), left_on="_head", right_on="at", how="left", maintain_order="left"
    )
    rows = _with_days(found, kind, rows).with_columns(
        cost=pl.coalesce("points", "kohi_points") * unit, care=pl.lit(CARE[kind])
    )
    _check_receipts(found, kind, rows)
    counted = _counted(found, kind, rows)
    good = pl.Series(~found.bad) & counted
    claims = rows.filter(good).select(_claim_columns(rows))
    chosen = claims.select("line")
    receipts = rows.select("_r", receipt_line="line")
    named = kohi.join(receipts, on="_r", how="left", maintain_order="left").rename({"line": "kohi_line"})
    named = named.rename({"receipt_line": "line"}).with_columns(cost=pl.col("points") * unit)
    kohi_frame = _filled(named, KOHI_SCHEMA).join(chosen, on="line", how="semi", maintain_order="left")
    points = rows.select(pl.coalesce("points", "first_points"))["points"]
    return Built(claims, kohi_frame, points, counted, heads)


def _record(found: Structure, record: Record, names: tuple[str, ...] | None = None) -> pl.DataFrame:
    """Items of all records of one id with their receipt `_r`; wrong lines make their receipt bad."""
    lines = found.lines
    index = lines.where(record.id)
    frame = read_items(lines, index, record, names)
    values = typed(frame, record, _REQUIRED.get(record.id, ()))
    surplus = count_problems(values.frame, record)
    _note(found, values.problems + surplus.problems, [*values.bad_at, *surplus.bad_at])
    for line in frame.filter(pl.col("_broken"))["line"]:
        message = f"{record.id} レコードに Shift_JIS として読めない文字があります。読めない文字は置き換えました。"
        found.problems.append(Problem("NOT_SHIFT_JIS", message, line=line, field=record.id, severity=Severity.WARNING))
    receipt = pl.Series("_r", found.receipt[index], dtype=pl.Int64)
    return values.frame.with_columns(receipt).filter(pl.col("_r") >= 0).drop("_items", "_broken")


def _note(found: Structure, problems: list[Problem], bad_at: list[int]) -> None:
    """Take problems over and leave their receipts out; a receipt whose part (not its RE) is wrong is named as well."""
    found.problems.extend(problems)
    for at in bad_at:
        receipt = int(found.receipt[at])
        if receipt >= 0 and not found.bad[receipt]:
            number = int(found.lines.number[at])
            if number == found.line_of(receipt):
                found.bad[receipt] = True
            else:
                found.reject(receipt, "BAD_PART", f"このレセプトの {number}行目に誤りがあるため取り込みません。")


def _heads(found: Structure, kind: UkeKind) -> pl.DataFrame:
    """Heads with `at` and HEAD_SCHEMA; the receipts under a head that cannot be read are left out."""
    layouts = LAYOUTS[kind]
    records = [HEAD_RECORD[kind]] + (["IR"] if kind is UkeKind.DENTAL else [])
    frames = [_head_frame(found, layouts[record], kind) for record in records]
    heads = pl.concat(frames, how="diagonal").sort("at")
    if kind is UkeKind.DENTAL:
        # the name stands in UK, before the heads of the receipts of the same institution
        group = pl.col("institution_code").rle_id()
        heads = heads.with_columns(pl.col("institution_name", "volume").forward_fill().over(group))
    for receipt in np.flatnonzero((found.head >= 0) & ~np.isin(found.head, heads["at"].to_numpy())):
        message = "上の医療機関等の情報レコードに誤りがあるため、このレセプトは取り込みません。"
        found.reject(int(receipt), "HEAD_UNUSABLE", message)
    return heads


def _head_frame(found: Structure, record: Record, kind: UkeKind) -> pl.DataFrame:
    lines = found.lines
    frame = read_items(lines, lines.where(record.id), record)
    values = typed(frame, record, _HEAD_REQUIRED)
    wrong = values.frame.filter(pl.col("table").is_not_null() & (pl.col("table") != TABLE_CODE[kind]))
    others = wrong.filter(~pl.col("at").is_in(values.bad_at))
    found.problems.extend(values.problems)
    found.problems.extend(
        Problem("MIXED_KIND", "点数表がこのファイルの種類と合いません。", line=line, field="点数表", value=table)
        for line, table in others.select("line", "table").iter_rows()
    )
    good = values.frame.filter(~pl.col("at").is_in([*values.bad_at, *wrong["at"].to_list()]))
    code = pl.concat_str(["prefecture", "table", "institution"])
    return _filled(good.with_columns(institution_code=code), {"at": pl.Int64, **HEAD_SCHEMA})


def _bearers(found: Structure, insurers: pl.DataFrame, kohi: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One HO and at most four KO a receipt, and at least one of them."""
    for receipt in insurers.filter(pl.len().over("_r") > 1)["_r"].unique(maintain_order=True):
        found.reject(receipt, "TWO_INSURERS", "保険者レコード(HO)が2つ以上あります。このレセプトは取り込みません。")
    for receipt in kohi.filter(pl.col("order") == _MOST_KOHI + 1)["_r"]:
        found.reject(receipt, "TOO_MANY_KOHI", "公費レコード(KO)が5つ以上あります。このレセプトは取り込みません。")
    borne = np.union1d(insurers["_r"].to_numpy(), kohi["_r"].to_numpy())
    for receipt in np.setdiff1d(np.arange(len(found.at)), borne):
        message = "保険者レコード(HO)も公費レコード(KO)もありません。このレセプトは取り込みません。"
        found.reject(int(receipt), "NO_BEARER", message)
    return insurers.unique("_r", keep="first", maintain_order=True), kohi


def _with_days(found: Structure, kind: UkeKind, rows: pl.DataFrame) -> pl.DataFrame:
    """Visit days of JD (of the insurer, else of the first 公費) and the number of first-visit days of the details."""
    return rows.with_columns(
        pl.Series("visit_days", _visit_days(found)), pl.Series("first_visits", first_visits(found, kind))
    )


def _visit_days(found: Structure) -> Ints:
    lines = found.lines
    index = lines.where("JD")
    index = index[found.receipt[index] >= 0]
    marks = day_marks(lines, index, 2)
    counted = marks.value == 1
    at, day = marks.at[counted], marks.day[counted]
    receipt = found.receipt[at]
    bearer = lines.data[np.minimum(lines.start[at] + 3, len(lines.data) - 1)]
    count = len(found.at)
    own = masks(count, receipt[bearer == ord("1")], day[bearer == ord("1")])
    public = masks(count, receipt[bearer != ord("1")], day[bearer != ord("1")])
    return np.where(own > 0, own, public)


def first_visit_lines(found: Structure) -> Ints:
    """Lines of 診療行為 that open a group of 診療識別 11 (初診)."""
    lines = found.lines
    index = lines.where("SI", "SS")
    index = index[(found.receipt[index] >= 0) & (lines.end[index] - lines.start[index] >= 6)]
    first, second, third = (lines.data[lines.start[index] + offset] for offset in (3, 4, 5))
    opens = (first == ord("1")) & (second == ord("1")) & (third == ord(","))
    return np.asarray(index[opens], dtype=np.int64)


def first_visits(found: Structure, kind: UkeKind) -> Ints:
    """Number of first-visit days of each receipt; a record without days counts its 回数."""
    count = len(found.at)
    if CARE[kind] not in ("medical", "dental"):
        return np.zeros(count, dtype=np.int64)
    mask = np.zeros(count, dtype=np.int64)
    times = np.zeros(count, dtype=np.int64)
    index = first_visit_lines(found)
    for record in ("SI", "SS"):
        layout = LAYOUTS[kind].get(record)
        own = index[np.isin(index, found.lines.where(record))]
        if layout is None or not len(own):
            continue
        marks = day_marks(found.lines, own, layout.position("day_1"))
        mask |= masks(count, found.receipt[marks.at], marks.day)
        undated = own[~np.isin(own, marks.at)]
        if len(undated):
            written = typed(read_items(found.lines, undated, layout, ["times"]), layout).frame["times"]
            np.add.at(times, found.receipt[undated], written.fill_null(0).to_numpy())
    return np.where(mask > 0, bits(mask), times)


def _check_receipts(found: Structure, kind: UkeKind, rows: pl.DataFrame) -> None:
    """What only several records together tell."""
    digit, second, third = (pl.col("receipt_type").str.slice(at, 1) for at in (0, 1, 2))
    public_only = second == "2"
    expected = third.cast(pl.Int64, strict=False) - pl.when(public_only).then(0).otherwise(1)
    checks = rows.select(
        "_r",
        wrong_type=(digit != TABLE_CODE[kind]).fill_null(False),
        no_insurer=(pl.col("insurer_no").is_null() & ~public_only).fill_null(False),
        no_cost=pl.col("cost").is_null(),
        kohi_count=(pl.col("kohi_count").fill_null(0) != expected).fill_null(False),
        future=(pl.col("service_month") > pl.col("billed_month")).fill_null(False),
    )
    bad = pl.Series(found.bad)
    errors = {
        "wrong_type": ("TYPE_OF_OTHER_KIND", "レセプト種別が点数表と合いません。このレセプトは取り込みません。"),
        "no_insurer": (
            "NO_INSURER",
            "公費単独でないのに保険者レコード(HO)がありません。このレセプトは取り込みません。",
        ),
        "no_cost": ("NO_COST", "合計点数(金額)が読めません。このレセプトは取り込みません。"),
    }
    for name, (code_, message) in errors.items():
        for receipt in checks.filter(pl.col(name) & ~bad)["_r"]:
            found.reject(receipt, code_, message)
    warnings = {
        "kohi_count": ("KOHI_COUNT", "公費レコード(KO)の数がレセプト種別の併用数と合いません。"),
        "future": ("FUTURE_MONTH", "診療年月が請求年月より後です。"),
    }
    good = pl.Series(~found.bad)
    for name, (code_, message) in warnings.items():
        for receipt in checks.filter(pl.col(name) & good)["_r"]:
            line = found.line_of(receipt)
            found.problems.append(Problem(code_, message, line=line, field="RE", severity=Severity.WARNING))


def _counted(found: Structure, kind: UkeKind, rows: pl.DataFrame) -> pl.Series:
    """False for the parts (総括対象) of a DPC total receipt: the total stands before them and is counted once."""
    if kind is not UkeKind.DPC:
        return pl.Series([True]).new_from_index(0, rows.height)
    part = pl.col("summary_class").fill_null("0").is_in(["2", "3"])
    total = pl.when(~part).then(pl.col("summary_class").fill_null("0") == "1").forward_fill().over("_head")
    state = rows.select("_r", part=part, covered=total.fill_null(False))
    for receipt in state.filter(pl.col("part") & ~pl.col("covered"))["_r"]:
        message = "総括対象のレセプトですが、総括レセプトが前にありません。1件のレセプトとして取り込みました。"
        line = found.line_of(receipt)
        found.problems.append(Problem("NO_SUMMARY", message, line=line, field="RE", severity=Severity.WARNING))
    return state.select(~(pl.col("part") & pl.col("covered")))["part"]


def _claim_columns(rows: pl.DataFrame) -> list[pl.Expr]:
    derived = {
        "inpatient": inpatient(pl.col("receipt_type")),
        "insurer_no": pl.col("insurer_no").str.strip_chars(),
        "institution_name": pl.col("institution_name").fill_null(""),
        "days": pl.coalesce("days", "kohi_days"),
        "name_has_replaced": has_replaced(pl.col("name")),
    }
    return [
        derived.get(name, pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in CLAIM_SCHEMA.items()
    ]


def _filled(frame: pl.DataFrame, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
