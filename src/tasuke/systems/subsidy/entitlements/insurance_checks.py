"""保険確認中: an insurance that ended and no other one known yet is asked after, and not taken for a loss at once.

Notices of a new insurance come weeks late. Until the day that the profile sets (`insurance_grace`) the entitlement goes
on and the family is asked; afterwards it ends on the day on which the insurance ended. Without a confirmed grace the
question stays open: nobody loses anything by a number that nobody has set. Frames in, frames out, but for the reading
of checks.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.schemes.profile import InsuranceGrace, Profile
from tasuke.schemes.reasons import NOTES, ReasonCode
from tasuke.systems.subsidy.entitlements.models import CheckResult
from tasuke.systems.subsidy.registry.tables import people_table

NOT_INSURED = str(ReasonCode.NOT_INSURED)
_NOTES = [str(code) for code in NOTES]
_OPEN = {"check_id": pl.Int64(), "atena_no": pl.String(), "missing_from": pl.Date(), "due_on": pl.Date()}


@dataclass(frozen=True, slots=True)
class Waits:
    """held: judged rows that only wait for an insurance (with missing_from, due_on; check_id null: to be opened);
    passed_over: rows that make no difference any more, since the entitlement ended for another reason."""

    held: pl.DataFrame
    passed_over: pl.DataFrame


def open_checks(*, using: str, scheme: str, atena_nos: pl.Series) -> pl.DataFrame:
    """Open checks of persons in a scheme: check_id, atena_no, missing_from, due_on?."""
    with people_table(using=using, atena_nos=atena_nos) as name:
        query = (
            f"SELECT k.id, k.atena_no, k.missing_from, k.due_on FROM subsidy_insurance_check k JOIN {name} p "  # noqa: S608
            "USING (atena_no) WHERE k.scheme = %s AND k.closed_on IS NULL"
        )
        return copy_out(connections[using], query, [scheme], schema=_OPEN)


def with_gaps(judged: pl.DataFrame, insurance: pl.DataFrame) -> pl.DataFrame:
    """Judged rows with `only_insurance` b (nothing but the insurance is missing), missing_from (the end of the last one
    by the day; who never had one: the first day of the entitlement) and again_from d? (the next one's first day)."""
    hard = pl.col("reasons").list.filter(~pl.element().is_in(_NOTES))
    only = pl.col("rejected") & (hard.list.len() == 1) & (hard.list.first() == NOT_INSURED)
    marked = judged.with_columns(only.fill_null(value=False).alias("only_insurance"))
    asked = marked.filter("only_insurance").select("id", "on", "atena_no")
    spells = insurance.select("atena_no", "since", "until").unique()
    around = (
        asked.join(spells, on="atena_no", how="inner")
        .group_by("id")
        .agg(
            pl.col("until").filter(pl.col("until") <= pl.col("on")).max().alias("missing_from"),
            pl.col("since").filter(pl.col("since") > pl.col("on")).min().alias("again_from"),
        )
    )
    return marked.join(around, on="id", how="left", maintain_order="left").with_columns(
        pl.coalesce("missing_from", "valid_from").alias("missing_from")
    )


def find_waits(
    marked: pl.DataFrame, ends: pl.DataFrame, checks: pl.DataFrame, *, grace: InsuranceGrace | None, on: date
) -> Waits:
    """Which rows wait for an insurance on the day of the run. marked: `with_gaps` and `within`; ends: entitlement_id
    and day of entitlements that end for another reason in this run; checks: `open_checks`."""
    rows = marked.filter("only_insurance", "within").join(
        ends.select("entitlement_id", ending="lost_on"), on="entitlement_id", how="left", maintain_order="left"
    )
    over = pl.min_horizontal("valid_to", "ending") <= on
    ended = over.fill_null(value=False)
    unknown = pl.col("again_from").is_null() | (pl.col("again_from") > on)
    asked = rows.filter(~ended & unknown).join(
        checks.select("check_id", "atena_no", "missing_from", "due_on"),
        on=["atena_no", "missing_from"],
        how="left",
        maintain_order="left",
    )
    fresh = pl.col("check_id").is_null()
    due = pl.lit(None if grace is None else on + timedelta(days=grace.days), dtype=pl.Date)
    timed = asked.with_columns(pl.when(fresh).then(due).otherwise("due_on").alias("due_on"))
    held = timed.filter(pl.col("due_on").is_null() | (pl.col("due_on") > on))
    return Waits(held=held, passed_over=rows.filter(ended))


def find_closings(
    checks: pl.DataFrame, held: pl.DataFrame, lost: pl.DataFrame, returning: pl.DataFrame
) -> pl.DataFrame:
    """Checks that are answered: check_id, atena_no, result. lost: entitlements that end in this run, with loss_reason;
    returning: those of them whose next insurance is known."""
    answered = checks.join(held.select("check_id").drop_nulls(), on="check_id", how="anti")
    ends = lost.group_by("atena_no").agg((pl.col("loss_reason") == NOT_INSURED).any().alias("by_insurance"))
    back = pl.col("atena_no").is_in(returning["atena_no"].implode())
    result = (
        pl.when(pl.col("by_insurance") & back)
        .then(pl.lit(CheckResult.RETURNED.value))
        .when(pl.col("by_insurance"))
        .then(pl.lit(CheckResult.LOST.value))
        .when(pl.col("by_insurance").is_not_null())
        .then(pl.lit(CheckResult.OTHER.value))
        .otherwise(pl.lit(CheckResult.CONTINUED.value))
    )
    return answered.join(ends, on="atena_no", how="left", maintain_order="left").select(
        "check_id", "atena_no", result.alias("result")
    )


def return_days(entitlements: pl.DataFrame, insurance: pl.DataFrame, profile: Profile, *, on: date) -> pl.DataFrame:
    """The first day of the next insurance after a loss for want of one, when it lies within what the city lets come
    back without an application: entitlement_id, on."""
    lost = entitlements.filter(pl.col("loss_reason") == NOT_INSURED).select("entitlement_id", "atena_no", "valid_to")
    later = lost.join(insurance.select("atena_no", "since").unique(), on="atena_no", how="inner").filter(
        pl.col("since") > pl.col("valid_to"), pl.col("since") <= on
    )
    first = later.group_by("entitlement_id").agg(pl.col("since").min().alias("on"), pl.col("valid_to").first())
    longest = pl.lit(None, dtype=pl.Int64)
    for grace in sorted(profile.insurance_grace, key=lambda g: g.valid_from):
        longest = pl.when(pl.col("valid_to") >= grace.valid_from).then(grace.return_days).otherwise(longest)
    near = (pl.col("on") - pl.col("valid_to")).dt.total_days() <= longest
    return first.filter(near.fill_null(value=False)).select("entitlement_id", "on")
