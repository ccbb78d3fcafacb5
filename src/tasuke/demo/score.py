"""What the system made of the mistakes that the city planted: found, missed, and claims doubted without a cause."""

from dataclasses import dataclass

import polars as pl
from django.db import connections

from tasuke.city.mistakes import MistakeKind
from tasuke.platform.bulk import copy_out

_PERIOD = ("AFTER_", "PARTLY_AFTER_LOSS", "OTHER_SCHEME_FIRST")
# kind → beginnings of the codes by which it counts as found
FOUND_BY: dict[MistakeKind, tuple[str, ...]] = {
    MistakeKind.DUPLICATE_IN_FILE: ("DUPLICATE_IN_FILE", "NEAR_DUPLICATE_IN_FILE"),
    MistakeKind.DUPLICATE_ACROSS_MONTHS: ("DUPLICATE_EARLIER", "NEAR_DUPLICATE_EARLIER"),
    MistakeKind.AFTER_LOSS: _PERIOD,
    MistakeKind.BEFORE_START: ("BEFORE_START", "PARTLY_BEFORE_START"),
    MistakeKind.RECIPIENT_CHECK_DIGIT: ("RECIPIENT_CHECK_DIGIT",),
    MistakeKind.RECIPIENT_UNKNOWN: ("RECIPIENT_UNKNOWN", "PERSON_HAS_OTHER_NUMBER"),
    MistakeKind.RECIPIENT_OF_OTHER: ("PERSON_HAS_OTHER_NUMBER", "RECIPIENT_OTHER_PERSON"),
    MistakeKind.WRONG_PAYER: ("PAYER_",),
    MistakeKind.WRONG_BIRTH_DATE: ("BIRTH_DATE_DIFFERS", "RECIPIENT_OTHER_PERSON"),
    MistakeKind.COPAY_TOO_LOW: ("COPAY_TOO_LOW",),
    MistakeKind.COPAY_TOO_HIGH: ("COPAY_TOO_HIGH",),
    MistakeKind.INSURER_DIFFERS: ("INSURER_DIFFERS",),
    MistakeKind.IN_KIND_AND_RECEIPT: ("ALREADY_", "SAME_DAY_IN_KIND"),
    MistakeKind.SCHEME_PRIORITY: ("OTHER_SCHEME_FIRST", "AFTER_OTHER_SCHEME", "BEFORE_START"),
    MistakeKind.RETROACTIVE_LOSS: ("RETROACTIVE_LOSS",),
    MistakeKind.RECEIPT_TOO_LATE: ("DEADLINE_",),
    MistakeKind.RECEIPT_DOUBLED: ("DUPLICATE_RECEIPT", "NEAR_DUPLICATE"),
    MistakeKind.ACCOUNT_UNUSABLE: ("account.", "ACCOUNT_MISSING"),
}
LABELS = {
    MistakeKind.DUPLICATE_IN_FILE: "同じファイルの中の重複請求",
    MistakeKind.DUPLICATE_ACROSS_MONTHS: "月をまたぐ重複請求",
    MistakeKind.AFTER_LOSS: "資格喪失後の受診",
    MistakeKind.BEFORE_START: "資格開始前の受診",
    MistakeKind.RECIPIENT_CHECK_DIGIT: "受給者番号の検証番号違い",
    MistakeKind.RECIPIENT_UNKNOWN: "交付していない受給者番号",
    MistakeKind.RECIPIENT_OF_OTHER: "他人の受給者番号",
    MistakeKind.WRONG_PAYER: "公費負担者番号の誤り",
    MistakeKind.WRONG_BIRTH_DATE: "生年月日の誤り",
    MistakeKind.COPAY_TOO_LOW: "一部負担金の不足",
    MistakeKind.COPAY_TOO_HIGH: "一部負担金の過大",
    MistakeKind.INSURER_DIFFERS: "保険者番号の相違",
    MistakeKind.IN_KIND_AND_RECEIPT: "現物給付と償還払いの二重",
    MistakeKind.SCHEME_PRIORITY: "優先する制度がある",
    MistakeKind.RETROACTIVE_LOSS: "受診後の更正による遡及喪失",
    MistakeKind.RECEIPT_TOO_LATE: "償還払いの期限切れ",
    MistakeKind.RECEIPT_DOUBLED: "領収書の二重提出",
    MistakeKind.ACCOUNT_UNUSABLE: "使えない口座",
}


