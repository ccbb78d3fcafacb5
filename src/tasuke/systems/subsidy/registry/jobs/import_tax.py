"""import-tax {"path"}: 税情報. A correction (更正) is a new recorded row; the one before it stays readable."""

from collections.abc import Sequence

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats import tax_feed
from tasuke.platform.batch.job import ChunkResult, RunContext, register
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job
from tasuke.systems.subsidy.registry.histories import INCOMES
from tasuke.systems.subsidy.registry.tables import record, select_current


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows as rows of the table; a corrected row counts more than the first one, a later one more still."""
    ranked = frame.sort("corrected", "corrected_on", "seq", nulls_last=False)
    return ranked.with_columns(pl.lit("tax_feed").alias("source")).with_row_index("order").drop("seq")


def check(context: RunContext, frame: pl.DataFrame) -> Sequence[Problem]:
    """Rows of a first assessment for incomes that we hold as corrected: they are old news and are not taken."""
    return [
        Problem(
            "older_than_correction",
            "更正済みの所得に、更正前の行が来ています。更正後の所得を残します。",
            line=line,
            field="更正区分",
            severity=Severity.WARNING,
        )
        for line in _outdated(context, frame)["line"].sort().to_list()
    ]


def _outdated(context: RunContext, frame: pl.DataFrame) -> pl.DataFrame:
    known = select_current(using=context.using, table=INCOMES, atena_nos=frame["atena_no"], where="t.corrected")
    known = known.select("atena_no", "tax_year", pl.col("corrected_on").alias("known_on"))
    older = ~pl.col("corrected") | (pl.col("corrected_on") < pl.col("known_on")).fill_null(value=False)
    return frame.join(known, on=["atena_no", "tax_year"], how="inner").filter(older)


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Write the incomes that are new or differ."""
    current = rows.join(_outdated(context, rows).select("line"), on="line", how="anti")
    counts = record(using=context.using, table=INCOMES, incoming=current, now=context.now, file_id=file_id)
    return ChunkResult(counts={**counts, "older_than_correction": rows.height - current.height})


JOB = register(
    feed_job(
        "import-tax",
        Feed(kind="tax", title="税情報の取込", parse=tax_feed.parse, apply=apply, prepare=prepare, check=check),
    )
)
