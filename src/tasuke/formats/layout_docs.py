"""Writes the pages of docs/interfaces from the layouts, so that what is documented is what is read."""

import csv
import io

from tasuke.core.problems import Severity
from tasuke.formats.csv_layout import Field, Kind, Layout
from tasuke.formats.csv_layout.codes import PROBLEM_CODES
from tasuke.formats.csv_layout.definition import EARLIEST, LATEST
from tasuke.formats.csv_layout.messages import WARNINGS_PER_KIND
from tasuke.formats.csv_layout.records import MAX_RECORD_LINES
from tasuke.formats.feeds import FEEDS

COMMON_PAGE = "csv_layout"
_MADE = "<!-- この頁は配置の定義から作られる。直すときは定義を直し、tasuke feed pages docs/interfaces を実行する。 -->"
_KINDS = {
    Kind.TEXT: "文字",
    Kind.DIGITS: "数字列",
    Kind.DIGITS_LIST: "数字列の並び",
    Kind.INT: "整数",
    Kind.DATE: "日付",
    Kind.FLAG: "0・1",
    Kind.CODE: "コード",
}
_SEVERITIES = {Severity.WARNING: "注意", Severity.ERROR: "誤り", Severity.FATAL: "中止"}
_COMMON_INTRO = f"""# 庁内連携ファイル（CSV）に共通の決まり

{_MADE}

連携ファイルは同じ書き方をする。項目とコードはそれぞれの頁にある。

{{links}}

## 書き方

- 文字コードはUTF-8（BOMはあってもなくてもよい）。Shift_JIS・EUC-JP・UTF-16などは、名前を示して読まない。
- 区切りは半角コンマ、改行はCRLFかLF。書き出すときはBOMなし・CRLF。
- 1行目は見出し（項目名）。列は見出しの名前で見分けるので、順が違っても読む（注意を出す）。
  決まりにない列は読み飛ばす（注意を出す）。列が足りない・同じ列が2つあるときは、ファイル全体を読まない。
- コンマ・引用符・改行を含む値は半角の引用符（"）で囲み、中の引用符は2つ重ねる（RFC 4180）。
  囲まれた改行は値の一部である。{MAX_RECORD_LINES}行を超えて閉じない引用符は、閉じ忘れとして、その行だけを誤りにする。
- 値は書いたとおりに読み書きする。表計算ソフトの式になりうる文字（=・+・-・@）にも何も付けない。
  人が開くためのファイルではない。
- 文字はIVS（異体字セレクタ）を含めて変えない。長さは、異体字セレクタと結合文字を前の文字に含めて数える。
  正規化（NFC）もしない。
- 空欄は「値がない」。0とは別のことである。

## 型

| 型 | 書き方 |
|---|---|
| 文字 | 長さの上限まで。前後の空白は取り除く。タブと改行のほかの制御文字は書けない |
| 数字列 | 半角数字。番号なので前の0も桁のうち |
| 数字列の並び | 数字列を半角の;で区切る |
| 整数 | 半角数字だけ。桁区切り・単位・小数点は書かない。特に断りがなければ0以上。金額は円 |
| 日付 | 2026-11-21の形。{EARLIEST}から{LATEST}まで |
| 0・1 | 1（該当）か0（非該当） |
| コード | それぞれの頁の表にある値 |

## 直して読むもの（注意を出し、行は使う）

- 全角の数字・符号は半角に直す。
- 前後の空白（全角を含む）は取り除く。郵便番号のハイフンは取り除く。
- 2026/11/21・2026.1.5・20261121・2026-11-21 00:00:00は日付として読む。
- 検査数字が合わない番号はそのまま使う（古い番号には規則に合わないものがある）。

和暦の日付は読まない。誤りの文に西暦の書き方を示す。9999年の日付も読まない。期限がないときは空にする。

## 問題の重さ

| 重さ | 扱い |
|---|---|
| 注意 | その行を使う。同じ項目・同じコードの注意は{WARNINGS_PER_KIND:,}件まで1件ずつ示し、残りは件数だけ示す |
| 誤り | その行を使わない。ほかの行はそのまま進む。誤りはすべて示す |
| 中止 | ファイル全体を使わない |

問題の行番号は、見出しを1行目としたファイルの上での行（囲まれた改行も1行と数える）で、データが何行かにわたるときは始まりの行である。

## 問題のコード

| コード | 重さ | 意味 |
|---|---|---|
"""


