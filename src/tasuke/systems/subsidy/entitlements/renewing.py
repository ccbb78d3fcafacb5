"""更新: entitlements judged for the day of a renewal, and what becomes of them. For the run and for one person."""

from datetime import date, datetime

import polars as pl

from tasuke.systems.subsidy.entitlements.judging import Rules, judge_cases
from tasuke.systems.subsidy.entitlements.ledger import add_decisions, add_entitlements, supersede
from tasuke.systems.subsidy.entitlements.losses import cases_of, end_entitlements, first_reason
from tasuke.systems.subsidy.entitlements.models import DecisionKind

_VALUES = ("band", "coverage", "copay_class", "funding", "payer_no")


def judge_renewal(*, using: str, rules: Rules, held: pl.DataFrame, on: date) -> pl.DataFrame:
    """Rows of `entitlements_frame` judged for a day, with `outcome_list`: continued, income_unknown or rejected."""
    cases = cases_of(held.sort("recipient_no"), on=pl.lit(on))
    return judge_cases(using=using, rules=rules, cases=cases).with_columns(
        pl.col("outcome")
        .replace_strict({"eligible": "continued", "pending": "income_unknown"}, default="rejected")
        .alias("outcome_list")
    )


def write_renewal(
    *, using: str, rows: pl.DataFrame, on: date, decided_on: date, now: datetime, run_id: int | None
) -> None:
    """Write judged rows (`judge_renewal`): continued with what changed, held back for the income, or ended on the day.

    The transaction is the caller's.
    """
    decided = _decide(using, rows.filter(pl.col("outcome_list") != "rejected"), on, decided_on, now, run_id)
    _continue(using, decided.filter(pl.col("outcome_list") == "continued"), rows, on, now)
    _hold(using, decided.filter(pl.col("outcome_list") == "income_unknown"), on, now)
    end_entitlements(
        using=using,
        rows=rows.filter(pl.col("outcome_list") == "rejected").with_columns(
            pl.lit(on).alias("lost_on"), first_reason().alias("loss_reason")
        ),
        kind=DecisionKind.RENEWAL,
        decided_on=decided_on,
        now=now,
        run_id=run_id,
    )


def _decide(
    using: str, rows: pl.DataFrame, on: date, decided_on: date, now: datetime, run_id: int | None
) -> pl.DataFrame:
    return add_decisions(
        using=using,
        rows=rows.with_columns(
            pl.lit(DecisionKind.RENEWAL.value).alias("kind"),
            pl.lit(None, dtype=pl.Int64).alias("application_id"),
            pl.lit(decided_on).alias("decided_on"),
            pl.lit(on).alias("start"),
        ),
        now=now,
        run_id=run_id,
    )


def _continue(using: str, decided: pl.DataFrame, judged: pl.DataFrame, on: date, now: datetime) -> None:
    same = pl.all_horizontal([pl.col(c).eq_missing(pl.col(f"own_{c}")) for c in _VALUES])
    changed = decided.filter(~same)
    _split(using, changed, judged, on, now)
    after = changed.with_columns(pl.lit(on).alias("valid_from"), pl.lit("").alias("loss_reason"))
    add_entitlements(using=using, rows=after, now=now)


def _split(using: str, changed: pl.DataFrame, judged: pl.DataFrame, on: date, now: datetime) -> None:
    """Supersede and put back the time before the day, as it was."""
    supersede(using=using, entitlement_ids=changed["entitlement_id"], now=now)
    chosen = pl.col("entitlement_id").is_in(changed["entitlement_id"].implode())
    before = judged.filter(chosen & (pl.col("valid_from") < on)).drop(*_VALUES)
    back = before.rename({f"own_{c}": c for c in _VALUES})
    add_entitlements(
        using=using, rows=back.with_columns(pl.lit(on).alias("valid_to"), pl.lit("").alias("loss_reason")), now=now
    )


def _hold(using: str, decided: pl.DataFrame, on: date, now: datetime) -> None:
    supersede(using=using, entitlement_ids=decided["entitlement_id"], now=now)
    own = decided.filter(pl.col("valid_from") < on).drop(*_VALUES)
    held = own.rename({f"own_{c}": c for c in _VALUES}).with_columns(
        pl.lit(on).alias("valid_to"), first_reason().alias("loss_reason")
    )
    add_entitlements(using=using, rows=held, now=now)
