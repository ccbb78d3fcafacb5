"""End entitlements: the loss as a decision, and the entitlement with its shorter period. Whole columns."""

from datetime import date, datetime

import polars as pl

from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.definition import Scheme
from tasuke.schemes.reasons import NOTES
from tasuke.schemes.vocabulary import SchemeKind
from tasuke.systems.subsidy.entitlements.judging import Rules, judge_cases
from tasuke.systems.subsidy.entitlements.ledger import add_decisions, add_entitlements, supersede
from tasuke.systems.subsidy.entitlements.models import DecisionKind
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame

_NOTE_CODES = [str(code) for code in NOTES]
OUTCOME_LOST = "lost"
PRIORITY = "HOLDS_OTHER_SCHEME"
# columns of an entitlement that the judgement gives as well; the entitlement's own go under these names
_OWN = ("payer_no", "band", "coverage", "copay_class", "funding")


def cases_of(entitlements: pl.DataFrame, *, on: pl.Expr) -> pl.DataFrame:
    """Entitlements as cases to be judged on a day. What the judgement gives too is kept under `own_…`."""
    return (
        entitlements.rename({c: f"own_{c}" for c in _OWN})
        .with_columns(
            on.alias("on"),
            pl.lit(None, dtype=pl.Date).alias("application_date"),
            pl.lit(None, dtype=pl.String).alias("event"),
            pl.lit(None, dtype=pl.Date).alias("event_date"),
        )
        .with_columns(pl.format("{}/{}", "entitlement_id", "on").alias("id"))
    )


def first_reason() -> pl.Expr:
    """The reason that decides: the first code that is not a note."""
    codes = pl.col("reasons").list.filter(~pl.element().is_in(_NOTE_CODES))
    return codes.list.first().fill_null("")


def end_entitlements(
    *, using: str, rows: pl.DataFrame, kind: DecisionKind, decided_on: date, now: datetime, run_id: int | None
) -> int:
    """End entitlements on `lost_on` (the first day without); before their first day: as if they had never been.

    rows: judged cases of `cases_of` with lost_on d and loss_reason.
    """
    if rows.is_empty():
        return 0
    decided = add_decisions(
        using=using,
        rows=rows.drop(*_OWN, "start", "end")
        .rename({f"own_{c}": c for c in _OWN})
        .with_columns(
            pl.lit(kind.value).alias("kind"),
            pl.lit(OUTCOME_LOST).alias("outcome"),
            pl.lit(None, dtype=pl.Int64).alias("application_id"),
            pl.lit(decided_on).alias("decided_on"),
            pl.col("valid_from").alias("start"),
            pl.col("lost_on").alias("end"),
        ),
        now=now,
        run_id=run_id,
    )
    supersede(using=using, entitlement_ids=decided["entitlement_id"], now=now)
    remaining = decided.filter(pl.col("lost_on") > pl.col("valid_from")).with_columns(
        pl.col("lost_on").alias("valid_to")
    )
    add_entitlements(using=using, rows=remaining, now=now)
    return rows.height


def lower_schemes(rules: Rules) -> list[Scheme]:
    """Schemes of this city that give way to this one."""
    kind: SchemeKind = rules.scheme.kind
    others = [load_scheme(s) for s in rules.profile.schemes if s != rules.scheme.id]
    return [s for s in others if any(v.who.priority and kind in v.who.priority.yields_to for v in s.version)]


def yield_lower(
    *, using: str, rules: Rules, gained: pl.DataFrame, decided_on: date, now: datetime, run_id: int | None
) -> int:
    """End what gives way to newly won entitlements (atena_no, start, end?): the lower scheme ends the day before.

    Whether it gives way (併給の例外) is the lower scheme's own rule, judged on the first day that both would hold.
    """
    ended = 0
    for scheme in lower_schemes(rules) if not gained.is_empty() else []:
        lower = Rules(scheme=scheme, profile=rules.profile)
        held = entitlements_frame(using=using, scheme=scheme.id, atena_nos=gained["atena_no"])
        both = held.join(gained.select("atena_no", "start", "end"), on="atena_no", how="inner").filter(
            (pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("start")))
            & (pl.col("end").is_null() | (pl.col("valid_from") < pl.col("end")))
        )
        first_days = both.with_columns(pl.max_horizontal("start", "valid_from").alias("first"))
        once = first_days.sort("first", "entitlement_id", "start").unique(
            "entitlement_id", keep="first", maintain_order=True
        )
        cases = cases_of(once.sort("entitlement_id").drop("start", "end"), on=pl.col("first"))
        judged = judge_cases(using=using, rules=lower, cases=cases)
        rows = judged.filter(pl.col("reasons").list.contains(PRIORITY)).with_columns(
            pl.col("on").alias("lost_on"), pl.lit(PRIORITY).alias("loss_reason")
        )
        ended += end_entitlements(
            using=using, rows=rows, kind=DecisionKind.CHANGE, decided_on=decided_on, now=now, run_id=run_id
        )
    return ended
