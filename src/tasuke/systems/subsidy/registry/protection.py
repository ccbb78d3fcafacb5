"""Whether 支援措置 holds on a day: the one place that says so, for the ORM and for SQL.

A protection holds from the moment it is recorded, whatever its first day (that is safer), up to the day before 解除日.
解除日 may lie ahead: until then the person is protected. Ask with the day on which somebody looks or a paper is made;
never with a later one, or what is still to be kept would be told.
"""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from tasuke.systems.subsidy.registry.models import Protection

# what "there is one without an end already" means to INSERT … ON CONFLICT: the unique index of the table
OPEN_ENDED = "(atena_no) WHERE ended_on IS NULL"


def in_force(*, on: date) -> Q:
    """Rows of Protection that hold on a day."""
    return Q(ended_on__isnull=True) | Q(ended_on__gt=on)


def in_force_sql(alias: str, *, on: str) -> str:
    """The same of a row `alias` of subsidy_protection. on: the SQL of the day, as `%s` or `%(on)s`; it stands once."""
    return f"({alias}.ended_on IS NULL OR {alias}.ended_on > {on})"


def protected_sql(person: str, *, on: str) -> str:
    """Whether the person behind the SQL expression `person` is protected on a day: EXISTS (…). `on` stands once."""
    return f"EXISTS (SELECT 1 FROM subsidy_protection x WHERE x.atena_no = {person} AND {in_force_sql('x', on=on)})"  # noqa: S608


def protected_among(atena_nos: Iterable[str], *, using: str, on: date) -> set[str]:
    """Those of some persons who are protected on a day. One statement."""
    found = Protection.objects.using(using).filter(in_force(on=on), atena_no__in=set(atena_nos))
    return set(found.values_list("atena_no", flat=True))
