"""振込結果: transfers that the bank sent back (振込不能・組戻し), one row each; each row bears the file's totals.

Our own layout: banks report in their own ways (Zengin has no common record for it), by list, by letter or in the bank's
portal. 顧客コード is what stands in 顧客コード1 of the transfer file, our payment number.
"""

from dataclasses import replace

import polars as pl

from tasuke.core.problems import Problem, Severity, is_fatal
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

RESULTS = {"1": "振込不能", "2": "組戻し"}
REASONS = {
    "01": "口座なし",
    "02": "名義相違",
    "03": "解約",
    "04": "種目相違",
    "05": "店番号相違",
    "06": "受取人都合",
    "99": "その他",
}
ACCOUNT_KINDS = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}

_FIELDS = (
    Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
    Field("pay_on", "振込指定日", Kind.DATE, note="戻ってきた振込の、元の振込指定日", example="2026-05-25"),
    Field(
        "payment_no",
        "顧客コード",
        Kind.DIGITS,
        lengths=(10,),
        note="振込データの顧客コード1(支払番号)",
        example="2600000012",
    ),
    Field("bank_code", "金融機関コード", Kind.DIGITS, lengths=(4,), example="0001"),
    Field("branch_code", "店番号", Kind.DIGITS, lengths=(3,), example="001"),
    Field("account_kind", "預金種目", Kind.CODE, codes=ACCOUNT_KINDS, example="1"),
    Field("account_no", "口座番号", Kind.DIGITS, lengths=(7,), example="7654321"),
    Field("amount", "金額", Kind.INT, minimum=1, note="戻った金額。手数料は含めない", example="3000"),
    Field("result", "結果コード", Kind.CODE, codes=RESULTS, example="1"),
    Field("reason", "理由コード", Kind.CODE, required=False, codes=REASONS, note="振込不能のときに書く", example="03"),
    Field("returned_on", "返金日", Kind.DATE, example="2026-05-27"),
    Field("fee", "手数料", Kind.INT, required=False, note="銀行が取った手数料。なければ空", example="0"),
    Field("total_rows", "ファイルの件数", Kind.INT, minimum=1, note="どの行にも同じ数を書く", example="1"),
    Field("total_amount", "ファイルの合計金額", Kind.INT, minimum=1, note="どの行にも同じ額を書く", example="3000"),
)

LAYOUT = Layout(
    id="transfer_result_feed",
    title="振込結果",
    version="1.0",
    purpose="銀行から戻った振込(振込不能・組戻し)を受け取り、支払を振込不能にする。届いた振込は書かない。",
    fields=_FIELDS,
    keys=(
        Key(("seq",), "連番が重なっています。"),
        Key(("payment_no",), "同じ支払の行が前にもあります。先の行を使います。"),
    ),
    rules=(
        Rule(
            "reason_missing",
            "reason",
            "振込不能ですが、理由コードがありません。",
            (pl.col("result") == "1") & pl.col("reason").is_null(),
        ),
        Rule(
            "reason_unused",
            "reason",
            "組戻しに理由コードが書かれています。理由コードは使いません。",
            (pl.col("result") == "2") & pl.col("reason").is_not_null(),
            Severity.WARNING,
        ),
        Rule(
            "returned_too_early",
            "returned_on",
            "返金日が振込指定日より前です。",
            pl.col("returned_on") < pl.col("pay_on"),
        ),
    ),
    notes=(
        "どの行にも、ファイル全体の件数と合計金額を書く。行によって違うか、実際の行と合わないファイルは、全体を使わない。",
        "金融機関、店番号、預金種目、口座番号、金額は、当方が振込を依頼したものと比べる。1つでも違う行は使わない。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 振込結果 file (columns: `line` and those of LAYOUT) and what is wrong with it; raises on no input.

    Totals that do not agree with the rows are FATAL. Where rows cannot be read only their number can be checked.
    """
    frame, problems = csv_layout.parse(data, LAYOUT)
    if is_fatal(problems):
        return frame, problems
    refused = {p.line for p in problems if p.severity is Severity.ERROR and p.line is not None}
    return frame, [*problems, *_totals(frame, len(refused))]


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)


def _totals(frame: pl.DataFrame, refused: int) -> list[Problem]:
    if frame.is_empty():
        return []
    wrong = Problem("totals_differ", "", field="ファイルの件数", severity=Severity.FATAL)
    told = frame.select("total_rows", "total_amount").unique()
    if told.height > 1:
        message = "ファイルの件数か合計金額が、行によって違います。1つのファイルの行だけを入れてください。"
        return [replace(wrong, message=message)]
    rows, amount = told.row(0)
    if rows != frame.height + refused:
        found = frame.height + refused
        message = f"ファイルの件数は{rows:,}件とありますが、行は{found:,}件です。切れていないか確かめてください。"
        return [replace(wrong, message=message)]
    if refused:
        message = "使えない行があるため、合計金額は確かめられません。件数は合っています。"
        return [replace(wrong, code="total_unchecked", message=message, field="ファイルの合計金額",
                        severity=Severity.WARNING)]  # fmt: skip
    found = int(frame["amount"].sum())
    if amount != found:
        message = f"ファイルの合計金額は{amount:,}円とありますが、行の合計は{found:,}円です。"
        return [replace(wrong, message=message, field="ファイルの合計金額")]
    return []
