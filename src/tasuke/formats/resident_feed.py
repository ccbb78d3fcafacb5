"""住民情報: each row is the full state of one person from event_date on. Vocabulary: formats.md §6.1."""

import polars as pl

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

RESIDENT_TYPES = {"1": "日本人", "2": "外国人"}
RESIDENT_STATUSES = {"1": "住民", "2": "転出者", "3": "死亡者", "8": "住登外者", "9": "その他消除者"}
SEXES = {"1": "男", "2": "女"}
KANA_STATUSES = {"1": "公証済", "0": "未"}
EVENTS = {
    "01": "転入",
    "02": "出生",
    "03": "転居",
    "04": "転出",
    "05": "死亡",
    "06": "世帯変更",
    "07": "氏名変更",
    "08": "婚姻",
    "09": "離婚",
    "10": "職権記載",
    "11": "職権消除",
    "12": "住登外登録",
    "20": "現況",
}
REMOVED = ("2", "3", "9")

_FIELDS = (
    Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
    Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15, example="000000010234561"),
    Field("household_no", "世帯番号", Kind.DIGITS, max_length=15, example="000000000045678"),
    Field("resident_type", "住民種別", Kind.CODE, codes=RESIDENT_TYPES, example="1"),
    Field("resident_status", "住民状態", Kind.CODE, codes=RESIDENT_STATUSES, example="1"),
    Field("name", "氏名", Kind.TEXT, max_length=100, note="行政事務標準文字。IVSはそのまま", example="髙橋　花子"),
    Field(
        "name_kana",
        "氏名_フリガナ",
        Kind.TEXT,
        required=False,
        max_length=200,
        note="全角カタカナ。小書きの文字を区別する",
        example="タカハシ　ハナコ",
    ),
    Field("kana_status", "氏名_フリガナ確認状況", Kind.CODE, required=False, codes=KANA_STATUSES, example="1"),
    Field("alias", "通称", Kind.TEXT, required=False, max_length=100),
    Field("sex", "性別", Kind.CODE, codes=SEXES, example="2"),
    Field("birth_date", "生年月日", Kind.DATE, required=False, example="2019-05-01"),
    Field(
        "birth_text",
        "生年月日_不詳表記",
        Kind.TEXT,
        required=False,
        max_length=40,
        note="生年月日の全部か一部が不詳のときだけ書く",
    ),
    Field(
        "relationship_code",
        "続柄コード",
        Kind.DIGITS,
        required=False,
        lengths=(2, 4, 6, 8),
        note="2桁のコードを4つまでつなぐ（子の子は2020）。02世帯主 11夫 12妻 13夫（未届） 14妻（未届） 20子 51父 52母 "
        "71兄 74弟 81姉 84妹 96縁故者 99同居人",
        example="20",
    ),
    Field("relationship", "続柄表記", Kind.TEXT, required=False, max_length=40, example="子"),
    Field("head_name", "世帯主氏名", Kind.TEXT, required=False, max_length=100, example="髙橋　太郎"),
    Field("postal_code", "住所_郵便番号", Kind.DIGITS, required=False, lengths=(7,), hyphens=True, example="0608611"),
    Field(
        "municipality_code",
        "住所_市区町村コード",
        Kind.DIGITS,
        lengths=(6,),
        check=NumberKind.MUNICIPALITY,
        note="検査数字を含む6桁",
        example="011002",
    ),
    Field(
        "ward_code",
        "住所_区コード",
        Kind.DIGITS,
        required=False,
        lengths=(6,),
        check=NumberKind.MUNICIPALITY,
        note="政令指定都市の区。検査数字を含む6桁",
        example="011011",
    ),
    Field("address", "住所", Kind.TEXT, max_length=200, example="札幌市中央区北一条西二丁目１番地"),
    Field("address_detail", "住所_方書", Kind.TEXT, required=False, max_length=200),
    Field("phone", "電話番号", Kind.TEXT, required=False, max_length=30),
    Field("resident_since", "住民日", Kind.DATE, required=False, example="2019-05-01"),
    Field("event_code", "異動事由", Kind.CODE, codes=EVENTS, example="20"),
    Field("event_date", "異動年月日", Kind.DATE, note="この行の内容になった日", example="2026-04-01"),
    Field("notified_on", "届出年月日", Kind.DATE, required=False, example="2026-04-01"),
    Field("removed_on", "消除年月日", Kind.DATE, required=False, note="住民状態が2・3・9のときに書く"),
    Field("protection", "支援措置", Kind.FLAG, note="DV等の支援措置の対象者は1", example="0"),
)

_REMOVED = pl.col("resident_status").is_in(REMOVED)

_RULES = (
    Rule(
        "birth_missing",
        "birth_date",
        "生年月日がありません。不詳のときは「生年月日_不詳表記」を書いてください。",
        pl.col("birth_date").is_null() & pl.col("birth_text").is_null(),
    ),
    Rule(
        "birth_after_event",
        "birth_date",
        "生年月日が異動年月日より後です。",
        pl.col("birth_date") > pl.col("event_date"),
    ),
    Rule(
        "removal_date_missing",
        "removed_on",
        "住民状態が転出者・死亡者・その他消除者ですが、消除年月日がありません。",
        _REMOVED & pl.col("removed_on").is_null(),
    ),
    Rule(
        "removal_without_status",
        "removed_on",
        "消除年月日がありますが、住民状態が消除（2・3・9）ではありません。",
        ~_REMOVED & pl.col("removed_on").is_not_null(),
    ),
    Rule(
        "removal_date_differs",
        "removed_on",
        "消除年月日が異動年月日と違います。消除年月日のまま取り込みます。",
        _REMOVED & (pl.col("removed_on") != pl.col("event_date")),
        Severity.WARNING,
    ),
    Rule(
        "event_contradicts_status",
        "event_code",
        "異動事由が転出（04）・死亡（05）・職権消除（11）ですが、住民状態が合っていません。",
        ((pl.col("event_code") == "04") & (pl.col("resident_status") != "2"))
        | ((pl.col("event_code") == "05") & (pl.col("resident_status") != "3"))
        | ((pl.col("event_code") == "11") & ~_REMOVED),
    ),
    Rule(
        "resident_since_before_birth",
        "resident_since",
        "住民日が生年月日より前です。",
        pl.col("resident_since") < pl.col("birth_date"),
        Severity.WARNING,
    ),
    Rule(
        "kana_not_katakana",
        "name_kana",
        "フリガナにひらがなか半角カナがあります。全角カタカナで書いてください。",
        pl.col("name_kana").str.contains("[ぁ-ゖ｡-ﾟ]"),
        Severity.WARNING,
    ),
)

LAYOUT = Layout(
    id="resident_feed",
    title="住民情報",
    version="1.0",
    purpose="住民記録から、住民・住登外者・消除者の状態と異動を受け取る。",
    fields=_FIELDS,
    keys=(
        Key(("seq",), "連番が重なっています。"),
        Key(
            ("atena_no", "event_date", "event_code"),
            "同じ宛名番号・異動年月日・異動事由の行が前にもあります。連番の大きい行を後の状態とします。",
            Severity.WARNING,
        ),
    ),
    rules=_RULES,
    notes=(
        "1行は、その人の異動年月日からの状態のすべてを表す（変わった項目だけではない）。",
        "全件ファイルは異動事由を20（現況）とし、異動年月日にその状態になった日を書く。",
        "住民状態が2・3・9の行の消除年月日は、消除された日（異動年月日と同じ日）である。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 住民情報 file (columns: `line` and those of LAYOUT) and what is wrong with it; raises on no input."""
    return csv_layout.parse(data, LAYOUT)


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)
