"""import-receipts {"path"}: 償還払いの申請. A receipt line that is known (受付番号 and 明細番号) is not taken again."""

import polars as pl
from django.db import connections

from tasuke.core.problems import Problem
from tasuke.formats import receipt_feed
from tasuke.platform.batch.job import ChunkResult, RunContext, register
from tasuke.platform.bulk import copy_in, copy_out, staging, upsert_new
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job

_HEADER = ("receipt_no", "applicant_atena_no", "received_on")
_ACCOUNT = ("bank_code", "branch_code", "account_kind", "account_no")
_TYPES = dict.fromkeys((*_HEADER, *_ACCOUNT, "holder_kana"), "text") | {"received_on": "date", "file_id": "bigint"}
_LINE = (
    "line_no",
    "scheme",
    "service_date",
    "institution_name",
    "care",
    "inpatient",
    "first_visits",
    "visits",
    "days",
    "cost",
    "benefit_rate",
    "patient_share",
    "high_cost",
    "extra_benefit",
    "meals",
    "public_share",
    "paid",
    "paid_on",
    "reason",
)


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows in the order of their line numbers."""
    return frame.with_columns(order=pl.col("line_no"))


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Write receipts and lines that are not there yet; a known line is a problem, since its file is another one."""
    connection = connections[context.using]
    headers = rows.unique("receipt_no", keep="first", maintain_order=True).select(
        *_HEADER,
        *[pl.col(c).fill_null("") for c in _ACCOUNT],
        pl.col("account_holder_kana").fill_null("").alias("holder_kana"),
        pl.lit(file_id, dtype=pl.Int64).alias("file_id"),
    )
    receipts = upsert_new(connection, "subsidy_receipt", headers, key=["receipt_no"], types=_TYPES)
    rows = rows.join(_known(context, headers), on=["receipt_no", "line_no"], how="left", maintain_order="left")
    rows = rows.join(_ids(context, headers), on="receipt_no", maintain_order="left")
    fresh = rows.filter(pl.col("known").is_null())
    lines = fresh.select(
        "receipt_id",
        *_LINE,
        pl.col("line").alias("file_line"),
        pl.col("person_atena_no").alias("atena_no"),
        *[pl.col(c).fill_null("") for c in ("recipient_no", "institution_code", "public_program")],
    )
    copy_in(connection, "subsidy_receipt_line", lines)
    problems = [
        Problem(
            "receipt_line_known",
            f"受付番号{receipt_no}の明細{line_no}は、以前のファイルで取り込み済みです。この行は使いません。",
            line=line,
            field="受付番号",
            value=receipt_no,
        )
        for receipt_no, line_no, line in rows.filter(pl.col("known").is_not_null())
        .select("receipt_no", "line_no", "line")
        .iter_rows()
    ]
    counts = {"receipts": receipts, "lines": fresh.height, "known": len(problems), "paid": int(fresh["paid"].sum())}
    return ChunkResult(counts=counts, problems=problems)


def _known(context: RunContext, headers: pl.DataFrame) -> pl.DataFrame:
    """(receipt_no, line_no, known) of lines that were there before this chunk."""
    with staging(connections[context.using], headers.select("receipt_no"), {"receipt_no": "text"}) as name:
        query = (
            "SELECT r.receipt_no, l.line_no, true FROM subsidy_receipt_line l "  # noqa: S608
            f"JOIN subsidy_receipt r ON r.id = l.receipt_id JOIN {name} s ON s.receipt_no = r.receipt_no"
        )
        schema = {"receipt_no": pl.String, "line_no": pl.Int64, "known": pl.Boolean}
        return copy_out(connections[context.using], query, schema=schema)


def _ids(context: RunContext, headers: pl.DataFrame) -> pl.DataFrame:
    with staging(connections[context.using], headers.select("receipt_no"), {"receipt_no": "text"}) as name:
        query = f"SELECT r.receipt_no, r.id FROM subsidy_receipt r JOIN {name} s ON s.receipt_no = r.receipt_no"  # noqa: S608
        return copy_out(connections[context.using], query, schema={"receipt_no": pl.String, "receipt_id": pl.Int64})


JOB = register(
    feed_job(
        "import-receipts",
        Feed(
            kind="receipts",
            title="償還払い申請の取込",
            parse=receipt_feed.parse,
            apply=apply,
            prepare=prepare,
            person="receipt_no",
            rows_per_chunk=5_000,
        ),
    )
)