@dataclass(frozen=True, slots=True)
class Score:
    """kinds: one row per kind (kind, planted, found, missed); false_alarms: claims in doubt that nobody spoiled."""

    kinds: pl.DataFrame
    false_alarms: int
    honest_claims: int
    missed: pl.DataFrame
    alarms: pl.DataFrame


def score(planted: pl.DataFrame, *, using: str) -> Score:
    """Compare. planted: rows of planted.csv (file, line, kind, …)."""
    told = (
        pl.concat([_claims(using), _receipts(using), _accounts(using)])
        .explode("codes", empty_as_null=True)
        .group_by("file", "line")
        .agg(state=pl.col("state").drop_nulls().first(), codes=pl.col("codes").drop_nulls().unique().sort())
    )
    judged = planted.join(told, on=["file", "line"], how="left")
    found = pl.lit(value=False)
    for kind, beginnings in FOUND_BY.items():
        hit = pl.any_horizontal(
            pl.col("codes").list.eval(pl.element().str.starts_with(b)).list.any().fill_null(value=False)
            for b in beginnings
        )
        found = found | ((pl.col("kind") == kind.value) & hit)
    judged = judged.with_columns(found=found)
    kinds = judged.group_by("kind").agg(planted=pl.len(), found=pl.col("found").sum()).sort("kind")
    kinds = kinds.with_columns(missed=pl.col("planted") - pl.col("found"))
    honest = told.filter(pl.col("state").is_not_null()).join(planted, on=["file", "line"], how="anti")
    alarms = honest.filter(pl.col("state") != "accepted")
    return Score(kinds, alarms.height, honest.height, judged.filter(~pl.col("found")), alarms)


_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "file": pl.String,
    "line": pl.Int64,
    "state": pl.String,
    "codes": pl.List(pl.String),
}


def _claims(using: str) -> pl.DataFrame:
    return copy_out(
        connections[using],
        """SELECT f.name, c.line, c.state, array_to_string(c.reasons, E'\\x1f')
           FROM subsidy_claim c JOIN exchange_inbound_file f ON f.id = c.file_id""",
        schema=_SCHEMA,
    )


def _receipts(using: str) -> pl.DataFrame:
    return copy_out(
        connections[using],
        """SELECT f.name, l.file_line, NULL, concat_ws(E'\\x1f', array_to_string(d.reasons, E'\\x1f'),
                  (SELECT string_agg(array_to_string(h.reasons, E'\\x1f'), E'\\x1f')
                   FROM subsidy_receipt_hold h WHERE h.receipt_line_id = l.id))
           FROM subsidy_receipt_line l JOIN subsidy_receipt r ON r.id = l.receipt_id
           JOIN exchange_inbound_file f ON f.id = r.file_id
           LEFT JOIN subsidy_reimbursement_line d ON d.receipt_line_id = l.id""",
        schema=_SCHEMA,
    )


def _accounts(using: str) -> pl.DataFrame:
    """Receipts whose account the payment run could not use: its problems name the receipt."""
    return copy_out(
        connections[using],
        """SELECT f.name, l.file_line, NULL, p.code
           FROM batch_run_problem p JOIN subsidy_receipt r ON r.receipt_no = p.value
           JOIN subsidy_receipt_line l ON l.receipt_id = r.id JOIN exchange_inbound_file f ON f.id = r.file_id
           WHERE p.code LIKE 'account.%%'""",
        schema=_SCHEMA,
    )
