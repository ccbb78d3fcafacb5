"""What others read of the entitlements, as frames of current rows."""

import polars as pl
from django.db import connections

from tasuke.core.period import Period
from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.registry.tables import people_table

ENTITLEMENT_COLUMNS: dict[str, pl.DataType] = {
    "entitlement_id": pl.Int64(),
    "scheme": pl.String(),
    "atena_no": pl.String(),
    "recipient_no": pl.String(),
    "payer_no": pl.String(),
    "valid_from": pl.Date(),
    "valid_to": pl.Date(),
    "role": pl.String(),
    "band": pl.String(),
    "coverage": pl.String(),
    "copay_class": pl.String(),
    "funding": pl.String(),
    "decision_id": pl.Int64(),
    "loss_reason": pl.String(),
}
_SELECT = (
    "SELECT e.id, e.scheme, e.atena_no, e.recipient_no, e.payer_no, lower(e.valid), upper(e.valid), e.role, e.band, "
    "e.coverage, e.copay_class, e.funding, e.decision_id, e.loss_reason FROM subsidy_entitlement e"
)


def entitlements_frame(
    *,
    using: str,
    scheme: str | None = None,
    overlapping: Period | None = None,
    atena_nos: pl.Series | None = None,
) -> pl.DataFrame:
    """Current entitlements (ENTITLEMENT_COLUMNS): of a scheme, overlapping a period, of some persons, or all. By id:
    what is written from them gets the same numbers whatever way the database took to find them."""
    conditions = ["e.recorded_to IS NULL"]
    params: list[object] = []
    if scheme is not None:
        conditions.append("e.scheme = %s")
        params.append(scheme)
    if overlapping is not None:
        conditions.append("e.valid && daterange(%s::date, %s::date)")
        params += [overlapping.start, overlapping.end]
    where = f" WHERE {' AND '.join(conditions)} ORDER BY e.id"
    connection = connections[using]
    if atena_nos is None:
        return _texts(copy_out(connection, _SELECT + where, params, schema=ENTITLEMENT_COLUMNS))
    with people_table(using=using, atena_nos=atena_nos) as name:
        query = f"{_SELECT} JOIN {name} p ON p.atena_no = e.atena_no{where}"
        return _texts(copy_out(connection, query, params, schema=ENTITLEMENT_COLUMNS))


def renewal_outcomes(*, using: str, run_id: int) -> pl.DataFrame:
    """What a renewal decided, by recipient number: outcome_list (continued, rejected, income_unknown), atena_no,
    recipient_no, reasons (codes), band, copay_class, funding, income_year, net_income, income_limit."""
    schema: dict[str, pl.DataType] = {
        "outcome_list": pl.String(),
        "atena_no": pl.String(),
        "recipient_no": pl.String(),
        "reasons": pl.List(pl.String()),
        "band": pl.String(),
        "copay_class": pl.String(),
        "funding": pl.String(),
        "income_year": pl.Int64(),
        "net_income": pl.Int64(),
        "income_limit": pl.Int64(),
    }
    query = (
        "SELECT CASE d.outcome WHEN 'eligible' THEN 'continued' WHEN 'pending' THEN 'income_unknown' "
        "ELSE 'rejected' END, d.atena_no, n.recipient_no, array_to_string(d.reasons, E'\\x1f'), d.band, "
        "d.copay_class, d.funding, d.income_year, d.net_income, d.income_limit FROM subsidy_decision d "
        "JOIN subsidy_recipient_number n ON n.scheme = d.scheme AND n.atena_no = d.atena_no "
        "WHERE d.run_id = %s AND d.kind = 'renewal' ORDER BY n.recipient_no"
    )
    return copy_out(connections[using], query, [run_id], schema=schema)


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.String).fill_null(""))
