"""Write what `find_changes` found: decisions first, then the entitlements as they stand now."""

from datetime import date, datetime

import polars as pl

from tasuke.systems.subsidy.entitlements.changes import EntitlementChanges, find_changes
from tasuke.systems.subsidy.entitlements.check_writing import ask_insurance, close_checks
from tasuke.systems.subsidy.entitlements.insurance_checks import NOT_INSURED
from tasuke.systems.subsidy.entitlements.judging import Rules
from tasuke.systems.subsidy.entitlements.ledger import add_decisions, add_entitlements, supersede
from tasuke.systems.subsidy.entitlements.losses import OUTCOME_LOST, end_entitlements, yield_lower
from tasuke.systems.subsidy.entitlements.models import DecisionKind
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame

_OWN = ("payer_no", "band", "coverage", "copay_class", "funding")


def write_changes(
    *, using: str, rules: Rules, changes: EntitlementChanges, decided_on: date, now: datetime, run_id: int | None
) -> dict[str, int]:
    """Write the changes of some persons; counts: lost, split, reopened, gave_way, asked. The transaction is the
    caller's."""
    # a scheme that goes first may have ended some of them in this very transaction: those wait for the next run
    current = entitlements_frame(using=using, scheme=rules.scheme.id, atena_nos=changes.people())
    changes = changes.still_current(current["entitlement_id"])
    split = changes.pieces["entitlement_id"].unique()
    cut = pl.col("entitlement_id").is_in(split.implode())
    lost = end_entitlements(
        using=using,
        rows=changes.lost.filter(~cut),
        kind=DecisionKind.CHANGE,
        decided_on=decided_on,
        now=now,
        run_id=run_id,
    )
    both = changes.lost.filter(cut)
    _write_pieces(using, changes.pieces, both, decided_on, now, run_id)
    close_checks(using=using, closings=changes.closings, on=decided_on)
    asked = ask_insurance(using=using, held=changes.held, on=decided_on, now=now, run_id=run_id)
    back = _returning(using, rules, changes.lost, decided_on)
    gave_way = _write_reopened(using, rules, changes.reopened, decided_on, now, run_id)
    gave_way += _write_reopened(using, rules, back, decided_on, now, run_id)
    return {
        "lost": lost + both.height,
        "split": split.len(),
        "reopened": changes.reopened.height + back.height,
        "gave_way": gave_way,
        "asked": asked,
    }


def _returning(using: str, rules: Rules, lost: pl.DataFrame, on: date) -> pl.DataFrame:
    """Of those who lost the entitlement just now for want of an insurance, who has the next one: a gap, told late."""
    people = lost.filter(pl.col("loss_reason") == NOT_INSURED)["atena_no"]
    if people.is_empty():
        return lost.clear()
    nothing = pl.DataFrame(schema={"atena_no": pl.String, "event_date": pl.Date, "notice": pl.String})
    again = find_changes(using=using, rules=rules, on=on, notices=nothing, atena_nos=people)
    return again.reopened.filter(~pl.col("gapless"))


def _write_pieces(
    using: str, pieces: pl.DataFrame, lost: pl.DataFrame, decided_on: date, now: datetime, run_id: int | None
) -> None:
    if pieces.is_empty():
        return
    older = pl.col("band") != pl.col("own_band")
    kind = pl.when(older).then(pl.lit(DecisionKind.AGE.value)).otherwise(pl.lit(DecisionKind.CHANGE.value))
    common = {"application_id": pl.lit(None, dtype=pl.Int64), "decided_on": pl.lit(decided_on)}
    shaped = pieces.filter("changed").with_columns(
        kind.alias("kind"),
        pl.lit("eligible").alias("outcome"),
        pl.col("valid_from").alias("start"),
        pl.col("valid_to").alias("end"),
        **common,
    )
    decided = add_decisions(using=using, rows=shaped.drop("decision_id"), now=now, run_id=run_id)
    endings = (
        lost.drop(*_OWN, "start", "end", "decision_id")
        .rename({f"own_{c}": c for c in _OWN})
        .with_columns(
            pl.lit(DecisionKind.CHANGE.value).alias("kind"),
            pl.lit(OUTCOME_LOST).alias("outcome"),
            pl.col("valid_from").alias("start"),
            pl.col("lost_on").alias("end"),
            **common,
        )
    )
    ended = add_decisions(using=using, rows=endings, now=now, run_id=run_id)
    last = pl.col("valid_from") == pl.col("valid_from").max().over("entitlement_id")
    whole = pl.concat([pieces.filter(~pl.col("changed")), decided.select(pieces.columns)]).join(
        ended.select(
            "entitlement_id", pl.col("decision_id").alias("ending"), pl.col("loss_reason").alias("ending_reason")
        ),
        on="entitlement_id",
        how="left",
    )
    reason = pl.coalesce("ending_reason", "loss_reason")
    rows = whole.with_columns(
        pl.when(last).then(pl.coalesce("ending", "decision_id")).otherwise("decision_id").alias("decision_id"),
        pl.when(last).then(reason).otherwise(pl.lit("")).alias("loss_reason"),
    )
    supersede(using=using, entitlement_ids=pieces["entitlement_id"].unique(), now=now)
    add_entitlements(using=using, rows=rows, now=now)


def _write_reopened(
    using: str, rules: Rules, reopened: pl.DataFrame, decided_on: date, now: datetime, run_id: int | None
) -> int:
    """The further time as a row of its own, or, where nothing but the end is new, in one row with the time before."""
    if reopened.is_empty():
        return 0
    rows = reopened.drop("decision_id").with_columns(
        pl.when(pl.col("loss_reason") == NOT_INSURED)
        .then(pl.lit(DecisionKind.RESTORED.value))
        .otherwise(pl.lit(DecisionKind.CORRECTION.value))
        .alias("kind"),
        pl.lit(None, dtype=pl.Int64).alias("application_id"),
        pl.lit(decided_on).alias("decided_on"),
    )
    decided = add_decisions(using=using, rows=rows, now=now, run_id=run_id)
    # after a gap the time before stays as it ended
    supersede(using=using, entitlement_ids=decided.filter("gapless")["entitlement_id"], now=now)
    split = reopened.filter(~pl.col("same") & pl.col("gapless"))
    before = split.drop(*_OWN).rename({f"own_{c}": c for c in _OWN}).with_columns(pl.lit("").alias("loss_reason"))
    further = decided.with_columns(
        pl.when("same").then("valid_from").otherwise("start").alias("valid_from"),
        pl.col("end").alias("valid_to"),
        pl.lit("").alias("loss_reason"),
    )
    add_entitlements(using=using, rows=before, now=now)
    add_entitlements(using=using, rows=further, now=now)
    gained = decided.select("atena_no", "start", "end")
    return yield_lower(using=using, rules=rules, gained=gained, decided_on=decided_on, now=now, run_id=run_id)
