"""import-applications {"path", "taken_over"?}: 申請・届出. New applications wait for a decision; changes go into the
registry at once.

Losses (種別 4) wait for apply-changes. An application that was received before is not taken again. taken_over: the day
from which we decide; what was received earlier has been decided and told by the system before ours, so only its facts
count.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
from django.db import connections

from tasuke.core.problems import Problem, Severity, in_file
from tasuke.formats import application_feed
from tasuke.platform.batch.job import ChunkResult, RunContext, register
from tasuke.platform.bulk import copy_in, copy_out, staging
from tasuke.systems.subsidy.entitlements.declarations import (
    LOSS,
    NEW,
    account_rows,
    insurance_rows,
    relation_declarations,
    relation_rows,
    single_parent_rows,
)
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job
from tasuke.systems.subsidy.registry.histories import ACCOUNTS, INSURANCES, RELATIONS, RESIDENTS, SINGLE_PARENTS
from tasuke.systems.subsidy.registry.tables import HistoryTable, record, select_current

_KEY = {"application_no": "varchar(30)", "scheme": "varchar(40)", "atena_no": "varchar(15)", "kind": "varchar(1)"}


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows of schemes that this city has, with the 対象者 as atena_no; `order` is the order of receipt."""
    return (
        frame.filter(pl.col("scheme").is_in(active_profile().schemes))
        .rename({"person_atena_no": "atena_no", "kind": "application_kind"})
        .sort("received_on", "application_no", "line")
        .with_columns(pl.int_range(pl.len()).alias("order"))
    )


def check(context: RunContext, frame: pl.DataFrame) -> Sequence[Problem]:
    """Schemes that the city does not have, and persons whom the register does not know."""
    schemes = active_profile().schemes
    strange = frame.filter(~pl.col("scheme").is_in(schemes))
    problems = [
        Problem("unknown_scheme", "この市の制度ではありません。", line=line, field="制度", value=scheme)
        for line, scheme in strange.select("line", "scheme").iter_rows()
    ]
    known = select_current(using=context.using, table=RESIDENTS, atena_nos=frame["person_atena_no"])
    unknown = frame.join(known, left_on="person_atena_no", right_on="atena_no", how="anti").sort("line")
    problems += [
        Problem(
            "unknown_person",
            "対象者が住民情報にいません。住登外の登録を確かめてください。",
            line=line,
            field="対象者_宛名番号",
            value=person,
            severity=Severity.WARNING,
        )
        for line, person in unknown.select("line", "person_atena_no").iter_rows()
    ]
    return problems


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Receive the applications of some persons and write what they say of insurance, account and household."""
    fresh, before = _split_known(context, rows)
    given = context.parameters.get("taken_over")
    since = date.fromisoformat(str(given)) if given else date.min
    counts = {"already_received": before.height, "received": _receive(context, fresh, file_id, since)}
    counts |= _record_facts(context, fresh, file_id)
    problems = [
        Problem(
            "already_received",
            "同じ受付番号・制度・対象者の申請を受付済みです。取り込みません。",
            line=line,
            field="申請番号",
            value=number,
            severity=Severity.WARNING,
        )
        for line, number in before.select("line", "application_no").iter_rows()
    ]
    return ChunkResult(counts=counts, problems=in_file(problems, str(context.parameters.get("name", ""))))


def _split_known(context: RunContext, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    keys = rows.select("application_no", "scheme", "atena_no", pl.col("application_kind").alias("kind"))
    connection = connections[context.using]
    with staging(connection, keys, _KEY) as name:
        query = (
            "SELECT a.application_no, a.scheme, a.atena_no, a.kind FROM subsidy_application a "  # noqa: S608
            f"JOIN {name} s USING (application_no, scheme, atena_no, kind)"
        )
        known = copy_out(connection, query, schema=dict.fromkeys(_KEY, pl.String()))
    on = ["application_no", "scheme", "atena_no", "application_kind"]
    known = known.rename({"kind": "application_kind"})
    return rows.join(known, on=on, how="anti"), rows.join(known, on=on, how="semi")


def _receive(context: RunContext, rows: pl.DataFrame, file_id: int, since: date) -> int:
    waits = pl.col("application_kind").is_in([NEW, LOSS])
    old = waits & (pl.col("received_on") < since)
    frame = rows.sort("order").select(
        "application_no",
        "scheme",
        pl.col("application_kind").alias("kind"),
        "atena_no",
        "applicant_atena_no",
        "role",
        "received_on",
        "channel",
        "reason",
        "event_date",
        pl.col("loss_reason").fill_null(""),
        pl.col("missing_documents").fill_null(""),
        pl.when(old)
        .then(pl.lit(ApplicationState.TAKEN_OVER.value))
        .when(waits)
        .then(pl.lit(ApplicationState.RECEIVED.value))
        .otherwise(pl.lit(ApplicationState.APPLIED.value))
        .alias("state"),
        pl.lit(file_id, dtype=pl.Int64).alias("file_id"),
        "line",
    )
    return copy_in(connections[context.using], Application._meta.db_table, frame)


def _record_facts(context: RunContext, rows: pl.DataFrame, file_id: int) -> Mapping[str, int]:
    known = _current(context, RELATIONS, rows)
    status = _current(context, SINGLE_PARENTS, rows)
    parts = {
        "relations": (RELATIONS, relation_rows(relation_declarations(rows), known)),
        "single_parents": (SINGLE_PARENTS, single_parent_rows(rows, status)),
        "insurances": (INSURANCES, insurance_rows(rows)),
        "accounts": (ACCOUNTS, account_rows(rows)),
    }
    return {
        name: record(using=context.using, table=table, incoming=frame, now=context.now, file_id=file_id)["added"]
        for name, (table, frame) in parts.items()
    }


def _current(context: RunContext, table: HistoryTable, rows: pl.DataFrame) -> pl.DataFrame:
    return select_current(using=context.using, table=table, atena_nos=rows["atena_no"])


JOB = register(
    feed_job(
        "import-applications",
        Feed(
            kind="applications",
            title="申請・届出の取込",
            parse=application_feed.parse,
            apply=apply,
            prepare=prepare,
            person="atena_no",
            check=check,
        ),
    )
)
