"""What is said of the whole file: check digits (each number looked at once) and business keys that come twice."""

import polars as pl

from tasuke.core.numbers import check_number
from tasuke.core.problems import Severity
from tasuke.formats.csv_layout.context import FileContext
from tasuke.formats.csv_layout.definition import Field, Key


def check_digits(context: FileContext, frame: pl.DataFrame) -> None:
    """Warn of numbers whose check digit is wrong. Never a refusal: old numbers exist that break the rule (§3.1)."""
    for field in context.layout.fields:
        if field.check is None:
            continue
        wrong = _wrong_numbers(field, frame[field.name].drop_nulls().unique().to_list())
        if not wrong:
            continue
        hit = frame.filter(pl.col(field.name).is_in(list(wrong))).select("line", field.name)
        for line, value in hit.iter_rows():
            context.tell(
                code="check_digit",
                message=wrong[value],
                line=line,
                field=field,
                value=value,
                severity=Severity.WARNING,
            )


def _wrong_numbers(field: Field, values: list[str]) -> dict[str, str]:
    """The numbers that do not check, each with the reason."""
    wrong = {}
    for value in values:
        if field.check is None or (field.check_lengths and len(value) not in field.check_lengths):
            continue
        result = check_number(field.check, value)
        if result.problems:
            wrong[value] = result.problems[0].message
    return wrong


def repeated_keys(context: FileContext, frame: pl.DataFrame) -> pl.DataFrame:
    """Tell rows whose business key an earlier row has; those of a key with severity ERROR are left out."""
    for key in context.layout.keys:
        names = list(key.fields)
        later = ~frame.select(
            pl.struct(names).is_first_distinct() if len(names) > 1 else pl.col(names[0]).is_first_distinct()
        ).to_series()
        if not later.any():
            continue
        _tell_key(context, key, frame, later)
        if key.severity is Severity.ERROR:
            frame = frame.filter(~later)
    return frame


def _tell_key(context: FileContext, key: Key, frame: pl.DataFrame, later: pl.Series) -> None:
    names = list(key.fields)
    doubles = frame.select("line", *names).filter(later)
    first = (
        frame.select("line", *names)
        .join(doubles.select(names).unique(), on=names, how="semi", nulls_equal=True)
        .group_by(names)
        .agg(pl.col("line").min().alias("first_line"))
    )
    field = context.layout.field(names[0])
    for row in doubles.join(first, on=names, how="left", nulls_equal=True).sort("line").iter_rows(named=True):
        context.tell(
            code="key_repeated",
            message=f"{key.message}（先の行は{row['first_line']}行目）",
            line=row["line"],
            field=field,
            value=str(row[names[0]]),
            severity=key.severity,
        )
