"""import-nhi {"path"}: 国保・後期などの資格. A new membership ends the one before it on its first day."""

from collections.abc import Sequence

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats import nhi_feed
from tasuke.platform.batch.job import ChunkResult, RunContext, register
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job
from tasuke.systems.subsidy.registry.histories import INSURANCES
from tasuke.systems.subsidy.registry.tables import record, select_current


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows as rows of the table. lost_on is the first day without, as our periods end."""
    return (
        frame.with_columns(
            pl.lit("nhi_feed").alias("source"), pl.lit("").alias("insured_atena_no"), pl.col("seq").alias("order")
        )
        .rename({"acquired_on": "start", "lost_on": "end"})
        .drop("seq")
    )


def check(context: RunContext, frame: pl.DataFrame) -> Sequence[Problem]:
    """Rows that open a membership again that we hold as ended: a loss taken back, or a file older than what we know.

    They are taken, since the insurer may take a loss back; a person has to look, since an old file saved anew would
    insure again whoever has left.
    """
    known = select_current(
        using=context.using, table=INSURANCES, atena_nos=frame["atena_no"], where="NOT upper_inf(t.valid)"
    ).select("atena_no", "insurer_no", acquired_on="start", ended="end")
    again = frame.filter(pl.col("lost_on").is_null()).join(known, on=["atena_no", "insurer_no", "acquired_on"])
    return [
        Problem(
            "membership_open_again",
            f"{ended}に終わったとしている資格が、喪失日のない行で来ています。喪失の取消しか、古いファイルかを確かめてください。",
            line=line,
            field="資格喪失年月日",
            severity=Severity.WARNING,
        )
        for line, ended in again.sort("line").select("line", pl.col("ended").cast(pl.String)).iter_rows()
    ]


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Write the memberships that are new or differ."""
    counts = record(using=context.using, table=INSURANCES, incoming=rows, now=context.now, file_id=file_id)
    return ChunkResult(counts=counts)


JOB = register(
    feed_job(
        "import-nhi",
        Feed(kind="nhi", title="国保・後期資格の取込", parse=nhi_feed.parse, apply=apply, prepare=prepare, check=check),
    )
)
