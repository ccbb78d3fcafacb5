"""A version may say `based_on`: it then writes only what changed. Here the rest is filled in, before validation.

Tables are merged key by key, lists are replaced as a whole, `remove = ["key"]` takes a key of the earlier version away.
Every sourced table keeps the version in which it was written (`origin`), so that confirming it once is enough.
"""

from typing import Any

from tasuke.core.problems import Problem


def resolve_versions(raw: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The same file with every version written out in full. Versions that lean on an unknown one are reported."""
    problems: list[Problem] = []
    done: list[Any] = []
    for written in _tables_of(raw.get("version")):
        day = str(written.get("valid_from"))
        full = mark(written, day)
        if "based_on" in written:
            base = next((d for d in done if d.get("valid_from") == written["based_on"]), None)
            if base is None:
                message = f"もとになる版 {written['based_on']} が、この版より前にありません"
                problems.append(Problem("scheme.based_on", message, field=f"version.{day}.based_on"))
            else:
                full = merge(base, written, day)
        done.append(full)
    with_tables = [_with_tables(version, raw) for version in done]
    return {**raw, "version": with_tables}, problems


def mark(value: Any, origin: str) -> Any:
    """The same value, each sourced table marked with the version in which it is written."""
    if isinstance(value, dict):
        inner = {key: mark(entry, origin) for key, entry in value.items() if key != "remove"}
        return {**inner, "origin": origin} if "source" in value and "day" not in value else inner
    if isinstance(value, list):
        return [mark(entry, origin) for entry in value]
    return value


def merge(base: dict[str, Any], change: dict[str, Any], origin: str) -> dict[str, Any]:
    """The base with the changes laid over it."""
    dropped = set(change.get("remove", ()))
    result = {key: entry for key, entry in base.items() if key not in dropped}
    for key, entry in change.items():
        if key == "remove":
            continue
        before = result.get(key)
        if isinstance(entry, dict) and isinstance(before, dict):
            result[key] = merge(before, entry, origin)
        elif isinstance(entry, list) and isinstance(before, list):
            result[key] = [_kept(item, before, origin) for item in entry]
        else:
            result[key] = mark(entry, origin)
    if "source" in change:
        result |= {"origin": origin}
        if "unconfirmed" not in change:
            # who restates the source speaks for the values again: an old 未確認 must be restated too
            result = {key: entry for key, entry in result.items() if key not in ("unconfirmed", "note")} | {
                key: change[key] for key in ("note",) if key in change
            }
    return result


def _kept(item: Any, before: list[Any], origin: str) -> Any:
    marked = mark(item, origin)
    if isinstance(marked, dict):
        for entry in before:
            if isinstance(entry, dict) and {**entry, "origin": origin} == marked:
                return entry
    return marked


def _tables_of(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _with_tables(version: Any, raw: dict[str, Any]) -> dict[str, Any]:
    """Lay into the version the limit tables and deductions that it names, so that its hash covers them."""
    tables, deductions = raw.get("table"), raw.get("deductions")
    return {
        **version,
        "tables": _named(tables, _values_of(version, "table")),
        "deductions": _named(deductions, _values_of(version.get("income"), "deductions")),
    }


def _named(tables: Any, names: list[str]) -> dict[str, Any]:
    return {name: tables[name] for name in names if isinstance(tables, dict) and name in tables}


def _values_of(value: Any, key: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, dict):
        for name, entry in value.items():
            found += [entry] if name == key and isinstance(entry, str) else _values_of(entry, key)
    elif isinstance(value, list):
        for entry in value:
            found += _values_of(entry, key)
    return list(dict.fromkeys(found))
