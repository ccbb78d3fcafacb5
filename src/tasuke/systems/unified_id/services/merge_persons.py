"""統合: two unified numbers turned out to be one person. No number is given anew, and it can be undone."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.audit import Recorder
from tasuke.systems.unified_id.models import BusinessNumber, Merge, NumberRow, Person, PersonState


class CannotMerge(ValueError):
    """Why the two cannot be put together, in words for the screen."""


def merge_persons(
    *, using: str, source: str, target: str, reason: str, by: str, audit: Recorder, at: datetime
) -> Merge:
    """Links of `source` go to `target`; the 個人番号 of `source` ends. Its number is told to 中間サーバー as removed.

    Raises CannotMerge: one of them is not in use, they are the same, or `target` has no 個人番号 while `source` has.
    """
    if source == target:
        raise CannotMerge("同じ番号どうしは統合できません")
    with transaction.atomic(using=using):
        people = {
            p.unified_no: p
            for p in Person.objects.using(using)
            .select_for_update()
            .filter(unified_no__in=[source, target])
            .order_by("unified_no")
        }
        if len(people) < 2 or any(p.state != PersonState.IN_USE for p in people.values()):
            raise CannotMerge("使用中の統合宛名どうしだけを統合できます")
        if people[source].resident and not people[target].resident:
            raise CannotMerge("住登者の番号を、住登者でない番号に統合することはできません。向きを逆にしてください")
        numbers = {
            row.person_id: row
            for row in NumberRow.objects.using(using).filter(person_id__in=[source, target], ended_at__isnull=True)
        }
        number = numbers.get(source)
        if number is not None and target not in numbers:
            raise CannotMerge("個人番号のない番号に統合することはできません。向きを逆にしてください")
        links = list(
            BusinessNumber.objects.using(using)
            .filter(person_id=source, unlinked_at__isnull=True)
            .order_by("pk")
            .values_list("pk", "atena_no")
        )
        BusinessNumber.objects.using(using).filter(pk__in=[pk for pk, _ in links]).update(person_id=target)
        if number is not None:
            number.ended_at = at
            number.save(using=using, update_fields=["ended_at"])
        Person.objects.using(using).filter(pk=source).update(
            state=PersonState.MERGED, merged_into=target, ended_at=at, told_at=None
        )
        audit.changed([no for _, no in links], "merge", before={"unified": source}, after={"unified": target})
        return Merge.objects.using(using).create(
            source_id=source,
            target_id=target,
            moved_links=[pk for pk, _ in links],
            ended_number=None if number is None else number.pk,
            reason=reason,
            at=at,
            by=by,
        )
