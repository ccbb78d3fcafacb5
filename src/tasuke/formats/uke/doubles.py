"""Receipts that stand in a file twice: the later one is marked, so that a person sees it and nobody pays it."""

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.uke.structure import Structure

_SAME = ("institution_code", "billed_month")
# What two copies of one receipt have in common besides their number.
_CONTENT = (
    "service_month", "receipt_type", "name", "birth_date", "insurer_no", "symbol", "number", "cost", "days",
    "karte_no", "visit_days",
)  # fmt: skip


def find_doubles(claims: pl.DataFrame, found: Structure) -> pl.DataFrame:
    """Claims with `double_of`: the line of the receipt of which this one is a copy.

    Same search number, or same receipt number with the same content: an ERROR at the later one, which is marked. Same
    receipt number with other content, or same content with another number: not marked, with a WARNING.
    """
    first_by_search = pl.col("line").first().over("search_no")
    by_search = pl.col("search_no").is_not_null() & (pl.col("line") != first_by_search)
    first_by_number = pl.col("line").first().over(*_SAME, *_CONTENT, "receipt_no")
    by_number = pl.col("receipt_no").is_not_null() & (pl.col("line") != first_by_number)
    marked = claims.with_columns(
        double_of=pl.when(by_search).then(first_by_search).when(by_number).then(first_by_number).cast(pl.Int64)
    )
    doubled = marked.filter(pl.col("double_of").is_not_null())
    for line, of in doubled.select("line", "double_of").iter_rows():
        message = f"{of}行目と同じレセプトが重ねて記録されています。二重に数えないよう、支給せずに疑義とします。"
        found.problems.append(Problem("DOUBLED_RECEIPT", message, line=line, field="RE"))
    _warn_likely(marked.filter(pl.col("double_of").is_null()), found)
    return marked


def _warn_likely(claims: pl.DataFrame, found: Structure) -> None:
    repeated = claims.select(
        "line",
        number=pl.when(pl.col("receipt_no").is_not_null()).then(pl.col("line").first().over(*_SAME, "receipt_no")),
        content=pl.when(pl.col("search_no").is_null()).then(pl.col("line").first().over(*_SAME, *_CONTENT)),
    )
    for line, number, content in repeated.filter(
        (pl.col("line") != pl.col("number")) | (pl.col("line") != pl.col("content"))
    ).iter_rows():
        if content is not None and content != line:
            message = f"{content}行目のレセプトと患者・点数・受診日が同じです。二重請求でないか確かめてください。"
            problem = Problem("LIKELY_DOUBLE", message, line=line, field="RE", severity=Severity.WARNING)
        else:
            message = f"レセプト番号が {number}行目のレセプトと同じです。内容は違うため両方を取り込みました。"
            problem = Problem("REPEATED_NUMBER", message, line=line, field="レセプト番号", severity=Severity.WARNING)
        found.problems.append(problem)
