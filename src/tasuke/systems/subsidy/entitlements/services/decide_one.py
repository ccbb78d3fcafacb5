"""Decide one application at the counter, with the explanation beside it: the same rules and rows as the batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from django.db import transaction

from tasuke.schemes.copayment.explain import Step
from tasuke.schemes.explain import explain
from tasuke.schemes.facts import Facts
from tasuke.systems.subsidy.entitlements.deciding import Decided, application_cases, decide_cases
from tasuke.systems.subsidy.entitlements.judging import judge_cases, rules_of
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState


class NotWaiting(Exception):
    """The application is decided, or it is no new application."""


@dataclass(frozen=True, slots=True)
class CounterDecision:
    """What was (or would be) decided. decision_id is None for a trial (試算)."""

    decision_id: int | None
    outcome: str
    reasons: Sequence[str]
    start: date | None
    end: date | None
    recipient_no: str | None
    steps: Sequence[Step]


def decide_one(*, using: str, application_id: int, on: date, now: datetime, trial: bool = False) -> CounterDecision:
    """Decide a waiting application on a day; trial: judge and explain only, nothing is written.

    Raises NotWaiting, SchemeNotOurs, NoVersionInForce.
    """
    with transaction.atomic(using=using):
        application = Application.objects.using(using).select_for_update(of=("self",)).get(pk=application_id)
        if application.kind != "1" or application.state not in (ApplicationState.RECEIVED, ApplicationState.HELD):
            raise NotWaiting(f"{application.application_no}: {application.get_state_display()}")
        rules = rules_of(application.scheme)
        cases = application_cases(using=using, rules=rules, on=on, application_id=application_id)
        judged = judge_cases(using=using, rules=rules, cases=cases)
        row = judged.row(0, named=True)
        facts = Facts.model_validate_json(row["facts"])
        steps = explain(rules.scheme, facts, row["on"], rules.confirmed)
        written = (
            None
            if trial
            else decide_cases(
                using=using,
                rules=rules,
                judged=judged.with_columns(known=pl.lit(value=False)),
                on=on,
                now=now,
                run_id=None,
            )
        )
        return _answer(row, steps, written)


def _answer(row: dict[str, object], steps: Sequence[Step], written: Decided | None) -> CounterDecision:
    decision = written.decisions.row(0, named=True) if written else {}
    number = written.numbers["recipient_no"].item() if written else None
    return CounterDecision(
        decision_id=decision.get("decision_id"),
        outcome=str(row["outcome"]),
        reasons=tuple(row["reasons"]),  # type: ignore[arg-type]
        start=row["start"],  # type: ignore[arg-type]
        end=row["end"],  # type: ignore[arg-type]
        recipient_no=number,
        steps=steps,
    )
