"""償還払い申請: one row per line of a receipt that a resident brings (schemes.md A-6 and B-4, operations.md O12)."""

import polars as pl

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule
from tasuke.formats.csv_layout.account import ACCOUNT_FIELDS, ACCOUNT_RULES
from tasuke.formats.nhi_feed import BENEFIT_RATES

CARES = {
    "medical": "医科",
    "dental": "歯科",
    "pharmacy": "調剤",
    "nursing": "訪問看護",
    "judo": "柔道整復",
    "acupuncture": "はり・きゅう",
    "massage": "あん摩・マッサージ",
    "device": "治療用装具",
}
REASONS = {
    "1": "県外",
    "2": "証の不携帯",
    "3": "証の交付前",
    "4": "10割支払",
    "5": "治療用装具",
    "6": "現物対象外の保険者",
    "9": "その他",
}


def _yen(name: str, label: str, *, required: bool = True, note: str = "", example: str = "0") -> Field:
    return Field(name, label, Kind.INT, required=required, note=note, example=example)


_FIELDS = (
    Field("receipt_no", "受付番号", Kind.TEXT, max_length=30, example="R2026-004567"),
    Field("line_no", "明細番号", Kind.INT, minimum=1, maximum=9999, example="1"),
    Field(
        "scheme",
        "制度",
        Kind.TEXT,
        max_length=40,
        pattern="[a-z0-9-]+",
        pattern_hint="制度の識別名（半角の英小文字・数字・ハイフン）",
        example="sapporo-kodomo",
    ),
    Field("person_atena_no", "受診者_宛名番号", Kind.DIGITS, max_length=15, example="000000010234561"),
    Field("applicant_atena_no", "申請者_宛名番号", Kind.DIGITS, max_length=15, example="000000010234553"),
    Field(
        "recipient_no",
        "受給者番号",
        Kind.DIGITS,
        required=False,
        max_length=30,
        check=NumberKind.RECIPIENT,
        check_lengths=(7,),
        note="7桁のときは検証番号を確かめる",
        example="1234566",
    ),
    Field("received_on", "受付年月日", Kind.DATE, example="2026-06-10"),
    Field("service_date", "診療年月日", Kind.DATE, note="入院はその月の最初の診療日", example="2026-05-02"),
    Field(
        "institution_code",
        "医療機関等コード",
        Kind.DIGITS,
        required=False,
        lengths=(10,),
        check=NumberKind.INSTITUTION,
        note="都道府県2・点数表1・機関7の10桁",
        example="3410712362",
    ),
    Field("institution_name", "医療機関名", Kind.TEXT, max_length=100, example="たすけ小児科"),
    Field("care", "診療種別", Kind.CODE, codes=CARES, example="medical"),
    Field("inpatient", "入院", Kind.FLAG, note="入院は1、通院は0", example="0"),
    Field("first_visits", "初診回数", Kind.INT, maximum=31, example="1"),
    Field("visits", "受診回数", Kind.INT, maximum=99, example="1"),
    Field("days", "診療実日数", Kind.INT, maximum=31, example="1"),
    _yen("cost", "総医療費", note="10割の額", example="8500"),
    Field("benefit_rate", "給付割合", Kind.INT, values=BENEFIT_RATES, note="百分率", example="80"),
    _yen("patient_share", "保険分自己負担額", example="1700"),
    _yen("high_cost", "高額療養費"),
    _yen("extra_benefit", "付加給付"),
    _yen("meals", "食事療養標準負担額"),
    Field(
        "public_program",
        "国公費_法別番号",
        Kind.DIGITS,
        required=False,
        lengths=(2,),
        note="国の公費があるとき",
    ),
    Field(
        "public_share",
        "国公費適用後の患者負担額",
        Kind.INT,
        required=False,
        note="国の公費があるとき",
    ),
    _yen("paid", "窓口支払額", note="保険外の額を含まない", example="1700"),
    Field("paid_on", "支払年月日", Kind.DATE, example="2026-05-02"),
    Field("reason", "償還理由", Kind.CODE, codes=REASONS, example="1"),
    *ACCOUNT_FIELDS,
)

_RULES = (
    *ACCOUNT_RULES,
    Rule(
        "received_before_service",
        "received_on",
        "受付年月日が診療年月日より前です。",
        pl.col("received_on") < pl.col("service_date"),
    ),
    Rule(
        "paid_before_service",
        "paid_on",
        "支払年月日が診療年月日より前です。",
        (pl.col("paid_on") < pl.col("service_date")) & (pl.col("received_on") >= pl.col("service_date")),
        Severity.WARNING,
    ),
    Rule(
        "paid_after_receipt",
        "paid_on",
        "支払年月日が受付年月日より後です。",
        pl.col("paid_on") > pl.col("received_on"),
        Severity.WARNING,
    ),
    Rule(
        "share_over_cost",
        "patient_share",
        "保険分自己負担額が総医療費より多くなっています。",
        pl.col("patient_share") > pl.col("cost"),
    ),
    Rule(
        "share_over_rate",
        "patient_share",
        "保険分自己負担額が、総医療費と給付割合から計算した額より多くなっています。",
        # 10 yen: the counter rounds to tens (健康保険法75条); compared in integers, times 100
        (pl.col("patient_share") <= pl.col("cost"))
        & (pl.col("patient_share") * 100 > pl.col("cost") * (100 - pl.col("benefit_rate")) + 1000),
        Severity.WARNING,
    ),
    Rule(
        "benefit_over_share",
        "high_cost",
        "高額療養費と付加給付の合計が、保険分自己負担額より多くなっています。",
        pl.col("high_cost") + pl.col("extra_benefit") > pl.col("patient_share"),
        Severity.WARNING,
    ),
    Rule(
        "public_incomplete",
        "public_share",
        "国公費の法別番号と適用後の患者負担額は、両方書くか両方空にしてください。",
        pl.col("public_program").is_null() != pl.col("public_share").is_null(),
    ),
    Rule(
        "public_share_over_share",
        "public_share",
        "国公費適用後の患者負担額が、保険分自己負担額より多くなっています。",
        pl.col("public_share") > pl.col("patient_share"),
    ),
    Rule(
        "paid_over_cost",
        "paid",
        "窓口支払額が総医療費と食事の額の合計より多くなっています。保険外の額が入っていないか確認してください。",
        pl.col("paid") > pl.col("cost") + pl.col("meals"),
        Severity.WARNING,
    ),
    Rule(
        "first_visits_over_visits",
        "first_visits",
        "初診回数が受診回数より多くなっています。",
        pl.col("first_visits") > pl.col("visits"),
        Severity.WARNING,
    ),
    Rule(
        "device_reason",
        "reason",
        "診療種別が治療用装具のときの償還理由は5です。",
        (pl.col("care") == "device") != (pl.col("reason") == "5"),
        Severity.WARNING,
    ),
)

LAYOUT = Layout(
    id="receipt_feed",
    title="償還払い申請",
    version="1.0",
    purpose="償還払いの申請を、領収書の明細ごとに受け取る。",
    fields=_FIELDS,
    keys=(Key(("receipt_no", "line_no"), "同じ受付番号・明細番号の行が前にもあります。先の行を使います。"),),
    rules=_RULES,
    notes=(
        "領収書1枚を、受診者・医療機関・診療月・診療種別・入院通院ごとの明細に分ける。",
        "同じ受付番号の行は、申請者と口座を同じに書く。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 償還払い申請 file (columns: `line` and those of LAYOUT) and what is wrong; raises on no input."""
    return csv_layout.parse(data, LAYOUT)


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)
