"""What pydantic finds wrong with a scheme or with facts, in the words of the person who writes the file."""

import re
from typing import Any

_TABLE = "項目と値の表(TOML では [ ]、JSON では { })で書きます"
_WORDS = {
    "missing": "必須の項目がありません",
    "extra_forbidden": "この項目は書けません(つづりの誤りか、別の表の項目です)",
    "string_type": "文字列で書きます",
    "int_type": "整数で書きます",
    "int_parsing": "整数で書きます",
    "int_from_float": "整数で書きます(小数は書けません)",
    "bool_type": "true か false で書きます",
    "bool_parsing": "true か false で書きます",
    "date_type": "日付(2025-04-01 の形)で書きます",
    "date_parsing": "日付(2025-04-01 の形)で書きます",
    "date_from_datetime_parsing": "日付(2025-04-01 の形)で書きます",
    "date_from_datetime_inexact": "日付(2025-04-01 の形)で書きます。時刻は書けません",
    "tuple_type": "一覧([ ] または [[ ]])で書きます",
    "list_type": "一覧([ ] または [[ ]])で書きます",
    "finite_number": "整数で書きます(大きすぎます)",
    "int_parsing_size": "整数で書きます(大きすぎます)",
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
}


def message_of(error: Any) -> str:
    """The reason in Japanese."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind == "json_invalid":
        return _json_message(str(context["error"]))
    if kind in ("enum", "literal_error"):
        return f"書ける値は {context.get('expected', '')} です".replace(" or ", " か ")
    limit = _limit_message(kind, context)
    return limit or _WORDS.get(kind, str(error["msg"]))


def _json_message(error: str) -> str:
    """The parser tells the place at the end of its English words."""
    place = re.search(r"line (\d+) column (\d+)$", error)
    if error.startswith("EOF"):
        empty = place is not None and place.groups() == ("1", "0")
        return f"JSON として読めません({'空のファイルです' if empty else '途中で終わっています'})"
    where = f"({place.group(1)}行目の{place.group(2)}文字目)" if place else ""
    return f"JSON として読めません{where}"


def _limit_message(kind: str, context: dict[str, Any]) -> str | None:
    if kind == "greater_than_equal":
        return f"{context['ge']} 以上で書きます"
    if kind == "less_than_equal":
        return f"{context['le']} 以下で書きます"
    if kind == "less_than":
        return f"{context['lt']:,} より小さい数で書きます"
    if kind == "greater_than":
        return f"{context['gt']:,} より大きい数で書きます"
    if kind == "string_too_long":
        return f"{context['max_length']} 文字以内で書きます"
    if kind == "too_long":
        return f"{context['max_length']} 件以下で書きます"
    if kind == "too_short":
        return f"{context['min_length']} 件以上書きます"
    if kind == "string_too_short":
        return "空欄にはできません"
    if kind == "string_pattern_mismatch":
        return f"形が違います(正規表現 {context['pattern']})"
    return None
