"""Search by 4 information, also in the history; variants of a character are the same character."""

from dataclasses import dataclass
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db.models import Q, QuerySet, TextField
from django.db.models.expressions import RawSQL

from tasuke.core.kana import kana_key
from tasuke.core.text import search_key
from tasuke.systems.welfare.models import PersonState
from tasuke.systems.welfare.queries import ORDER, current_states, issued_of, protected_of

# as in migration 0004: the planner takes the index for these words alone
_GRAMS = RawSQL(
    "welfare_grams(name_key || ' ' || kana_key || ' ' || alias_key)", [], output_field=ArrayField(TextField())
)
_READ = 2_000  # states looked at; who finds more has asked too broadly and is told that there are others


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is known of somebody. partial: a part of the name is enough, and with it of the address."""

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
    states = list(fitting_states(using=using, criteria=criteria)[: _READ + 1])
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


def fitting_states(*, using: str, criteria: Criteria) -> "QuerySet[PersonState]":
    """States that fit, by 宛名番号 and the newest of each first; every way to them has an index."""
    rows = PersonState.objects.using(using).alias(grams=_GRAMS)
    return rows.filter(_condition(criteria)).order_by("atena_no", *ORDER)


def _condition(criteria: Criteria) -> Q:
    condition = Q()
    name, kana = search_key(criteria.name), kana_key(criteria.name)
    if name and criteria.partial:
        # the pairs lead to the rows by the index, the whole part decides
        by_name = Q(name_key__contains=name) | Q(alias_key__contains=name)
        condition &= (Q(grams__contains=_pairs(name)) & by_name) | (
            Q(grams__contains=_pairs(kana)) & Q(kana_key__contains=kana) if kana else Q()
        )
    elif name:
        condition &= Q(name_key=name) | Q(alias_key=name) | (Q(kana_key=kana) if kana else Q())
    if criteria.birth_date:
        condition &= Q(birth_date=criteria.birth_date)
    if criteria.sex:
        condition &= Q(sex=criteria.sex)
    address = search_key(criteria.address)
    if address:
        # what is typed is rarely the whole: the beginning of an address is enough. Any part of it only beside a name or
        # a birthday: alone it would read every state there is
        anywhere = criteria.partial and bool(name or criteria.birth_date)
        condition &= Q(**{"address_key__contains" if anywhere else "address_key__startswith": address})
    return condition


def _pairs(text: str) -> list[str]:
    """What a state must have to contain the text: its pairs of characters; a single one stands for itself."""
    return sorted({text[place : place + 2] for place in range(max(len(text) - 1, 1))})
