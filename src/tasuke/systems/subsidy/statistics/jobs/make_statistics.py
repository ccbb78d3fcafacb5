"""make-statistics {"month": "2026-05"}: the cube of a settlement month, and its CSV, XLSX and charts."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db import connections

from tasuke.core.calendar import next_month, to_wareki
from tasuke.core.period import Period
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.platform.export.tables import to_csv, to_xlsx
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.claims.queries import ledger_frame
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.wards import wards_frame, with_ward
from tasuke.systems.subsidy.reimbursements.queries import reimbursement_ledger_frame
from tasuke.systems.subsidy.statistics.cube import benefit_cells, recipient_cells
from tasuke.systems.subsidy.statistics.models import BenefitFact, RecipientFact
from tasuke.systems.subsidy.statistics.queries import benefit_facts, recipient_facts
from tasuke.systems.subsidy.statistics.words import in_words

_MONTHS_DRAWN = 12


@dataclass(frozen=True, slots=True)
class _Work:
    month: date
    benefits: pl.DataFrame
    recipients: pl.DataFrame


def _plan(context: RunContext) -> Plan:
    month = date.fromisoformat(f"{context.parameters['month']}-01")
    in_kind = ledger_frame(using=context.using, months=[month])
    paid_back = reimbursement_ledger_frame(using=context.using, months=[month])
    ledger = pl.concat(
        [in_kind.with_columns(method=pl.lit("in_kind")), paid_back.with_columns(method=pl.lit("reimbursement"))],
        how="diagonal_relaxed",
    )
    benefits = benefit_cells(ledger, month=month)
    last_day = next_month(month) - timedelta(days=1)
    entitled = entitlements_frame(using=context.using, overlapping=Period(last_day, next_month(month)))
    wards = wards_frame(using=context.using, atena_nos=entitled["atena_no"])
    placed = with_ward(entitled, wards, day=pl.lit(last_day))
    recipients = recipient_cells(placed, month=month, last_day=last_day)
    counts = {
        "件数": int(benefits["claims"].sum()),
        "助成額": int(benefits["subsidy"].sum()),
        "受給者": int(recipients["persons"].sum()),
    }
    total = int(ledger["subsidy"].sum()) + int(ledger["meals_subsidy"].sum())
    comparisons = [Comparison("集計の助成額と台帳の助成額", counts["助成額"], total)]
    return Plan(counts=counts, chunks=2, work=_Work(month, benefits, recipients), comparisons=comparisons)


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    return _store(context, plan.work) if number == 0 else _publish(context, plan.work)


def _store(context: RunContext, work: _Work) -> ChunkResult:
    connection = connections[context.using]
    BenefitFact.objects.using(context.using).filter(month=work.month).delete()
    RecipientFact.objects.using(context.using).filter(month=work.month).delete()
    cells = copy_in(connection, BenefitFact._meta.db_table, work.benefits)
    cells += copy_in(connection, RecipientFact._meta.db_table, work.recipients)
    return ChunkResult(counts={"集計行": cells})


def _publish(context: RunContext, work: _Work) -> ChunkResult:
    first = work.month
    for _ in range(_MONTHS_DRAWN - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    profile = active_profile()
    facts = benefit_facts(using=context.using, first=first, last=work.month)
    people = recipient_facts(using=context.using, first=work.month, last=work.month)
    this_month = facts.filter(pl.col("month") == work.month)
    told, recipients = in_words(this_month, profile), in_words(people, profile)
    label = f"{work.month:%Y%m}"
    files = {
        f"給付統計_{label}.csv": to_csv(told),
        f"受給者統計_{label}.csv": to_csv(recipients),
        f"統計_{label}.xlsx": to_xlsx({"給付": told, "受給者": recipients, "月別": _by_month(facts, profile)}),
    } | {f"{name}_{label}.svg": svg.encode() for name, svg in _charts(facts, work.month, profile).items()}
    for name, data in files.items():
        record_outbound(
            using=context.using, kind="statistics", key=name, name=name, data=data, rows=told.height,
            totals={"助成額": int(this_month["subsidy"].sum())}, by=context.by, now=context.now, run_id=context.run_id,
        )  # fmt: skip
    return ChunkResult(counts={"ファイル": len(files)})


def _by_month(facts: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    grouped = facts.group_by("month", "scheme", "funding").agg(
        pl.col("claims").sum(), pl.col("cost").sum(), pl.col("burden").sum(), pl.col("subsidy").sum()
    )
    return in_words(grouped.sort("month", "scheme", "funding"), profile)


def _bands(profile: Profile) -> list[list[str]]:
    """Labels of the age bands of each scheme, youngest first, in all its versions."""
    return [[b.label for v in load_scheme(s).version for b in v.who.band] for s in profile.schemes]


def _charts(facts: pl.DataFrame, month: date, profile: Profile) -> dict[str, str]:
    if facts.is_empty():
        return {}
    # Altair takes about a second to load; every command that registers the jobs would pay for it
    from tasuke.systems.subsidy.statistics.charts import cost_by_band_and_care, subsidy_by_month, subsidy_by_ward

    told = in_words(facts, profile).rename({"支払月": "month", "制度": "scheme", "助成額(円)": "subsidy"})
    told = told.rename({"区": "ward", "年齢区分": "band", "診療種別": "care"})
    this = told.filter(pl.col("month") == month)
    order = list(dict.fromkeys(label for bands in sorted(_bands(profile), key=len, reverse=True) for label in bands))
    title = to_wareki(month).partition("月")[0] + "月"
    return {
        "月別助成額": subsidy_by_month(told, title="月別の助成額"),
        "区別助成額": subsidy_by_ward(this, title=f"区別の助成額 {title}"),
        "年齢別助成額": cost_by_band_and_care(this, title=f"年齢区分別の助成額 {title}", order=order),
    }


JOB = register(Job(name="make-statistics", title="月次統計", plan=_plan, apply_chunk=_apply))
