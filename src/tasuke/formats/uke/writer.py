"""Write a UKE file from the neutral frames: what institutions send, or (form "payer") what the payer receives.

    render(kind=UkeKind.MEDICAL, claims=claims, kohi=kohi, visits=visits) -> bytes

claims  the neutral CLAIM columns. Required: line (any unique integer, it only ties the frames together), agency,
        institution_code, institution_name, billed_month, service_month, receipt_type, name, cost; the others may be
        missing or null. One file may hold many institutions: each gets its head (IR/UK/YK/HM) and its total (GO).
        receipt_no: null or missing = numbered 1.. within the institution. visit_days (bit k-1 = day k) goes to JD;
        missing = the first `days` days of the month. first_visits: so many of the first visit days carry a
        first-visit record (診療識別 11). Extra columns that may be given: admitted_on (date), standard_charge_class,
        high_cost (yen; record EX, form "payer" only), summary_class (DPC: 0 plain, 1 total, 2/3 parts of a total).
kohi    the neutral KOHI columns. Required: line, order, payer_no.
visits  one row per visit day: line, day (1-31), cost (yen, 10割), first_visit (bool). Missing: the cost of the claim is
        spread over the visit days. The detail records (SI, SS, CZ/KI, KA) of a day add up to its cost; costs are
        multiples of 10 yen except for 訪問看護.
filler  how many lines of diagnoses, drugs and comments each receipt gets beside (5 makes about 12 lines in all).

Characters that JIS X 0208 lacks become ？, as the institutions' systems do. `render_with_lines` also says on which
physical line each receipt starts. Nothing is checked: a test may write a wrong file on purpose.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from tasuke.formats.uke.details import detail_lines, filler_lines
from tasuke.formats.uke.layouts import EOF_MARK, HEAD_RECORD, LAYOUTS, PAYER_IDS, TABLE_CODE, YEN_PER_POINT, UkeKind
from tasuke.formats.uke.lines import day, digits, line, month, month_days, text
from tasuke.formats.uke.text import encode

Form = Literal["claim", "payer"]
EOL = "\r\n"

_OPTIONAL_CLAIM: dict[str, pl.DataType | type[pl.DataType]] = {
    "receipt_no": pl.Int64,
    "kana": pl.String,
    "sex": pl.String,
    "birth_date": pl.Date,
    "insurer_no": pl.String,
    "symbol": pl.String,
    "number": pl.String,
    "branch_no": pl.String,
    "benefit_rate": pl.Int64,
    "days": pl.Int64,
    "insurance_share": pl.Int64,
    "meals_count": pl.Int64,
    "meals_cost": pl.Int64,
    "special_notes": pl.String,
    "search_no": pl.String,
    "karte_no": pl.String,
    "visit_days": pl.Int64,
    "first_visits": pl.Int64,
    "admitted_on": pl.Date,
    "standard_charge_class": pl.String,
    "high_cost": pl.Int64,
    "summary_class": pl.String,
}
_OPTIONAL_KOHI: dict[str, pl.DataType | type[pl.DataType]] = {
    "recipient_no": pl.String,
    "days": pl.Int64,
    "cost": pl.Int64,
    "copay": pl.Int64,
    "outpatient_copay": pl.Int64,
    "inpatient_copay": pl.Int64,
    "meals_count": pl.Int64,
    "meals_cost": pl.Int64,
}
_NO_KOHI = pl.DataFrame(schema={"line": pl.Int64, "order": pl.Int64, "payer_no": pl.String})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file and its receipts: lines = (key: the claim's `line` as given, line: physical line of its RE)."""

    data: bytes
    lines: pl.DataFrame


def render(
    *,
    kind: UkeKind,
    claims: pl.DataFrame,
    kohi: pl.DataFrame | None = None,
    visits: pl.DataFrame | None = None,
    form: Form = "claim",
    filler: int = 0,
) -> bytes:
    """Bytes of one file of one kind; see the head of this module. Receipts keep their order within an institution."""
    return render_with_lines(kind=kind, claims=claims, kohi=kohi, visits=visits, form=form, filler=filler).data


