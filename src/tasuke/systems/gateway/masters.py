"""配信マスター: which combinations are lawful on a day, which bodies can be asked, and taking over a new version."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from tasuke.contracts.inquiry import Choice, Choices, InquiryItem, ProviderBody
from tasuke.contracts.interface import Master
from tasuke.systems.gateway.models import MasterBody, MasterRow, MasterVersion
from tasuke.systems.gateway.policy import policy
from tasuke.systems.gateway.tables import Business


@dataclass(frozen=True, slots=True)
class Lawful:
    """What may be asked by this municipality on a day. rows: (procedure, information, provider kind) → row."""

    rows: dict[tuple[str, str, str], MasterRow]
    bodies: dict[str, MasterBody]
    version: int

    def why_not(self, item: InquiryItem, *, business: Business, provider: str) -> str:
        """Why this may not be asked, in words; "" when it may."""
        if not self.version:
            return "配信マスターをまだ受け取っていないため、照会できません"
        body = self.bodies.get(provider)
        if body is None:
            return f"照会先 {provider} は配信マスターにありません"
        if item.procedure_code not in business.procedure_codes:
            return f"{business.name}は事務手続 {item.procedure_code} で照会できません"
        row = self.rows.get((item.procedure_code, item.information_code, body.kind))
        if row is None:
            return "この事務手続では、この照会先にこの情報を照会できません(照会許可用照合リストにありません)"
        if row.by_year and item.year is None:
            return "年度ごとの情報のため、年度が要ります"
        return ""


def lawful_on(day: date, *, using: str) -> Lawful:
    """The newest master, as it holds on a day. Raises NoPolicy."""
    in_force = Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))
    rows = MasterRow.objects.using(using).filter(in_force, requester_kind=policy().kind)
    bodies = MasterBody.objects.using(using).filter(in_force)
    return Lawful(
        rows={(r.procedure_code, r.information_code, r.provider_kind): r for r in rows},
        bodies={b.code: b for b in bodies},
        version=newest(using=using),
    )


def newest(*, using: str) -> int:
    """Version of the master that is in force; 0: none has come."""
    row = MasterVersion.objects.using(using).order_by("-version").first()
    return row.version if row else 0


def choices_of(business: Business, *, on: date, using: str) -> Choices:
    """What a business may ask on a day, and whom: never the own municipality."""
    lawful = lawful_on(on, using=using)
    rows = sorted(
        (r for r in lawful.rows.values() if r.procedure_code in business.procedure_codes),
        key=lambda r: (r.procedure_code, r.information_code, r.provider_kind),
    )
    kinds = {r.provider_kind for r in rows}
    return Choices(
        choices=tuple(
            Choice(
                procedure_code=r.procedure_code,
                procedure=r.procedure,
                information_code=r.information_code,
                information=r.information,
                provider_kind=r.provider_kind,
                legal_basis=r.legal_basis,
                by_year=r.by_year,
                unconfirmed=r.unconfirmed,
            )
            for r in rows
        ),
        bodies=tuple(
            ProviderBody(code=b.code, name=b.name, kind=b.kind)
            for b in sorted(lawful.bodies.values(), key=lambda b: b.code)
            if b.kind in kinds and b.code != policy().body
        ),
        master_version=lawful.version,
    )


def store_master(master: Master, *, using: str, at: datetime) -> bool:
    """Take over a newer version as a whole, in one transaction; give whether there was one."""
    if master.version <= newest(using=using):
        return False
    with transaction.atomic(using=using):
        MasterRow.objects.using(using).all().delete()
        MasterBody.objects.using(using).all().delete()
        MasterRow.objects.using(using).bulk_create(MasterRow(**p.model_dump()) for p in master.permissions)
        MasterBody.objects.using(using).bulk_create(
            MasterBody(**{**b.model_dump(), "municipality_code": b.municipality_code or ""}) for b in master.bodies
        )
        MasterVersion.objects.using(using).create(
            version=master.version, at=at, rows=len(master.permissions), bodies=len(master.bodies)
        )
    return True
