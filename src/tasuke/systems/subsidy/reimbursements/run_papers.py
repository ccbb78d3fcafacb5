"""Who stands on a paper that a run printed for many: for the record of whoever takes it out."""

from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.certificates.models import Certificate, Notice
from tasuke.systems.subsidy.reimbursements.models import ReimbursementNotice

KINDS = frozenset({"certificates", "notices"})
_BESIDE = ("交付簿_", "宛名_")  # printed beside the certificates of the same shard; their keys begin with it


def persons_on(using: str, file: OutboundFile) -> list[str]:
    """Everybody on a bundle of certificates or letters, or on the list beside it."""
    letters = _letters_of(using, file)
    found = set(Certificate.objects.using(using).filter(file_sha256=letters).values_list("atena_no", flat=True))
    notices = Notice.objects.using(using).filter(file_sha256=letters)
    decisions = ReimbursementNotice.objects.using(using).filter(file_sha256=letters)
    for pair in (
        *notices.values_list("atena_no", "addressee_atena_no"),
        *decisions.values_list("reimbursement__atena_no", "addressee_atena_no"),
    ):
        found.update(pair)
    return sorted(found)


def _letters_of(using: str, file: OutboundFile) -> str:
    """The hash of the bundle itself: rows name it, and not the lists beside it."""
    key = file.key.replace("通知簿:", "通知書:", 1) if file.kind == "notices" else file.key
    for title in _BESIDE:
        key = key.removeprefix(title)
    found = OutboundFile.objects.using(using).filter(kind=file.kind, key=key).values_list("sha256", flat=True).first()
    return found or file.sha256
