"""Settle the entitlements of some persons at once: what apply-changes does for everybody, for those at the counter."""

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl
from django.db import transaction

from tasuke.systems.subsidy.entitlements.change_writing import write_changes
from tasuke.systems.subsidy.entitlements.changes import find_changes
from tasuke.systems.subsidy.entitlements.jobs.apply_changes import notices_of, schemes_in_order
from tasuke.systems.subsidy.entitlements.judging import Rules
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.profile import active_profile


def settle_people(*, using: str, atena_nos: Iterable[str], on: date, now: datetime) -> None:
    """Judge their entitlements again by what the register says now, up to and including `on`, and write what changed.

    The scheme that goes first is settled first. 喪失届 that wait are acted on as in the batch. Days after `on` are
    left to apply-changes on those days.
    """
    people = pl.Series("atena_no", sorted(set(atena_nos)), dtype=pl.String)
    if people.is_empty():
        return
    profile = active_profile()
    with transaction.atomic(using=using):
        for scheme in schemes_in_order(profile):
            rules = Rules(scheme=scheme, profile=profile)
            notices = notices_of(using=using, scheme=scheme.id, on=on).filter(
                pl.col("atena_no").is_in(people.implode())
            )
            told = notices.select("atena_no", "event_date", "notice")
            changes = find_changes(using=using, rules=rules, on=on, notices=told, atena_nos=people)
            write_changes(using=using, rules=rules, changes=changes, decided_on=on, now=now, run_id=None)
            done = notices["application_id"].to_list()
            if done:
                waiting = Application.objects.using(using).filter(pk__in=done)
                waiting.update(state=ApplicationState.APPLIED)
