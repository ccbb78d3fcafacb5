"""match-applications {"on"}: 突合. All open new applications received by the day, beside the register and the rest.

Writes nothing but the list of differences that the desk works through: every run makes it anew, and the differences of
applications that were decided or put right meanwhile are gone from it.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in
from tasuke.systems.subsidy.desk.matching import find_matches
from tasuke.systems.subsidy.desk.matching_words import KIND_WORDS, MatchKind
from tasuke.systems.subsidy.desk.models import MatchFinding
from tasuke.systems.subsidy.profile import active_profile

NAME = "match-applications"
APPLICATIONS_PER_CHUNK = 5_000
_TABLE = MatchFinding._meta.db_table
_CLEAR = f"DELETE FROM {_TABLE} WHERE application_id = ANY(%s)"  # noqa: S608
_CLEAR_REST = f"DELETE FROM {_TABLE} WHERE run_id <> %s"  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Work:
    on: date
    applications: pl.Series  # ids, in order
    differences: pl.DataFrame


def differences_on(*, using: str, on: date) -> tuple[pl.Series, pl.DataFrame]:
    """The ids of the open applications, and what differs: id, scheme, atena_no, kind, about, since; one row for each
    application, kind and person."""
    compared, found = find_matches(using=using, on=on, schemes=active_profile().schemes)
    order = pl.Enum([kind.value for kind in MatchKind])
    cases = compared.cases.select("id", "application_no", "scheme", "atena_no", "received_on")
    differing = (
        found.filter("differs").select("id", "kind", "about", "since").unique(["id", "kind", "about"], keep="first")
    )
    return compared.cases["id"], differing.join(cases, on="id").sort("id", pl.col("kind").cast(order), "about")


def _plan(context: RunContext) -> Plan:
    on = date.fromisoformat(str(context.parameters["on"]))
    applications, differences = differences_on(using=context.using, on=on)
    # one chunk at least: the list of the last run is cleared also when nothing is open any more
    chunks = max(1, -(-applications.len() // APPLICATIONS_PER_CHUNK))
    work = _Work(on=on, applications=applications, differences=differences)
    return Plan(counts=_counts(applications, differences), chunks=chunks, work=work)


def _counts(applications: pl.Series, differences: pl.DataFrame) -> dict[str, int]:
    """By kind, in the words of the office; each application is in one chunk alone, so that chunks add up."""
    by_kind = dict(differences.group_by("kind").len().iter_rows())
    return {
        "申請": applications.len(),
        "差異のある申請": differences["id"].n_unique(),
        **{KIND_WORDS[kind]: by_kind[kind] for kind in MatchKind if kind in by_kind},
    }


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    mine = work.applications.slice(number * APPLICATIONS_PER_CHUNK, APPLICATIONS_PER_CHUNK)
    connection = connections[context.using]
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR, [mine.to_list()])
    differences = work.differences.filter(pl.col("id").is_in(mine.implode()))
    rows = differences.select(
        pl.col("id").alias("application_id"),
        "scheme",
        "atena_no",
        "kind",
        pl.col("about").alias("about_atena_no"),
        "since",
        pl.lit(work.on).alias("found_on"),
        pl.lit(context.applied_run, dtype=pl.Int64).alias("run_id"),
    )
    copy_in(connection, _TABLE, rows)
    return ChunkResult(counts=_counts(mine, differences))


def _finish(context: RunContext, plan: Plan) -> dict[str, int]:
    with connections[context.using].cursor() as cursor:
        cursor.execute(_CLEAR_REST, [context.applied_run])
        return {"一覧から消えた差異": int(cursor.rowcount)}


JOB = register(Job(name=NAME, title="申請の突合", plan=_plan, apply_chunk=_apply, finish=_finish))
