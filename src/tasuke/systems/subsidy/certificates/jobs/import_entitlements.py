"""import-entitlements {"path", "on"}: 移行. Entitlements of the old system, taken over as they are on a day.

It sets rights, so a second person approves; the plan names every row that cannot be taken and every row that our rules
would judge otherwise (a finding, not a refusal). Certificates that are out go into the register as they were issued.
"""

import json
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
from django.db import connections

from tasuke.core.calendar import to_wareki
from tasuke.core.problems import Problem, Severity
from tasuke.formats import entitlement_feed
from tasuke.platform.batch.job import ChunkResult, Comparison, RunContext, register
from tasuke.platform.bulk import copy_in, daterange_expr
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.certificates.content import certificate_contents
from tasuke.systems.subsidy.certificates.holders import holders_frame, settings_of
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateKind, CertificateState
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.entitlements.runs import open_run_ids
from tasuke.systems.subsidy.entitlements.take_over import find_faults, find_findings, prepare, take_over
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job

NAME = "import-entitlements"
ROWS_PER_CHUNK = 5_000


def _on(context: RunContext) -> date:
    return date.fromisoformat(str(context.parameters["on"]))


def check(context: RunContext, frame: pl.DataFrame) -> Sequence[Problem]:
    """Rows that cannot be taken, and what our rules say against the others."""
    begun = open_run_ids(using=context.using, job=NAME, parameters=context.parameters)
    faults = find_faults(using=context.using, frame=frame, profile=active_profile(), begun=begun)
    wrong = {p.line for p in faults if p.severity is Severity.ERROR}
    good = prepare(frame.filter(~pl.col("line").is_in(list(wrong))))
    return [*faults, *find_findings(using=context.using, rows=good, on=_on(context))]


def compare(context: RunContext, frame: pl.DataFrame) -> Sequence[Comparison]:
    """Recipients by scheme beside those whom we know already."""
    known = entitlements_frame(using=context.using)
    return [
        Comparison(
            f"{load_scheme(scheme).name}の受給者(引き継ぐ人と、今ある人)",
            part["atena_no"].n_unique(),
            known.filter(pl.col("scheme") == scheme)["atena_no"].n_unique(),
        )
        for (scheme,), part in sorted(frame.group_by("scheme"))
        if isinstance(scheme, str)
    ]


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Take some persons over: numbers, decisions, entitlements, family, certificates in hand."""
    taken = take_over(
        using=context.using, rows=rows, on=_on(context), now=context.now, run_id=context.applied_run, file_id=file_id
    )
    papers = sum(_register(context, taken, scheme) for scheme in taken["scheme"].unique().sort())
    return ChunkResult(counts={"資格の引継ぎ": taken.height, "証の引継ぎ": papers})


def _register(context: RunContext, taken: pl.DataFrame, scheme: str) -> int:
    """Papers that are out and still valid: the last one of each number, with what the registry says printed on it."""
    on = _on(context)
    until = pl.col("certificate_until") + timedelta(days=1)
    out = (
        taken.filter(pl.col("scheme") == scheme, pl.col("certificate_issued_on").is_not_null())
        .with_columns(until.alias("until"), pl.col("certificate_from").alias("first"))
        .filter(pl.col("until").is_null() | (pl.col("until") > on))
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > on))
        .sort("certificate_issued_on")
        .unique("recipient_no", keep="last", maintain_order=True)
    )
    if out.is_empty():
        return 0
    profile = active_profile()
    entitled = entitlements_frame(using=context.using, scheme=scheme, atena_nos=out["atena_no"])
    holders = holders_frame(using=context.using, entitlements=entitled, on=on).filter(pl.col("name").is_not_null())
    paper = ("decision_id", "first", "until", "certificate_issued_on", "line")
    rows = holders.join(out.select(paper), on="decision_id", how="inner").with_columns(
        kind=pl.lit(CertificateKind.TAKEN_OVER.value)
    )
    settings = settings_of(profile, scheme)
    contents = certificate_contents(rows, scheme=load_scheme(scheme), settings=settings, profile=profile, on=on)
    for content, issued in zip(contents, rows["certificate_issued_on"], strict=True):
        content["issued"] = to_wareki(issued)
    frame = rows.select(
        "scheme",
        "atena_no",
        "entitlement_id",
        "recipient_no",
        "payer_no",
        "copay_class",
        "kind",
        cause=pl.lit("移行"),
        valid=daterange_expr(pl.col("first"), pl.col("until")),
        hand_delivery="protection",
        reason=pl.lit(""),
        state=pl.lit(CertificateState.ISSUED.value),
        issued_on="certificate_issued_on",
        returned_to=pl.lit(""),
        file_sha256=pl.lit(""),  # the old system printed it: there is no PDF here
        page="line",
        run_id=pl.lit(context.applied_run),
        issued_by=pl.lit("移行"),
    ).with_columns(pl.Series("content", [json.dumps(c, ensure_ascii=False) for c in contents]))
    copy_in(connections[context.using], Certificate._meta.db_table, frame)
    return frame.height


JOB = register(
    feed_job(
        NAME,
        Feed(
            kind="entitlements",
            title="受給資格の移行",
            parse=entitlement_feed.parse,
            apply=apply,
            prepare=prepare,
            check=check,
            compare=compare,
            rows_per_chunk=ROWS_PER_CHUNK,
            needs_approval=True,
        ),
    )
)
