"""Writes docs/interfaces/contracts from `tasuke.contracts`: `.venv/bin/python docs/make_contract_pages.py`.

A page for people and a file of JSON Schema for programs, for each contract. Run it after a change of a message, an
operation or a grant; tests/contracts/test_pages.py fails while a page is old.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "interfaces" / "contracts"
_MADE = (
    "<!-- この頁は約束の定義(src/tasuke/contracts)から作られる。"
    "直すときは定義を直し、.venv/bin/python docs/make_contract_pages.py を実行する。 -->"
)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {"string": "文字", "integer": "整数", "boolean": "真偽", "null": "空", "number": "数"}
_FORMATS = {"date": "日付", "date-time": "日時"}


def pages() -> dict[str, str]:
    """All files: name → text."""
    from tasuke.contracts.book import CONTRACTS

    made = {}
    for contract in CONTRACTS:
        made[f"{contract.id}.md"] = page(contract)
        made[f"{contract.id}.v{contract.version}.json"] = schema(contract)
    return made


def schema(contract) -> str:
    """JSON Schema of every message, with the example of each operation."""
    operations = {
        operation.name: {
            "path": operation.path,
            "scope": operation.scope,
            "writes": operation.writes,
            "code": operation.code,
            "request": {"$schema": _DIALECT, **operation.request.model_json_schema()},
            "reply": {"$schema": _DIALECT, **operation.reply.model_json_schema()},
            "example": contract.examples[operation.name],
        }
        for operation in contract.operations
    }
    whole = {"contract": contract.id, "version": contract.version, "title": contract.title, "operations": operations}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def page(contract) -> str:
    """The page of one contract."""
    lines = [f"# {contract.title}(`{contract.id}` 第{contract.version}版)", "", _MADE, ""]
    lines += [
        f"提供するシステム: {_provider(contract)}。[JSON Schema と例]({contract.id}.v{contract.version}.json)",
        "",
    ]
    lines += ["| 操作 | 宛先 | scope | 書込み | 公式のIF | 呼ぶシステム |", "|---|---|---|:-:|---|---|"]
    lines += [_operation_row(operation) for operation in contract.operations]
    lines += ["", "書込みには Idempotency-Key が要る。同じ鍵の同じ要求には前と同じ返事をし、二度は行わない。", ""]
    for operation in contract.operations:
        lines += _operation(operation, contract.examples[operation.name])
    return "\n".join(lines).rstrip() + "\n"


def _provider(contract) -> str:
    from tasuke.contracts.words import system_title

    title = system_title(contract.provider)
    return title.strip("()") if title == contract.provider else f"{title}(`{contract.provider}`)"


def _operation_row(operation) -> str:
    from tasuke.contracts.words import system_title
    from tasuke.deploy.chain.grants import GRANTS

    callers = sorted({consumer for (_, consumer), granted in GRANTS.items() if operation in granted})
    told = "、".join(system_title(one) for one in callers) or "なし"
    code = f"`{operation.code}`" if operation.code else ""
    writes = "○" if operation.writes else ""
    return f"| `{operation.name}` | `{operation.path}` | `{operation.scope}` | {writes} | {code} | {told} |"


def _operation(operation, example) -> Iterator[str]:
    yield f"## `{operation.name}`"
    yield ""
    for title, message in (("要求", operation.request), ("返事", operation.reply)):
        found = message.model_json_schema()
        yield f"### {operation.name} の{title}(`{message.__name__}`)"
        yield ""
        yield from _tables(message.__name__, found)
    yield f"### {operation.name} の例"
    yield ""
    yield "```json"
    yield json.dumps(example, ensure_ascii=False, indent=1)
    yield "```"
    yield ""


def _tables(name: str, found) -> Iterator[str]:
    """The message itself, then what it is made of."""
    yield from _table(found)
    for inner, definition in found.get("$defs", {}).items():
        if inner != name:
            yield f"`{inner}`:"
            yield ""
            yield from _table(definition)


def _table(definition) -> Iterator[str]:
    properties = definition.get("properties", {})
    if not properties:
        yield "項目はない。"
        yield ""
        return
    yield "| 項目 | 型 | 必須 | 限り |"
    yield "|---|---|:-:|---|"
    required = definition.get("required", ())
    for name, facts in properties.items():
        yield f"| `{name}` | {_type(facts)} | {'○' if name in required else ''} | {_limits(facts)} |"
    yield ""


def _type(facts) -> str:
    if "$ref" in facts:
        return f"`{facts['$ref'].rpartition('/')[2]}`"
    if "anyOf" in facts:
        return "・".join(dict.fromkeys(_type(one) for one in facts["anyOf"]))
    if "const" in facts or "enum" in facts:
        return " ".join(f"`{value}`" for value in facts.get("enum", [facts.get("const")]))
    if facts.get("type") == "array":
        inner = facts.get("items") or next(iter(facts.get("prefixItems", ())), {})
        return f"{_type(inner)} の並び"
    if facts.get("type") == "object":
        inner = facts.get("additionalProperties")
        return f"名前→({_type(inner)})" if isinstance(inner, dict) else "名前→値"
    return _FORMATS.get(facts.get("format", ""), _TYPES.get(facts.get("type", ""), "値"))


_WORDS = {
    "minimum": "{}以上",
    "maximum": "{}以下",
    "minLength": "{}文字以上",
    "maxLength": "{}文字まで",
    "minItems": "{}件以上",
    "maxItems": "{}件まで",
}


def _limits(facts) -> str:
    one = next((f for f in facts.get("anyOf", ()) if f.get("type") != "null"), {}) if "anyOf" in facts else facts
    told = [words.format(f"{one[name]:,}") for name, words in _WORDS.items() if name in one]
    if "pattern" in one:
        told.append(f"`{one['pattern'].replace('|', chr(92) + '|')}`")
    if facts.get("default") not in (None, "", [], ()):
        told.append(f"省くと {json.dumps(facts['default'], ensure_ascii=False)}")
    return "、".join(told)


def stale(folder: Path) -> Iterable[str]:
    """Files of the folder that no contract makes any more."""
    return sorted({p.name for p in folder.iterdir()} - set(pages()))


def main() -> None:
    """Write the folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for name in stale(FOLDER):
        (FOLDER / name).unlink()


if __name__ == "__main__":
    main()
