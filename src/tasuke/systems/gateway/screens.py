"""What the screens show, as plain data. Contents of answers are never opened here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Min

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
MOST = 100
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
class Standing:
    """What needs a person: refused rows, dead letters (stuck), answers that no table fits, provision that failed."""

    refused: Sequence[AskError]
    stuck: Sequence[Inquiry]
    held: Sequence[HeldResult]
    provisions: Sequence[Provision]
    flags: Sequence[PersonFlag]

    @property
    def atena_nos(self) -> list[str]:
        """Everybody shown, for the trail."""
        found = {row.atena_no for row in self.refused} | {row.atena_no for row in self.stuck}
        found |= {row.atena_no for row in self.provisions} | {row.atena_no for row in self.flags}
        return sorted(found | {row.inquiry.atena_no for row in self.held})


def standing() -> Standing:
    """The newest of each kind."""
    stuck = Inquiry.objects.using(USING).filter(state=InquiryState.STUCK)
    return Standing(
        refused=list(AskError.objects.using(USING).order_by("-pk")[:MOST]),
        stuck=list(stuck.order_by("pk")[:MOST]),
        held=list(HeldResult.objects.using(USING).defer("sealed").select_related("inquiry").order_by("pk")[:MOST]),
        provisions=list(Provision.objects.using(USING).exclude(error="").order_by("changed_at")[:MOST]),
        flags=list(PersonFlag.objects.using(USING).exclude(error="").order_by("changed_at")[:MOST]),
    )


def flags() -> list[PersonFlag]:
    """Flags in force; those whose 支援措置 has ended at the source come first and wait for a person."""
    return list(PersonFlag.objects.using(USING).filter(on=True).order_by("told", "-changed_at", "atena_no")[:500])


@dataclass(frozen=True, slots=True)
class Masters:
    """The master in force and the versions that came."""

    version: int
    versions: Sequence[MasterVersion]
    rows: Sequence[MasterRow]
    bodies: Sequence[MasterBody]


def masters() -> Masters:
    """Everything of the newest version."""
    return Masters(
        version=newest(using=USING),
        versions=list(MasterVersion.objects.using(USING).order_by("-version")[:10]),
        rows=list(MasterRow.objects.using(USING).order_by("procedure_code", "information_code", "provider_kind")[:500]),
        bodies=list(MasterBody.objects.using(USING).order_by("code")[:500]),
    )


def tables_on(day: date) -> Mapping[str, Sequence[object]]:
    """The conversion tables in force on a day."""
    return {
        "fields": [row for row in tables.items() if row.holds_on(day)],
        "codes": [row for row in tables.codes() if row.holds_on(day)],
        "cities": [row for row in tables.designated_cities() if row.holds_on(day)],
        "businesses": list(tables.businesses().values()),
        "provided": [row for row in tables.provided().values() if row.holds_on(day)],
    }
