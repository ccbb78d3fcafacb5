"""issue-notices {"on"}: letters on decisions up to a day that nobody has been told of: 却下, 不交付, 消滅, 所得確認.

Letters leave the house, so a second person approves; the plan shows that every decision that needs a letter has one or
is held with a problem. Letters of persons under 支援措置 come in files of their own, to be handed over. A run that was
killed plans only what is left.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections
from django.utils.timezone import localdate

from tasuke.core.problems import Problem, Severity
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in
from tasuke.platform.documents import LIST_TEMPLATE, render_paper
from tasuke.platform.documents.glyphs import code_points, missing_in
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.certificates.letter_persons import letter_persons
from tasuke.systems.subsidy.certificates.models import Notice, NoticeKind
from tasuke.systems.subsidy.certificates.notice_words import letter_contents, letter_pages, notice_register
from tasuke.systems.subsidy.certificates.notices import Letters, addressees, select_letters
from tasuke.systems.subsidy.certificates.queries import decisions_without_notice, done_chunks
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import relations_frame

NAME = "issue-notices"
TEMPLATE = Path(__file__).resolve().parent.parent / "templates" / "notice.typ"
PER_SHARD = 500


@dataclass(frozen=True, slots=True)
class _Work:
    shards: list[pl.DataFrame]
    first_shard: int  # how many an earlier, killed attempt has made
    profile: Profile
    schemes: dict[str, Scheme]
    on: date


def _plan(context: RunContext) -> Plan:
    on = date.fromisoformat(str(context.parameters["on"]))
    decisions = decisions_without_notice(using=context.using, on=on)
    chosen = _choose(context.using, decisions, on, localdate(context.now))
    shards = [
        shard
        for part in (chosen.letters.filter(~pl.col("hand")), chosen.letters.filter("hand"))
        for shard in _shards(part)
    ]
    done = done_chunks(using=context.using, job=NAME, parameters=context.parameters)
    profile = active_profile()
    schemes = {s: load_scheme(s) for s in sorted(set(decisions["scheme"]))}
    return Plan(
        counts=_counts(chosen),
        chunks=done + len(shards),
        work=_Work(shards, done, profile, schemes, on),
        comparisons=[
            Comparison(
                "通知が要る決定と、通知+保留",
                chosen.letters["decision_id"].n_unique() + chosen.held["decision_id"].n_unique(),
                decisions.filter(~pl.col("overtaken")).height,
            )
        ],
        problems=[
            *chosen.problems,
            *_unconfirmed(chosen.letters, profile, schemes),
            *_unprintable(chosen.letters),
        ],
    )


def _shards(part: pl.DataFrame) -> list[pl.DataFrame]:
    """PER_SHARD letters each; a letter is never in two."""
    if part.is_empty():
        return []
    place = pl.col("letter").rle_id() // PER_SHARD
    return part.with_columns(place=place).partition_by("place", maintain_order=True, include_key=False)


def _unconfirmed(letters: pl.DataFrame, profile: Profile, schemes: dict[str, Scheme]) -> list[Problem]:
    """Letters that name no article, since nobody has confirmed it: whoever approves must know."""
    bound = [NoticeKind.REJECTION.value, NoticeKind.NOT_RENEWED.value, NoticeKind.LOSS.value]
    told = letters.filter(pl.col("notice_kind").is_in(bound))
    problems = []
    for scheme, kind in told.select("scheme", "notice_kind").unique().sort("scheme", "notice_kind").iter_rows():
        days = told.filter(scheme=scheme, notice_kind=kind)["decided_on"]
        if any(profile.articles_on(scheme, kind, day) is None for day in days.unique()):
            message = (
                f"{schemes[scheme].name}の{NoticeKind(kind).label}の根拠条項が未確認です。「条項は未確認」と印字します。"
                "プロファイルの legal_bases に条項と根拠を書いてください"
            )
            problems.append(Problem("notice.articles_unconfirmed", message, field=scheme, severity=Severity.WARNING))
    return problems


def _unprintable(letters: pl.DataFrame) -> list[Problem]:
    """Persons and addressees whose names or addresses no font holds: 〓 is printed, and somebody writes it by hand."""
    problems = []
    for column in ("name", "to_name", "to_printed_address"):
        lost = missing_in(letters[column].drop_nulls().unique())
        for no, text in letters.select("atena_no", column).unique(maintain_order=True).iter_rows() if lost else ():
            there = "、".join(code_points(c) for c in lost if c in (text or ""))
            if there:
                message = f"フォントにない文字があります({there})。文字は〓、異体字は基本の字形で印字します"
                problems.append(
                    Problem("notice.unprintable", message, field="宛名番号", value=no, severity=Severity.WARNING)
                )
    return problems


def _choose(using: str, decisions: pl.DataFrame, on: date, today: date) -> Letters:
    subjects = decisions["atena_no"]
    relations = relations_frame(using=using, atena_nos=subjects)
    judged = decisions["subjects"].explode(empty_as_null=True).str.split(":").list.first().rename("atena_no")
    columns = [decisions["applicant_atena_no"], decisions["deciding_subject"], relations["other_atena_no"]]
    named = pl.concat([subjects, judged, *columns]).drop_nulls()
    persons = letter_persons(using=using, on=on, atena_nos=named.unique(), today=today)
    return select_letters(addressees(decisions, relations, persons, on=on), persons)


def _counts(chosen: Letters) -> dict[str, int]:
    letters = chosen.letters.unique("letter", keep="first", maintain_order=True)
    kinds = letters.group_by("notice_kind").len().sort("notice_kind").iter_rows()
    return {NoticeKind(kind).label: n for kind, n in kinds} | {
        "通知合計": letters.height,
        "うち手渡し(支援措置)": int(letters["hand"].sum()),
        "通知する対象者": chosen.letters.height,
        "保留": chosen.held.height,
        "後の決定により不要": chosen.overtaken.height,
    }


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    rows = work.shards[number - work.first_shard]
    contents = letter_contents(rows, schemes=work.schemes, profile=work.profile, on=work.on)
    digest = _print(context, work, rows, contents, number + 1)
    texts = [json.dumps(c, ensure_ascii=False) for c in contents]
    table = pl.DataFrame(
        {"letter": rows["letter"].unique(maintain_order=True), "page": letter_pages(contents), "content": texts}
    )
    letters = rows.unique("letter", keep="first", maintain_order=True)
    frame = rows.join(table, on="letter", how="left", maintain_order="left").select(
        "scheme",
        "atena_no",
        "decision_id",
        kind="notice_kind",
        addressee_atena_no="to_atena_no",
        hand_delivery="hand",
        issued_on=pl.lit(work.on),
        file_sha256=pl.lit(digest),
        page=pl.col("page").cast(pl.Int64),
        run_id=pl.lit(context.applied_run),
        issued_by=pl.lit(context.by),
        content="content",
    )
    copy_in(connections[context.using], Notice._meta.db_table, frame)
    hand = int(letters["hand"].sum())
    return ChunkResult(counts={"通知": letters.height, "うち手渡し(支援措置)": hand, "通知した対象者": rows.height})


def _print(context: RunContext, work: _Work, rows: pl.DataFrame, contents: list[dict[str, Any]], shard: int) -> str:
    """The shard's letters and its 通知簿 into the archive; gives the hash of the first."""
    head, fictitious = work.profile.letterhead_on(work.on), work.profile.fictitious
    letters = {"seal": head.seal, "fictitious": fictitious, "letters": contents}
    listed = notice_register(rows, schemes=work.schemes, on=work.on, by=context.by, fictitious=fictitious)
    hand = "_手渡し" if rows["hand"][0] else ""
    digests = []
    for title, template, data in (("通知書", TEMPLATE, letters), ("通知簿", LIST_TEMPLATE, listed)):
        file = record_outbound(
            using=context.using,
            kind="notices",
            key=f"{title}:{work.on}:{context.applied_run}:{shard}",
            name=f"{title}_{work.on:%Y%m%d}_{shard:04d}{hand}.pdf",
            data=render_paper(template, data, made_at=context.now, tagged=False),
            rows=len(contents),
            totals={"通数": len(contents), "対象者": rows.height},
            by=context.by,
            now=context.now,
            run_id=context.run_id,
        )
        digests.append(file.sha256)
    return digests[0]


JOB = register(
    Job(
        name=NAME,
        title="却下・消滅等の通知",
        plan=_plan,
        apply_chunk=_apply,
        needs_approval=True,
        units="通",
    )
)