def render_with_lines(
    *,
    kind: UkeKind,
    claims: pl.DataFrame,
    kohi: pl.DataFrame | None = None,
    visits: pl.DataFrame | None = None,
    form: Form = "claim",
    filler: int = 0,
) -> Rendered:
    """The same as `render`, with the line of each receipt."""
    full = _completed(claims)
    kohi = _with_optional(_NO_KOHI if kohi is None else kohi, _OPTIONAL_KOHI).sort("line", "order")
    visits = _spread(full) if visits is None else visits
    parts = full.select("line")
    for name, block in {
        "common": full.select("line", text=_re_line(kind)),
        "insurer": full.filter(pl.col("insurer_no").is_not_null()).select("line", text=_ho_line(kind)),
        "kohi": _joined(kohi.select("line", text=_ko_line(kind))),
        "confirmed": _bearer_lines(kind, full, kohi),
        "filler": full.select("line", text=filler_lines(kind, filler)),
        "details": _joined(detail_lines(kind, visits, full, filler)),
    }.items():
        parts = parts.join(block.rename({"text": name}), on="line", how="left", maintain_order="left")
    body = pl.concat_str([text(name) for name in parts.columns[1:]])
    receipts = full.with_columns(parts.select(body=body)["body"])
    return _payer_file(kind, receipts) if form == "payer" else _claim_file(kind, receipts)


