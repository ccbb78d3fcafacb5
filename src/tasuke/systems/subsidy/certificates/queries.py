"""Frames of the register of certificates and of the notices."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from django.db import connections

from tasuke.platform.batch.models import RunChunk
from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.entitlements.runs import open_run_ids

_IN_HAND = {
    "certificate_id": pl.Int64,
    "scheme": pl.String,
    "atena_no": pl.String,
    "recipient_no": pl.String,
    "payer_no": pl.String,
    "copay_class": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "name": pl.String,
    "printed_address": pl.String,
}


def certificates_in_hand(*, using: str, scheme: str, atena_nos: list[str] | None = None) -> pl.DataFrame:
    """Certificates that are out and not called back, of some persons or of all: one per recipient number; valid_to is
    exclusive."""
    return copy_out(
        connections[using],
        """SELECT id, scheme, atena_no, recipient_no, payer_no, copay_class, lower(valid), upper(valid),
                  content->>'name', content->>'address'
           FROM subsidy_certificate
           WHERE scheme = %s AND state = 'issued' AND (%s::text[] IS NULL OR atena_no = ANY(%s)) ORDER BY id""",
        [scheme, atena_nos, atena_nos],
        schema=_IN_HAND,
    )


def done_chunks(*, using: str, job: str, parameters: Mapping[str, Any]) -> int:
    """How many chunks a killed run with these parameters has committed (0: there is none).

    A plan that is made again lists only what is left, so its chunks follow those that are done.
    """
    runs = open_run_ids(using=using, job=job, parameters=parameters)
    return RunChunk.objects.using(using).filter(run_id__in=runs).count()


_DECISIONS = """
SELECT d.id, d.kind, d.scheme, d.atena_no, d.outcome, array_to_string(d.reasons, E'\\x1f'), d.judged_on, d.decided_on,
    d.start, d."end", d.income_year, d.deciding_subject, d.net_income, d.income_limit, d.version,
    coalesce(a.applicant_atena_no, latest.applicant_atena_no), a.received_on, e.loss_reason, latest.loss_reason,
    EXISTS (SELECT 1 FROM subsidy_decision later
            WHERE later.id > d.id AND later.scheme = d.scheme AND later.atena_no = d.atena_no
                AND (d.outcome = 'pending'
                     OR (d.outcome = 'lost' AND later.outcome = 'eligible'
                         AND (later.start <= coalesce(d."end", d.start) OR later.kind = 'restored'))))
        OR coalesce(k.closed_on IS NOT NULL, false)
        OR (d.outcome = 'eligible' AND NOT coalesce(before.told OR before.lost_on < d.start, false)),
    k.missing_from, k.due_on, before.lost_on,
    (SELECT string_agg(DISTINCT concat_ws(':', i->>'subject_id', i->>'subject', i->>'status_code', i->>'income_year'),
            E'\x1f')
     FROM jsonb_array_elements(CASE jsonb_typeof(d.facts->'incomes') WHEN 'array' THEN d.facts->'incomes' END) i),
    CASE WHEN d.outcome = 'pending' THEN latest.missing_documents END
FROM subsidy_decision d
LEFT JOIN subsidy_insurance_check k ON k.decision_id = d.id
LEFT JOIN LATERAL (
    SELECT coalesce(l."end", l.start) AS lost_on,
        EXISTS (SELECT 1 FROM subsidy_notice n WHERE n.decision_id = l.id) AS told
    FROM subsidy_decision l
    WHERE d.kind = 'restored' AND l.scheme = d.scheme AND l.atena_no = d.atena_no AND l.outcome = 'lost' AND l.id < d.id
    ORDER BY l.id DESC LIMIT 1
) before ON TRUE
LEFT JOIN subsidy_application a ON a.id = d.application_id
LEFT JOIN LATERAL (
    SELECT b.applicant_atena_no, b.loss_reason, b.missing_documents FROM subsidy_application b
    WHERE b.scheme = d.scheme AND b.atena_no = d.atena_no AND b.received_on <= d.decided_on
    ORDER BY b.received_on DESC, b.id DESC LIMIT 1
) latest ON TRUE
LEFT JOIN LATERAL (
    SELECT loss_reason FROM subsidy_entitlement WHERE decision_id = d.id ORDER BY id DESC LIMIT 1
) e ON TRUE
WHERE (d.outcome IN ('rejected', 'pending', 'lost') OR (d.outcome = 'eligible' AND d.kind = 'restored'))
    AND d.decided_on <= %s
    AND NOT EXISTS (SELECT 1 FROM subsidy_notice n WHERE n.decision_id = d.id)
ORDER BY d.id
"""
DECISION_SCHEMA = {
    "decision_id": pl.Int64(),
    "kind": pl.String(),
    "scheme": pl.String(),
    "atena_no": pl.String(),
    "outcome": pl.String(),
    "reasons": pl.List(pl.String()),
    "judged_on": pl.Date(),
    "decided_on": pl.Date(),
    "start": pl.Date(),
    "end": pl.Date(),
    "income_year": pl.Int64(),
    "deciding_subject": pl.String(),
    "net_income": pl.Int64(),
    "income_limit": pl.Int64(),
    "version": pl.String(),
    "applicant_atena_no": pl.String(),
    "received_on": pl.Date(),
    "loss_code": pl.String(),
    "declared_loss": pl.String(),
    "overtaken": pl.Boolean(),
    "missing_from": pl.Date(),
    "due_on": pl.Date(),
    "lost_on": pl.Date(),
    "subjects": pl.List(pl.String()),
    "missing_documents": pl.String(),
}


def decisions_without_notice(*, using: str, on: date) -> pl.DataFrame:
    """Decisions up to a day that people have to be told of and have not been (DECISION_SCHEMA).

    applicant_atena_no: who applied, by the decision's own application or the person's latest one of the scheme;
    subjects: whose incomes were judged, as id:subject:課税区分:year; missing_documents: of the latest application,
    asked for while it is held; overtaken: a later decision of the person in the scheme answers a question (保留), or
    takes a loss back; of a return (再認定) that nobody was told of a loss and no time was lost. missing_from,
    due_on: of a question about the insurance; lost_on: the loss that a return follows.
    """
    return copy_out(connections[using], _DECISIONS, [on], schema=DECISION_SCHEMA)