def pages() -> dict[str, str]:
    """All pages: file name → text."""
    made = {f"{layout.id}.md": page(layout, kind) for kind, layout in FEEDS.items()}
    return {f"{COMMON_PAGE}.md": common_page(), **made}


def common_page() -> str:
    """What holds for every feed, and the codes of problems."""
    links = "\n".join(f"- [{layout.title}]({layout.id}.md)：{layout.purpose}" for layout in FEEDS.values())
    rows = [f"| `{code}` | {_SEVERITIES[known.severity]} | {known.meaning} |" for code, known in PROBLEM_CODES.items()]
    return _COMMON_INTRO.replace("{links}", links) + "\n".join(rows) + "\n"


def page(layout: Layout, kind: str) -> str:
    """The page of one layout; kind: the name under which it is imported."""
    parts = [
        f"# {layout.title}\n\n{_MADE}",
        layout.purpose,
        _usage(layout, kind),
    ]
    if layout.notes:
        parts.append("\n".join(f"- {note}" for note in layout.notes))
    parts += [_field_table(layout), _code_tables(layout), _key_table(layout), _rule_table(layout), _example(layout)]
    return "\n\n".join(part for part in parts if part) + "\n"


def example_file(layout: Layout, *changes: dict[str, str]) -> bytes:
    """The documented example as a file: its header and one row, or one row for each dict of changed values by name."""
    rows = [[values.get(field.name, field.example) for field in layout.fields] for values in changes or ({},)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[field.label for field in layout.fields], *rows])
    return text.getvalue().encode()


def _usage(layout: Layout, kind: str) -> str:
    check = f"`tasuke feed check {kind} ファイル` で検査する"
    return f"版 {layout.version}。{check}。書き方は[共通の決まり]({COMMON_PAGE}.md)。"


def _field_table(layout: Layout) -> str:
    head = "## 項目\n\n| 列 | 項目名 | 名前 | 型 | 必須 | 長さ・範囲 | 説明 |\n|--:|---|---|---|:-:|---|---|\n"
    rows = [
        f"| {number} | {field.label} | `{field.name}` | {_KINDS[field.kind]} | {'○' if field.required else ''} "
        f"| {_size(field)} | {_explain(field)} |"
        for number, field in enumerate(layout.fields, start=1)
    ]
    return head + "\n".join(rows)


def _size(field: Field) -> str:
    if field.lengths:
        return "・".join(str(n) for n in field.lengths) + "桁"
    if field.values:
        return "・".join(str(n) for n in field.values)
    if field.kind is Kind.INT:
        return f"{field.minimum:,}〜{field.maximum:,}"
    if field.max_length is not None:
        return f"{field.max_length}{'文字' if field.kind in (Kind.TEXT, Kind.DIGITS_LIST) else '桁'}まで"
    return ""


def _explain(field: Field) -> str:
    checked = "検査数字を確かめる（注意）" if field.check is not None else ""
    table = "下の表" if field.codes and len(field.codes) > 3 else _inline_codes(field)
    return "。".join(part for part in (field.note, field.pattern_hint, table, checked) if part)


def _inline_codes(field: Field) -> str:
    return " ".join(f"{code}={label}" for code, label in (field.codes or {}).items())


def _code_tables(layout: Layout) -> str:
    tables = [
        f"### {field.label}\n\n| コード | 意味 |\n|---|---|\n"
        + "\n".join(f"| {code} | {label} |" for code, label in field.codes.items())
        for field in layout.fields
        if field.codes and len(field.codes) > 3
    ]
    return "## コード\n\n" + "\n\n".join(tables) if tables else ""


def _key_table(layout: Layout) -> str:
    rows = [
        f"- {'＋'.join(layout.field(name).label for name in key.fields)}：{key.message}（{_SEVERITIES[key.severity]}）"
        for key in layout.keys
    ]
    return "## ファイルの中で重なってはならないもの\n\n先の行を残し、後の行を知らせる。\n\n" + "\n".join(rows)


def _rule_table(layout: Layout) -> str:
    title = "## 項目どうしの決まり\n\n項目ごとの誤りがない行について見る。\n\n"
    head = f"{title}| コード | 重さ | 項目 | 文 |\n|---|---|---|---|\n"
    rows = [
        f"| `{rule.code}` | {_SEVERITIES[rule.severity]} | {layout.field(rule.field).label} | {rule.message} |"
        for rule in layout.rules
    ]
    return head + "\n".join(rows)


def _example(layout: Layout) -> str:
    return f"## 例\n\n```\n{example_file(layout).decode().rstrip()}\n```"
