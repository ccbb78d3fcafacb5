"""分離: the two were two persons after all. What was moved goes back; the number of the source is used again."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.audit import Recorder
from tasuke.systems.unified_id.models import BusinessNumber, LinkageState, Merge, NumberRow, Person, PersonState


class CannotUnmerge(ValueError):
    """Why the merge cannot be undone, in words for the screen."""


def unmerge_persons(*, using: str, merge_id: int, reason: str, by: str, audit: Recorder, at: datetime) -> Merge:
    """Undo a merge, for a reason that goes on record.

    Raises CannotUnmerge: undone before, the target has been merged on since (that one goes first), or the 個人番号
    belongs to somebody else by now.
    """
    with transaction.atomic(using=using):
        merge = Merge.objects.using(using).select_for_update().filter(pk=merge_id, undone_at__isnull=True).first()
        if merge is None:
            raise CannotUnmerge("この統合はもう分離されています")
        if Person.objects.using(using).filter(pk=merge.target_id, state=PersonState.MERGED).exists():
            raise CannotUnmerge("統合先がさらに統合されています。先にその統合を分離してください")
        source = Person.objects.using(using).select_for_update().get(pk=merge.source_id)
        number = _ended_number(merge, using)
        taken = NumberRow.objects.using(using).filter(ended_at__isnull=True)
        if number is not None and taken.filter(keyed_index=number.keyed_index).exists():
            raise CannotUnmerge("この人の個人番号は、いま別の統合宛名にあります")
        links = BusinessNumber.objects.using(using).filter(
            pk__in=merge.moved_links, person_id=merge.target_id, unlinked_at__isnull=True
        )
        atena_nos = list(links.values_list("atena_no", flat=True))
        links.update(person_id=source.pk)
        if number is not None:
            number.ended_at = None
            number.save(using=using, update_fields=["ended_at"])
        if source.told_at is not None:  # 中間サーバー has dropped the 符号 with the number
            source.linkage_state, source.processing_no, source.linkage_error = LinkageState.NONE, "", ""
        source.state, source.merged_into, source.ended_at, source.told_at = PersonState.IN_USE, None, None, None
        source.save(using=using)
        merge.undone_at, merge.undone_by = at, by
        merge.save(using=using, update_fields=["undone_at", "undone_by"])
        audit.changed(
            atena_nos, "unmerge", before={"unified": merge.target_id}, after={"unified": source.pk, "why": reason}
        )
    return merge


def _ended_number(merge: Merge, using: str) -> NumberRow | None:
    """The 個人番号 that the merge ended; None when the source had none."""
    return None if merge.ended_number is None else NumberRow.objects.using(using).get(pk=merge.ended_number)
