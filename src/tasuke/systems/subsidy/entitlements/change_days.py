"""The days on which something about an entitlement may change: those are judged again, no others.

Pure: from what was read of the register to (entitlement_id, on).
"""

from datetime import date, timedelta

import polars as pl

from tasuke.schemes.age_columns import boundary_expr, cohort_expr, ymd_expr
from tasuke.schemes.definition import Scheme
from tasuke.systems.subsidy.entitlements.facts import Register
from tasuke.systems.subsidy.registry.models import RelationKind


def change_days(*, register: Register, scheme: Scheme, entitlements: pl.DataFrame, on: date) -> pl.DataFrame:
    """Days between the first of an entitlement and `on`, the day after its last one included: entitlement_id, on.

    entitlements: current ones, with judged_on d and decided_year i? (income year) of the decision that shaped each.
    """
    pairs = _related(register, entitlements)
    own = pairs.filter(pl.col("own")).select("entitlement_id", "atena_no")
    edges = [
        _edges(register.residence, pairs),
        _edges(register.single_parents, pairs),
        _edges(register.welfare, pairs),
        _edges(register.insurance.select("atena_no", valid_from="since", valid_to="until"), own),
        _edges(register.held, own),
        _edges(register.relations, own),
        _edges(register.relations.select("valid_from", "valid_to", atena_no="other_atena_no"), own),
    ]
    parts = [
        *edges,
        entitlements.select("entitlement_id", pl.col("valid_from").alias("on")),
        entitlements.select("entitlement_id", pl.col("valid_to").alias("on")),
        *_age_days(register, scheme, entitlements),
        *_rule_days(scheme, entitlements),
    ]
    days = pl.concat([p.select("entitlement_id", "on") for p in parts]).unique()
    inside = (pl.col("on") >= pl.col("valid_from")) & (
        pl.col("valid_to").is_null() | (pl.col("on") <= pl.col("valid_to"))
    )
    bounds = entitlements.select("entitlement_id", "valid_from", "valid_to")
    first_version = scheme.version[0].valid_from
    return (
        days.join(bounds, on="entitlement_id", how="inner")
        .filter(inside & (pl.col("on") <= on) & (pl.col("on") >= first_version))
        .select("entitlement_id", "on")
        .sort("entitlement_id", "on")
    )


def _related(register: Register, entitlements: pl.DataFrame) -> pl.DataFrame:
    """Whose facts matter: the person, the children whom a parent raises, the parents of a child."""
    own = entitlements.select("entitlement_id", "atena_no", pl.lit(value=True).alias("own"))
    raised = register.relations.filter(pl.col("kind") == RelationKind.CHILD).select("atena_no", "other_atena_no")
    down = own.join(raised, on="atena_no", how="inner").select(
        "entitlement_id", pl.col("other_atena_no").alias("atena_no")
    )
    up = own.join(raised.rename({"atena_no": "parent", "other_atena_no": "atena_no"}), on="atena_no", how="inner")
    named = register.relations.filter(pl.col("kind") == RelationKind.BREADWINNER).select("atena_no", "other_atena_no")
    keeper = own.join(named, on="atena_no", how="inner").select(
        "entitlement_id", pl.col("other_atena_no").alias("atena_no")
    )
    others = pl.concat([down, up.select("entitlement_id", pl.col("parent").alias("atena_no")), keeper])
    return pl.concat([own, others.with_columns(pl.lit(value=False).alias("own"))]).unique()


def _edges(history: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    joined = pairs.select("entitlement_id", "atena_no").join(history, on="atena_no", how="inner")
    starts = joined.select("entitlement_id", pl.col("valid_from").alias("on"))
    ends = joined.select("entitlement_id", pl.col("valid_to").alias("on")).drop_nulls()
    return pl.concat([starts, ends])


def _age_days(register: Register, scheme: Scheme, entitlements: pl.DataFrame) -> list[pl.DataFrame]:
    """The days on which a person passes from one 年齢段 to the next, in any version."""
    people = entitlements.select("entitlement_id", "atena_no").join(register.births, on="atena_no", how="inner")
    born = people.filter(pl.col("birth_date").is_not_null()).with_columns(pl.col("birth_date").alias("_birth"))
    ready = born.with_columns(cohort_expr(ymd_expr(pl.col("_birth"))).alias("_cohort"))
    points = {b.until for v in scheme.version for b in v.who.band if b.until is not None}
    points |= {v.who.extension.until for v in scheme.version if v.who.extension is not None}
    ordered = sorted(points, key=lambda p: (p.age, str(p.switch)))
    return [ready.select("entitlement_id", boundary_expr(point).alias("on")) for point in ordered]


def _rule_days(scheme: Scheme, entitlements: pl.DataFrame) -> list[pl.DataFrame]:
    """First days of versions; and the first day on which the income year of the last decision counts (更正)."""
    days = [entitlements.select("entitlement_id", pl.lit(v.valid_from).alias("on")) for v in scheme.version]
    for version in scheme.version:
        if version.income is None:
            continue
        switch = version.income.year_switch
        counted = pl.date(pl.col("decided_year") + switch.years_back, switch.month, 1)
        first = pl.max_horizontal(counted, "valid_from")
        days.append(
            entitlements.filter(pl.col("decided_year").is_not_null()).select("entitlement_id", first.alias("on"))
        )
    days.append(entitlements.select("entitlement_id", pl.col("judged_on").alias("on")))
    return days


def horizon(on: date) -> date:
    """How far back an entitlement that has ended is still looked at: retroactive notices are older in no case known."""
    return on - timedelta(days=2 * 366)
