"""issue-certificates {"scheme", "on"}: papers for all who need one on a day, in shards that go to the printer.

A shard is a chunk: its PDF and its 交付簿 are archived, its rows stand in the register, and all commit together. Papers
of persons under 支援措置 come in shards of their own, to be handed over; beside the others lie labels for the post.
Papers leave the house, so a second person approves; the plan shows the counts beside the register's. A run that was
killed plans only what is left.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import connections
from django.utils.timezone import localdate

from tasuke.core.problems import Problem
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in, daterange_expr
from tasuke.platform.documents import LIST_TEMPLATE, render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import CertificateSettings, Profile
from tasuke.systems.subsidy.certificates.content import certificate_contents, certificate_paper, register_paper
from tasuke.systems.subsidy.certificates.holders import TEMPLATE, holders_frame, settings_of
from tasuke.systems.subsidy.certificates.mailing import labels_paper, with_mail
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateKind, CertificateState
from tasuke.systems.subsidy.certificates.queries import certificates_in_hand, done_chunks
from tasuke.systems.subsidy.certificates.selection import (
    in_force_expr,
    select_certificates,
    select_recalls,
)
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.profile import active_profile

NAME = "issue-certificates"
# A printer's batch: one PDF of 1,000 pages opens on any office machine and is re-printed in part without pain.
PER_SHARD = 1_000
LABELS = TEMPLATE.with_name("labels.typ")


@dataclass(frozen=True, slots=True)
class _Work:
    shards: list[pl.DataFrame]
    first_shard: int  # how many an earlier, killed attempt has made
    recalls: pl.DataFrame
    scheme: Scheme
    settings: CertificateSettings
    profile: Profile
    on: date


def _plan(context: RunContext) -> Plan:
    scheme_id, on = context.parameters["scheme"], date.fromisoformat(context.parameters["on"])
    profile = active_profile()
    settings = settings_of(profile, scheme_id)
    entitled = entitlements_frame(using=context.using, scheme=scheme_id)
    in_hand = certificates_in_hand(using=context.using, scheme=scheme_id)
    today = localdate(context.now)
    holders = holders_frame(using=context.using, entitlements=entitled.filter(in_force_expr(on)), on=on, today=today)
    known = holders.filter(pl.col("name").is_not_null())
    chosen = select_certificates(known, in_hand, settings=settings, on=on)
    rows = with_mail(chosen, using=context.using, on=on, today=today)
    recalls = select_recalls(entitled, in_hand, on=on)
    done = done_chunks(using=context.using, job=NAME, parameters=context.parameters)
    shards = _shards(rows)
    done_shards = max(done - 1, 0)  # the first chunk calls back what is no longer right
    work = _Work(shards, done_shards, recalls, load_scheme(scheme_id), settings, profile, on)
    unknown = holders.filter(pl.col("name").is_null())
    return Plan(
        counts=_counts(rows, recalls),
        chunks=1 + done_shards + len(shards),
        work=work,
        comparisons=_compare(holders, in_hand, rows, unknown),
        problems=_unknown_persons(unknown),
    )


def _shards(rows: pl.DataFrame) -> list[pl.DataFrame]:
    parts = [rows.filter(~pl.col("protection")), rows.filter("protection")]
    return [part.slice(i, PER_SHARD) for part in parts for i in range(0, part.height, PER_SHARD)]


def _counts(rows: pl.DataFrame, recalls: pl.DataFrame) -> dict[str, int]:
    kinds = {
        f"証の交付({CertificateKind(k).label})": n for k, n in rows.group_by("kind").len().sort("kind").iter_rows()
    }
    hand = int(rows["protection"].sum())
    return kinds | {"交付合計": rows.height, "うち手渡し(支援措置)": hand, "返還依頼": recalls.height}


def _compare(
    holders: pl.DataFrame, in_hand: pl.DataFrame, rows: pl.DataFrame, unknown: pl.DataFrame
) -> list[Comparison]:
    recipients = holders["recipient_no"].n_unique()
    alive = in_hand.join(holders.select("recipient_no").unique(), on="recipient_no", how="semi")
    left_out = unknown.join(in_hand, on="recipient_no", how="anti")["recipient_no"].n_unique()
    after = alive.height + rows.filter(kind=CertificateKind.NEW.value).height + left_out
    return [
        Comparison("有効な資格(人)と、証を持つ人+新しく渡す人+保留", after, recipients),
        Comparison("今回の交付と、手元にある証", rows.height, in_hand.height),
    ]


def _unknown_persons(rows: pl.DataFrame) -> list[Problem]:
    return [
        Problem(
            "certificate.person_unknown", "住民情報に氏名・住所がないため、証を作れません", field="宛名番号", value=no
        )
        for no in rows["atena_no"].unique(maintain_order=True)
    ]


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    if number == 0:
        return ChunkResult(counts={"返還依頼": _mark(context, work.recalls["certificate_id"], CertificateState.RECALL)})
    rows = work.shards[number - 1 - work.first_shard]
    contents = certificate_contents(rows, scheme=work.scheme, settings=work.settings, profile=work.profile, on=work.on)
    digest = _print(context, work, rows, contents, number)
    _mark(context, rows["certificate_id"].drop_nulls(), CertificateState.REPLACED)
    _register(context, rows, contents, digest, work.on)
    return ChunkResult(counts={"交付": rows.height, "うち手渡し(支援措置)": int(rows["protection"].sum())})


def _print(context: RunContext, work: _Work, rows: pl.DataFrame, contents: list[dict[str, Any]], shard: int) -> str:
    """The shard's PDF, its 交付簿 and, unless it is handed over, its labels into the archive; the hash of the first."""
    paper = certificate_paper(work.settings, work.profile, contents, work.on)
    listed = register_paper(rows, scheme=work.scheme, on=work.on, by=context.by, fictitious=work.profile.fictitious)
    hand = "_手渡し" if rows["protection"][0] else ""
    papers = [("", TEMPLATE, paper), ("交付簿_", LIST_TEMPLATE, listed)]
    if not hand:  # where a person under 支援措置 lives stands on no list
        papers.append(("宛名_", LABELS, labels_paper(rows, fictitious=work.profile.fictitious)))
    digests = []
    for title, template, data in papers:
        pdf = render_paper(template, data, made_at=context.now, tagged=False)
        file = record_outbound(
            using=context.using,
            kind="certificates",
            key=f"{title}{work.scheme.id}:{work.on}:{context.applied_run}:{shard}",
            name=f"{title}{work.scheme.id}_{work.on:%Y%m%d}_{shard:04d}{hand}.pdf",
            data=pdf,
            rows=rows.height,
            totals={"枚数": rows.height},
            by=context.by,
            now=context.now,
            run_id=context.run_id,
        )
        digests.append(file.sha256)
    return digests[0]


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
        "cause",
        valid=daterange_expr(pl.col("first"), pl.col("until")),
        hand_delivery="protection",
        reason=pl.lit(""),
        state=pl.lit(CertificateState.ISSUED.value),
        issued_on=pl.lit(on),
        returned_to=pl.lit(""),
        file_sha256=pl.lit(sha256),
        page=pl.int_range(1, pl.len() + 1),
        run_id=pl.lit(context.run_id),
        issued_by=pl.lit(context.by),
    ).with_columns(printed)
    copy_in(connections[context.using], Certificate._meta.db_table, frame)


def _mark(context: RunContext, ids: pl.Series, state: CertificateState) -> int:
    return Certificate.objects.using(context.using).live().filter(pk__in=ids.to_list()).update(state=state)


JOB = register(
    Job(
        name=NAME,
        title="受給者証・医療証の交付",
        plan=_plan,
        apply_chunk=_apply,
        needs_approval=True,
        units="枚",
    )
)
