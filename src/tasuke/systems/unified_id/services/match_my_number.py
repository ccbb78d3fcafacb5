"""突合 (SUB-16): does this 宛名番号 belong to this 個人番号? Yes or no, and nothing of either person."""

from dataclasses import dataclass

from tasuke.systems.unified_id.models import BusinessNumber, NumberRow
from tasuke.systems.unified_id.my_number import MyNumber, index_of


@dataclass(frozen=True, slots=True)
class Match:
    """known: the person has a number here; matches: it is this one."""

    known: bool
    matches: bool


def match_my_number(*, using: str, atena_no: str, number: MyNumber) -> Match:
    """Compare by keyed index: nothing is decrypted."""
    people = BusinessNumber.objects.using(using).filter(atena_no=atena_no, unlinked_at__isnull=True).values("person_id")
    rows = NumberRow.objects.using(using).filter(person_id__in=people, ended_at__isnull=True)
    indexes = {bytes(i) for i in rows.values_list("keyed_index", flat=True)}
    return Match(known=bool(indexes), matches=index_of(number) in indexes)
