"""import-residents {"path"}: 住民情報, a full file (異動事由 20) or a differential one."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from django.db import connections
from django.utils.timezone import localdate

from tasuke.core.kana import kana_key
from tasuke.core.problems import Problem, Severity
from tasuke.core.text import search_key_series
from tasuke.formats import resident_feed
from tasuke.platform.batch.job import ChunkResult, Comparison, RunContext, register
from tasuke.platform.bulk import copy_out, staging
from tasuke.systems.subsidy.registry.feeds import Feed, FirstLoad, feed_job
from tasuke.systems.subsidy.registry.histories import RESIDENTS
from tasuke.systems.subsidy.registry.models import Protection
from tasuke.systems.subsidy.registry.protection import OPEN_ENDED, in_force
from tasuke.systems.subsidy.registry.tables import record

CENSUS = "20"  # 現況: the row says what holds, not what happened
RESIDENT = "1"
_MISSING_NAMED = 1_000

_OPEN_PROTECTIONS = f"""
INSERT INTO subsidy_protection (atena_no, since, source, ended_by, ended_reason)
SELECT atena_no, since, '住民情報の支援措置', '', '' FROM {{}} ORDER BY atena_no
ON CONFLICT {OPEN_ENDED} DO NOTHING
"""  # noqa: S608


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows as rows of the table. A 現況 row is the last word up to the newest day that the file speaks of."""
    said_until = _newest_day(frame)
    readings = frame["name_kana"].drop_nulls().unique()
    kana = dict(zip(readings.to_list(), [kana_key(r) for r in readings.to_list()], strict=True))
    return frame.with_columns(
        pl.when(pl.col("resident_status").is_in(resident_feed.REMOVED))
        .then(pl.coalesce("removed_on", "event_date"))
        .otherwise("event_date")
        .alias("start"),
        pl.lit(None, dtype=pl.Date).alias("end"),
        pl.col("seq").alias("order"),
        pl.when(pl.col("event_code") == CENSUS).then(pl.lit(said_until, dtype=pl.Date)).alias("final_until"),
        search_key_series(frame["name"]).alias("name_key"),
        pl.col("name_kana").replace_strict(kana, default=None, return_dtype=pl.String).alias("kana_key"),
    ).drop("seq", "event_date", "removed_on")


def _newest_day(frame: pl.DataFrame) -> date | None:
    """The day on which the file was made, as far as it tells: later events that we know of are not its business."""
    newest = frame.select(pl.max_horizontal(pl.col("event_date").max(), pl.col("notified_on").max())).item()
    return newest if isinstance(newest, date) else None


def check(context: RunContext, frame: pl.DataFrame) -> Sequence[Problem]:
    """Protection flags that are gone, and in a full file residents whom it does not name. Both are for a person."""
    problems = [
        Problem(
            "protection_flag_off",
            "支援措置の旗が外れています。支援措置は自動では解除しません。担当に確かめてください。",
            line=line,
            field="支援措置",
            severity=Severity.WARNING,
        )
        for line in _unflagged(context, frame)["line"].to_list()
    ]
    if frame.filter(pl.col("event_code") == CENSUS).height * 2 > frame.height:
        problems.extend(_missing(context, frame))
    return problems


def _unflagged(context: RunContext, frame: pl.DataFrame) -> pl.DataFrame:
    open_ones = Protection.objects.using(context.using).filter(in_force(on=localdate(context.now)))
    protected = pl.DataFrame(
        {"atena_no": list(open_ones.values_list("atena_no", flat=True))}, schema={"atena_no": pl.String}
    )
    last = frame.select("atena_no", "line", "seq", "protection").sort("seq").unique("atena_no", keep="last")
    return last.filter(~pl.col("protection")).join(protected, on="atena_no", how="semi").sort("line")


def _residents(context: RunContext) -> pl.DataFrame:
    query = (
        "SELECT atena_no FROM subsidy_resident_record "
        "WHERE recorded_to IS NULL AND upper_inf(valid) AND resident_status = '1'"
    )
    return copy_out(connections[context.using], query, schema={"atena_no": pl.String})


def _missing(context: RunContext, frame: pl.DataFrame) -> list[Problem]:
    missing = _residents(context).join(frame.select("atena_no").unique(), on="atena_no", how="anti").sort("atena_no")
    problems = [
        Problem(
            "resident_missing",
            "当方で住民としている人が全件ファイルにいません。自動では消除しません。住民記録に確かめてください。",
            field="宛名番号",
            value=atena_no,
            severity=Severity.WARNING,
        )
        for atena_no in missing["atena_no"].head(_MISSING_NAMED).to_list()
    ]
    if missing.height > _MISSING_NAMED:
        rest = missing.height - _MISSING_NAMED
        problems.append(
            Problem(
                "resident_missing", f"全件ファイルにいない住民がほかに{rest:,}人います。", severity=Severity.WARNING
            )
        )
    return problems


def compare(context: RunContext, frame: pl.DataFrame) -> Sequence[Comparison]:
    """Residents in the file beside the register's; only a full file can be compared."""
    if frame.filter(pl.col("event_code") == CENSUS).height * 2 <= frame.height:
        return ()
    now = frame.filter(pl.col("resident_status") == RESIDENT)["atena_no"].n_unique()
    return (Comparison("住民(全件ファイルと台帳)", now, _residents(context).height or None),)


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Write the history of the persons in `rows`, and open 支援措置 where the flag says so."""
    return _write(context, rows, file_id, nobody_known=False)


def apply_first(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """The same for an empty register."""
    return _write(context, rows, file_id, nobody_known=True)


def _write(context: RunContext, rows: pl.DataFrame, file_id: int, *, nobody_known: bool) -> ChunkResult:
    counts = record(
        using=context.using,
        table=RESIDENTS,
        incoming=rows,
        now=context.now,
        file_id=file_id,
        nobody_known=nobody_known,
    )
    return ChunkResult(counts={**counts, "protections_opened": _open_protections(context, rows)})


def _open_protections(context: RunContext, rows: pl.DataFrame) -> int:
    """The flag opens, and never closes: only a named person with a reason ends 支援措置."""
    flagged = rows.filter("protection").group_by("atena_no").agg(pl.col("start").min().alias("since"))
    if flagged.is_empty():
        return 0
    connection = connections[context.using]
    with (
        staging(connection, flagged, {"atena_no": "varchar(15)", "since": "date"}) as name,
        connection.cursor() as cursor,
    ):
        cursor.execute(_OPEN_PROTECTIONS.format(name))
        return int(cursor.rowcount)


JOB = register(
    feed_job(
        "import-residents",
        Feed(
            kind="residents",
            title="住民情報の取込",
            parse=resident_feed.parse,
            apply=apply,
            prepare=prepare,
            check=check,
            compare=compare,
            first_load=FirstLoad(table=RESIDENTS, apply=apply_first),
        ),
    )
)
