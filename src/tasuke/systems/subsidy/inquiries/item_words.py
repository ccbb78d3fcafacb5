"""An answer as a clerk reads it: labels of the tax layout, amounts with commas, codes in words."""

from collections.abc import Mapping, Sequence

from tasuke.formats import tax_feed
from tasuke.formats.csv_layout import Kind
from tasuke.platform.ui.templatetags.office import tax_year

Line = tuple[str, str]


def in_words(items: Sequence[Mapping[str, object]] | None) -> list[list[Line]]:
    """One list of (label, value) per record; items that are empty are left out."""
    fields = {field.name: field for field in tax_feed.LAYOUT.fields}
    records = []
    for item in items or ():
        lines: list[Line] = []
        known = [name for name in fields if name in item]
        for name in (*known, *(name for name in item if name not in fields)):
            value = item[name]
            if value is None or value == "":
                continue
            field = fields.get(name)
            lines.append((field.label if field else name, _text(value, field.kind if field else None, field)))
        records.append(lines)
    return records


def _text(value: object, kind: Kind | None, field: object) -> str:
    codes = getattr(field, "codes", None) or {}
    if codes and str(value) in codes:
        return str(codes[str(value)])
    if getattr(field, "name", "") == "tax_year" and isinstance(value, int):
        return tax_year(value)
    if isinstance(value, bool) or kind is Kind.FLAG:
        return "該当" if value in (True, 1, "1") else "―"
    if isinstance(value, int) and value >= 1_000:
        return f"{value:,}円"
    return str(value)
