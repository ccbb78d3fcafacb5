"""名寄せ: two numbers are one person. No number is given anew, nothing moves, and it can be undone."""

from datetime import date, datetime

from tasuke.systems.welfare.models import Change, IssuedNumber, Merge
from tasuke.systems.welfare.publishing import publishing
from tasuke.systems.welfare.queries import current_states, protected_of


class CannotMerge(ValueError):
    """Why the two cannot be put together or taken apart, in words for the screen."""


def merge_numbers(*, using: str, atena_no: str, into: str, reason: str, by: str, on: date, at: datetime) -> Merge:
    """Say that `atena_no` (a 住登外者) is the same person as `into`. Raises CannotMerge.

    One step only: neither may be merged already, nor be what others are merged into where it would make a chain.
    """
    if atena_no == into:
        raise CannotMerge("同じ番号どうしは名寄せできません")
    if not reason.strip():
        raise CannotMerge("理由を書いてください")
    with publishing(using=using, at=at):
        if len(current_states(using=using, atena_nos=[atena_no, into])) < 2:
            raise CannotMerge("宛名番号の人がいません")
        kinds = dict(
            IssuedNumber.objects.using(using).filter(atena_no__in=[atena_no, into]).values_list("atena_no", "kind")
        )
        if kinds.get(atena_no) != IssuedNumber.Kind.PERSON:
            raise CannotMerge("名寄せできるのは住登外者の宛名番号です")
        if kinds.get(into) == IssuedNumber.Kind.CORPORATION:
            raise CannotMerge("人を法人に名寄せすることはできません")
        open_ones = Merge.objects.using(using).filter(undone_at__isnull=True)
        if open_ones.filter(atena_no__in=[atena_no, into]).exists():
            raise CannotMerge("すでに名寄せされています")
        if open_ones.filter(into_atena_no=atena_no).exists():
            raise CannotMerge("この番号に名寄せされた番号があります。先に解除してください")
        made = Merge.objects.using(using).create(
            atena_no=atena_no, into_atena_no=into, reason=reason.strip()[:200], merged_by=by, merged_at=at
        )
        _tell(using, atena_no, into, on, at)
    return made


def unmerge_numbers(*, using: str, merge_id: int, reason: str, by: str, on: date, at: datetime) -> Merge:
    """Take the two apart again; that they were merged stays on record. Raises CannotMerge."""
    if not reason.strip():
        raise CannotMerge("理由を書いてください")
    with publishing(using=using, at=at):
        merge = Merge.objects.using(using).select_for_update().filter(pk=merge_id, undone_at__isnull=True).first()
        if merge is None:
            raise CannotMerge("解除できる名寄せがありません")
        merge.undone_by, merge.undone_at, merge.undone_reason = by, at, reason.strip()[:200]
        merge.save(using=using, update_fields=["undone_by", "undone_at", "undone_reason"])
        _tell(using, merge.atena_no, None, on, at)
    return merge


def _tell(using: str, atena_no: str, into: str | None, on: date, at: datetime) -> None:
    issued = IssuedNumber.objects.using(using).get(atena_no=atena_no)
    kept = atena_no in protected_of(using=using, atena_nos=[atena_no])
    Change.objects.using(using).create(
        kind=Change.Kind.MERGE,
        atena_no=atena_no,
        valid_from=on,
        recorded_at=at,
        items={"merged_into": into, "protection": kept},
        only_for=issued.business_id if issued.hidden else "",
    )
