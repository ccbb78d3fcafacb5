"""What the screens of certificates show: the register by key, one paper with those before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from tasuke.platform.access import Scope
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateState
from tasuke.systems.subsidy.registry.names import PersonName, person_names
from tasuke.systems.subsidy.registry.wards import last_ward

TONES = {
    CertificateState.ISSUED: "good", CertificateState.RECALL: "warn", CertificateState.RETURNED: "plain",
    CertificateState.REPLACED: "plain",
}  # fmt: skip
_EARLIER = 20


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A paper as the register shows it."""

    certificate: Certificate
    person: PersonName | None
    tone: str

    @property
    def key(self) -> int:
        """What lists go on by."""
        return int(self.certificate.pk)


@dataclass(frozen=True, slots=True)
class CertificatePage:
    """One paper. printable: it has a file of its own; others: papers of the same person and scheme."""

    line: CertificateLine
    others: Sequence[Certificate]
    printable: bool

    @property
    def in_hand(self) -> bool:
        """Whether it may be replaced."""
        return bool(self.line.certificate.state == CertificateState.ISSUED)

    @property
    def out(self) -> bool:
        """Whether it may come back."""
        return bool(self.line.certificate.state != CertificateState.RETURNED)


def certificates_list(
    *,
    using: str,
    scope: Scope,
    on: date,
    state: str = "",
    scheme: str = "",
    number: str = "",
    before: int | None = None,
    limit: int,
) -> list[CertificateLine]:
    """The register, newest first. number: a recipient number or a 宛名番号; before: the id that was shown last."""
    found = _within(using, scope)
    if state:
        found = found.filter(state=state)
    if scheme:
        found = found.filter(scheme=scheme)
    if number:
        found = found.filter(Q(recipient_no=number) | Q(atena_no=number))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[:limit])
    people = person_names(using=using, atena_nos=[c.atena_no for c in rows], on=on)
    return [_line(c, people) for c in rows]


def certificate_page(*, using: str, scope: Scope, on: date, certificate_id: int) -> CertificatePage:
    """One paper. Raises Certificate.DoesNotExist, also outside the limits."""
    certificate = _within(using, scope).get(pk=certificate_id)
    same = Certificate.objects.using(using).filter(atena_no=certificate.atena_no, scheme=certificate.scheme)
    file = OutboundFile.objects.using(using).filter(kind="certificates", sha256=certificate.file_sha256).first()
    people = person_names(using=using, atena_nos=[certificate.atena_no], on=on)
    return CertificatePage(
        line=_line(certificate, people),
        others=list(same.exclude(pk=certificate.pk).order_by("-pk")[:_EARLIER]),
        printable=file is not None and file.rows == 1,
    )


def _line(certificate: Certificate, people: dict[str, PersonName]) -> CertificateLine:
    return CertificateLine(certificate, people.get(certificate.atena_no), TONES[CertificateState(certificate.state)])


def _within(using: str, scope: Scope) -> QuerySet[Certificate]:
    found = Certificate.objects.using(using)
    if scope.q() == Q():
        return found.all()
    return found.annotate(ward=last_ward(using=using)).filter(scope.q(ward="ward"))
