"""The pages of docs/interfaces say what the layouts say."""

from pathlib import Path

import pytest

from tasuke.formats import layout_docs
from tasuke.formats.feeds import FEEDS

FOLDER = Path(__file__).parents[2] / "docs" / "interfaces"


@pytest.mark.parametrize("name", layout_docs.pages())
def test_page_is_current(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")

    assert written == layout_docs.pages()[name], "tasuke feed pages docs/interfaces を実行してください"


@pytest.mark.parametrize("kind", FEEDS)
def test_page_has_every_field_code_and_rule(kind: str) -> None:
    layout = FEEDS[kind]

    page = layout_docs.page(layout, kind)

    assert all(f"| {field.label} | `{field.name}` |" in page for field in layout.fields)
    assert all(meaning in page for field in layout.fields for meaning in (field.codes or {}).values())
    assert all(f"`{rule.code}`" in page for rule in layout.rules)
