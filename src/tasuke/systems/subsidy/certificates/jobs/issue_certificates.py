"""issue-certificates {"scheme", "on"}: papers for all who need one on a day, in shards that go to the printer.

A shard is a chunk: its PDF is archived, its rows stand in the register, and both commit together. Papers leave the
house, so a second person approves; the plan shows the counts beside the register's.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections

from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in, daterange_expr
from tasuke.platform.documents import render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import CertificateSettings, Profile
from tasuke.systems.subsidy.certificates.content import certificate_contents
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateState
from tasuke.systems.subsidy.certificates.queries import certificates_in_hand
from tasuke.systems.subsidy.certificates.selection import select_certificates, select_recalls
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import persons_frame

TEMPLATE = Path(__file__).resolve().parent.parent / "templates" / "certificate.typ"
# A printer's batch: one PDF of 1,000 pages opens on any office machine and is re-printed in part without pain.
PER_SHARD = 1_000


@dataclass(frozen=True, slots=True)
class _Work:
    rows: pl.DataFrame
    recalls: pl.DataFrame
    scheme: Scheme
    settings: CertificateSettings
    profile: Profile
    on: date


def _plan(context: RunContext) -> Plan:
    work, entitled, held = _select(context)
    counts = {f"証の交付({kind})": n for kind, n in work.rows.group_by("kind").len().sort("kind").iter_rows()}
    counts |= {"返還依頼": work.recalls.height, "交付合計": work.rows.height}
    in_force = entitled.filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > work.on))["recipient_no"].n_unique()
    comparisons = [
        Comparison("有効な資格(人)と、交付後に証を持つ人", held + work.rows.filter(kind="new").height, in_force),
        Comparison("今回の交付と、前に交付した証", work.rows.height, held),
    ]
    shards = -(-work.rows.height // PER_SHARD)  # and a last chunk for what comes back
    return Plan(counts=counts, chunks=shards + 1, work=work, comparisons=comparisons)


def _select(context: RunContext) -> tuple[_Work, pl.DataFrame, int]:
    scheme_id, on = context.parameters["scheme"], date.fromisoformat(context.parameters["on"])
    profile = active_profile()
    settings = next(c for c in profile.certificates if c.scheme == scheme_id)
    entitled = entitlements_frame(using=context.using, scheme=scheme_id)
    in_hand = certificates_in_hand(using=context.using, scheme=scheme_id)
    if context.run_id:  # a resumed run sees its own papers: leave them out so that the chunks stay the same
        in_hand = _without_run(context, in_hand)
    recalls = select_recalls(entitled, in_hand, on=on)
    rows = select_certificates(entitled, in_hand, settings=settings, on=on)
    persons = persons_frame(using=context.using, on=on, atena_nos=rows["atena_no"])
    rows = rows.join(persons.drop("ward_code"), on="atena_no", how="left", maintain_order="left")
    work = _Work(rows, recalls, load_scheme(scheme_id), settings, profile, on)
    return work, entitled, in_hand.height - recalls.height


def _without_run(context: RunContext, in_hand: pl.DataFrame) -> pl.DataFrame:
    own = Certificate.objects.using(context.using).filter(run_id=context.run_id).values_list("id", flat=True)
    return in_hand.filter(~pl.col("certificate_id").is_in(list(own)))


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    rows = work.rows.slice(number * PER_SHARD, PER_SHARD)
    if rows.is_empty():
        return ChunkResult(counts={"返還依頼": _recall(context, work.recalls)})
    contents = certificate_contents(rows, scheme=work.scheme, settings=work.settings, profile=work.profile, on=work.on)
    pdf = render_paper(
        TEMPLATE, template_data(work.settings, work.profile, contents, work.on), made_at=context.now, tagged=False
    )
    key = f"{work.scheme.id}:{work.on}:{context.run_id}:{number + 1}"
    file = record_outbound(
        using=context.using,
        kind="certificates",
        key=key,
        name=f"{work.scheme.id}_{work.on:%Y%m%d}_{number + 1:04d}.pdf",
        data=pdf,
        rows=rows.height,
        totals={},
        by=context.by,
        now=context.now,
        run_id=context.run_id,
    )
    _mark(context, rows["certificate_id"].drop_nulls().to_list(), CertificateState.REPLACED)
    _register(context, rows, contents, file.sha256, work.on)
    return ChunkResult(counts={"交付": rows.height})


def template_data(
    settings: CertificateSettings, profile: Profile, contents: list[dict[str, Any]], on: date
) -> dict[str, Any]:
    """What the template reads."""
    return {
        "notes": settings.notes,
        "seal": profile.letterhead_on(on).seal,
        "fictitious": profile.fictitious,
        "cards": contents,
    }


def _register(context: RunContext, rows: pl.DataFrame, contents: list[dict[str, Any]], sha256: str, on: date) -> None:
    printed = pl.Series("content", [json.dumps(c, ensure_ascii=False) for c in contents])
    frame = rows.select(
        "scheme",
        "atena_no",
        "entitlement_id",
        "recipient_no",
        "payer_no",
        "copay_class",
        "kind",
        valid=daterange_expr(pl.col("valid_from"), pl.col("until")),
        reason=pl.lit(""),
        state=pl.lit(CertificateState.ISSUED.value),
        issued_on=pl.lit(on),
        file_sha256=pl.lit(sha256),
        page=pl.int_range(1, pl.len() + 1),
        run_id=pl.lit(context.run_id),
        issued_by=pl.lit(context.by),
    ).with_columns(printed)
    copy_in(connections[context.using], Certificate._meta.db_table, frame)


def _recall(context: RunContext, recalls: pl.DataFrame) -> int:
    return _mark(context, recalls["certificate_id"].to_list(), CertificateState.RECALL)


def _mark(context: RunContext, ids: list[int], state: CertificateState) -> int:
    return Certificate.objects.using(context.using).live().filter(pk__in=ids).update(state=state)


JOB = register(
    Job(
        name="issue-certificates",
        title="受給者証・医療証の交付",
        plan=_plan,
        apply_chunk=_apply,
        needs_approval=True,
        units="枚",
    )
)
