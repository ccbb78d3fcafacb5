"""Limits of what a person may see: offices (wards) and procedures (schemes), as predicates for the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.db.models import Q

Limit = frozenset[str] | None  # None: no limit


@dataclass(frozen=True, slots=True)
class Scope:
    """What one action may touch. pairs: offices and schemes of each grant, since their union is not a product.

    Someone with (ward A, children) and (ward B, single parents) must not see the children of ward B. `offices` and
    `schemes` are the outer limits, for choices on screen; a query of rows that have both uses `q` or `sql_pair`.
    """

    offices: Limit = None
    schemes: Limit = None
    pairs: tuple[tuple[Limit, Limit], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[Limit, Limit]]) -> Self:
        """The scope of several grants together."""
        listed = tuple(dict.fromkeys(pairs))
        return cls(_union(o for o, _ in listed), _union(s for _, s in listed), listed)

    def wards_q(self, field: str = "ward_code") -> Q:
        """Rows of the permitted wards; a row without a ward is seen by those without a limit only."""
        return Q() if self.offices is None else Q(**{f"{field}__in": sorted(self.offices)})

    def schemes_q(self, field: str = "scheme") -> Q:
        """Rows of the permitted schemes."""
        return Q() if self.schemes is None else Q(**{f"{field}__in": sorted(self.schemes)})

    def q(self, *, ward: str = "ward_code", scheme: str = "scheme") -> Q:
        """Rows whose ward and scheme are permitted by one and the same grant."""
        allowed = [
            (Q() if o is None else Q(**{f"{ward}__in": sorted(o)}))
            & (Q() if s is None else Q(**{f"{scheme}__in": sorted(s)}))
            for o, s in self._pairs()
        ]
        if any(not one for one in allowed):
            return Q()
        result = Q(pk__in=[])
        for one in allowed:
            result |= one
        return result

    def sql(self, column: str) -> tuple[str, list[list[str]]]:
        """The same limit of wards as SQL with parameters. column: ours, never text from outside."""
        return ("TRUE", []) if self.offices is None else (f"{column} = ANY(%s)", [sorted(self.offices)])

    def sql_pair(self, *, ward: str, scheme: str) -> tuple[str, list[list[str]]]:
        """Wards and schemes of one and the same grant as SQL with parameters. Columns are ours."""
        texts, parameters = [], []
        for offices, schemes in self._pairs():
            parts = []
            for column, limit in ((ward, offices), (scheme, schemes)):
                if limit is not None:
                    parts.append(f"{column} = ANY(%s)")
                    parameters.append(sorted(limit))
            if not parts:
                return "TRUE", []
            texts.append("(" + " AND ".join(parts) + ")")
        return "(" + " OR ".join(texts) + ")", parameters

    def allows(self, *, ward: str | None, scheme: str | None = None) -> bool:
        """Whether one row may be touched. A row without a ward: only without a limit; scheme None: not asked."""
        return any((o is None or ward in o) and (s is None or scheme is None or scheme in s) for o, s in self._pairs())

    def _pairs(self) -> tuple[tuple[Limit, Limit], ...]:
        return self.pairs or ((self.offices, self.schemes),)


def _union(limits: Iterable[Limit]) -> Limit:
    found: set[str] = set()
    for limit in limits:
        if limit is None:
            return None
        found |= limit
    return frozenset(found)
