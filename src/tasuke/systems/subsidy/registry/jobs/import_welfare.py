"""import-welfare {"path"}: 福祉情報 (生活保護, 措置, 手帳, 児童扶養手当, 在学 …), each fact with its period."""

from datetime import timedelta

import polars as pl

from tasuke.formats import welfare_feed
from tasuke.platform.batch.job import ChunkResult, RunContext, register
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job
from tasuke.systems.subsidy.registry.histories import FACTS
from tasuke.systems.subsidy.registry.tables import record


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows as rows of the table. The feed's valid_to is the last day itself; our periods end the day after."""
    return (
        frame.with_columns((pl.col("valid_to") + timedelta(days=1)).alias("end"), pl.col("seq").alias("order"))
        .rename({"valid_from": "start"})
        .drop("seq", "valid_to", "note")
    )


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Write the facts that are new or differ."""
    counts = record(using=context.using, table=FACTS, incoming=rows, now=context.now, file_id=file_id)
    return ChunkResult(counts=counts)


JOB = register(
    feed_job(
        "import-welfare",
        Feed(kind="welfare", title="福祉情報の取込", parse=welfare_feed.parse, apply=apply, prepare=prepare),
    )
)
