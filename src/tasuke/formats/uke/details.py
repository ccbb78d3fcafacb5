"""The detail records of synthetic receipts: what was done on which day, adding up to the cost of each day.

The fee codes are plausible, not a tariff: a reader of 点検 must not judge these receipts by them.
"""

import polars as pl

from tasuke.formats.uke.layouts import LAYOUTS, UkeKind
from tasuke.formats.uke.lines import line, month_days

EOL = "\r\n"
# 初診料 and 再診料 of 令和6年度 in points; the dental ones likewise.
_BASE_POINTS = {
    UkeKind.MEDICAL: (291, 75),
    UkeKind.DPC: (291, 75),
    UkeKind.DENTAL: (267, 58),
}
_BASE_CODES = {
    UkeKind.MEDICAL: ("111000110", "112007410", "160000310", "190117710"),
    UkeKind.DPC: ("111000110", "112007410", "160000310", "190117710"),
    UkeKind.DENTAL: ("301000110", "301001610", "305000110", "311000110"),
}
_DISPENSING_BASE_POINTS = 45  # 調剤基本料1 of 令和6年度
_DISPENSING_POINTS = 24  # 薬剤調製料 (内服薬)

_FILLER: dict[UkeKind, tuple[str, ...]] = {
    UkeKind.MEDICAL: (
        "SY,4660009,,1,,,01,",
        "SY,8830417,,1,,,,",
        "IY,21,1,620008993,3,9,5,,,,,,," + "," * 30,
        "IY,,1,622190401,1,,5,,,,,,," + "," * 30,
        "CO,21,1,810000001,処方内容を確認した",
        "IY,23,1,620007524,10,4,1,,,,,,," + "," * 30,
        "SY,8839889,,1,,,,",
    ),
    UkeKind.DPC: ("BU,,,,,,,,,,", "SB,01,8830417,,,,,,", "SY,8830417,,1,,,01,", "SJ,01,経過良好である"),
    UkeKind.DENTAL: (
        "HS,,,101610,5259016,,,,,,,,",
        "HS,,,102610,5220001,,,,,,,,",
        "CO,,1,810000001,指導内容を説明した,,,,,,",
        "IY,21,1,620008993,3,,5," + "," * 31,
        "HS,,,103610,5234002,,,,,,,,",
    ),
    UkeKind.PHARMACY: (),
    UkeKind.NURSING: ("HJ,01,20260401,20260930", "SY,8830417,20260401,1,,,01", "CO,830000001,訪問先は居宅,"),
}


def filler_lines(kind: UkeKind, count: int) -> pl.Expr:
    """`count` lines of diagnoses and comments, the same for all receipts (調剤 has none: its extra lines are drugs)."""
    lines = _FILLER[kind]
    if not lines:
        return pl.lit("")
    if kind is UkeKind.DPC:
        count = max(count, 1)  # 診断群分類 (BU) stands in every DPC receipt, it tells DPC from 医科
    return pl.lit("".join(lines[i % len(lines)] + EOL for i in range(count)))


def detail_lines(kind: UkeKind, visits: pl.DataFrame, claims: pl.DataFrame, filler: int = 0) -> pl.DataFrame:
    """Detail records of all receipts: (line, text), in the order in which they stand in a receipt.

    visits: line, day, cost (yen), first_visit. claims: line, service_month, inpatient.
    """
    known = visits.select("line", "day", "cost", pl.col("first_visit").fill_null(False)).join(
        claims.select("line", "service_month", "inpatient"), on="line", how="inner", maintain_order="left"
    )
    if kind is UkeKind.PHARMACY:
        return _pharmacy(known, drugs=filler + 1)
    if kind is UkeKind.NURSING:
        return _nursing(known)
    return _by_days(kind, known)


