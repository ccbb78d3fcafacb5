"""What the screens show of permits, records and agreements, within the limits of who looks."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from tasuke.contracts.words import system_title
from tasuke.platform.access import Scope
from tasuke.platform.accounts.staff import StaffNames
from tasuke.platform.exchange.models import OutboundFile
from tasuke.platform.ui.paging import PAGE_ROWS
from tasuke.systems.subsidy.registry.names import PersonName, person_names
from tasuke.systems.subsidy.registry.wards import last_ward
from tasuke.systems.subsidy.sharing.models import (
    AgreementState,
    PermitState,
    SharedPersonRecord,
    SharingAgreement,
    SharingPermit,
    SharingRecord,
)
from tasuke.systems.subsidy.sharing.rules import labels

FILE_KIND = "sharing"
LIST_KIND = "sharing-list"
OUTCOMES = {"given": ("移転", "good"), "out_of_range": ("範囲にない", "plain"), "held": ("支援措置・同意待ち", "warn")}
_MOST_LINES = 5_000  # of the list of records as a file


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records: of a 移転, by a means, from a day to another (inclusive)."""

    rule: str = ""
    means: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person of a record. person: None for who is out of range, known to us or not."""

    key: int
    atena_no: str
    person: PersonName | None
    word: str
    tone: str
    withheld: str


def permits(*, using: str, scope: Scope, before: int | None) -> list[SharingPermit]:
    """The newest first, one more than a page."""
    found = SharingPermit.objects.using(using).filter(scope.schemes_q()).order_by("-pk")
    return list((found if before is None else found.filter(pk__lt=before))[: PAGE_ROWS + 1])


def permit_in(permit_id: int, *, using: str, scope: Scope) -> SharingPermit:
    """One permit. Raises SharingPermit.DoesNotExist, also for what lies outside one's limits."""
    return SharingPermit.objects.using(using).filter(scope.schemes_q()).get(pk=permit_id)


def permit_in_force(rule: str, *, using: str, on: date) -> SharingPermit | None:
    """The permit of a 移転 on a day."""
    found = SharingPermit.objects.using(using).filter(rule=rule, state=PermitState.PERMITTED, valid__contains=on)
    return found.first()


def records(*, using: str, scope: Scope, by: RecordFilter, before: int | None) -> list[SharingRecord]:
    """The newest first, one more than a page. No persons."""
    found = _records(using, scope, by)
    return list((found if before is None else found.filter(pk__lt=before))[: PAGE_ROWS + 1])


def all_records(*, using: str, scope: Scope, by: RecordFilter) -> list[SharingRecord]:
    """For a file: the newest first, at most so many as a file may hold."""
    return list(_records(using, scope, by)[:_MOST_LINES])


def record_in(record_id: int, *, using: str, scope: Scope) -> SharingRecord:
    """One record. Raises SharingRecord.DoesNotExist, also for what lies outside one's limits."""
    return _records(using, scope, RecordFilter()).get(pk=record_id)


def persons_of(record: SharingRecord, *, using: str, scope: Scope, after: int | None, on: date) -> list[PersonLine]:
    """Persons of a record as they were asked for, one more than a page.

    Of other wards than one's own nobody is shown; numbers of nobody have no ward and are seen without a limit only.
    """
    found = SharedPersonRecord.objects.using(using).filter(record=record).annotate(last=last_ward(using=using))
    found = found.filter(scope.q(ward="last", scheme="record__scheme")).order_by("pk")
    rows = list((found if after is None else found.filter(pk__gt=after))[: PAGE_ROWS + 1])
    # whoever may not be told that somebody is known is not told a name either
    names = person_names(using=using, atena_nos=[r.atena_no for r in rows if r.outcome != "out_of_range"], on=on)
    return [
        PersonLine(
            row.pk, row.atena_no, names.get(row.atena_no), *OUTCOMES[row.outcome], "、".join(labels(row.withheld))
        )
        for row in rows
    ]


def file_of(record: SharingRecord, *, using: str) -> OutboundFile | None:
    """The file of a move."""
    return OutboundFile.objects.using(using).filter(kind=FILE_KIND, key=str(record.pk)).first()


def agreements(*, using: str, scope: Scope, waiting: bool) -> "QuerySet[SharingAgreement]":
    """Persons under 支援措置 for whom somebody has to agree, or has decided; the newest first."""
    found = SharingAgreement.objects.using(using).select_related("permit").annotate(last=last_ward(using=using))
    found = found.filter(scope.q(ward="last", scheme="permit__scheme")).order_by("-pk")
    return found.filter(state=AgreementState.WAITING) if waiting else found.exclude(state=AgreementState.WAITING)


def agreement_in(agreement_id: int, *, using: str, scope: Scope) -> SharingAgreement:
    """One of them. Raises SharingAgreement.DoesNotExist, also for what lies outside one's limits."""
    found = SharingAgreement.objects.using(using).select_related("permit").annotate(last=last_ward(using=using))
    return found.filter(scope.q(ward="last", scheme="permit__scheme")).get(pk=agreement_id)


def who(by: str, names: StaffNames) -> str:
    """Who moved or asked: our own staff by name, another department's as its system and 職員ID."""
    system, colon, staff = by.partition(":")
    return f"{system_title(system)} {staff}" if colon else names.told(by)


def _records(using: str, scope: Scope, by: RecordFilter) -> "QuerySet[SharingRecord]":
    found = SharingRecord.objects.using(using).filter(scope.schemes_q()).select_related("permit").order_by("-pk")
    if by.rule:
        found = found.filter(permit__rule=by.rule)
    if by.means:
        found = found.filter(means=by.means)
    if by.first:
        found = found.filter(at__date__gte=by.first)
    if by.last:
        found = found.filter(at__date__lte=by.last)
    return found
