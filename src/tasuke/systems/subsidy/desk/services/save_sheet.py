"""Save what was typed from a paper; the second of two people who work on the same one is told, and loses nothing."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.models import Sheet, SheetState


class ChangedMeanwhile(Exception):
    """Somebody saved the sheet after it was opened here. theirs: as it stands now; fields: what differs."""

    def __init__(self, theirs: Sheet, fields: list[str]) -> None:
        super().__init__(f"{theirs.changed_name}が先に保存しました")
        self.theirs, self.fields = theirs, fields


class SheetClosed(Exception):
    """The paper was received or dropped already."""


def save_sheet(
    *, using: str, sheet: Sheet, content: Mapping[str, str], seen_version: int, actor: Actor, now: datetime
) -> Sheet:
    """Write a new sheet (no pk) or a new version of one. Raises ChangedMeanwhile, SheetClosed."""
    with transaction.atomic(using=using):
        if sheet.pk is not None:
            sheet = Sheet.objects.using(using).select_for_update(of=("self",)).get(pk=sheet.pk)
            if sheet.state not in (SheetState.DRAFT, SheetState.RETURNED):
                raise SheetClosed(f"受付番号{sheet.number}は{sheet.get_state_display()}です")
            if sheet.version != seen_version:
                differing = [k for k in {**sheet.content, **content} if sheet.content.get(k) != content.get(k)]
                raise ChangedMeanwhile(sheet, differing)
            sheet.version += 1
        sheet.content, sheet.state, sheet.scheme = dict(content), SheetState.DRAFT, content["scheme"]
        sheet.changed_at, sheet.changed_by, sheet.changed_name = now, actor.personal_id, actor.name
        sheet.checked_at, sheet.checked_by = None, ""
        sheet.save(using=using)
    return sheet
