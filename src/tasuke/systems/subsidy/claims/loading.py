"""The city's books for one run: entitlements, persons, insurance, payer numbers, earlier claims, reimbursements."""

from collections.abc import Mapping
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.definition import NoVersionInForce, Scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.claims.concerned import find_concerned, holders_frame
from tasuke.systems.subsidy.claims.frames import (
    ENTITLEMENT_SCHEMA,
    INSURANCE_SCHEMA,
    PAYER_SCHEMA,
    PERSON_SCHEMA,
    SUPERSEDED_SCHEMA,
    YIELDS_SCHEMA,
    Register,
    empty,
    typed,
)
from tasuke.systems.subsidy.claims.paid_elsewhere import paid_elsewhere
from tasuke.systems.subsidy.claims.queries import earlier_frame, prior_frame
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.registry.queries import insurance_frame
from tasuke.systems.subsidy.registry.tables import people_table

# before a correction: what a certificate said on the day of service
_SUPERSEDED = """
SELECT e.scheme, e.atena_no, lower(e.valid), upper(e.valid), (e.recorded_to AT TIME ZONE 'Asia/Tokyo')::date
FROM subsidy_entitlement e JOIN {} p ON p.atena_no = e.atena_no
WHERE e.recorded_to IS NOT NULL AND NOT isempty(e.valid)
"""


def load_schemes(profile: Profile) -> dict[str, Scheme]:
    """The municipality's schemes by id, with the insurers' numbers that it has confirmed."""
    return {name: _with_numbers(load_scheme(name), profile) for name in profile.schemes}


def _with_numbers(scheme: Scheme, profile: Profile) -> Scheme:
    """The scheme with the 保険者番号 of the insurers that it names."""
    numbers = {insurer.name: insurer.insurer_no for insurer in profile.insurer_numbers}
    blocks = []
    for block in scheme.copayment:
        tables = []
        for table in block.benefit.excluded_insurers:
            given = [e.model_copy(update={"insurer_no": e.insurer_no or numbers.get(e.name)}) for e in table.exceptions]
            tables.append(table.model_copy(update={"exceptions": tuple(given)}))
        benefit = block.benefit.model_copy(update={"excluded_insurers": tuple(tables)})
        blocks.append(block.model_copy(update={"benefit": benefit}))
    return scheme.model_copy(update={"copayment": tuple(blocks)})


def unsettled_insurers(schemes: Mapping[str, Scheme]) -> dict[str, list[str]]:
    """Schemes that spare insurers of an excluded kind whose numbers nobody has confirmed: their names."""
    found: dict[str, list[str]] = {}
    for name, scheme in schemes.items():
        tables = [table for block in scheme.copayment for table in block.benefit.excluded_insurers]
        open_ = {e.name: None for table in tables for e in table.exceptions if e.insurer_no is None}
        if open_:
            found[name] = list(open_)
    return found


