"""Search by 4 information, also in the history; variants of a character are the same character."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from tasuke.core.kana import kana_key
from tasuke.core.text import search_key
from tasuke.systems.welfare.models import PersonState
from tasuke.systems.welfare.queries import ORDER, current_states, issued_of, protected_of

_READ = 2_000  # states looked at; who finds more has asked too broadly and is told that there are others


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is known of somebody. partial: a part of the name or address is enough."""

    name: str = ""
    birth_date: date | None = None
    sex: str = ""
    address: str = ""
    partial: bool = False

    @property
    def says_something(self) -> bool:
        """Enough to look for: sex alone is half the city."""
        return bool(search_key(self.name) or self.birth_date or search_key(self.address))


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who may be meant. now: the state that holds; current: it is this state that fits."""

    now: PersonState
    current: bool
    protected: bool

    @property
    def resident(self) -> bool:
        """Whether the person is a resident now."""
        return self.now.source == PersonState.Source.RESIDENT and self.now.items.get("resident_status") == "1"


def search(*, using: str, criteria: Criteria, business_id: str | None, limit: int) -> tuple[list[Hit], bool]:
    """The best first (fits now, then only in the history), and whether there are others.

    business_id: who asks; numbers that other businesses may not see (他業務参照不可) are left out. None: the staff of
    this system, who see all. Persons under 支援措置 are never found by an address: the answer would confirm it.
    """
    states = list(
        PersonState.objects.using(using).filter(_condition(criteria)).order_by("atena_no", *ORDER)[: _READ + 1]
    )
    fitting: dict[str, set[int]] = {}
    for state in states[:_READ]:
        fitting.setdefault(state.atena_no, set()).add(state.pk)
    now = current_states(using=using, atena_nos=fitting)
    kept = protected_of(using=using, atena_nos=fitting)
    issued = issued_of(using=using, atena_nos=fitting)
    hits = [
        Hit(now=now[no], current=now[no].pk in found, protected=no in kept)
        for no, found in fitting.items()
        if not (criteria.address and no in kept)
        and not (
            business_id is not None and no in issued and issued[no].hidden and issued[no].business_id != business_id
        )
    ]
    hits.sort(key=lambda hit: (not hit.current, not hit.resident, hit.now.name_key, hit.now.atena_no))
    return hits[:limit], len(hits) > limit or len(states) > _READ


def _condition(criteria: Criteria) -> Q:
    condition = Q()
    how = "contains" if criteria.partial else "exact"
    name = search_key(criteria.name)
    if name:
        kana = kana_key(criteria.name)
        condition &= (
            Q(**{f"name_key__{how}": name})
            | Q(**{f"alias_key__{how}": name})
            | (Q(**{f"kana_key__{how}": kana}) if kana else Q())
        )
    if criteria.birth_date:
        condition &= Q(birth_date=criteria.birth_date)
    if criteria.sex:
        condition &= Q(sex=criteria.sex)
    address = search_key(criteria.address)
    if address:
        # what is typed is rarely the whole: the beginning of an address is enough, in a partial search any part
        condition &= Q(**{"address_key__contains" if criteria.partial else "address_key__startswith": address})
    return condition
