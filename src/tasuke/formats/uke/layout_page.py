"""The table of positions for docs/interfaces/uke.md, made from the layouts so that page and program cannot differ."""

from tasuke.formats.uke.layouts import HEAD_RECORD, KINDS, LAYOUTS, Mode, Record, UkeKind

KIND_NAMES: dict[UkeKind, str] = {
    UkeKind.MEDICAL: "医科",
    UkeKind.DPC: "DPC",
    UkeKind.DENTAL: "歯科",
    UkeKind.PHARMACY: "調剤",
    UkeKind.NURSING: "訪看",
}
_RECORD_NAMES = {
    "RE": "レセプト共通レコード",
    "HO": "保険者レコード",
    "KO": "公費レコード",
    "SN": "資格確認レコード",
    "JD": "受診日等レコード(2〜32 が 1日〜31日)",
    "MF": "窓口負担額レコード",
    "GO": "診療報酬請求書レコード",
    "MN": "レセプト管理レコード",
    "EX": "審査運用レコード",
    "JY": "事由レコード",
    "HR": "返戻理由レコード",
    "MK": "再審査申し出結果レコード",
}
_MODES = {
    Mode.TEXT: "文字",
    Mode.CODE: "コード",
    Mode.NUMBER: "数字",
    Mode.DATE: "日付",
    Mode.MONTH: "年月",
}


def position_tables() -> str:
    """Markdown: one table per record, the position of each item in each kind (– = the kind has no such item)."""
    heads = {kind: LAYOUTS[kind][HEAD_RECORD[kind]] for kind in KINDS}
    parts = [_table("IR・UK・YK・HM 医療機関等の情報レコード", heads)]
    for record, name in _RECORD_NAMES.items():
        parts.append(_table(f"{record} {name}", {kind: LAYOUTS[kind][record] for kind in KINDS}))
    return "\n\n".join(parts)


def _table(title: str, records: dict[UkeKind, Record]) -> str:
    items = {placed.item.name: placed.item for record in records.values() for placed in record.items}
    lines = [f"### {title}", "", "| 項目 | 名前 | 型 | " + " | ".join(KIND_NAMES[kind] for kind in KINDS) + " |"]
    lines.append("|---|---|---|" + "--:|" * len(KINDS))
    for name, item in items.items():
        places = [f"{records[kind].position(name)}" if records[kind].has(name) else "–" for kind in KINDS]
        lines.append(f"| {item.label} | `{name}` | {_MODES[item.mode]} {item.max_bytes} | " + " | ".join(places) + " |")
    return "\n".join(lines)
