"""照会の受付: good rows are taken, bad rows are named; a record id is taken once for ever."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils.timezone import localdate

from tasuke.contracts.inquiry import InquiryItem
from tasuke.systems.gateway.convert import city_body
from tasuke.systems.gateway.masters import Lawful, lawful_on
from tasuke.systems.gateway.models import AskError, Inquiry, PersonFlag
from tasuke.systems.gateway.tables import Business


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken. row: 1-based."""

    row: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """accepted: new ones; known: record ids that were there with the same content."""

    accepted: int
    known: int
    refusals: tuple[Refusal, ...]


def ask_inquiries(
    *, using: str, business: Business, items: tuple[InquiryItem, ...], system: str, at: datetime
) -> Asked:
    """Take inquiries into the queue. 支援措置 counts whether the business or the residents' feed says so.

    E0004: a combination that is not on the permission list, a protected person without the extra step, or a record id
    with another content. Raises NoPolicy.
    """
    lawful = lawful_on(localdate(at), using=using)
    with transaction.atomic(using=using):
        there = _digests(business, items, using)
        flagged = set(
            PersonFlag.objects.using(using)
            .filter(atena_no__in=[item.atena_no for item in items], on=True)
            .values_list("atena_no", flat=True)
        )
        known, new, refusals = 0, [], []
        for place, item in enumerate(items, start=1):
            made = _row(item, business, system, at, protected=item.protected or item.atena_no in flagged)
            seen = there.get(item.record_id)
            if seen == made.digest:
                known += 1
                continue
            why = "この識別番号は別の内容の照会に使われています" if seen else _why_not(made, item, business, lawful)
            if why:
                refusals.append(Refusal(place, "E0004", why))
                continue
            there[item.record_id] = bytes(made.digest)
            new.append(made)
        # two calls at once with the same record id: the second finds nothing to add
        Inquiry.objects.using(using).bulk_create(new, ignore_conflicts=True)
        _keep(refusals, business, items, system, using, at)
    return Asked(len(new), known, tuple(refusals))


def _why_not(made: Inquiry, item: InquiryItem, business: Business, lawful: Lawful) -> str:
    if made.protected and not item.extra_step.strip():
        return "支援措置の対象者です。理由と承認した人を添えた追加の確認がないため、照会できません"
    if item.valid_from and item.valid_to and item.valid_to <= item.valid_from:
        return "期間の終わりが始まりより後ではありません"
    return lawful.why_not(item, business=business, provider=made.provider)


def _row(item: InquiryItem, business: Business, system: str, at: datetime, *, protected: bool) -> Inquiry:
    content = item.model_dump_json(exclude={"record_id"})
    return Inquiry(
        business_id=business.business_id,
        record_id=item.record_id,
        mid_record_id=f"{business.business_id}-{item.record_id}",
        system=system,
        atena_no=item.atena_no,
        procedure_code=item.procedure_code,
        information_code=item.information_code,
        provider=city_body(item.provider),
        year=item.year,
        valid_from=item.valid_from,
        valid_to=item.valid_to,
        department=item.department,
        personal_id=item.personal_id,
        protected=protected,
        extra_step=item.extra_step,
        undisclosed=item.undisclosed or protected,
        digest=sha256(content.encode()).digest(),
        asked_at=at,
    )


def _digests(business: Business, items: tuple[InquiryItem, ...], using: str) -> dict[str, bytes]:
    rows = Inquiry.objects.using(using).filter(
        business_id=business.business_id, record_id__in=[item.record_id for item in items]
    )
    return {record_id: bytes(digest) for record_id, digest in rows.values_list("record_id", "digest")}


def _keep(
    refusals: list[Refusal],
    business: Business,
    items: tuple[InquiryItem, ...],
    system: str,
    using: str,
    at: datetime,
) -> None:
    AskError.objects.using(using).bulk_create(
        AskError(
            at=at,
            system=system,
            business_id=business.business_id,
            record_id=items[r.row - 1].record_id,
            atena_no=items[r.row - 1].atena_no,
            code=r.code,
            message=r.message,
        )
        for r in refusals
    )
