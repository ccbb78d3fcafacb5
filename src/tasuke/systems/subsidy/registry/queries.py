"""What others read of the registry, as frames. Everything here is current knowledge; a person is an atena_no.

`atena_nos` narrows to some persons; None means all. Periods are `valid_from`, `valid_to` (exclusive, null = open).
"""

from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.registry.histories import (
    ACCOUNTS,
    FACTS,
    INCOMES,
    INSURANCES,
    RELATIONS,
    RESIDENTS,
    SINGLE_PARENTS,
)
from tasuke.systems.subsidy.registry.protection import in_force_sql
from tasuke.systems.subsidy.registry.tables import HistoryTable, select_current

_PERSON = (
    "atena_no",
    "household_no",
    "name",
    "name_kana",
    "alias",
    "sex",
    "birth_date",
    "birth_text",
    "resident_status",
    "relationship",
    "head_name",
    "postal_code",
    "municipality_code",
    "ward_code",
    "address",
    "address_detail",
    "resident_since",
)
_INSURANCE = ("insurance_kind", "insurer_no", "symbol", "number", "branch_no", "insured_relation", "benefit_rate")
_ACCOUNT = ("atena_no", "bank_code", "branch_code", "account_kind", "account_no", "holder_kana", "public_account")


def persons_frame(
    *, using: str, on: date, atena_nos: pl.Series | None = None, today: date | None = None
) -> pl.DataFrame:
    """One row per person known on a day, with `protection`: 支援措置 holds on that day.

    today: where `on` may lie ahead, as on papers that are sent before it; who is protected today counts as well.
    """
    guarded = protected(using=using, on=min(on, today or on))
    people = select_current(using=using, table=RESIDENTS, atena_nos=atena_nos, where="t.valid @> %s::date", params=[on])
    return people.select(*_PERSON, pl.col("atena_no").is_in(guarded.implode()).alias("protection"))


def protected(*, using: str, on: date) -> pl.Series:
    """Persons under 支援措置 on a day (a protection that was opened later counts too: it is safer)."""
    query = f"SELECT DISTINCT p.atena_no FROM subsidy_protection p WHERE {in_force_sql('p', on='%s')}"  # noqa: S608
    return copy_out(connections[using], query, [on], schema={"atena_no": pl.String()})["atena_no"]


def residence_frame(*, using: str, atena_nos: pl.Series | None = None) -> pl.DataFrame:
    """Unbroken times as a resident: atena_no, valid_from, valid_to. A move within the city does not break them.

    The first one begins on 住民日 when the feed's own history begins later.
    """
    return residence_of(select_current(using=using, table=RESIDENTS, atena_nos=atena_nos))


def residence_of(residents: pl.DataFrame) -> pl.DataFrame:
    """`residence_frame` from rows of the register that were read before."""
    status = pl.col("resident_status") == "1"
    return residence_spells(residents.select("atena_no", "start", "end", "resident_since", status))


def residence_spells(rows: pl.DataFrame) -> pl.DataFrame:
    """Pure part of `residence_frame`. rows: atena_no, start, end, resident_since, resident_status b (is a resident)."""
    ordered = rows.sort("atena_no", "start")
    first = pl.col("start").shift(1).over("atena_no").is_null()
    known_before = pl.when(first).then(pl.min_horizontal("start", "resident_since")).otherwise(pl.col("start"))
    inside = ordered.with_columns(known_before.alias("start")).filter("resident_status")
    broken = (pl.col("end").shift(1).over("atena_no") != pl.col("start")).fill_null(value=True)
    return (
        inside.with_columns(broken.cum_sum().alias("spell"))
        .group_by("atena_no", "spell", maintain_order=True)
        .agg(pl.col("start").first().alias("valid_from"), pl.col("end").last().alias("valid_to"))
        .drop("spell")
    )


def insurance_frame(*, using: str, atena_nos: pl.Series | None = None) -> pl.DataFrame:
    """Memberships of insurers: atena_no, valid_from, valid_to, insurance_kind, insurer_no, symbol, number, branch_no,
    insured_relation, benefit_rate."""
    return _periods(using, INSURANCES, atena_nos).select("atena_no", "valid_from", "valid_to", *_INSURANCE)


def accounts_frame(*, using: str, on: date, atena_nos: pl.Series | None = None) -> pl.DataFrame:
    """The account of each payee on a day; null bank columns where a 公金受取口座 has not been looked up yet."""
    rows = select_current(using=using, table=ACCOUNTS, atena_nos=atena_nos, where="t.valid @> %s::date", params=[on])
    text = ("bank_code", "branch_code", "account_kind", "account_no", "holder_kana")
    return rows.select(_ACCOUNT).with_columns([pl.col(c).replace("", None) for c in text])


def incomes_frame(
    *, using: str, atena_nos: pl.Series | None = None, tax_years: tuple[int, int] | None = None
) -> pl.DataFrame:
    """Incomes of persons by year: the table's columns and `income_year` = tax_year - 1. tax_years: first and last."""
    where, params = ("t.tax_year BETWEEN %s AND %s", list(tax_years)) if tax_years else ("TRUE", [])
    rows = select_current(using=using, table=INCOMES, atena_nos=atena_nos, where=where, params=params)
    return rows.drop("id").with_columns((pl.col("tax_year") - 1).alias("income_year"))


def welfare_frame(*, using: str, atena_nos: pl.Series | None = None) -> pl.DataFrame:
    """Welfare facts: atena_no, valid_from, valid_to, fact_code, grade."""
    return _periods(using, FACTS, atena_nos).select("atena_no", "valid_from", "valid_to", "fact_code", "grade")


def relations_frame(*, using: str, scheme: str | None = None, atena_nos: pl.Series | None = None) -> pl.DataFrame:
    """Who depends on whom: atena_no, scheme, kind, other_atena_no, valid_from, valid_to."""
    where, params = ("t.scheme = %s", [scheme]) if scheme else ("TRUE", [])
    rows = select_current(using=using, table=RELATIONS, atena_nos=atena_nos, where=where, params=params)
    return rows.rename({"start": "valid_from", "end": "valid_to"}).drop("id")


def single_parent_frame(*, using: str, atena_nos: pl.Series | None = None) -> pl.DataFrame:
    """ひとり親の状況: atena_no, valid_from, valid_to, reason, since, de_facto_spouse, child_support."""
    return _periods(using, SINGLE_PARENTS, atena_nos).drop("id")


def _periods(using: str, table: HistoryTable, atena_nos: pl.Series | None) -> pl.DataFrame:
    rows = select_current(using=using, table=table, atena_nos=atena_nos)
    return rows.rename({"start": "valid_from", "end": "valid_to"})
