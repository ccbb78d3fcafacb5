"""付番依頼: rows of a business or of the residents' feed become unified numbers and links; bad rows are named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connections, transaction

from tasuke.core.my_number import refusal_of
from tasuke.systems.unified_id.decide import Decisions, Fault, Row, decide
from tasuke.systems.unified_id.models import RowFault, Traffic
from tasuke.systems.unified_id.my_number import indexes_of
from tasuke.systems.unified_id.policy import RESIDENT_BUSINESS, policy
from tasuke.systems.unified_id.queries import holders_of, links_of, links_of_persons, persons_of
from tasuke.systems.unified_id.store import store

_LOCK = "unified_id.register"  # two batches at once must not both make a number for one person


@dataclass(frozen=True, slots=True)
class Registered:
    """linked: rows that changed something; unchanged: rows that were known; faults: the others."""

    linked: int
    unchanged: int
    faults: tuple[Fault, ...]


def register_numbers(
    *, using: str, rows: Sequence[Row], refused: Sequence[Fault] = (), system: str, source: str, at: datetime
) -> Registered:
    """Take rows over, in order, in one transaction. rows: with their numbers opened, without index.

    refused: rows that could not even be read (a seal that does not open). source: "register" or "event".
    Raises NoPolicy.
    """
    faults = list(refused)
    good = _admitted(rows, faults)
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
        found = _decide(good, using)
        store(found, using=using, at=at)
        faults += found.faults
        _record(using, rows, found, faults, system, source, at)
    return Registered(found.linked, found.unchanged, tuple(sorted(faults, key=lambda f: f.row)))


def _admitted(rows: Sequence[Row], faults: list[Fault]) -> list[Row]:
    """Rows whose number this city takes, with the keyed index put in."""
    accept = policy().accept
    good: list[Row] = []
    for row in rows:
        reason = refusal_of(row.number, accept=accept) if row.number is not None else ""
        if reason:
            faults.append(Fault(row.row, row.link, "E0002", reason))
        else:
            good.append(row)
    numbers = [row.number for row in good if row.number is not None]
    indexes = iter(indexes_of(numbers))
    return [
        Row(r.row, r.link, r.facts, r.resident, r.removed, r.number, None if r.number is None else next(indexes))
        for r in good
    ]


def _decide(rows: list[Row], using: str) -> Decisions:
    links = links_of((row.link[1] for row in rows), using=using)
    indexes = [row.index for row in rows if row.index is not None]
    owners, former = holders_of(indexes, using=using)
    persons = persons_of({*links.values(), *owners}, using=using)
    # Owners of a number that came with another 宛名番号: whether they are residents themselves stands in their links.
    # For rows of 住民記録 that counts for everybody whom they name.
    if any(row.link[0] == RESIDENT_BUSINESS for row in rows):
        wanted = {person.unified_no for person in persons}
    else:
        owned = set(indexes)
        wanted = {person.unified_no for person in persons if person.index in owned} - set(links.values())
    if wanted:
        links |= links_of_persons(wanted, using=using)
    return decide(rows, links=links, persons=persons, former=former)


def _settle(using: str, rows: Sequence[Row], faults: list[Fault], source: str, at: datetime) -> None:
    if not RowFault.objects.using(using).filter(settled_at__isnull=True).exists():
        return
    failed = {f.link for f in faults}
    went_well = [row.link for row in rows if row.link not in failed]
    with connections[using].cursor() as cursor:
        cursor.execute(
            "UPDATE unified_id_row_fault f SET settled_at = %s, settled_by = %s"
            " FROM unnest(%s::text[], %s::text[]) AS good (business_id, atena_no)"
            " WHERE f.business_id = good.business_id AND f.atena_no = good.atena_no AND f.settled_at IS NULL",
            [at, f"({source})", [b for b, _ in went_well], [a for _, a in went_well]],
        )


def _record(
    using: str,
    rows: Sequence[Row],
    found: Decisions,
    faults: list[Fault],
    system: str,
    source: str,
    at: datetime,
) -> None:
    """連携記録, and the faults for a person; what went well settles an older fault of the same person."""
    _settle(using, rows, faults, source, at)
    RowFault.objects.using(using).bulk_create(
        RowFault(
            at=at, system=system, source=source, business_id=f.link[0], atena_no=f.link[1], code=f.code,
            message=f.message,
        )
        for f in [*faults, *found.notices]
    )  # fmt: skip
    businesses = {row.link[0] for row in rows} | {f.link[0] for f in faults}
    Traffic.objects.using(using).create(
        at=at,
        system=system,
        operation=source,
        business_id=min(businesses) if len(businesses) == 1 else "",
        rows=found.linked + found.unchanged + len(faults),
        done=found.linked + found.unchanged,
        faults=len(faults),
    )
