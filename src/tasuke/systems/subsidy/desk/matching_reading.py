"""What a 突合 compares, read as whole columns: the applications, who stands on their forms, the register, the rest.

Four statements for one application or for all. Everything is read as we know it now; the day is each row's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.registry.protection import protected_sql

_OPEN = """
open AS (
  SELECT a.id, a.application_no, a.scheme, a.atena_no, a.applicant_atena_no, a.role, a.received_on, a.event_date
  FROM subsidy_application a
  WHERE a.kind = '1' AND a.state IN ('received', 'held') AND a.received_on <= %(on)s AND a.scheme = ANY(%(schemes)s)
    AND (%(one)s::bigint IS NULL OR a.id = %(one)s)
)"""
# brothers and sisters who are applied for on the same day by the same person stand on the same paper
_FORM = """
form AS (
  SELECT o.id, o.atena_no AS person, 'target' AS part FROM open o
  UNION SELECT o.id, o.applicant_atena_no, 'applicant' FROM open o
  UNION SELECT o.id, s.atena_no, 'together' FROM open o JOIN subsidy_application s ON s.scheme = o.scheme
    AND s.state IN ('received', 'held') AND s.applicant_atena_no = o.applicant_atena_no
    AND s.received_on = o.received_on AND s.kind = '1' AND s.atena_no <> o.atena_no
  UNION SELECT o.id, r.other_atena_no, r.kind FROM open o JOIN subsidy_relation r ON r.atena_no = o.atena_no
    AND r.scheme = o.scheme AND r.recorded_to IS NULL AND r.valid @> o.received_on
  UNION SELECT o.id, r.atena_no, 'parent' FROM open o JOIN subsidy_relation r ON r.other_atena_no = o.atena_no
    AND r.kind = 'child' AND r.scheme = o.scheme AND r.recorded_to IS NULL AND r.valid @> o.received_on
)"""
_NEAR = """
homes AS (
  SELECT DISTINCT r.household_no, o.received_on FROM open o JOIN subsidy_resident_record r ON r.atena_no = o.atena_no
    AND r.recorded_to IS NULL AND r.household_no <> ''
    AND (r.valid @> o.received_on OR r.valid @> %(on)s::date)
), near AS (
  SELECT person FROM form
  UNION SELECT m.atena_no FROM homes h JOIN subsidy_resident_record m ON m.household_no = h.household_no
    AND m.recorded_to IS NULL AND (m.valid @> h.received_on OR m.valid @> %(on)s::date)
)"""
_CASES = (
    "WITH {open} SELECT id, application_no, scheme, atena_no, applicant_atena_no, role, received_on, event_date"
    " FROM open"
)
_PARTS = "WITH {open}, {form} SELECT id, person, part FROM form"
_PROTECTED = protected_sql("r.atena_no", on="%(on)s")
_REGISTER = """
WITH {open}, {form}, {near}
SELECT r.atena_no, lower(r.valid), upper(r.valid), r.household_no, r.resident_status, r.name, r.name_key,
       r.birth_date, r.relationship_code, r.relationship, r.ward_code, r.address || ' ' || r.address_detail,
       {protected}
FROM near n JOIN subsidy_resident_record r ON r.atena_no = n.person AND r.recorded_to IS NULL
"""
# fact, person, code, period, 課税年度 and 総所得金額等 where there is one
_FACTS = """
WITH {open}, {form}, {near}
SELECT 'insurance' AS fact, f.atena_no, f.insurance_kind AS code, lower(f.valid) AS since, upper(f.valid) AS until,
       NULL::int AS year, NULL::bigint AS amount
FROM near n JOIN subsidy_insurance f ON f.atena_no = n.person AND f.recorded_to IS NULL
UNION ALL
SELECT 'welfare', f.atena_no, f.fact_code, lower(f.valid), upper(f.valid), NULL, NULL
FROM near n JOIN subsidy_welfare_fact f ON f.atena_no = n.person AND f.recorded_to IS NULL
  AND f.fact_code IN ('10', '20', '21')
UNION ALL
SELECT 'held', f.atena_no, f.scheme, lower(f.valid), upper(f.valid), NULL, NULL
FROM near n JOIN subsidy_entitlement f ON f.atena_no = n.person AND f.recorded_to IS NULL
UNION ALL
SELECT 'income', f.atena_no, f.status_code, f.recorded_from::date, NULL, f.tax_year, f.total_income
FROM near n JOIN subsidy_income f ON f.atena_no = n.person AND f.recorded_to IS NULL
UNION ALL
SELECT 'inquiry', f.atena_no, f.state, f.asked_at::date, NULL, f.year, NULL
FROM near n JOIN subsidy_inquiry f ON f.atena_no = n.person AND f.year IS NOT NULL
  AND (f.state IN ('held', 'waiting', 'sent') OR f.state = 'answered' AND f.taken_over_at IS NULL)
