"""所得を見る人: one row per subject → compared figure, limit, class flags → one row per person.

Names: `_row` is the person's row number in the persons frame. Aggregated columns begin with `_inc_`.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from tasuke.schemes.definition import CopayClassRule, Income, Prefecture, Version
from tasuke.schemes.frames import add_columns, collected, pick_columns
from tasuke.schemes.net_income import (
    UNDECLARED,
    UNTAXED,
    before_flat_expr,
    by_subject,
    compared_expr,
    levy_expr,
    limit_expr,
)

_KEYS = ("subject", "subject_id")
_FIGURES = ("_value", "_limit", "_undeclared", "_unknown", "_over", "_prefecture_over")
_VALUE_BITS = 37  # a compared figure is held below 2**37 yen (137 billion) for the sort key only
AGGREGATED = {
    "_inc_subjects": pl.UInt32,
    "_inc_undeclared": pl.Boolean,
    "_inc_unknown": pl.Boolean,
    "_inc_over": pl.Boolean,
    "_inc_prefecture_over": pl.Boolean,
    "_inc_subject_id": pl.String,
    "_inc_subject": pl.String,
    "_inc_year": pl.Int64,
    "_inc_value": pl.Int64,
    "_inc_limit": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class SubjectStages:
    """Expressions of one version on the rows of the subjects, ready to be added in this order."""

    income: Income
    subjects: tuple[str, ...]
    stages: tuple[tuple[pl.Expr, ...], ...]
    classes: tuple[str, ...]  # names of the class flags


def subject_stages(version: Version, income: Income) -> SubjectStages:
    """Compile the income part of a version."""
    group = version.deductions[income.deductions]
    tables = {str(s.subject): s.table for s in income.subject}
    compared = {name: compared_expr(t, group, income) for name, t in version.tables.items()}
    limits = {name: limit_expr(t) for name, t in version.tables.items()}
    nothing = pl.lit(None, dtype=pl.Int64)
    figure = pl.col("_levy") if income.index == "income_levy" else pl.col("_before_flat").clip(lower_bound=0)
    flags = [_class_flag(rule, compared, limits, income) for rule in version.copay_class.rule]
    return SubjectStages(
        income=income,
        subjects=tuple(tables),
        stages=(
            (before_flat_expr(income, group).alias("_before_flat"), levy_expr().alias("_levy")),
            (
                by_subject(tables, compared, figure).alias("_value"),
                by_subject(tables, limits, nothing).alias("_limit"),
                pl.col("status_code").eq_missing(UNDECLARED).alias("_undeclared"),
                _prefecture_over(version.funding.prefecture, compared, limits, income).alias("_prefecture_over"),
                *flags,
            ),
            (
                (pl.col("_value").is_null() & ~pl.col("_undeclared") & pl.col("subject").is_not_null()).alias(
                    "_unknown"
                ),
                _over("_value", "_limit", income.comparison.rule).alias("_over"),
            ),
        ),
        classes=tuple(f"_class_{rule.key}" for rule in version.copay_class.rule),
    )


def _over(value: str, limit: str, rule: Literal["lt", "le"]) -> pl.Expr:
    test = pl.col(value) >= pl.col(limit) if rule == "lt" else pl.col(value) > pl.col(limit)
    return test.fill_null(value=False)


def _class_flag(
    rule: CopayClassRule, compared: dict[str, pl.Expr], limits: dict[str, pl.Expr], income: Income
) -> pl.Expr:
    """Whether the row fits a class; null when its tax is not known."""
    return _class_test(rule, compared, limits, income).alias(f"_class_{rule.key}")


def _class_test(
    rule: CopayClassRule, compared: dict[str, pl.Expr], limits: dict[str, pl.Expr], income: Income
) -> pl.Expr:
    status = pl.col("status_code")
    match rule.when:
        case "untaxed":
            return pl.when(status.is_null() | (status == UNDECLARED)).then(None).otherwise(status == UNTAXED)
        case "levy_zero":
            return pl.col("_levy") == 0
        case "below_table":
            value, limit = compared[rule.table or ""], limits[rule.table or ""]
            return value < limit if income.comparison.rule == "lt" else value <= limit
        case "otherwise":
            return pl.lit(True)


def _prefecture_over(
    prefecture: Prefecture | None, compared: dict[str, pl.Expr], limits: dict[str, pl.Expr], income: Income
) -> pl.Expr:
    if prefecture is None or not prefecture.subject:
        return pl.lit(False)
    tables = {str(s.subject): s.table for s in prefecture.subject}
    rule = (prefecture.comparison or income.comparison).rule
    tests = {
        name: (compared[name] >= limits[name] if rule == "lt" else compared[name] > limits[name]).fill_null(value=False)
        for name in compared
    }
    return by_subject(tables, tests, pl.lit(False))


def subject_rows(
    stages: SubjectStages, persons: pl.LazyFrame, incomes: pl.DataFrame, *, every_column: bool = False
) -> pl.DataFrame:
    """One row per subject whose income counts, with figures, and one with nulls for a person without any.

    persons: `_row`, `id`, `_income_year`. A subject without a row of the wanted year is kept with nulls, so that it can
    be held as unknown. The rows stand in the order of `persons`. every_column: keep the facts too, for an explanation.
    """
    money = incomes.lazy().filter(pl.col("subject").is_in(list(stages.subjects)))
    for stage in stages.stages:  # before the join: figures are found in the order of memory, and fewer columns travel
        money = add_columns(money, stage, rows=incomes.height)
    kept = pl.all() if every_column else pl.col("person_id", "income_year", *_KEYS, *_FIGURES, *stages.classes)
    joined = persons.join(
        money.select(kept),
        left_on="id",
        right_on="person_id",
        how="left",
        maintain_order="left_right",
        nulls_equal=False,
    )
    fits = pl.col("income_year").eq_missing(pl.col("_income_year")) | pl.col("subject").is_null()
    rows = collected(joined.with_columns_seq(fits.alias("_fits")))
    return rows if rows["_fits"].all() else _keep_year(rows, rows["_fits"])


def _keep_year(rows: pl.DataFrame, fits: pl.Series) -> pl.DataFrame:
    """Rows of the wanted year, and an empty row for each subject that has none."""
    keys = ["_row", *_KEYS]
    found = rows.filter(fits)
    others = rows.filter(~fits).select("id", "_income_year", *keys).unique(keys, keep="first", maintain_order=True)
    missing = others.join(found.select(keys), on=keys, how="anti", nulls_equal=True)
    if missing.height == 0:
        return found
    unknown = missing.with_columns(pl.lit(True).alias("_unknown"))
    return pl.concat([found, unknown], how="diagonal").sort("_row", maintain_order=True)


def per_person(stages: SubjectStages, rows: pl.DataFrame) -> list[pl.Series]:
    """Columns with one row per person, in the persons' order: flags over all subjects, and the subject who decides."""
    first = rows["_row"]
    if first.n_unique() == rows.height:
        columns = [_subjects_of_one(), *_of_one(stages)]
        return collected(pick_columns(rows.lazy(), columns, rows=rows.height)).get_columns()
    rows = rows.with_columns(_order_key(stages.income).alias("_key")).sort("_key", maintain_order=True)
    decided = rows.group_by("_row", maintain_order=True).agg(_subjects_of_many(), *_of_many(stages))
    if stages.income.whose == "sum":
        rule = stages.income.comparison.rule
        decided = decided.with_columns(_over("_inc_value", "_inc_limit", rule).alias("_inc_over"))
    return decided.drop("_row").get_columns()


