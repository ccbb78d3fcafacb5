"""issue-reimbursement-notices {"on"}: 支給・不支給決定通知書 on decisions up to a day that nobody has been told of.

Letters leave the house, so a second person approves; the plan shows that every such decision has a letter or is held
with a problem, and that the yen agree. Letters of persons under 支援措置 come in files of their own, to be handed over.
A run that was killed plans only what is left.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections
from django.utils.timezone import localdate

from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in
from tasuke.platform.documents import LIST_TEMPLATE, render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.certificates.letter_persons import letter_persons
from tasuke.systems.subsidy.certificates.queries import done_chunks
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.reimbursements.models import ReimbursementNotice
from tasuke.systems.subsidy.reimbursements.notice_words import letter_contents, notice_register
from tasuke.systems.subsidy.reimbursements.notices import ReimbursementLetters, select_reimbursement_letters
from tasuke.systems.subsidy.reimbursements.queries import decisions_frame, untold_lines_frame

NAME = "issue-reimbursement-notices"
TEMPLATE = Path(__file__).resolve().parent.parent / "templates" / "reimbursement_notice.typ"
PER_SHARD = 500


@dataclass(frozen=True, slots=True)
class _Work:
    shards: list[pl.DataFrame]
    lines: pl.DataFrame
    first_shard: int  # how many an earlier, killed attempt has made
    profile: Profile
    schemes: dict[str, Scheme]
    on: date


def _plan(context: RunContext) -> Plan:
    on = date.fromisoformat(str(context.parameters["on"]))
    decisions = decisions_frame(using=context.using, untold_until=on)
    lines = untold_lines_frame(using=context.using, until=on)
    named = pl.concat([decisions["atena_no"], decisions["payee_atena_no"]]).unique()
    persons = letter_persons(using=context.using, on=on, atena_nos=named, today=localdate(context.now))
    chosen = select_reimbursement_letters(decisions, lines, persons)
    shards = [
        part.slice(i, PER_SHARD)
        for part in (chosen.letters.filter(~pl.col("hand")), chosen.letters.filter("hand"))
        for i in range(0, part.height, PER_SHARD)
    ]
    done = done_chunks(using=context.using, job=NAME, parameters=context.parameters)
    schemes = {s: load_scheme(s) for s in sorted(set(chosen.letters["scheme"]))}
    return Plan(
        counts=_counts(chosen.letters) | {"保留": chosen.held.height},
        chunks=done + len(shards),
        work=_Work(shards, lines, done, active_profile(), schemes, on),
        comparisons=_compare(chosen, decisions),
        problems=chosen.problems,
    )


def _compare(chosen: ReimbursementLetters, decisions: pl.DataFrame) -> list[Comparison]:
    told = int(chosen.letters["amount"].sum()) + int(chosen.held["amount"].sum())
    return [
        Comparison("通知が要る決定と、通知+保留", chosen.letters.height + chosen.held.height, decisions.height),
        Comparison("決定の支給額と、通知+保留の支給額", told, int(decisions["amount"].sum())),
    ]


def _counts(letters: pl.DataFrame) -> dict[str, int]:
    granted = letters.filter(pl.col("outcome") == "granted")
    return {
        "支給決定通知書": granted.height,
        "不支給決定通知書": letters.height - granted.height,
        "うち手渡し(支援措置)": int(letters["hand"].sum()),
        "通知した支給額": int(letters["amount"].sum()),
    }


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    rows = work.shards[number - work.first_shard]
    lines = work.lines.join(rows.select("reimbursement_id"), on="reimbursement_id", how="semi", maintain_order="left")
    contents = letter_contents(rows, lines, schemes=work.schemes, profile=work.profile, on=work.on)
    digest = _print(context, work, rows, contents, number + 1)
    sizes = pl.Series([len(c["pages"]) for c in contents], dtype=pl.Int64)
    frame = rows.select(
        "reimbursement_id",
        addressee_atena_no="payee_atena_no",
        hand_delivery="hand",
        issued_on=pl.lit(work.on),
        file_sha256=pl.lit(digest),
        run_id=pl.lit(context.applied_run),
        issued_by=pl.lit(context.by),
    ).with_columns(
        page=sizes.cum_sum() - sizes + 1,
        content=pl.Series([json.dumps(c, ensure_ascii=False) for c in contents]),
    )
    copy_in(connections[context.using], ReimbursementNotice._meta.db_table, frame)
    return ChunkResult(counts=_counts(rows))


def _print(context: RunContext, work: _Work, rows: pl.DataFrame, contents: list[dict[str, Any]], shard: int) -> str:
    """The shard's letters and its 通知簿 into the archive; gives the hash of the first."""
    head, fictitious = work.profile.letterhead_on(work.on), work.profile.fictitious
    letters = {"seal": head.seal, "fictitious": fictitious, "letters": contents}
    listed = notice_register(rows, schemes=work.schemes, on=work.on, by=context.by, fictitious=fictitious)
    hand = "_手渡し" if rows["hand"][0] else ""
    digests = []
    for title, template, data in (
        ("償還払い決定通知書", TEMPLATE, letters),
        ("償還払い決定通知簿", LIST_TEMPLATE, listed),
    ):
        file = record_outbound(
            using=context.using,
            kind="notices",
            key=f"{title}:{work.on}:{context.applied_run}:{shard}",
            name=f"{title}_{work.on:%Y%m%d}_{shard:04d}{hand}.pdf",
            data=render_paper(template, data, made_at=context.now, tagged=False),
            rows=rows.height,
            totals={"通数": rows.height, "支給額": int(rows["amount"].sum())},
            by=context.by,
            now=context.now,
            run_id=context.run_id,
        )
        digests.append(file.sha256)
    return digests[0]


JOB = register(
    Job(name=NAME, title="償還払いの決定通知", plan=_plan, apply_chunk=_apply, needs_approval=True, units="通")
)
