"""What a 届出 says, as rows of the registry's histories. Pure: typed fields and what is current in, frames out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from tasuke.systems.subsidy.desk.models import NotificationKind
from tasuke.systems.subsidy.entitlements.declarations import relation_rows
from tasuke.systems.subsidy.registry.histories import (
    ACCOUNTS,
    INSURANCES,
    MAILING_ADDRESSES,
    NAMES_ON_PAPERS,
    RELATIONS,
    SINGLE_PARENTS,
)
from tasuke.systems.subsidy.registry.models import RelationKind
from tasuke.systems.subsidy.registry.tables import HistoryTable

ENDS = "end"  # the act of a 届出 that only ends what holds
TABLES: dict[NotificationKind, HistoryTable] = {
    NotificationKind.MAILING_ADDRESS: MAILING_ADDRESSES,
    NotificationKind.NAME: NAMES_ON_PAPERS,
    NotificationKind.INSURANCE: INSURANCES,
    NotificationKind.FAMILY: RELATIONS,
    NotificationKind.ACCOUNT: ACCOUNTS,
    NotificationKind.SINGLE_PARENT: SINGLE_PARENTS,
}
_NAMED = {
    RelationKind.BREADWINNER: "breadwinner_atena_no",
    RelationKind.SPOUSE: "spouse_atena_no",
    RelationKind.SUPPORTER: "supporter_atena_nos",
}
_COPIED = {
    NotificationKind.MAILING_ADDRESS: ("relation", "addressee", "postal_code", "address", "address_detail", "reason"),
    NotificationKind.NAME: ("name", "name_kana"),
    NotificationKind.INSURANCE: (
        "insurance_kind",
        "insurer_no",
        "symbol",
        "number",
        "branch_no",
        "insured_relation",
        "insured_atena_no",
        "benefit_rate",
    ),
    NotificationKind.ACCOUNT: ("bank_code", "branch_code", "account_kind", "account_no", "holder_kana"),
    NotificationKind.SINGLE_PARENT: ("reason", "since", "child_support"),
}


def registry_rows(
    *,
    kind: NotificationKind,
    content: Mapping[str, str],
    person: str,
    others: Sequence[str],
    effective_on: date,
    existing: pl.DataFrame,
) -> pl.DataFrame:
    """Rows for `registry.tables.record` of the kind's table; none when the 届出 changes no history.

    content: field → text, days in ISO. others: who changes together with the person. existing: the table's current
    rows of them all.
    """
    table = TABLES[kind]
    if kind is NotificationKind.FAMILY:
        return _family(content, person, effective_on, existing)
    if content.get("act") == ENDS:
        return _frame(table, _ended(existing, effective_on))
    if kind is NotificationKind.NAME and content.get("act") != "alias":
        return _frame(table, [])
    until = date.fromisoformat(content["until"]) if content.get("until") else None
    values = {name: content.get(name, "") for name in _COPIED[kind]}
    rows = [
        {**values, **_more(kind, content, alone=no == person), "atena_no": no, "start": effective_on, "end": until}
        for no in (person, *others)
    ]
    return _frame(table, rows)


def _more(kind: NotificationKind, content: Mapping[str, str], *, alone: bool) -> dict[str, Any]:
    """Columns that the kind adds. alone: False for those who change together with the person."""
    if kind is NotificationKind.INSURANCE:
        # 枝番 tells the members of one insurance apart, so that of the person is not the others'
        return {"source": "notification", "limit_class": "", **({} if alone else {"branch_no": ""})}
    if kind is NotificationKind.ACCOUNT:
        return {"public_account": content.get("public_account") == "1"}
    if kind is NotificationKind.SINGLE_PARENT:
        return {"de_facto_spouse": content.get("de_facto_spouse") == "1"}
    return {}


def _ended(existing: pl.DataFrame, day: date) -> list[dict[str, Any]]:
    """What holds on the day, until that day. What only begins on it is taken away."""
    holds = (pl.col("start") <= day) & (pl.col("end").is_null() | (pl.col("end") > day))
    return [{**row, "end": day} for row in existing.filter(holds).iter_rows(named=True)]


def _family(content: Mapping[str, str], person: str, day: date, existing: pl.DataFrame) -> pl.DataFrame:
    """The form names everybody of a kind, so that who is not named any more ends."""
    schemes = [s for s in content.get("schemes", "").split(";") if s]
    declared = [
        {"atena_no": person, "scheme": scheme, "kind": str(kind), "start": day, "other_atena_no": other}
        for scheme in schemes
        for kind, field in _NAMED.items()
        for other in _named(content.get(field, ""))
    ]
    frame = pl.DataFrame(
        [{**row, "end": None, "order": order, "line": None} for order, row in enumerate(declared)],
        schema={
            **dict.fromkeys(("atena_no", "scheme", "kind"), pl.String()),
            "start": pl.Date(),
            "end": pl.Date(),
            "other_atena_no": pl.String(),
            "order": pl.Int64(),
            "line": pl.Int64(),
        },
    )
    return relation_rows(frame, existing)


def _named(text: str) -> list[str | None]:
    """The numbers of a list; None when it says that there is nobody."""
    return [number for number in text.split(";") if number] or [None]


def _frame(table: HistoryTable, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows with the table's columns and types; texts of numbers and days are read here."""
    columns = table.columns
    schema: dict[str, pl.DataType] = {**columns, "start": pl.Date(), "end": pl.Date()}
    typed = [{name: _value(row.get(name), kind) for name, kind in schema.items()} for row in rows]
    return pl.DataFrame(typed, schema=schema).with_columns(
        pl.int_range(pl.len()).cast(pl.Int64).alias("order"), pl.lit(None, dtype=pl.Int64).alias("line")
    )


def _value(value: Any, kind: pl.DataType) -> Any:
    if value == "" and kind != pl.String:
        return None
    if isinstance(value, str) and kind == pl.Date:
        return date.fromisoformat(value)
    return int(value) if isinstance(value, str) and kind == pl.Int64 else value
