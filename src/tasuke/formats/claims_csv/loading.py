"""Read a mapping file and say everything that is wrong with it at once."""

import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from tasuke.core.problems import Problem, Severity
from tasuke.formats.claims_csv.definition import (
    CLAIM_FIELDS,
    CLOSED_VALUES,
    KOHI_FIELDS,
    MONEY_FIELDS,
    REQUIRED_FIELDS,
    Column,
    FieldMapping,
    Mapping,
    Unit,
)
from tasuke.formats.uke.frames import Schema

_WORDS = {
    "missing": "必須の項目がありません",
    "extra_forbidden": "この項目は書けません(つづりの誤りか、別の表の項目です)",
    "string_too_short": "空欄にはできません",
    "string_type": "文字列で書きます",
    "int_type": "整数で書きます",
    "bool_type": "true か false で書きます",
    "dict_type": "表([ ])で書きます",
    "tuple_type": "一覧([ ] または [[ ]])で書きます",
    "model_type": "表([ ])で書きます",
    "model_attributes_type": "表([ ])で書きます",
}
_MOST_KOHI = 4


def load_mapping(toml: bytes | Path) -> tuple[Mapping | None, list[Problem]]:
    """The mapping, or None and all that is wrong with it; `field` of a Problem is the key path, as field[3].date."""
    try:
        data = tomllib.loads((toml.read_bytes() if isinstance(toml, Path) else toml).decode("utf-8-sig"))
    except OSError as error:
        return None, [_fatal("MAPPING_UNREADABLE", f"列対応表を読めません: {error.strerror}", "")]
    except UnicodeDecodeError:
        return None, [_fatal("MAPPING_ENCODING", "列対応表は UTF-8 で書きます", "")]
    except tomllib.TOMLDecodeError as error:
        return None, [_fatal("MAPPING_SYNTAX", f"TOML として読めません: {error}", "")]
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        problems = [_fatal("MAPPING_ITEM", _message(fault), _path(fault["loc"])) for fault in error.errors()]
        return None, problems + list(_name_faults_of_raw(data))
    problems = list(_faults(mapping))
    return (None if problems else mapping), problems


def example_mapping() -> Mapping:
    """The example mapping that the synthetic city writes and the tests read."""
    text = resources.files("tasuke.formats.claims_csv").joinpath("example_rengo.toml").read_bytes()
    mapping, problems = load_mapping(text)
    if mapping is None:
        raise AssertionError("; ".join(str(problem) for problem in problems))
    return mapping


def _fatal(code: str, message: str, path: str) -> Problem:
    return Problem(code, message, field=path or None, severity=Severity.FATAL)


def _path(location: tuple[int | str, ...]) -> str:
    parts: list[str] = []
    for key in location:
        if isinstance(key, int):
            parts[-1] = f"{parts[-1]}[{key}]"
        elif key not in ("constrained-str", "constrained-int", "int", "str", "bool"):
            parts.append(str(key))
    return ".".join(parts)


def _message(fault: Any) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        return str(context.get("error", fault["msg"]))
    if kind in ("enum", "literal_error"):
        return f"書ける値は {context.get('expected', '')} です".replace(" or ", " か ")
    if kind in ("greater_than_equal", "less_than_equal"):
        limit = context.get("ge", context.get("le"))
        return f"{limit} {'以上' if kind == 'greater_than_equal' else '以下'}で書きます"
    return _WORDS.get(kind, str(fault["msg"]))


def _name_faults_of_raw(data: dict[str, Any]) -> Iterator[Problem]:
    """Unknown field names, said even when other items keep the mapping from being built."""
    listed = data.get("field")
    for at, field in enumerate(listed if isinstance(listed, list) else []):
        name = field.get("name") if isinstance(field, dict) else None
        if isinstance(name, str) and name not in CLAIM_FIELDS:
            yield _fatal("UNKNOWN_FIELD", f"「{name}」という項目はありません", f"field[{at}].name")


