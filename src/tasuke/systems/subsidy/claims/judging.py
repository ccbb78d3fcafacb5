"""The receipts of one file held against the city's books as they stand: for the imports of claims and of 再審査."""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import transaction

from tasuke.platform.batch.job import RunContext
from tasuke.schemes.confirmation import require_confirmed
from tasuke.systems.subsidy.claims.copayment import DailyCosts
from tasuke.systems.subsidy.claims.decision import Decided, decide
from tasuke.systems.subsidy.claims.loading import PriorLoader, load_register, load_schemes
from tasuke.systems.subsidy.profile import active_profile

CLAIMS_LOCK = 7_106  # transaction lock: one claims chunk at a time, so that two files cannot miss each other's rows


@dataclass(frozen=True, slots=True)
class Receipts:
    """Receipts to be judged. daily: costs by day, where the file has them. totals, reexamined: as in Register."""

    claims: pl.DataFrame
    kohi: pl.DataFrame
    daily: DailyCosts | None = None
    totals: tuple[str, str] | None = None
    reexamined: pl.DataFrame | None = None


def judge(context: RunContext, receipts: Receipts, file_id: int | None) -> Decided:
    """Decide the receipts on one view of the books. file_id: their own file, None when it is new.

    Raises UnconfirmedRules while a value of a scheme is 未確認.
    """
    profile = active_profile()
    schemes = load_schemes(profile)
    confirmed = {name: profile.confirmed_keys(name) for name in schemes}
    for name, scheme in schemes.items():
        require_confirmed(scheme, confirmed[name])
    oldest = context.parameters.get("oldest_service_month")
    with transaction.atomic(using=context.using):
        books = load_register(
            using=context.using,
            profile=profile,
            schemes=schemes,
            claims=receipts.claims,
            kohi=receipts.kohi,
            file_id=file_id,
            oldest_service_month=date.fromisoformat(oldest) if oldest else None,
            totals=receipts.totals,
            reexamined=receipts.reexamined,
        )
        prior = PriorLoader(using=context.using, file_id=file_id)
        return decide(
            receipts.claims, receipts.kohi, books, schemes, confirmed=confirmed, daily=receipts.daily, prior=prior
        )
