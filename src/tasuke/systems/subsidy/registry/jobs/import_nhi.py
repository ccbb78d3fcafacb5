"""import-nhi {"path"}: 国保・後期などの資格. A new membership ends the one before it on its first day."""

import polars as pl

from tasuke.formats import nhi_feed
from tasuke.platform.batch.job import ChunkResult, RunContext, register
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job
from tasuke.systems.subsidy.registry.histories import INSURANCES
from tasuke.systems.subsidy.registry.tables import record


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows as rows of the table. lost_on is the first day without, as our periods end."""
    return (
        frame.with_columns(
            pl.lit("nhi_feed").alias("source"), pl.lit("").alias("insured_atena_no"), pl.col("seq").alias("order")
        )
        .rename({"acquired_on": "start", "lost_on": "end"})
        .drop("seq")
    )


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Write the memberships that are new or differ."""
    counts = record(using=context.using, table=INSURANCES, incoming=rows, now=context.now, file_id=file_id)
    return ChunkResult(counts=counts)


JOB = register(
    feed_job(
        "import-nhi",
        Feed(kind="nhi", title="国保・後期資格の取込", parse=nhi_feed.parse, apply=apply, prepare=prepare),
    )
)