def _subjects_of_one() -> pl.Expr:
    """How many subjects (null: none)."""
    return pl.when(pl.col("subject").is_not_null()).then(pl.lit(1, dtype=pl.UInt32)).alias("_inc_subjects")


def _subjects_of_many() -> pl.Expr:
    return pl.when(pl.col("subject").first().is_not_null()).then(pl.len().cast(pl.UInt32)).alias("_inc_subjects")


def _order_key(income: Income) -> pl.Expr:
    """Ascending: persons in order, and within a person the subject who decides first (input order on a draw).

    each: who is over the limit, then the highest figure; highest and sum: the highest figure, then who is over.
    """
    value = pl.col("_value").fill_null(0).clip(0, (1 << (_VALUE_BITS - 1)) - 1)
    over = pl.col("_over").fill_null(value=False).cast(pl.Int64)
    rank = over * (1 << (_VALUE_BITS - 1)) + value if income.whose == "each" else value * 2 + over
    return pl.col("_row").cast(pl.Int64) * (1 << _VALUE_BITS) - rank


def _of_one(stages: SubjectStages) -> list[pl.Expr]:
    return [
        pl.col("_undeclared").alias("_inc_undeclared"),
        pl.col("_unknown").alias("_inc_unknown"),
        pl.col("_over").alias("_inc_over"),
        pl.col("_prefecture_over").alias("_inc_prefecture_over"),
        pl.col("subject_id").alias("_inc_subject_id"),
        pl.col("subject").alias("_inc_subject"),
        pl.col("income_year").alias("_inc_year"),
        pl.col("_value").alias("_inc_value"),
        pl.col("_limit").alias("_inc_limit"),
        *(pl.col(name).alias(f"_inc{name}") for name in stages.classes),
    ]


def _of_many(stages: SubjectStages) -> list[pl.Expr]:
    highest = stages.income.whose == "highest"
    value = pl.col("_value").sum() if stages.income.whose == "sum" else pl.col("_value").first()
    over, prefecture = pl.col("_over"), pl.col("_prefecture_over")
    return [
        pl.col("_undeclared").any().alias("_inc_undeclared"),
        pl.col("_unknown").any().alias("_inc_unknown"),
        (over.first() if highest else over.any()).alias("_inc_over"),
        (prefecture.first() if highest else prefecture.any()).alias("_inc_prefecture_over"),
        pl.col("subject_id").first().alias("_inc_subject_id"),
        pl.col("subject").first().alias("_inc_subject"),
        pl.col("income_year").first().alias("_inc_year"),
        value.alias("_inc_value"),
        pl.col("_limit").first().alias("_inc_limit"),
        *(_class_of_many(name, highest=highest).alias(f"_inc{name}") for name in stages.classes),
    ]


def _class_of_many(name: str, *, highest: bool) -> pl.Expr:
    """highest: the class of who decides; else all must fit. Null (unknown) as long as one subject's tax is unknown."""
    fits = pl.col(name)
    answer = fits.first() if highest else fits.all()
    return pl.when(fits.is_null().any()).then(None).otherwise(answer)


def empty_aggregate(stages: SubjectStages | None) -> dict[str, pl.DataType]:
    """Schema of `per_person`."""
    flags = dict.fromkeys((f"_inc{n}" for n in stages.classes), pl.Boolean()) if stages else {}
    return {**{name: kind() for name, kind in AGGREGATED.items()}, **flags}
