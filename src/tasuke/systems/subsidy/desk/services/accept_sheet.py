"""The second person has compared the sheet with the paper: it becomes an application."""

from datetime import datetime

from django.db import transaction

from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.desk.filing import faults_by_field, file_paper
from tasuke.systems.subsidy.desk.models import Sheet, SheetState
from tasuke.systems.subsidy.entitlements.models import Application
from tasuke.systems.subsidy.entitlements.services.receive_application import receive_application


class SamePerson(Exception):
    """Who typed it cannot be the one who compares."""


class NotOpen(Exception):
    """The sheet was received, dropped, sent back or changed since it was opened."""


class SheetFaulty(ValueError):
    """What was typed breaks a rule of the layout."""


def accept_sheet(
    *, using: str, sheet_id: int, seen_version: int, by: str, now: datetime, profile: Profile
) -> Application:
    """Receive the application. A city without 二者確認 lets the person who typed it do so.

    Raises SamePerson, NotOpen, SheetFaulty.
    """
    with transaction.atomic(using=using):
        sheet = Sheet.objects.using(using).select_for_update(of=("self",)).get(pk=sheet_id)
        if sheet.state != SheetState.DRAFT or sheet.version != seen_version:
            raise NotOpen(f"受付票は、開いた後に{sheet.changed_name}が変更しました({sheet.get_state_display()})")
        second = profile.processing.second_check
        if second and sheet.changed_by == by:
            raise SamePerson("入力した本人は照合できません。別の職員が照合してください")
        filed, problems = file_paper(sheet.content, number=sheet.number)
        if faults_by_field(problems) or filed.is_empty():
            raise SheetFaulty("記入内容に誤りがあります。差し戻してください")
        application = receive_application(using=using, filed=filed, now=now)
        sheet.state, sheet.application_id, sheet.version = SheetState.RECEIVED, application.pk, sheet.version + 1
        if second:
            sheet.checked_at, sheet.checked_by = now, by
        sheet.save(using=using)
    return application
