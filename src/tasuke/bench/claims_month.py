"""claims-month: a month of 333,334 claims from their files to decided rows; beside it COPY alone of the same rows."""

from datetime import datetime
from typing import Any

import polars as pl

from tasuke.bench.database import copy_alone, in_own_process, own_database
from tasuke.bench.importing import timed_import
from tasuke.bench.recipients import MONTH, PROFILE, Books, write_books
from tasuke.bench.result import BenchResult, result

_CLAIMS, _RESIDENTS = 333_334, 1_500_000
_LINES = pl.int_range(pl.len(), dtype=pl.Int64)
_TABLES = ("subsidy_claim", "subsidy_claim_kohi", "subsidy_claim_finding")


def measure(scale: float) -> BenchResult:
    """Seconds from the bytes of the month's files to committed rows: read, match, recompute, decide, write.

    The register holds the recipients and their insurance; they are put straight into its tables beforehand.
    """
    with own_database("claims", profile=PROFILE) as folder:
        books: Books = in_own_process(write_books, int(_RESIDENTS * scale), int(_CLAIMS * scale), folder)
        record_people(books)
        record_recipients(books)
        megabytes = sum(p.stat().st_size for p in books.files) / 2**20
        done = [(path.name, timed_import("claims", path, form="uke")) for path in books.files]
        peer, rows = copy_alone(_TABLES, folder)
    return result(
        "claims-month", sum(d.seconds for _, d in done), "s", target="<= 60 s for 333,334 claims, stretch 30 s",
        peer_name="COPY alone of the same rows, no constraints", peer=peer, rows=rows,
        recipients=books.recipients.height, megabytes=round(megabytes, 1), counts=_sum([d.counts for _, d in done]),
        subsidy_of_the_city=books.subsidy, phases=_sum([d.phases for _, d in done]),
        files={name: d.phases | {"claims": d.counts["claims"]} for name, d in done},
    )  # fmt: skip


def _sum(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: round(sum(p.get(key, 0) for p in parts), 3) for key in parts[0]}


def record_people(books: Books) -> None:
    """The recipients of the books straight into the resident table."""
    from django.db import transaction

    from tasuke.systems.subsidy.registry.histories import RESIDENTS
    from tasuke.systems.subsidy.registry.jobs.import_residents import prepare
    from tasuke.systems.subsidy.registry.tables import record

    people = prepare(books.people).with_columns(line=_LINES)
    with transaction.atomic(using="subsidy"):
        record(using="subsidy", table=RESIDENTS, incoming=people, now=_began(), file_id=None)


def record_recipients(books: Books) -> None:
    """Insurance, decisions, entitlements and numbers straight into their tables."""
    from django.db import connections, transaction

    from tasuke.platform.bulk import copy_in, daterange_expr
    from tasuke.systems.subsidy.registry.histories import INSURANCES
    from tasuke.systems.subsidy.registry.tables import record

    began = _began()
    cards = books.cards.with_columns(
        start="insured_from", end=pl.lit(None, dtype=pl.Date), order=_LINES, line=_LINES, source=pl.lit("nhi_feed"),
        benefit_rate=pl.lit(None, dtype=pl.Int64), limit_class=pl.lit(""), insured_atena_no=pl.lit(""),
    )  # fmt: skip
    decided = books.recipients.with_columns(
        id=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), recorded=pl.lit(began.isoformat()), day=pl.lit(MONTH)
    )
    values = ("scheme", "atena_no", "band", "coverage", "copay_class", "funding")
    with transaction.atomic(using="subsidy"):
        record(using="subsidy", table=INSURANCES, incoming=cards, now=began, file_id=None)
        copy_in(connections["subsidy"], "subsidy_decision", decided.select(
            "id", *values, "start", "end", kind=pl.lit("application"), judged_on="day", decided_on="day",
            outcome=pl.lit("eligible"), reasons=pl.lit("{}"), deciding_subject=pl.lit(""), version=pl.lit("bench"),
            version_hash=pl.lit(""), facts=pl.lit("{}"), recorded_at="recorded",
        ))  # fmt: skip
        copy_in(connections["subsidy"], "subsidy_entitlement", decided.select(
            *values, "recipient_no", "payer_no", decision_id="id", role=pl.lit("child"),
            valid=daterange_expr(pl.col("start"), pl.col("end")), loss_reason=pl.lit(""), recorded_from="recorded",
        ))  # fmt: skip
        copy_in(
            connections["subsidy"], "subsidy_recipient_number", decided.select("scheme", "atena_no", "recipient_no")
        )
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("ANALYZE")


def _began() -> datetime:
    from tasuke.deploy.clock import TOKYO

    return datetime(MONTH.year, MONTH.month, MONTH.day, 9, tzinfo=TOKYO)
