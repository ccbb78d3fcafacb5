"""返還: a certificate came back to the counter."""

from datetime import date

from django.db import transaction

from tasuke.core.wareki import to_wareki
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateState


class AlreadyReturned(Exception):
    """This certificate is in the office already. by: who took it."""

    def __init__(self, message: str, *, by: str = "") -> None:
        super().__init__(message)
        self.by = by


class ReturnedBeforeIssue(ValueError):
    """A paper cannot come back before it went out."""


def return_certificate(*, using: str, certificate_id: int, returned_on: date, by: str) -> Certificate:
    """Record the return; a lost paper that is found after its replacement may come back as well.

    Raises Certificate.DoesNotExist, AlreadyReturned, ReturnedBeforeIssue.
    """
    with transaction.atomic(using=using):
        certificate = Certificate.objects.using(using).select_for_update(of=("self",)).get(pk=certificate_id)
        if certificate.state == CertificateState.RETURNED:
            told = f"{to_wareki(certificate.returned_on)}に返還済みです" if certificate.returned_on else "返還済みです"
            number = certificate.recipient_no
            raise AlreadyReturned(f"受給者番号{number}の証は{told}", by=certificate.returned_to or "")
        if returned_on < certificate.issued_on:
            raise ReturnedBeforeIssue(f"返還日が交付日({to_wareki(certificate.issued_on)})より前です")
        certificate.state = CertificateState.RETURNED
        certificate.returned_on, certificate.returned_to = returned_on, by
        certificate.save(using=using, update_fields=["state", "returned_on", "returned_to"])
    return certificate