def oldest_month(profile: Profile, billed: date) -> date | None:
    """First month of service that may still be billed in this month; None when the city has confirmed no limit."""
    limit = profile.processing.claim_limit
    if limit is None:
        return None
    months = billed.year * 12 + billed.month - 1 - limit.months
    return date(months // 12, months % 12 + 1, 1)


def load_register(
    *,
    using: str,
    profile: Profile,
    schemes: Mapping[str, Scheme],
    claims: pl.DataFrame,
    kohi: pl.DataFrame,
    file_id: int | None,
    oldest_service_month: date | None = None,
    totals: tuple[str, str] | None = None,
    reexamined: pl.DataFrame | None = None,
) -> Register:
    """What the claims of one file are held against: the books of those whom they can concern.

    file_id: the file itself, no claim is its own twin. oldest_service_month: instead of the profile's limit. totals,
    reexamined: as in Register; a claim that a receipt takes the place of is no twin of it either.
    """
    months = claims.get_column("service_month").drop_nulls().unique().sort().to_list()
    payers = payers_of(profile)
    if not months:
        return Register(
            entitlements=empty(ENTITLEMENT_SCHEMA),
            persons=empty(PERSON_SCHEMA),
            insurance=empty(INSURANCE_SCHEMA),
            payers=payers,
            prefecture_code=profile.prefecture_code,
        )
    cares = claims.get_column("care").drop_nulls().unique().sort().to_list()
    on = claims.get_column("billed_month").max() or months[-1]
    assert isinstance(on, date)
    holders = holders_frame(using)
    earlier = earlier_frame(using=using, months=months, cares=cares, file_id=file_id)
    if reexamined is not None:
        earlier = earlier.join(reexamined, left_on="claim_id", right_on="reexamined", how="anti")
    concerned = find_concerned(using=using, claims=claims, kohi=kohi, payers=payers, holders=holders, on=on)
    return Register(
        entitlements=typed(entitlements_frame(using=using, atena_nos=concerned.people), ENTITLEMENT_SCHEMA),
        persons=concerned.persons,
        insurance=typed(insurance_frame(using=using, atena_nos=concerned.people), INSURANCE_SCHEMA),
        payers=payers,
        prefecture_code=profile.prefecture_code,
        yields=yields_of(schemes, on=months[-1]),
        earlier=earlier,
        reimbursed=paid_elsewhere(using=using, months=months),
        oldest_service_month=oldest_service_month or oldest_month(profile, on),
        holders=holders,
        superseded=_superseded(using, concerned.people),
        unsettled_insurers=frozenset(unsettled_insurers(schemes)),
        totals=totals,
        reexamined=reexamined,
    )


def _superseded(using: str, people: pl.Series) -> pl.DataFrame:
    """SUPERSEDED_SCHEMA of these persons."""
    with people_table(using=using, atena_nos=people) as name:
        return copy_out(connections[using], _SUPERSEDED.format(name), schema=SUPERSEDED_SCHEMA)


def payers_of(profile: Profile) -> pl.DataFrame:
    """(payer_no, scheme) of the municipality."""
    return pl.DataFrame(
        [{"payer_no": p.payer_no, "scheme": p.scheme} for p in profile.payer_numbers], schema=PAYER_SCHEMA
    )


def yields_of(schemes: Mapping[str, Scheme], *, on: date) -> pl.DataFrame:
    """(scheme, other): the first gives way to the other. Pairs that may be held together (併給) are left out."""
    pairs = []
    for scheme in schemes.values():
        try:
            priority = scheme.version_on(on).who.priority
        except NoVersionInForce:
            continue
        if priority is None:
            continue
        together = {exception.kind for exception in priority.exception}
        pairs += [
            {"scheme": scheme.id, "other": other.id}
            for other in schemes.values()
            if other.kind in priority.yields_to and other.kind not in together
        ]
    return pl.DataFrame(pairs, schema=YIELDS_SCHEMA)


class PriorLoader:
    """What recipients kept before, asked for only where a scheme counts over visits, months or years."""

    def __init__(self, *, using: str, file_id: int | None) -> None:
        self._using, self._file_id = using, file_id

    def __call__(self, scheme: Scheme, part: pl.DataFrame) -> pl.DataFrame | None:
        first, last = part.get_column("service_month").min(), part.get_column("service_month").max()
        if not isinstance(first, date) or not isinstance(last, date):
            return None
        months = months_back(scheme, first=first, last=last)
        if months is None:
            return None
        since = date(first.year + (first.month - 1 - months) // 12, (first.month - 1 - months) % 12 + 1, 1)
        frame = prior_frame(using=self._using, scheme=scheme.id, first=since, last=last, file_id=self._file_id)
        return frame.join(part.select(pl.col("atena_no").alias("person_id")).unique(), on="person_id", how="semi")


def months_back(scheme: Scheme, *, first: date, last: date) -> int | None:
    """How many months before the claims matter for caps and counts: None when each claim stands by itself."""
    found: int | None = None
    for rules in scheme.copayment:
        if rules.valid_from > last or (rules.valid_to is not None and rules.valid_to <= first):
            continue
        for cap in rules.cap:
            long = cap.period == "year" or cap.multiple_amount is not None
            found = max(found or 0, 12 if long else 0)
        for rule in rules.rule:
            if rule.times_per_month is not None:
                found = max(found or 0, 0)
            if rule.free_from_consecutive_month is not None:
                found = max(found or 0, rule.free_from_consecutive_month)
    return found
