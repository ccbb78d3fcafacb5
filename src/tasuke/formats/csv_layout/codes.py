"""The codes of problems that any CSV feed can have (the codes of rules between fields stand in each layout)."""

from typing import NamedTuple

from tasuke.core.problems import Severity

_W, _E, _F = Severity.WARNING, Severity.ERROR, Severity.FATAL


class KnownCode(NamedTuple):
    """How bad it is and what it means, in a clerk's words."""

    severity: Severity
    meaning: str


PROBLEM_CODES: dict[str, KnownCode] = {
    "empty_file": KnownCode(_F, "ファイルが空"),
    "not_csv": KnownCode(_F, "Excelブック・PDFなど、CSVではないファイル"),
    "wrong_encoding": KnownCode(_F, "UTF-8ではない文字コード（名前を示す）"),
    "wrong_separator": KnownCode(_F, "項目の区切りがタブやセミコロン"),
    "header_missing": KnownCode(_F, "見出し行がない"),
    "header_quotes": KnownCode(_F, "見出し行の引用符が閉じていない"),
    "other_kind": KnownCode(_F, "ほかの種類の連携ファイルらしい（どれかを示す）"),
    "column_missing": KnownCode(_F, "列が足りない"),
    "column_doubled": KnownCode(_F, "同じ列が2つある"),
    "column_extra": KnownCode(_W, "決まりにない列がある"),
    "column_order": KnownCode(_W, "列の順が決まりと違う"),
    "line_breaks": KnownCode(_W, "改行がCRだけ"),
    "no_rows": KnownCode(_W, "データの行がない"),
    "no_final_newline": KnownCode(_W, "最後の行が改行で終わらない（途中で切れた疑い）"),
    "blank_line": KnownCode(_W, "空の行。読み飛ばす"),
    "header_repeated": KnownCode(_E, "見出し行が途中にもある（2つのファイルがつながった疑い）"),
    "field_count": KnownCode(_E, "列の数が見出しと違う行"),
    "broken_quotes": KnownCode(_E, "引用符が閉じていない、または使えない場所にある"),
    "bad_bytes": KnownCode(_E, "UTF-8として読めないバイトのある行"),
    "required": KnownCode(_E, "必ず書く項目が空"),
    "control_character": KnownCode(_E, "NULなどの制御文字"),
    "too_long": KnownCode(_E, "長さの上限を超える"),
    "wrong_length": KnownCode(_E, "桁数が決まりと違う"),
    "wrong_pattern": KnownCode(_E, "書き方が決まりと違う"),
    "not_digits": KnownCode(_E, "数字列に数字でない文字"),
    "not_integer": KnownCode(_E, "整数として読めない"),
    "negative": KnownCode(_E, "負の数"),
    "out_of_range": KnownCode(_E, "数が範囲の外"),
    "unknown_code": KnownCode(_E, "コード表にない値"),
    "date_format": KnownCode(_E, "日付として読めない"),
    "date_wareki": KnownCode(_E, "和暦の日付"),
    "date_not_exist": KnownCode(_E, "存在しない日付"),
    "date_open_end": KnownCode(_E, "9999年の日付（期限なしの意味）"),
    "date_range": KnownCode(_E, "日付が範囲の外"),
    "date_not_iso": KnownCode(_W, "決まりと違う形の日付。読み替えた"),
    "full_width": KnownCode(_W, "全角の数字・記号。半角に直した"),
    "spaces_trimmed": KnownCode(_W, "前後の空白。取り除いた"),
    "hyphen_removed": KnownCode(_W, "ハイフン。取り除いた"),
    "check_digit": KnownCode(_W, "検査数字が合わない番号。そのまま使う"),
    "key_repeated": KnownCode(_E, "重なってはならないものが重なる行（注意のこともある。それぞれの頁）"),
    "more_warnings": KnownCode(_W, "1件ずつ示さなかった注意の件数"),
}
