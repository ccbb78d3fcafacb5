"""What the screens show, as plain data. Contents of answers are never opened here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Min, QuerySet

from tasuke.systems.gateway import tables
from tasuke.systems.gateway.masters import newest
from tasuke.systems.gateway.models import (
    ENDED,
    Answer,
    AskError,
    HeldResult,
    Inquiry,
    InquiryState,
    MasterBody,
    MasterRow,
    MasterVersion,
    NumberCode,
    PersonFlag,
    Provision,
    ServiceWindow,
)
from tasuke.systems.gateway.watching import window

USING = "gateway"
_CODE_WORDS = {"requested": "要求中", "sent": "要求中", "acquired": "取得済み", "failed": "取得できず"}


@dataclass(frozen=True, slots=True)
class Overview:
    """Service state; (state, label, count) of the queue; (word, count) of 符号 requests; what waits to be provided."""

    window: ServiceWindow | None
    queue: Sequence[tuple[str, str, int]]
    oldest: datetime | None
    answers: Sequence[tuple[str, int]]
    codes: Sequence[tuple[str, int]]
    provisions_waiting: int
    flags_waiting: int
    standing: int


_OUTCOMES = {"found": "情報あり", "none": "該当なし", "withheld": "提供されず", "refused": "照会不可"}


def overview() -> Overview:
    """Everything counted; nobody shown."""
    rows = Inquiry.objects.using(USING).order_by()
    states = dict(rows.values_list("state").annotate(n=Count("pk")))
    outcomes = dict(Answer.objects.using(USING).order_by().values_list("outcome").annotate(n=Count("pk")))
    codes: dict[str, int] = {}
    for state, count in NumberCode.objects.using(USING).order_by().values_list("state").annotate(n=Count("pk")):
        codes[_CODE_WORDS.get(state, state)] = codes.get(_CODE_WORDS.get(state, state), 0) + count
    provisions = Provision.objects.using(USING).exclude(sent_version=F("version"))
    flags = PersonFlag.objects.using(USING).exclude(sent_version=F("version"))
    return Overview(
        window=window(),
        queue=[(state.value, state.label, states.get(state, 0)) for state in InquiryState],
        oldest=rows.exclude(state__in=ENDED).aggregate(first=Min("asked_at"))["first"],
        answers=[(_OUTCOMES[outcome], outcomes.get(outcome, 0)) for outcome in _OUTCOMES],
        codes=sorted(codes.items()),
        provisions_waiting=provisions.count(),
        flags_waiting=flags.count(),
        standing=states.get(InquiryState.HELD, 0) + states.get(InquiryState.STUCK, 0),
    )


def inquiries(*, state: str, after: str, limit: int) -> list[Inquiry]:
    """Inquiries of one state or all, the newest first, without contents of answers."""
    rows = Inquiry.objects.using(USING)
    if state:
        rows = rows.filter(state=state)
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    return list(rows.order_by("-pk")[:limit])


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One thing that needs a person. key: where the next piece of the list begins; inquiry: id of one to send again."""

    key: str
    at: datetime
    atena_no: str
    reason: str
    record_id: str = ""
    business_id: str = ""
    inquiry: int | None = None


ERRORS = {
    "stuck": "送れずに止まった照会",
    "held": "変換できずに保留した回答",
    "refused": "受け付けなかった照会",
    "flags": "送れなかった自動応答不可・不開示",
    "provisions": "提供できなかった世帯情報",
}


def error_lines(kind: str, *, after: str, limit: int) -> list[ErrorLine]:
    """A piece of one list of ERRORS: refused rows the newest first, inquiries the oldest first, else by 宛名番号."""
    number = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else None
    if kind in ("flags", "provisions"):
        model = PersonFlag if kind == "flags" else Provision
        failed = model._default_manager.using(USING).exclude(error="").filter(atena_no__gt=after)
        return [
            ErrorLine(row.atena_no, row.changed_at, row.atena_no, row.error)
            for row in failed.order_by("atena_no")[:limit]
        ]
    if kind == "refused":
        refused = AskError.objects.using(USING).order_by("-pk")
        return [
            ErrorLine(str(row.pk), row.at, row.atena_no, f"{row.code} {row.message}", row.record_id, row.business_id)
            for row in (refused.filter(pk__lt=number) if number else refused)[:limit]
        ]
    if kind == "held":
        held = HeldResult.objects.using(USING).defer("sealed").select_related("inquiry").order_by("pk")
        return [
            ErrorLine(
                str(row.pk),
                row.at,
                row.inquiry.atena_no,
                row.problem,
                row.inquiry.record_id,
                row.inquiry.business_id,
            )
            for row in (held.filter(pk__gt=number) if number else held)[:limit]
        ]
    stuck = Inquiry.objects.using(USING).filter(state=InquiryState.STUCK).order_by("pk")
    return [
        ErrorLine(str(row.pk), row.asked_at, row.atena_no, row.reason, row.record_id, row.business_id, row.pk)
        for row in (stuck.filter(pk__gt=number) if number else stuck)[:limit]
    ]


def ended_flags(*, limit: int) -> list[PersonFlag]:
    """Flags whose 支援措置 has ended at the source, the oldest first: each waits for a person."""
    return list(_flags().filter(told=False).order_by("changed_at", "atena_no")[:limit])


def standing_flags(*, after: str, limit: int) -> list[PersonFlag]:
    """Flags in force whose 支援措置 goes on, by 宛名番号."""
    return list(_flags().filter(told=True, atena_no__gt=after).order_by("atena_no")[:limit])


def _flags() -> "QuerySet[PersonFlag]":
    return PersonFlag.objects.using(USING).filter(on=True)


def names() -> dict[str, str]:
    """What the codes of procedures, information and bodies mean, after the newest master."""
    rows = MasterRow.objects.using(USING).values_list("procedure_code", "procedure", "information_code", "information")
    found = dict(MasterBody.objects.using(USING).values_list("code", "name"))
    for procedure_code, procedure, information_code, information in rows:
        found[procedure_code], found[information_code] = procedure, information
    return found


@dataclass(frozen=True, slots=True)
class Masters:
    """The master in force and the versions that came."""

    version: int
    versions: Sequence[MasterVersion]
    rows: Sequence[MasterRow]


def masters(*, after: str, limit: int) -> Masters:
    """A piece of the newest version's combinations, in the order in which they came."""
    rows = MasterRow.objects.using(USING).order_by("pk")
    if after.isascii() and after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__gt=int(after))
    return Masters(
        version=newest(using=USING),
        versions=list(MasterVersion.objects.using(USING).order_by("-version")[:10]),
        rows=list(rows[:limit]),
    )


def bodies(*, after: str, limit: int) -> list[MasterBody]:
    """A piece of the newest version's bodies, by code."""
    return list(MasterBody.objects.using(USING).filter(code__gt=after).order_by("code")[:limit])


def tables_on(day: date) -> Mapping[str, Sequence[object]]:
    """The conversion tables in force on a day."""
    return {
        "fields": [row for row in tables.items() if row.holds_on(day)],
        "codes": [row for row in tables.codes() if row.holds_on(day)],
        "cities": [row for row in tables.designated_cities() if row.holds_on(day)],
        "businesses": list(tables.businesses().values()),
        "provided": [row for row in tables.provided().values() if row.holds_on(day)],
    }