UNION ALL
SELECT 'welfare-known', '', '', NULL, NULL, NULL, NULL WHERE EXISTS (SELECT 1 FROM subsidy_welfare_fact)
"""
_STATED = """
WITH {open}
SELECT s.application_id, s.atena_no, s.name, s.name_key, s.birth_date, s.address, s.relationship
FROM open o JOIN subsidy_stated_person s ON s.application_id = o.id AND s.replaced_at IS NULL
"""
CASES = {
    "id": pl.Int64(),
    "application_no": pl.String(),
    "scheme": pl.String(),
    "atena_no": pl.String(),
    "applicant": pl.String(),
    "role": pl.String(),
    "received_on": pl.Date(),
    "event_date": pl.Date(),
}
PARTS = {"id": pl.Int64(), "person": pl.String(), "part": pl.String()}
REGISTER = {
    "person": pl.String(),
    "start": pl.Date(),
    "end": pl.Date(),
    "household_no": pl.String(),
    "status": pl.String(),
    "name": pl.String(),
    "name_key": pl.String(),
    "birth_date": pl.Date(),
    "relationship_code": pl.String(),
    "relationship": pl.String(),
    "ward_code": pl.String(),
    "home": pl.String(),
    "protected": pl.Boolean(),
}
FACTS = {
    "fact": pl.String(),
    "person": pl.String(),
    "code": pl.String(),
    "since": pl.Date(),
    "until": pl.Date(),
    "year": pl.Int64(),
    "amount": pl.Int64(),
}
STATED = {
    "id": pl.Int64(),
    "person": pl.String(),
    "said_name": pl.String(),
    "said_key": pl.String(),
    "said_birth": pl.Date(),
    "said_home": pl.String(),
    "said_relationship": pl.String(),
}
# what a change of the register is looked for in; each gets a column `<name>_since`
WATCHED = ("household_no", "status", "name_key", "birth_date", "home", "relationship_code")


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides. cases: open applications; parts: person and part on the form; register: histories with WATCHED
    columns' `_since`; facts: insurance, welfare, entitlements, incomes, inquiries; stated: what the paper says."""

    cases: pl.DataFrame
    parts: pl.DataFrame
    register: pl.DataFrame
    facts: pl.DataFrame
    stated: pl.DataFrame
    on: date

    @property
    def welfare_known(self) -> bool:
        """Whether the city has told us of any 福祉情報 at all; otherwise nothing can be said of it."""
        return bool((self.facts["fact"] == "welfare-known").any())


def read_compared(*, using: str, on: date, schemes: Sequence[str], application_id: int | None = None) -> Compared:
    """Both sides of the open new applications received by a day, of one or of all. Five statements."""
    parameters = {"on": on, "schemes": sorted(schemes), "one": application_id}
    connection = connections[using]

    def read(query: str, schema: dict[str, pl.DataType]) -> pl.DataFrame:
        text = query.format(open=_OPEN, form=_FORM, near=_NEAR, protected=_PROTECTED)
        rows = copy_out(connection, text, parameters, schema=schema)
        return rows.with_columns(pl.col(pl.String).fill_null(""))

    return Compared(
        cases=read(_CASES, CASES).sort("id"),
        parts=read(_PARTS, PARTS).sort("id", "person", "part"),
        register=_with_changes(read(_REGISTER, REGISTER)),
        facts=read(_FACTS, FACTS).sort("person", "fact", "since", "code"),
        stated=read(_STATED, STATED).sort("id", "person"),
        on=on,
    )


def _with_changes(rows: pl.DataFrame) -> pl.DataFrame:
    """Since when each watched value has stood without a break: a row may begin for another reason."""
    ordered = rows.unique().sort("person", "start")
    # no windows by person: the rows are in order, and each person's first row counts as a change
    first = (pl.col("person") != pl.col("person").shift(1)).fill_null(value=True)
    broken = first | (pl.col("start") != pl.col("end").shift(1)).fill_null(value=True)
    since = [
        pl.when(broken | pl.col(name).ne_missing(pl.col(name).shift(1)))
        .then("start")
        .forward_fill()
        .alias(f"{name}_since")
        for name in WATCHED
    ]
    return ordered.with_columns(since)
