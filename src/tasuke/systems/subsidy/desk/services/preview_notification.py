"""影響の確認: what a 届出 would do. Written and judged for real, then taken back."""

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl
from django.db import transaction

from tasuke.systems.subsidy.desk.effects import (
    Effect,
    PersonsState,
    changed_checks,
    changed_entitlements,
    changed_papers,
    concerned_by,
    state_of_persons,
)
from tasuke.systems.subsidy.desk.models import NotificationKind
from tasuke.systems.subsidy.desk.notification_remarks import remarks_on
from tasuke.systems.subsidy.desk.notification_words import fact_changes
from tasuke.systems.subsidy.desk.notification_writing import Draft, current_facts, write_facts
from tasuke.systems.subsidy.entitlements.services.settle_people import settle_people
from tasuke.systems.subsidy.registry.names import person_names

_TRIAL = "試算"
_PRINTED = (NotificationKind.NAME,)


def preview_notification(*, using: str, draft: Draft, on: date, now: datetime) -> Effect:
    """The effect by the day on which the change holds, or by today when it holds already. Writes nothing.

    Raises NoVersionInForce.
    """
    day = max(on, draft.effective_on)
    facts = current_facts(using=using, draft=draft)
    touches_papers = draft.judged or draft.kind in _PRINTED
    people = concerned_by(using=using, people=draft.people, on=on) if touches_papers else list(draft.people)
    nothing = PersonsState({}, {}, {})
    before = state_of_persons(using=using, people=people, on=on) if touches_papers else nothing
    without = _tried(using, None, people, day, now)[0] if draft.judged else before
    after, facts_after = _tried(using, draft, people, day, now)
    if not touches_papers:
        after = nothing
    named = [*people, *facts_after.get_column("other_atena_no")] if "other_atena_no" in facts_after.columns else people
    names = {no: person.name for no, person in person_names(using=using, atena_nos=named, on=on).items()}
    entitlements, checks = changed_entitlements(before, without, after), changed_checks(before, after)
    changes = [] if draft.kind is NotificationKind.LOSS else fact_changes(draft.kind, facts, facts_after, names)
    return Effect(
        on=day.isoformat(),
        later=draft.effective_on > on,
        entitlements=entitlements,
        certificates=changed_papers(before, after),
        checks=checks,
        facts=changes,
        remarks=remarks_on(
            using=using, draft=draft, entitlements=entitlements, asked=bool(checks), changed=bool(changes), on=on
        ),
    )


def _tried(
    using: str, draft: Draft | None, people: Sequence[str], day: date, now: datetime
) -> tuple[PersonsState, pl.DataFrame]:
    """The state after the 届出 (None: without any) and the judgement of everything up to the day; then taken back."""
    with transaction.atomic(using=using):
        if draft is not None:
            write_facts(using=using, draft=draft, number=_TRIAL, now=now)
        facts = pl.DataFrame() if draft is None else current_facts(using=using, draft=draft)
        if draft is None or draft.judged:
            settle_people(using=using, atena_nos=people, on=day, now=now)
        state = state_of_persons(using=using, people=people, on=day)
        transaction.set_rollback(True, using=using)
    return state, facts