def _by_days(kind: UkeKind, visits: pl.DataFrame) -> pl.DataFrame:
    """SI or SS: days with the same cost share a record; first the consultation, then the rest of the day's points."""
    first_base, again_base = _BASE_POINTS[kind]
    first_code, again_code, rest_code, ward_code = _BASE_CODES[kind]
    bit = pl.lit(2, dtype=pl.Int64).pow(pl.col("day") - 1)
    groups = visits.group_by("line", "cost", "first_visit", "inpatient").agg(
        _mask=bit.sum(), _times=pl.len(), _from=pl.col("day").min()
    )
    points = pl.col("cost") // 10
    wanted = pl.when("first_visit").then(first_base).when("inpatient").then(points).otherwise(again_base)
    base = pl.min_horizontal(points, wanted)
    opening = groups.select(
        "line", "_from", "_mask", "_times",
        part=pl.lit(0, dtype=pl.Int32),
        points=base,
        category=pl.when("first_visit").then(pl.lit("11")).when("inpatient").then(pl.lit("90")).otherwise(pl.lit("12")),
        code=pl.when("first_visit").then(pl.lit(first_code)).when("inpatient").then(pl.lit(ward_code))
        .otherwise(pl.lit(again_code)),
    )  # fmt: skip
    rest = groups.select(
        "line", "_from", "_mask", "_times",
        part=pl.lit(1, dtype=pl.Int32),
        points=points - base,
        category=pl.when("inpatient").then(pl.lit("90")).otherwise(pl.lit("60")),
        code=pl.when("inpatient").then(pl.lit(ward_code)).otherwise(pl.lit(rest_code)),
    ).filter(pl.col("points") > 0)  # fmt: skip
    rows = pl.concat([opening, rest]).sort("line", "part", "_from")
    rows = rows.with_columns(_days=month_days(rows["_mask"]))
    layout = LAYOUTS[kind]["SS" if kind is UkeKind.DENTAL else "SI"]
    values = {
        "category": pl.col("category"),
        "burden": pl.lit("1"),
        "code": pl.col("code"),
        "points": pl.col("points").cast(pl.String),
        "times": pl.col("_times").cast(pl.String),
    }
    return rows.select("line", text=line(layout, values, tail=(layout.position("day_1"), pl.col("_days"))) + EOL)


def _dated(visits: pl.DataFrame) -> pl.DataFrame:
    on = pl.col("service_month").dt.offset_by(pl.concat_str([pl.col("day") - 1, pl.lit("d")])).dt.strftime("%Y%m%d")
    return visits.sort("line", "day").with_columns(_on=on)


def _pharmacy(visits: pl.DataFrame, drugs: int) -> pl.DataFrame:
    """SH, CZ and IY for each dispensing, then one KI for each 受付."""
    layouts = LAYOUTS[UkeKind.PHARMACY]
    points = pl.col("cost") // 10
    base = pl.min_horizontal(points, _DISPENSING_BASE_POINTS)
    fee = pl.min_horizontal(points - base, _DISPENSING_POINTS)
    rows = _dated(visits).with_columns(
        _base=base, _fee=fee, _drugs=points - base - fee, _no=pl.int_range(1, pl.len() + 1).over("line").cast(pl.String)
    )
    dispensed: dict[str, pl.Expr | str] = {
        "prescribed_on": pl.col("_on"), "date": pl.col("_on"), "reception": pl.col("_no"), "quantity": "5",
        "burden": "1", "calculation": "1", "target_no": "01", "code": "420001810",
        "points": pl.col("_fee").cast(pl.String), "drug_points": pl.col("_drugs").cast(pl.String),
    }  # fmt: skip
    received: dict[str, pl.Expr | str] = {
        "date": pl.col("_on"), "reception": pl.col("_no"), "burden": "1", "code": "410000110",
        "points": pl.col("_base").cast(pl.String),
    }  # fmt: skip
    medicine = pl.concat_str(
        [pl.lit("SH,"), pl.col("_no").str.zfill(2), pl.lit(",1,001,,3,,,,\r\n"), line(layouts["CZ"], dispensed),
         pl.lit(EOL + ("IY,1,620008993,3,,,,,," + EOL) * drugs)]
    )  # fmt: skip
    first = rows.select("line", part=pl.lit(0, dtype=pl.Int32), text=medicine)
    second = rows.select("line", part=pl.lit(1, dtype=pl.Int32), text=line(layouts["KI"], received) + EOL)
    return pl.concat([first, second]).sort("line", "part", maintain_order=True).select("line", "text")


def _nursing(visits: pl.DataFrame) -> pl.DataFrame:
    """One KA record for each visit."""
    values: dict[str, pl.Expr | str] = {
        "date": pl.col("_on"),
        "burden": "1",
        "code": "510000110",
        "quantity": "1",
        "points": pl.col("cost").cast(pl.String),
    }
    return _dated(visits).select("line", text=line(LAYOUTS[UkeKind.NURSING]["KA"], values) + EOL)
