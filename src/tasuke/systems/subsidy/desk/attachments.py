"""添付: what bytes are by themselves, harmless names, and the attachments of an application, sheet or 届出."""

import re
import unicodedata
from collections.abc import Iterable

from tasuke.systems.subsidy.desk.models import Attachment, AttachmentKind
from tasuke.systems.subsidy.desk.rows import Row, fetch

LARGEST = 10 * 2**20  # bytes: some pages scanned in colour
_TAIL = 2048
_NAME = 100
_SEPARATORS = re.compile(r"[、,，;；\n]+")
# controls, and the signs that turn the direction of reading and so hide a name's end
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_CONTENT_TYPES = {
    AttachmentKind.PDF: "application/pdf",
    AttachmentKind.JPEG: "image/jpeg",
    AttachmentKind.PNG: "image/png",
}
_OF = """
SELECT a.id, a.document, a.name, a.kind, a.size, a.added_at, a.added_name, a.withdrawn_at, a.withdrawn_reason
FROM subsidy_attachment a
WHERE a.application_id = %(application)s OR a.notification_id = %(notification)s
   OR a.sheet_id = %(sheet)s
   OR a.sheet_id = (SELECT s.id FROM subsidy_sheet s WHERE s.application_id = %(application)s)
ORDER BY a.id
"""


def kind_of(data: bytes) -> AttachmentKind | None:
    """What the bytes are, from beginning to end; None for anything that is not taken. The name plays no part."""
    head, tail = data[:32], data[-_TAIL:]
    if head.startswith(b"%PDF-") and b"%%EOF" in tail:
        return AttachmentKind.PDF
    if head.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in tail:
        return AttachmentKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and b"IEND" in tail:
        return AttachmentKind.PNG
    return None


def content_type(kind: str) -> str:
    """The content type of a kind that was taken."""
    return _CONTENT_TYPES[AttachmentKind(kind)]


def harmless_name(name: str) -> str:
    """A file name to show: without folders, unseen signs and signs of markup; it never becomes a path."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in plain if unicodedata.category(c) not in _UNSEEN and c not in '<>:"|?*')
    return kept.strip(" .")[-_NAME:] or "名称なし"


def attachments_of(
    *, using: str, application_id: int | None = None, notification_id: int | None = None, sheet_id: int | None = None
) -> list[Row]:
    """Everything that was attached, withdrawn ones too, the oldest first. An application has those of its sheet."""
    return fetch(using, _OF, {"application": application_id, "notification": notification_id, "sheet": sheet_id})


def missing_papers(text: str, files: Iterable[Row]) -> list[Row]:
    """不足書類 one by one: `document`, and `files` that were attached for it and not withdrawn."""
    held: dict[str, list[Row]] = {}
    for file in files:
        if file["withdrawn_at"] is None:
            held.setdefault(file["document"], []).append(file)
    wanted = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    return [{"document": part, "files": held.get(part, [])} for part in dict.fromkeys(wanted)]


def download_name(attachment: Attachment) -> str:
    """The name under which a browser saves it: ours, so that no name of a sender reaches a disk."""
    return f"tenpu-{attachment.pk}.{attachment.kind}"
