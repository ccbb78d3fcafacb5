"""What may be extracted (EUC): data sets with named items, and the query that a choice of them makes.

Every expression is written here; a form chooses among keys and its values travel as parameters. Addresses, phones and
accounts are no items, and of a person under 支援措置 neither ward nor medical institution is told: a file cannot say
where they live. 個人番号 is not in this system at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import connections

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.registry.protection import protected_sql

MOST_ROWS = 100_000
Parameters = list[Any]


@dataclass(frozen=True, slots=True)
class Item:
    """A column that may be chosen. words: for codes, which column of `words.in_words` they are."""

    label: str
    sql: str
    kind: type[pl.DataType] = pl.String
    codes: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows that may be extracted. person: the column of the 宛名番号, "" for sums; month: what a period is about."""

    title: str
    explanation: str
    source: str
    items: Mapping[str, Item]
    ward: str
    scheme: str
    month: str
    month_label: str
    person: str
    order: str


_WHO = {
    "name": Item("氏名", "r.name"),
    "kana": Item("フリガナ", "r.name_kana"),
    "birth_date": Item("生年月日", "r.birth_date", pl.Date),
    "sex": Item("性別", "CASE r.sex WHEN '1' THEN '男' WHEN '2' THEN '女' ELSE '' END"),
}
# where somebody lives, or lived last: for the limits of whoever asks, and for the recipients of today
_WARD_NOW = """ LEFT JOIN LATERAL (SELECT n.ward_code FROM subsidy_resident_record n
    WHERE n.atena_no = {person} AND n.recorded_to IS NULL AND n.ward_code <> ''
    ORDER BY n.valid DESC LIMIT 1) w ON TRUE"""
_RESIDENT = """
LEFT JOIN LATERAL (SELECT n.name, n.name_kana, n.birth_date, n.sex FROM subsidy_resident_record n
    WHERE n.atena_no = {person} AND n.recorded_to IS NULL ORDER BY lower(n.valid) DESC LIMIT 1) r ON TRUE
"""
# the day of asking stands in front of the query once, as a value
_TODAY = "WITH today AS (SELECT %s::date AS day) "
_SHIELDED = protected_sql("{person}", on="(SELECT day FROM today)")


def _unless_shielded(person: str, sql: str) -> str:
    """What leads to where somebody is: blank while they are under 支援措置."""
    return f"CASE WHEN {_SHIELDED.format(person=person)} THEN '' ELSE {sql} END"


def _shield(person: str) -> Item:
    return Item("支援措置", f"CASE WHEN {_SHIELDED.format(person=person)} THEN '対象' ELSE '' END")


_STATE = "CASE c.state WHEN 'accepted' THEN '決定' WHEN 'query' THEN '疑義' ELSE '過誤' END"
_AMOUNTS = {
    "days": Item("日数", "{t}.days", pl.Int64),
    "cost": Item("医療費(円)", "{t}.cost", pl.Int64),
}


def _amounts(table: str) -> dict[str, Item]:
    return {key: Item(i.label, i.sql.format(t=table), i.kind) for key, i in _AMOUNTS.items()}


