"""Whatever stands in a file of facts or visits, the fault is told in Japanese."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from tasuke.schemes.copayment.visits import Visits
from tasuke.schemes.facts import Facts
from tasuke.schemes.toml_messages import message_of

ODD = [
    None, [], {}, "x", "", 1.5, -1, 10**30, float("inf"), True, "2026-02-30", "9999-99-99", ["a"], {"a": 1},
    "あ" * 3_000,
]  # fmt: skip
Path = tuple[str | int, ...]


def places(schema: dict[str, Any], kinds: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """Every item that can be written, through lists and tables; 0 stands for the first of a list."""
    if "$ref" in schema:
        schema = kinds[schema["$ref"].rpartition("/")[2]]
    for name, inner in schema.get("properties", {}).items():
        yield (*path, name)
        for form in (inner, *inner.get("anyOf", ())):
            if "$ref" in form:
                yield from places(form, kinds, (*path, name))
            if "$ref" in form.get("items", {}):
                yield from places(form["items"], kinds, (*path, name, 0))


def faults(model: type[BaseModel], text: str) -> list[str]:
    try:
        model.model_validate_json(text)
    except ValidationError as error:
        return [message_of(detail) for detail in error.errors()]
    return []


@pytest.mark.parametrize("model", [Visits, Facts])
def test_every_odd_value_in_every_place_is_told_in_japanese(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    told: set[str] = set()
    for path in places(schema, schema.get("$defs", {})):
        for odd in ODD:
            value: Any = odd
            for step in reversed(path):
                value = [value] if step == 0 else {step: value}
            told.update(faults(model, json.dumps(value)))
    assert len(told) > 8
    assert [words for words in told if words.isascii()] == []
    assert [words for words in told if "should" in words] == []


@pytest.mark.parametrize("text", ["[]", "null", "3"])
def test_a_file_without_items_is_told_how_json_writes_them(text: str) -> None:
    assert ["{ }" in words for words in faults(Facts, text)] == [True]