def _with_optional(frame: pl.DataFrame, optional: dict[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    return frame.with_columns(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in optional.items()
    )


def _completed(claims: pl.DataFrame) -> pl.DataFrame:
    """Claims with all columns, institution by institution, numbered, with the days of the month."""
    full = _with_optional(claims, _OPTIONAL_CLAIM).sort("institution_code", maintain_order=True)
    days = pl.col("days").fill_null(1).clip(0, 31)
    full = full.with_columns(
        receipt_no=pl.coalesce("receipt_no", pl.int_range(1, pl.len() + 1).over("institution_code")),
        visit_days=pl.coalesce("visit_days", pl.lit(2, dtype=pl.Int64).pow(days) - 1),
        first_visits=pl.col("first_visits").fill_null(0),
        inpatient=pl.col("receipt_type").str.slice(3, 1).is_in(["1", "3", "5", "7", "9"]),
    )
    return full.with_columns(_days=month_days(full["visit_days"]))


def _spread(full: pl.DataFrame) -> pl.DataFrame:
    """Visits made from the claims: the cost over the visit days, the remainder on the first day."""
    masks = full["visit_days"].unique()
    table = pl.DataFrame(
        {"visit_days": masks, "day": [[d for d in range(1, 32) if mask >> (d - 1) & 1] for mask in masks]},
        schema={"visit_days": pl.Int64, "day": pl.List(pl.Int64)},
    )
    rows = full.select("line", "visit_days", "cost", "first_visits", "institution_code").join(
        table, on="visit_days", how="left", maintain_order="left"
    )
    rows = rows.filter(pl.col("day").list.len() > 0).with_columns(_n=pl.col("day").list.len().cast(pl.Int64))
    each = pl.col("cost") // (10 * pl.col("_n")) * 10
    rows = rows.with_columns(_each=each, _first=pl.col("cost") - each * (pl.col("_n") - 1)).explode("day")
    order = pl.int_range(0, pl.len()).over("line")
    return rows.select(
        "line",
        "day",
        cost=pl.when(order == 0).then("_first").otherwise("_each"),
        first_visit=order < pl.col("first_visits"),
    )


def _re_line(kind: UkeKind) -> pl.Expr:
    values: dict[str, pl.Expr | str] = {
        "receipt_no": text("receipt_no"),
        "receipt_type": text("receipt_type"),
        "service_month": month("service_month"),
        "name": text("name"),
        "sex": text("sex"),
        "birth_date": day("birth_date"),
        "benefit_rate": text("benefit_rate"),
        "admitted_on": day("admitted_on"),
        "standard_charge_class": text("standard_charge_class"),
        "special_notes": text("special_notes"),
        "karte_no": text("karte_no"),
        "search_no": text("search_no"),
        "kana": text("kana"),
        "summary_class": pl.col("summary_class").fill_null("0"),
    }
    return line(LAYOUTS[kind]["RE"], values) + EOL


def _points(column: str, kind: UkeKind) -> pl.Expr:
    return (pl.col(column) // YEN_PER_POINT[kind]).cast(pl.String).fill_null("")


def _ho_line(kind: UkeKind) -> pl.Expr:
    values: dict[str, pl.Expr | str] = {
        # 保険者番号 shorter than eight digits is filled with spaces on the left
        "insurer_no": pl.col("insurer_no").str.pad_start(8, " "),
        "symbol": text("symbol"),
        "number": text("number"),
        "days": text("days"),
        "points": _points("cost", kind),
        "meals_count": text("meals_count"),
        "meals_cost": text("meals_cost"),
        "insurance_share": text("insurance_share"),
    }
    return line(LAYOUTS[kind]["HO"], values) + EOL


def _ko_line(kind: UkeKind) -> pl.Expr:
    values: dict[str, pl.Expr | str] = {
        "payer_no": digits("payer_no", 8),
        "recipient_no": digits("recipient_no", 7),
        "days": text("days"),
        "points": _points("cost", kind),
        "copay": text("copay"),
        "outpatient_copay": text("outpatient_copay"),
        "inpatient_copay": text("inpatient_copay"),
        "meals_count": text("meals_count"),
        "meals_cost": text("meals_cost"),
    }
    return line(LAYOUTS[kind]["KO"], values) + EOL


def _joined(frame: pl.DataFrame) -> pl.DataFrame:
    """Lines of a receipt put together: (line, text), one row per receipt, in the order of the rows."""
    return frame.group_by("line", maintain_order=True).agg(pl.col("text").str.join(""))


def _bearer_lines(kind: UkeKind, full: pl.DataFrame, kohi: pl.DataFrame) -> pl.DataFrame:
    """資格確認 (SN) and 受診日等 (JD): one of each for the insurer (1) and for each 公費 (2-5); SN stand before JD."""
    layouts = LAYOUTS[kind]
    insured = full.filter(pl.col("insurer_no").is_not_null()).select(
        "line", bearer=pl.lit(1, dtype=pl.Int64), branch_no=text("branch_no"), days="_days"
    )
    publics = kohi.select("line", bearer=pl.col("order").cast(pl.Int64) + 1, branch_no=pl.lit("")).join(
        full.select("line", days="_days"), on="line", how="inner", maintain_order="left"
    )
    rows = pl.concat([insured, publics]).sort("line", "bearer")
    confirmed = line(
        layouts["SN"], {"bearer": text("bearer"), "confirmation": "01", "branch_no": digits("branch_no", 2)}
    )
    visited = line(layouts["JD"], {"bearer": text("bearer")}, tail=(2, pl.col("days")))
    joined = rows.select("line", sn=confirmed + EOL, jd=visited + EOL).group_by("line", maintain_order=True)
    return joined.agg(pl.col("sn").str.join(""), pl.col("jd").str.join("")).select(
        "line", text=pl.col("sn") + pl.col("jd")
    )


def _head_line(kind: UkeKind, record: str) -> pl.Expr:
    values: dict[str, pl.Expr | str] = {
        "agency": text("agency"),
        "prefecture": pl.col("institution_code").str.slice(0, 2),
        "table": TABLE_CODE[kind],
        "institution": pl.col("institution_code").str.slice(3, 7),
        "institution_name": text("institution_name"),
        "billed_month": month("billed_month"),
        "volume": "00",
    }
    return line(LAYOUTS[kind][record], values) + EOL


def _claim_file(kind: UkeKind, receipts: pl.DataFrame) -> Rendered:
    """Head, receipts and total of each institution."""
    first = pl.col("institution_code") != pl.col("institution_code").shift(1).fill_null("")
    last = pl.col("institution_code") != pl.col("institution_code").shift(-1).fill_null("")
    counted = ~pl.col("summary_class").fill_null("0").is_in(["2", "3"])
    count = counted.sum().over("institution_code").cast(pl.String)
    points = (pl.col("cost") * counted).sum().over("institution_code") // YEN_PER_POINT[kind]
    total = line(LAYOUTS[kind]["GO"], {"count": count, "points": points.cast(pl.String), "volume": "99"}) + EOL
    own_head = _head_line(kind, "IR") if kind is UkeKind.DENTAL else pl.lit("")
    blocks = receipts.select(
        "line",
        head=pl.when(first).then(_head_line(kind, HEAD_RECORD[kind])).otherwise(pl.lit("")) + own_head,
        body="body",
        total=pl.when(last).then(total).otherwise(pl.lit("")),
    )
    return _assembled(blocks)


def _payer_file(kind: UkeKind, receipts: pl.DataFrame) -> Rendered:
    """Each receipt between its MN and RC records, every line with データ識別, 行番号 and 枝番号 before it."""
    head = _head_line(kind, HEAD_RECORD[kind])
    if kind is UkeKind.DENTAL:
        head = head + _head_line(kind, "IR")
    opening = pl.concat_str([pl.lit("MN,"), text("receipt_no"), pl.lit(",,"), text("search_no"), pl.lit(",,," + EOL)])
    high_cost = pl.concat_str([pl.lit("EX,,,,,,"), text("high_cost"), pl.lit(",,,,,," + EOL)])
    extra = pl.when(pl.col("high_cost").is_not_null()).then(high_cost).otherwise(pl.lit(""))
    blocks = receipts.select("line", head=opening + head, body="body", total=extra + pl.lit("RC,1" + EOL))
    return _assembled(blocks, history=True)


def _assembled(blocks: pl.DataFrame, *, history: bool = False) -> Rendered:
    """Blocks (line, head, body, total) to bytes, with the physical line of each receipt."""
    whole = pl.concat_str(["head", "body", "total"])
    counts = blocks.select(
        "line",
        before=pl.col("head").str.count_matches(EOL, literal=True).cast(pl.Int64),
        all=whole.str.count_matches(EOL, literal=True).cast(pl.Int64),
    )
    start = pl.col("all").cum_sum().shift(1).fill_null(0) + pl.col("before") + 1
    texts = blocks.select(text=whole)["text"]
    texts = _with_history(texts) if history else texts
    encoded = [encode("".join(texts.slice(at, 20_000).to_list())) for at in range(0, len(texts), 20_000)]
    return Rendered(b"".join([*encoded, EOF_MARK]), counts.select(key="line", line=start))


def _with_history(texts: pl.Series) -> pl.Series:
    """履歴管理情報 before each line: 1 = the claim, 2 = what 審査支払機関 adds; rows numbered within the receipt."""
    rows = pl.DataFrame({"text": texts.str.strip_suffix(EOL).str.split(EOL)}).with_row_index("receipt").explode("text")
    number = pl.int_range(1, pl.len() + 1).over("receipt").cast(pl.String)
    source = pl.when(pl.col("text").str.slice(0, 2).is_in(PAYER_IDS)).then(pl.lit("2,")).otherwise(pl.lit("1,"))
    prefixed = pl.concat_str([source, number, pl.lit(",0,"), pl.col("text"), pl.lit(EOL)])
    joined = (
        rows.select("receipt", text=prefixed).group_by("receipt", maintain_order=True).agg(pl.col("text").str.join(""))
    )
    return joined["text"]
