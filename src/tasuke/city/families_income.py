"""Incomes for the assessment: which record of which person counts for an applicant, by the scheme's own subjects."""

from typing import TYPE_CHECKING

import polars as pl

from tasuke.city.draw import Ints, digits
from tasuke.schemes.definition import Scheme

if TYPE_CHECKING:
    from tasuke.city.eligibility import World

_MONEY = (
    "status_code",
    "total_income",
    "salary_income",
    "pension_income",
    "deduction_casualty",
    "deduction_medical",
    "deduction_small_business",
    "deduction_spouse_special",
    "disabled_count",
    "special_disabled_count",
    "dependents",
    "dependents_elderly",
    "dependents_specific",
    "dependents_16_18",
    "income_levy",
)


def _subjects(world: "World", scheme: Scheme, rows: pl.DataFrame) -> pl.DataFrame:
    """(id, subject, pid of the subject, child_support) for every person and every subject that any version asks for."""
    wanted = {str(s.subject) for v in scheme.version if v.income for s in v.income.subject}
    ids = pl.Series("id", digits(pl.Series(range(rows.height), dtype=pl.Int64).to_numpy(), 1))
    support = rows["child_support"].fill_null(0)
    main = pl.DataFrame({"id": ids, "who": rows["breadwinner"], "child_support": support})
    parts = []
    # in the child schemes the application names the breadwinner only; parents are named for single parents
    named = {"breadwinner": True, "parent": scheme.kind.value == "hitorioya", "self": False}
    for subject, given in named.items():
        if subject in wanted and given:
            parts.append(main.with_columns(subject=pl.lit(subject)))
    if "supporter" in wanted and world.supporters:
        table = pl.DataFrame(
            {"applicant": list(world.supporters), "who": list(world.supporters.values())},
            schema={"applicant": pl.Int64, "who": pl.List(pl.Int64)},
        ).explode("who")
        named_by = rows.select("applicant").with_columns(id=ids)
        supporters = named_by.join(table, on="applicant", how="inner", maintain_order="left")
        parts.append(
            supporters.select("id", "who", child_support=pl.lit(0, dtype=pl.Int64), subject=pl.lit("supporter"))
        )
    return pl.concat([p.select("id", "who", "child_support", "subject") for p in parts])


def income_rows(
    world: "World", scheme: Scheme, rows: pl.DataFrame, on: Ints, *, known_by: int | None = None
) -> pl.DataFrame:
    """The incomes frame of the assessment: the newest record per subject and year that is known on the day.

    known_by: as it is known on a later day, when a correction may have come.
    """
    day = int(on.max(initial=0)) if known_by is None else known_by
    known = (
        world.tax.filter(pl.col("known") <= day)
        .sort("pid", "tax_year", "known")
        .unique(["pid", "tax_year"], keep="last", maintain_order=True)
    )
    subjects = _subjects(world, scheme, rows)
    joined = subjects.join(known, left_on="who", right_on="pid", how="left", maintain_order="left")
    return joined.select(
        pl.col("id").alias("person_id"),
        pl.col("who").cast(pl.String).alias("subject_id"),
        "subject",
        income_year=pl.col("tax_year") - 1,
        **{name: pl.col(name) for name in _MONEY},
        single_parent=pl.col("single_parent") > 0,
        elderly_spouse=pl.col("elderly_spouse") > 0,
        child_support="child_support",
    )