DATASETS: Mapping[str, Dataset] = {
    "recipients": Dataset(
        "受給者", "いま登録されている受給資格。期間は資格の開始月です。",
        "FROM subsidy_entitlement e" + _WARD_NOW.format(person="e.atena_no") + _RESIDENT.format(person="e.atena_no"),
        {
            "atena_no": Item("宛名番号", "e.atena_no"), "recipient_no": Item("受給者番号", "e.recipient_no"),
            "payer_no": Item("公費負担者番号", "e.payer_no"), **_WHO,
            "scheme": Item("制度", "e.scheme", codes="scheme"),
            "ward": Item("区(現在)", _unless_shielded("e.atena_no", "coalesce(w.ward_code, '')"), codes="ward_code"),
            "shield": _shield("e.atena_no"),
            "role": Item("対象者区分", "e.role", codes="role"), "band": Item("年齢区分", "e.band", codes="band"),
            "copay_class": Item("負担区分", "e.copay_class", codes="copay_class"),
            "funding": Item("財源", "e.funding", codes="funding"),
            "valid_from": Item("資格の開始日", "lower(e.valid)", pl.Date),
            "valid_to": Item("資格の最終日", "upper(e.valid) - 1", pl.Date),
        },
        ward="w.ward_code", scheme="e.scheme", month="date_trunc('month', lower(e.valid))::date",
        month_label="資格の開始月", person="e.atena_no", order="e.id",
    ),
    "claims": Dataset(
        "レセプト", "取り込んだレセプトと決定。期間は請求月です。",
        "FROM subsidy_claim c" + _RESIDENT.format(person="c.atena_no"),
        {
            "atena_no": Item("宛名番号", "c.atena_no"), "recipient_no": Item("受給者番号", "c.recipient_no"), **_WHO,
            "scheme": Item("制度", "c.scheme", codes="scheme"), "shield": _shield("c.atena_no"),
            "ward": Item("区", _unless_shielded("c.atena_no", "c.ward_code"), codes="ward_code"),
            "band": Item("年齢区分", "c.band", codes="band"), "funding": Item("財源", "c.funding", codes="funding"),
            "billed_month": Item("請求月", "c.billed_month", pl.Date),
            "service_month": Item("診療月", "c.service_month", pl.Date),
            "care": Item("診療種別", "c.care", codes="care"),
            "inpatient": Item("入院・外来", "CASE WHEN c.inpatient THEN '入院' ELSE '外来' END"),
            "institution_code": Item("医療機関コード", _unless_shielded("c.atena_no", "c.institution_code")),
            "institution_name": Item("医療機関名", _unless_shielded("c.atena_no", "c.institution_name")),
            **_amounts("c"),
            "burden": Item("窓口負担額(円)", "c.billed_burden", pl.Int64),
            "subsidy": Item("助成額(円)", "c.subsidy + c.meals_subsidy", pl.Int64),
            "state": Item("取込時の決定", _STATE),
        },
        ward="c.ward_code", scheme="c.scheme", month="c.billed_month", month_label="請求月", person="c.atena_no",
        order="c.id",
    ),
    "reimbursements": Dataset(
        "償還払い", "決定した償還払い。期間は決定した月です。",
        "FROM subsidy_reimbursement b JOIN subsidy_receipt t ON t.id = b.receipt_id"
        + _RESIDENT.format(person="b.atena_no"),
        {
            "receipt_no": Item("受付番号", "t.receipt_no"), "received_on": Item("受付日", "t.received_on", pl.Date),
            "atena_no": Item("宛名番号", "b.atena_no"), "recipient_no": Item("受給者番号", "b.recipient_no"), **_WHO,
            "scheme": Item("制度", "b.scheme", codes="scheme"), "shield": _shield("b.atena_no"),
            "ward": Item("区", _unless_shielded("b.atena_no", "b.ward_code"), codes="ward_code"),
            "funding": Item("財源", "b.funding", codes="funding"),
            "outcome": Item("決定", "CASE b.outcome WHEN 'granted' THEN '支給' ELSE '不支給' END"),
            "amount": Item("支給額(円)", "b.amount", pl.Int64),
            "decided_on": Item("決定日", "b.decided_on", pl.Date),
        },
        ward="b.ward_code", scheme="b.scheme", month="date_trunc('month', b.decided_on)::date",
        month_label="決定した月", person="b.atena_no", order="b.id",
    ),
    "benefits": Dataset(
        "給付の集計", "月次統計の集計。個人の情報はなく、承認は要りません。期間は支払月です。",
        "FROM subsidy_benefit_fact f",
        {
            "month": Item("支払月", "f.month", pl.Date), "service_month": Item("診療月", "f.service_month", pl.Date),
            "scheme": Item("制度", "f.scheme", codes="scheme"), "ward": Item("区", "f.ward_code", codes="ward_code"),
            "band": Item("年齢区分", "f.band", codes="band"), "care": Item("診療種別", "f.care", codes="care"),
            "funding": Item("財源", "f.funding", codes="funding"),
            "method": Item("給付方法", "f.method", codes="method"),
            "claims": Item("件数", "f.claims", pl.Int64), **_amounts("f"),
            "burden": Item("一部負担金(円)", "f.burden", pl.Int64),
            "subsidy": Item("助成額(円)", "f.subsidy", pl.Int64),
        },
        ward="f.ward_code", scheme="f.scheme", month="f.month", month_label="支払月", person="", order="f.id",
    ),
}  # fmt: skip
_CURRENT = {"recipients": "e.recorded_to IS NULL"}


def count_query(dataset: str, filters: Mapping[str, Any], scope: Scope, *, on: date) -> tuple[str, Parameters]:
    """How many rows a choice has, at most one more than MOST_ROWS."""
    where, parameters = _where(dataset, filters, scope)
    source = DATASETS[dataset].source.partition("\nLEFT JOIN")[0]  # the person's name is not needed to count
    counted = f"SELECT count(*) FROM (SELECT 1 {source} WHERE {where} LIMIT {MOST_ROWS + 1}) n"  # noqa: S608
    return _TODAY + counted, [on, *parameters]


def count_rows(*, using: str, dataset: str, filters: Mapping[str, Any], scope: Scope, on: date) -> int:
    """How many rows a choice has within the limits of who asks; MOST_ROWS + 1 for more than one file may hold."""
    with connections[using].cursor() as cursor:
        cursor.execute(*count_query(dataset, filters, scope, on=on))
        return int(cursor.fetchone()[0])


def rows_query(
    dataset: str, items: Sequence[str], filters: Mapping[str, Any], scope: Scope, *, on: date
) -> tuple[str, Parameters, dict[str, type[pl.DataType]]]:
    """The chosen items (by their keys), behind them `__person` where there are persons. Gives SQL, values and types."""
    chosen = DATASETS[dataset]
    where, parameters = _where(dataset, filters, scope)
    columns = {key: chosen.items[key] for key in items}
    schema = {key: item.kind for key, item in columns.items()}
    sql = [item.sql for item in columns.values()]
    if chosen.person:
        sql.append(chosen.person)
        schema["__person"] = pl.String
    query = f"SELECT {', '.join(sql)} {chosen.source} WHERE {where} ORDER BY {chosen.order} LIMIT {MOST_ROWS}"
    return _TODAY + query, [on, *parameters], schema


def _where(dataset: str, filters: Mapping[str, Any], scope: Scope) -> tuple[str, Parameters]:
    chosen = DATASETS[dataset]
    limit, values = scope.sql_pair(ward=chosen.ward, scheme=chosen.scheme)
    parts, parameters = [limit], list[Any](values)
    for key, column, sign in (
        ("scheme", chosen.scheme, "="), ("ward", chosen.ward, "="), ("first", chosen.month, ">="),
        ("last", chosen.month, "<="),
    ):  # fmt: skip
        if filters.get(key):
            parts.append(f"{column} {sign} %s")
            parameters.append(filters[key])
    if filters.get("ward") and chosen.person:  # being in the list of a ward would tell it as well
        parts.append(f"NOT {_SHIELDED.format(person=chosen.person)}")
    return " AND ".join([*parts, _CURRENT.get(dataset, "TRUE")]), parameters
