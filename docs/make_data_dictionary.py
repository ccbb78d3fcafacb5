"""Writes docs/data-dictionary.md from the models and the reason codes: `.venv/bin/python docs/make_data_dictionary.py`.

Run it after a change of a model, an enum or a reason; tests/architecture/test_docs.py fails while the page is old.
"""

import importlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

PAGE = Path(__file__).resolve().parent / "data-dictionary.md"
_HEAD = """# データ辞書

<!-- この頁はコードから作られる。直すときはモデルを直し、.venv/bin/python docs/make_data_dictionary.py を実行する。 -->

医療費助成システムの表・列・コードの名前と、職員の言葉の対応。言葉の意味は[用語集](glossary.md)にある。
期間(`daterange`)は終わりの日を含まない。金額はすべて円の整数。`→` の先は参照する表(同じシステムの中だけ)。
"""
# the platform's tables that stand in the system's own database
_PLATFORM = ("batch", "exchange")
_TYPES = {
    "CharField": "文字",
    "TextField": "文字",
    "BooleanField": "真偽",
    "DateField": "日付",
    "DateTimeField": "日時",
    "DateRangeField": "期間",
    "JSONField": "JSON",
    "ArrayField": "文字の並び",
}


def page() -> str:
    """The whole page."""
    return (
        "\n".join([_HEAD, "## 表", "", *_tables(), "## コード", "", *_codes(), "## 理由", "", *_reasons()]).rstrip()
        + "\n"
    )


def _tables() -> Iterator[str]:
    from django.apps import apps

    ours = [c for c in apps.get_app_configs() if c.label in _PLATFORM or c.label.startswith("subsidy_")]
    for config in ours:
        for model in config.get_models():
            yield f"### `{model._meta.db_table}` — {model.__name__}"
            yield ""
            yield from _table(("列", "名前", "型", "空"), (_column(field) for field in model._meta.local_fields))


def _column(field) -> tuple[str, ...]:
    words = "" if field.verbose_name == field.name.replace("_", " ") else field.verbose_name
    if field.name == "id":
        words = "通し番号"
    if field.remote_field is not None:
        return (f"`{field.column}`", words, f"→ `{field.related_model._meta.db_table}`", "可" if field.null else "")
    kind = _TYPES.get(type(field).__name__, "整数" if "Integer" in type(field).__name__ else "")
    if type(field).__name__ in ("BigAutoField", "AutoField"):
        kind = "整数"
    kind += f" {field.max_length}" if getattr(field, "max_length", None) and kind == "文字" else ""
    if field.choices:
        kind = " ".join(f"`{code}`={label}" if code != label else f"`{code}`" for code, label in field.choices)
    return (f"`{field.column}`", words, kind, "可" if field.null else "")


def _codes() -> Iterator[str]:
    from tasuke.core.numbers import NumberKind, check_number
    from tasuke.schemes.vocabulary import LABELS

    yield "制度・判定のことば(`tasuke.schemes.vocabulary`)。"
    yield ""
    rows = [
        (f"`{enum.__name__}`", f"`{code}`", label) for enum, words in LABELS.items() for code, label in words.items()
    ]
    yield from _table(("種類", "コード", "ことば"), rows)
    yield "番号の種類(`tasuke number check`)。"
    yield ""
    yield from _table(
        ("コード", "ことば"), [(f"`{kind}`", check_number(kind, "").problems[0].field) for kind in NumberKind]
    )


def _reasons() -> Iterator[str]:
    for title, module, enum, label in (
        ("資格の判定", "tasuke.schemes.reasons", "ReasonCode", "reason_label"),
        ("一部負担金の計算", "tasuke.schemes.copayment.reasons", "CopayReason", "copay_reason_label"),
        ("レセプトの審査", "tasuke.systems.subsidy.claims.reasons", "ClaimReason", "claim_reason_label"),
        ("償還払いの決定", "tasuke.systems.subsidy.reimbursements.reasons", "ReceiptReason", "receipt_reason_label"),
    ):
        found = importlib.import_module(module)
        codes: Iterable[StrEnum] = getattr(found, enum)
        yield f"### {title}(`{enum}`)"
        yield ""
        infos = getattr(found, "INFO", {})
        rows = [(f"`{code}`", getattr(found, label)(code), _leads_to(infos.get(code))) for code in codes]
        heads = ("コード", "ことば", "結果") if infos else ("コード", "ことば")
        yield from _table(heads, [row[: len(heads)] for row in rows])


_LEADS = {
    "accepted": "注意(決定する)",
    "query": "疑義",
    "return": "過誤",
    "granted": "注意(支給する)",
    "rejected": "不支給",
    "held": "保留",
}


def _leads_to(info) -> str:
    if info is None:
        return ""
    return _LEADS[str(getattr(info, "state", None) or info.outcome)]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = list(heads)
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |"
    yield ""


def main() -> None:
    """Write the page."""
    from tasuke.deploy.setup import configure

    configure()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
