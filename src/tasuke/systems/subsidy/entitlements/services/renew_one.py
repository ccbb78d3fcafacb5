"""個別の更新: one person whom the 一斉更新 left out (保険確認中), judged for its day by the same rules and rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
from django.db import connections, transaction

from tasuke.core.period import Period
from tasuke.schemes.copayment.explain import Step
from tasuke.schemes.explain import explain
from tasuke.schemes.facts import Facts
from tasuke.systems.subsidy.entitlements.insurance_checks import open_checks
from tasuke.systems.subsidy.entitlements.judging import refuse_unconfirmed, rules_of
from tasuke.systems.subsidy.entitlements.models import Decision, DecisionKind
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.entitlements.renewing import judge_renewal, write_renewal
from tasuke.systems.subsidy.entitlements.services.settle_people import settle_people

_LAST = """
SELECT max((b.parameters->>'on')::date) FROM batch_run b
WHERE b.job = 'renew' AND b.state = 'done' AND b.parameters->>'scheme' = %s AND (b.parameters->>'on')::date <= %s
"""


class NothingToRenew(ValueError):
    """There was no renewal, it took the person in, or there is no entitlement on its day; the words say which."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """on: the day of the 一斉更新 that is made up for; outcome: continued, income_unknown or rejected (as `eligible`,
    `pending`, `rejected`); start, end: what the entitlement becomes."""

    on: date
    outcome: str
    reasons: Sequence[str]
    start: date | None
    end: date | None
    recipient_no: str
    steps: Sequence[Step]


def renew_one(*, using: str, scheme: str, atena_no: str, on: date, now: datetime, trial: bool = False) -> Renewal:
    """Renew a person for the day of the scheme's last 一斉更新; trial: judge and explain only, nothing is written.

    Raises NothingToRenew, SchemeNotOurs, NoVersionInForce.
    """
    rules = rules_of(scheme)
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"renewal:{scheme}:{atena_no}"])
        day = _last_renewal(using, scheme, on)
        refuse_unconfirmed(rules, day)
        held = _held(using, scheme, atena_no, day, on)
        judged = judge_renewal(using=using, rules=rules, held=held, on=day)
        row = judged.row(0, named=True)
        steps = explain(rules.scheme, Facts.model_validate_json(row["facts"]), row["on"], rules.confirmed)
        if not trial:
            write_renewal(using=using, rows=judged, on=day, decided_on=on, now=now, run_id=None)
            settle_people(using=using, atena_nos=[atena_no], on=on, now=now)  # what happened since the day
    rejected = row["outcome_list"] == "rejected"
    return Renewal(
        on=day,
        outcome=str(row["outcome"]),
        reasons=tuple(row["reasons"]),
        start=row["valid_from"],
        end=day if rejected or row["outcome_list"] == "income_unknown" else row["valid_to"],
        recipient_no=str(row["recipient_no"]),
        steps=steps,
    )


def _last_renewal(using: str, scheme: str, on: date) -> date:
    with connections[using].cursor() as cursor:
        cursor.execute(_LAST, [scheme, on])
        found: date | None = cursor.fetchone()[0]
    if found is None:
        raise NothingToRenew("この制度の一斉更新はまだ行われていません")
    return found


def _held(using: str, scheme: str, atena_no: str, day: date, on: date) -> pl.DataFrame:
    """The one row in force on the day of the renewal."""
    people = pl.Series("atena_no", [atena_no], dtype=pl.String)
    held = entitlements_frame(
        using=using, scheme=scheme, overlapping=Period(day, day + timedelta(days=1)), atena_nos=people
    )
    if held.is_empty():
        raise NothingToRenew("更新の日に受給資格がありません")
    done = Decision.objects.using(using).filter(
        scheme=scheme, atena_no=atena_no, kind=DecisionKind.RENEWAL, judged_on=day
    )
    if done.exists():
        raise NothingToRenew("この人の更新は済んでいます")
    checks = open_checks(using=using, scheme=scheme, atena_nos=people)
    if not checks.filter(pl.col("due_on").is_null() | (pl.col("due_on") > on)).is_empty():
        raise NothingToRenew("保険確認中です。先に医療保険の届出を記録してください")
    return held
