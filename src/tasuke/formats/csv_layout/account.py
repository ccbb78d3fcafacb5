"""Columns of a bank account, the same in every feed that carries one (codes of 全銀協, formats.md §1)."""

import polars as pl

from tasuke.formats.csv_layout.definition import Field, Kind, Rule

ACCOUNT_COLUMNS = ("bank_code", "branch_code", "account_kind", "account_no", "account_holder_kana")

ACCOUNT_FIELDS = (
    Field("bank_code", "金融機関コード", Kind.DIGITS, required=False, lengths=(4,), example="0001"),
    Field("branch_code", "支店コード", Kind.DIGITS, required=False, lengths=(3,), example="001"),
    Field(
        "account_kind",
        "預金種目",
        Kind.CODE,
        required=False,
        codes={"1": "普通", "2": "当座", "4": "貯蓄"},
        example="1",
    ),
    Field(
        "account_no",
        "口座番号",
        Kind.DIGITS,
        required=False,
        lengths=(7,),
        note="7桁に満たないときは前に0を付ける。ゆうちょ銀行は振込用の店番・口座番号に直して書く",
        example="1234567",
    ),
    Field(
        "account_holder_kana",
        "口座名義_カナ",
        Kind.TEXT,
        required=False,
        max_length=60,
        note="全角でも半角でもよい。振込データでは30バイトまでの半角にする",
        example="タスケ ハナコ",
    ),
)

_GIVEN = pl.sum_horizontal([pl.col(name).is_not_null().cast(pl.Int64) for name in ACCOUNT_COLUMNS])

ACCOUNT_RULES = (
    Rule(
        "account_incomplete",
        "account_no",
        "口座の項目（金融機関・支店・種目・番号・名義）は、全部書くか全部空にしてください。",
        _GIVEN.is_between(1, len(ACCOUNT_COLUMNS) - 1),
    ),
)
