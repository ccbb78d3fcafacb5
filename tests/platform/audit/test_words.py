"""An auditor reads Japanese: every object that a screen names in the trail has a word."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasuke
import tasuke.deploy.urls
from tasuke.platform.audit.words import facts_in_words, name_of

assert tasuke.deploy.urls  # offers the names of the jobs
SOURCES = Path(tasuke.__file__).parent


def named(call: ast.Call) -> Iterator[str]:
    """First words of what one call of the recorder names, as far as they stand in the source."""
    told = call.args[1] if len(call.args) > 1 else None
    if isinstance(told, ast.JoinedStr):
        told = told.values[0]
    for part in ast.walk(told) if isinstance(told, ast.IfExp) else [told]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value.partition(" ")[0]


def recorded() -> set[str]:
    found = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                recorder = ast.unparse(node.func.value).endswith("audit")
                if recorder and node.func.attr in ("read", "changed", "printed", "exported"):
                    found.update(named(node))
    return found


def test_every_object_that_a_screen_names_has_a_word():
    words = recorded()
    assert len(words) > 40
    assert sorted(word for word in words if word.isascii() and name_of(word) == word) == []


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {
                "what": "failed-transfer 7",
                "before": {"state": "sent"},
                "after": {"state": "failed", "reason": "closed"},
            },
            "対象: 振込不能 7 / 前: 状態 振込依頼済み / 後: 状態 振込不能、理由 解約",
        ),
        ({"what": "select-payments", "run": 3}, "対象: 支払対象の抽出 / 処理番号: 3"),
        ({"what": "notices-1 2026-05-25"}, "対象: 支払通知書 2026-05-25"),
        (
            {"what": "recipients", "choice": 1, "filters": {}, "items": ["name", "ward"], "shared": False},
            "対象: recipients / 保存した条件の番号: 1 / 条件: なし / 項目: name、ward / 共有: いいえ",
        ),
        ({"by": "name+birth", "hits": 2}, "探し方: 氏名と生年月日 / 件数: 2"),
        ({"what": "someday new"}, "対象: someday new"),
    ],
)
def test_facts_are_told_in_words(facts, told):
    assert facts_in_words(json.dumps(facts)) == told
