"""The neutral frames that every claims format gives: one row per receipt, one row per 公費 of a receipt."""

import polars as pl

Schema = dict[str, type[pl.DataType]]

CLAIM_SCHEMA: Schema = {
    "line": pl.Int64,  # physical line of the receipt's RE record (or of the CSV row)
    "receipt_no": pl.Int64,
    "agency": pl.String,  # 1 支払基金 2 国保連
    "care": pl.String,  # medical dental pharmacy nursing (DPC = medical)
    "institution_code": pl.String,  # 10 digits
    "institution_name": pl.String,
    "department": pl.String,  # 診療科 (its first code); a UKE file has it for 医科 only
    "billed_month": pl.Date,
    "service_month": pl.Date,
    "receipt_type": pl.String,
    "inpatient": pl.Boolean,
    "name": pl.String,
    "kana": pl.String,
    "sex": pl.String,
    "birth_date": pl.Date,
    "insurer_no": pl.String,
    "symbol": pl.String,
    "number": pl.String,
    "branch_no": pl.String,
    "care_insurer_no": pl.String,  # 介護保険者番号: no item of UKE, lists of 国保連 may have it
    "benefit_rate": pl.Int64,
    "cost": pl.Int64,  # yen, 10割
    "days": pl.Int64,
    "insurance_share": pl.Int64,
    "meals_count": pl.Int64,
    "meals_cost": pl.Int64,
    "special_notes": pl.String,
    "search_no": pl.String,
    "karte_no": pl.String,
    "visit_days": pl.Int64,  # bit k-1 set = day k counted
    "first_visits": pl.Int64,
    "name_has_replaced": pl.Boolean,
    "double_of": pl.Int64,  # line of the same receipt earlier in the file: this one is not counted by itself
}
KOHI_SCHEMA: Schema = {
    "line": pl.Int64,  # line of the receipt
    "kohi_line": pl.Int64,
    "order": pl.Int64,  # 1-4
    "payer_no": pl.String,
    "recipient_no": pl.String,
    "days": pl.Int64,
    "cost": pl.Int64,
    "copay": pl.Int64,
    "outpatient_copay": pl.Int64,
    "inpatient_copay": pl.Int64,
    "meals_count": pl.Int64,
    "meals_cost": pl.Int64,
}
DAILY_SCHEMA: Schema = {"line": pl.Int64, "day": pl.Int64, "cost": pl.Int64, "first_visit": pl.Boolean}
HEAD_SCHEMA: Schema = {
    "line": pl.Int64,
    "agency": pl.String,
    "institution_code": pl.String,
    "institution_name": pl.String,
    "billed_month": pl.Date,
    "volume": pl.String,
    "phone": pl.String,
}


def inpatient(receipt_type: pl.Expr) -> pl.Expr:
    """レセプト種別 with an odd last digit is 入院 (別表: レセプト種別コード)."""
    return receipt_type.str.slice(3, 1).is_in(["1", "3", "5", "7", "9"])


def has_replaced(name: pl.Expr) -> pl.Expr:
    """True when a character of the name was replaced (？), could not be read, or is a vendor's own (外字)."""
    return name.str.contains("[？\ufffd\ue000-\uf8ff]").fill_null(False)
