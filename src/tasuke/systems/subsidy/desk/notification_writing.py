"""A 届出 as typed, and how it enters the registers. The transaction is the caller's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from tasuke.systems.subsidy.desk.models import Notification, NotificationKind
from tasuke.systems.subsidy.desk.notification_rows import TABLES, registry_rows
from tasuke.systems.subsidy.entitlements.declarations import LOSS
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.registry.tables import record, select_current

# these say something by which entitlements are judged
_JUDGED = frozenset(
    {
        NotificationKind.INSURANCE,
        NotificationKind.FAMILY,
        NotificationKind.SINGLE_PARENT,
        NotificationKind.LOSS,
    }
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A 届出 as typed. people: the person first, then who changes together with them; content: field → text."""

    kind: NotificationKind
    people: tuple[str, ...]
    ward_code: str
    content: Mapping[str, str]
    received_on: date
    channel: str
    effective_on: date

    @property
    def atena_no(self) -> str:
        """Whose 届出 it is."""
        return self.people[0]

    @property
    def judged(self) -> bool:
        """Whether entitlements have to be judged again."""
        return self.kind in _JUDGED


def draft_of(told: Notification) -> Draft:
    """What was typed, from the row that keeps it."""
    content = dict(told.content)
    people = tuple(content.pop("people").split(";"))
    return Draft(
        kind=NotificationKind(told.kind),
        people=people,
        ward_code=told.ward_code,
        content=content,
        received_on=told.received_on,
        channel=told.channel,
        effective_on=told.effective_on,
    )


def current_facts(*, using: str, draft: Draft) -> pl.DataFrame:
    """Current rows of the history that the kind changes, of the draft's persons; empty for a kind without one."""
    table = TABLES.get(draft.kind)
    if table is None:
        return pl.DataFrame(schema={"atena_no": pl.String, "start": pl.Date})
    return select_current(using=using, table=table, atena_nos=pl.Series(draft.people, dtype=pl.String))


def write_facts(*, using: str, draft: Draft, number: str, now: datetime) -> None:
    """Close the rows that no longer hold and add the new ones; a 喪失届 waits for the entitlements to be settled."""
    if draft.kind is NotificationKind.LOSS:
        _write_losses(using, draft, number)
        return
    rows = registry_rows(
        kind=draft.kind,
        content=draft.content,
        person=draft.atena_no,
        others=draft.people[1:],
        effective_on=draft.effective_on,
        existing=current_facts(using=using, draft=draft),
    )
    record(using=using, table=TABLES[draft.kind], incoming=rows, now=now, file_id=None)


def _write_losses(using: str, draft: Draft, number: str) -> None:
    for scheme, _, role in (part.partition("=") for part in draft.content["roles"].split(";")):
        Application.objects.using(using).create(
            application_no=number,
            scheme=scheme,
            kind=LOSS,
            atena_no=draft.atena_no,
            applicant_atena_no=draft.content.get("notifier_atena_no") or draft.atena_no,
            role=role,
            received_on=draft.received_on,
            channel=draft.channel,
            reason="9",
            event_date=draft.effective_on,
            loss_reason=draft.content["loss_words"],
            state=ApplicationState.RECEIVED,
        )