def _faults(mapping: Mapping) -> Iterator[Problem]:
    yield from _group_faults(mapping, mapping.field, CLAIM_FIELDS, "field")
    if len(mapping.kohi) > _MOST_KOHI:
        yield _fatal("TOO_MANY_KOHI", "公費は4つまでです", "kohi")
    for at, kohi in enumerate(mapping.kohi):
        yield from _group_faults(mapping, kohi.field, KOHI_FIELDS, f"kohi[{at}].field")
        if kohi.present is not None:
            yield from _column_faults(mapping, kohi.present, f"kohi[{at}].present")
        if not any(field.name == "payer_no" for field in kohi.field):
            yield _fatal("MISSING_FIELD", "payer_no の対応がありません", f"kohi[{at}].field")
    names = {field.name for field in mapping.field}
    for name in REQUIRED_FIELDS:
        if name not in names:
            yield _fatal("MISSING_FIELD", f"{name} の対応がありません", "field")
    if not names & {"receipt_type", "inpatient"}:
        yield _fatal("MISSING_FIELD", "receipt_type か inpatient の対応が必要です", "field")
    for at, name in enumerate(mapping.unique):
        if name not in names:
            yield _fatal("UNKNOWN_FIELD", f"「{name}」の対応がありません", f"unique[{at}]")
    yield from _row_faults(mapping)


def _row_faults(mapping: Mapping) -> Iterator[Problem]:
    if mapping.rows is not None:
        yield from _column_faults(mapping, mapping.rows.column, "rows.column")
        if set(mapping.rows.data) & set(mapping.rows.skip):
            yield _fatal("MAPPING_ITEM", "data と skip に同じ値があります", "rows.skip")
    if mapping.total is not None:
        for name in ("column", "count", "cost", "copay"):
            column = getattr(mapping.total, name)
            if column is not None:
                yield from _column_faults(mapping, column, f"total.{name}")


def _group_faults(mapping: Mapping, fields: tuple[FieldMapping, ...], known: Schema, place: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, field in enumerate(fields):
        path = f"{place}[{at}]"
        if field.name not in known:
            yield _fatal("UNKNOWN_FIELD", f"「{field.name}」という項目はありません", f"{path}.name")
            continue
        if field.name in seen:
            yield _fatal("DOUBLED_FIELD", f"{field.name} の対応が2回あります", f"{path}.name")
        seen.add(field.name)
        yield from _field_faults(field, known[field.name], path)
        if field.column is not None:
            yield from _column_faults(mapping, field.column, f"{path}.column")


def _field_faults(field: FieldMapping, dtype: type[pl.DataType], path: str) -> Iterator[Problem]:
    if (dtype is pl.Date) != (field.date is not None):
        message = "日付なので date(書き方)が必要です" if dtype is pl.Date else "日付ではないので date は書けません"
        yield _fatal("MAPPING_ITEM", message, f"{path}.date")
    if field.unit is not Unit.YEN and field.name not in MONEY_FIELDS:
        yield _fatal("MAPPING_ITEM", "金額ではないので unit は書けません", f"{path}.unit")
    allowed = CLOSED_VALUES.get(field.name)
    if dtype is pl.Boolean:
        allowed = ("true", "false")
    given = list(field.values.values()) + ([_constant_text(field.constant)] if field.constant is not None else [])
    for value in given:
        if allowed is not None and value not in (*allowed, ""):
            yield _fatal("MAPPING_VALUE", f"「{value}」は書けません。書ける値は {'・'.join(allowed)} です", path)


def _constant_text(constant: str | int | bool) -> str:
    return str(constant).lower() if isinstance(constant, bool) else str(constant)


def _column_faults(mapping: Mapping, column: Column, path: str) -> Iterator[Problem]:
    file = mapping.file
    if isinstance(column, int):
        if file.titles and column > len(file.titles):
            yield _fatal("UNKNOWN_COLUMN", f"列は {len(file.titles)} 個までです", path)
    elif file.titles and column not in file.titles:
        yield _fatal("UNKNOWN_COLUMN", f"「{column}」は titles にありません", path)
    elif not file.titles and file.title_row == 0:
        yield _fatal("UNKNOWN_COLUMN", "列名の行がない(title_row = 0)ので、列は番号で書くか titles を書きます", path)
