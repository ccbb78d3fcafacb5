"""Take an answer about incomes over into the register, with where it came from and when."""

from datetime import date, datetime

import polars as pl
from django.db import transaction

from tasuke.systems.subsidy.inquiries.models import Inquiry, Outcome
from tasuke.systems.subsidy.registry.histories import INCOMES
from tasuke.systems.subsidy.registry.models import Income
from tasuke.systems.subsidy.registry.tables import record

TAX_INFORMATION = "TM00000000000002"  # 地方税関係情報
_REQUIRED = ("tax_year", "status_code")
_TEXTS = ("status_code", "jan1_municipality")
_FLAGS = ("widow", "single_parent", "working_student", "elderly_spouse", "corrected")
_DAYS = ("declared_on", "corrected_on")


class NotTakable(ValueError):
    """Why an answer cannot become an income of the register; the text is for the clerk."""


def take_over_answer(*, using: str, inquiry_id: int, by: str, at: datetime) -> Inquiry:
    """Write each 課税年度 of the answer as an income with source `inquiry`; taking over twice changes nothing.

    An income that the city's own tax office has sent stays: that is told instead. Raises NotTakable.
    """
    with transaction.atomic(using=using):
        inquiry = Inquiry.objects.using(using).select_for_update().get(pk=inquiry_id)
        if inquiry.taken_over_at is not None:
            return inquiry
        rows = [_row(inquiry, item, line) for line, item in enumerate(_items(inquiry), start=1)]
        _refuse_what_we_know(inquiry, rows, using)
        frame = pl.DataFrame(rows, schema={**INCOMES.columns, "order": pl.Int64(), "line": pl.Int64()})
        record(using=using, table=INCOMES, incoming=frame, now=at, file_id=None)
        inquiry.taken_over_by, inquiry.taken_over_at = by, at
        inquiry.save(update_fields=["taken_over_by", "taken_over_at"])
    return inquiry


def _items(inquiry: Inquiry) -> list[dict[str, object]]:
    if inquiry.information_code != TAX_INFORMATION:
        raise NotTakable("この情報は画面で確かめて入力します(取り込めるのは地方税関係情報です)")
    if inquiry.outcome != Outcome.FOUND or not inquiry.items:
        raise NotTakable("取り込む回答がありません")
    return list(inquiry.items)


def _row(inquiry: Inquiry, item: dict[str, object], line: int) -> dict[str, object]:
    missing = [name for name in _REQUIRED if item.get(name) in (None, "")]
    if missing:
        raise NotTakable(f"回答に{'・'.join(missing)}がないため取り込めません")
    if inquiry.year is not None and item["tax_year"] != inquiry.year:
        raise NotTakable("回答の年度が照会した年度と違います")
    row: dict[str, object] = {name: _value(name, item.get(name)) for name in INCOMES.columns}
    row |= {"atena_no": inquiry.atena_no, "source": "inquiry", "order": line, "line": line}
    row["corrected"] = bool(row["corrected"])
    return row


def _value(name: str, value: object) -> object:
    if value is None or value == "":
        return "" if name in _TEXTS else None
    try:
        if name in _TEXTS:
            return str(value)
        if name in _FLAGS:
            return value if isinstance(value, bool) else {"0": False, "1": True}[str(value)]
        if name in _DAYS:
            return date.fromisoformat(str(value))
        return int(str(value)) if name not in ("atena_no", "source") else str(value)
    except (ValueError, KeyError) as error:
        raise NotTakable(f"回答の {name} を読めません") from error


def _refuse_what_we_know(inquiry: Inquiry, rows: list[dict[str, object]], using: str) -> None:
    years = [row["tax_year"] for row in rows]
    known = Income.objects.using(using).current().of_person(inquiry.atena_no).filter(tax_year__in=years)
    own = known.filter(source="tax_feed").exclude(status_code="4").values_list("tax_year", flat=True).first()
    if own is not None:
        raise NotTakable(f"{own}年度の所得は市の税情報にあります。市の情報を使います")
