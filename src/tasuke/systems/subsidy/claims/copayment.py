"""What each matched claim should have cost the patient, by the scheme's dated rules; held against what was billed."""

from collections.abc import Callable, Mapping

import polars as pl

from tasuke.core.money import Rounding, round_yen_expr
from tasuke.core.numbers import prefecture_expr
from tasuke.schemes.copayment.compute import compute
from tasuke.schemes.copayment.reasons import CopayReason
from tasuke.schemes.definition import Scheme
from tasuke.systems.subsidy.claims.reasons import MASK, ClaimReason, bits, flag, has_any

# (line, day, cost, first_visit) of the claims with these lines: what was done on which day
DailyCosts = Callable[[pl.Series], pl.DataFrame]
PriorRows = Callable[[Scheme, pl.DataFrame], pl.DataFrame | None]

_COPAY_REASONS: dict[CopayReason, ClaimReason] = {
    CopayReason.NO_RULE_IN_FORCE: ClaimReason.NO_RULE,
    CopayReason.COPAY_CLASS_MISSING: ClaimReason.NO_RULE,
    CopayReason.OUTSIDE_COVERAGE: ClaimReason.OUTSIDE_COVERAGE,
    CopayReason.CARE_NOT_COVERED: ClaimReason.CARE_NOT_COVERED,
    CopayReason.OUTSIDE_AREA: ClaimReason.NOT_IN_KIND_AREA,
    CopayReason.EXCLUDED_INSURER: ClaimReason.NOT_IN_KIND_INSURER,
    CopayReason.REIMBURSEMENT_ONLY: ClaimReason.NOT_IN_KIND_CARE,
    CopayReason.ABOVE_IN_KIND_THRESHOLD: ClaimReason.NOT_IN_KIND_CARE,
    CopayReason.UNCONFIRMED_RULE: ClaimReason.UNCONFIRMED_RULE,
}
_RESULT: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "share": pl.Int64(),
    "basis": pl.Int64(),
    "burden": pl.Int64(),
    "burden_low": pl.Int64(),
    "window": pl.Int64(),
    "window_low": pl.Int64(),
    "expected_subsidy": pl.Int64(),
    "expected_meals": pl.Int64(),
    "copay_version": pl.String(),
    "rule_key": pl.String(),
    "copay_mask": MASK(),
}


_ON_THE_WAY = ("share", "window", "window_low", "copay_mask")


def add_copayment(
    matched: pl.DataFrame,
    schemes: Mapping[str, Scheme],
    *,
    confirmed: Mapping[str, frozenset[str]],
    prefecture_code: str,
    daily: DailyCosts | None = None,
    prior: PriorRows | None = None,
) -> pl.DataFrame:
    """Adds patient_share, public_share, basis, burden(_low), expected_subsidy, expected_meals, copay_version, rule_key.

    Only claims with an entitlement are computed; the amounts of the others are 0. The mask gets the reasons of the
    computation and, where a claim is covered, those of a billed burden that is neither in [burden_low, burden] (the
    receipt's whole yen) nor the same in the 10 yen of the window. Of a burden that is known only within bounds, or
    that is written in 10 yen, the subsidy is what the billed burden leaves: so 審査支払機関 bills it.
    """
    frame = matched.with_columns(public_share=_public_share())
    results = [pl.DataFrame(schema=_RESULT)]
    for name in frame.get_column("match_scheme").unique().drop_nulls().sort():
        if name in schemes:
            part = frame.filter((pl.col("match_scheme") == name) & pl.col("entitlement_id").is_not_null())
            visits = _visits(part, prefecture_code)
            before = prior(schemes[name], part) if prior else None
            results.append(_computed(schemes[name], visits, before, confirmed.get(name, frozenset()), daily))
    frame = frame.join(pl.concat(results), on="line", how="left", maintain_order="left")
    zero = [pl.col(c).fill_null(0) for c in ("basis", "burden", "burden_low", "expected_subsidy", "expected_meals")]
    share = pl.coalesce("share", "insurance_share", _share(pl.col("cost"))).fill_null(0)
    mask = pl.col("mask") | pl.col("copay_mask").fill_null(bits(0))
    return _with_settled_subsidy(frame.with_columns(*zero, patient_share=share, mask=mask)).drop(_ON_THE_WAY)


def _share(cost: pl.Expr) -> pl.Expr:
    # what the insurer leaves: whole yen. 健康保険法75条 rounds to 10 yen only what a patient pays at the window
    return round_yen_expr(cost * (100 - pl.col("benefit_rate")), 100, Rounding.HALF_UP_1)


def _public_share() -> pl.Expr:
    """患者負担 after the national 公費: its own 負担金額, and the whole share of what it does not cover."""
    uncovered = (pl.col("cost") - pl.coalesce("national_cost", "cost")).clip(0)
    return pl.when(pl.col("national_copay").is_not_null()).then(pl.col("national_copay") + _share(uncovered))


def _visits(part: pl.DataFrame, prefecture_code: str) -> pl.DataFrame:
    local = prefecture_expr(pl.col("institution_code")) == prefecture_code
    return part.select(
        pl.col("line").cast(pl.String).alias("id"),
        pl.col("atena_no").alias("person_id"),
        pl.coalesce("service_date", "service_month").alias("service_date"),
        pl.coalesce("p_birth_date", "birth_date").alias("birth_date"),
        "copay_class",
        "coverage",
        pl.col("institution_code").alias("institution"),
        pl.col("department"),
        "care",
        "inpatient",
        pl.col("days").alias("visits"),
        "first_visits",
        "days",
        pl.col("cost").fill_null(0),
        "benefit_rate",
        pl.col("insurance_share").alias("patient_share"),
        pl.lit(None, dtype=pl.Int64).alias("high_cost"),
        "public_share",
        pl.col("kohi_meals").fill_null(0).alias("meals"),
        "prescriber",
        local.fill_null(value=True).alias("in_prefecture"),
        "insurer_no",
        # the register's kind counts only for the insurer that is billed
        pl.when(pl.col("insurer_no") == pl.col("r_insurer_no")).then("r_insurance_kind").alias("insurance_kind"),
    )


def _computed(
    scheme: Scheme,
    visits: pl.DataFrame,
    prior: pl.DataFrame | None,
    confirmed: frozenset[str],
    daily: DailyCosts | None,
) -> pl.DataFrame:
    result = compute(scheme, visits, prior=prior, confirmed=confirmed)
    unsure = result.filter(pl.col("burden_low") < pl.col("burden")).get_column("id")
    if daily is not None and len(unsure):
        shares = _visit_shares(visits.filter(pl.col("id").is_in(unsure.implode())), daily)
        visits = visits.join(shares, on="id", how="left", maintain_order="left")
        result = compute(scheme, visits, prior=prior, confirmed=confirmed)
    return result.select(
        pl.col("id").cast(pl.Int64).alias("line"),
        "share",
        "basis",
        "burden",
        "burden_low",
        "window",
        "window_low",
        pl.col("subsidy").alias("expected_subsidy"),
        pl.col("meals_subsidy").alias("expected_meals"),
        pl.col("version").alias("copay_version"),
        "rule_key",
        copay_mask=_copay_mask(),
    )


def _visit_shares(visits: pl.DataFrame, daily: DailyCosts) -> pl.DataFrame:
    """(id, visit_shares): the patient's share of each day with a charge, where it is known for all days."""
    lines = visits.get_column("id").cast(pl.Int64)
    rates = visits.select(pl.col("id").cast(pl.Int64).alias("line"), "benefit_rate")
    each = daily(lines).join(rates, on="line").sort("line", "day")
    shares = each.group_by("line", maintain_order=True).agg(visit_shares=_share(pl.col("cost")))
    return shares.select(pl.col("line").cast(pl.String).alias("id"), "visit_shares")


def _copay_mask() -> pl.Expr:
    mask = bits(0)
    for code, reason in _COPAY_REASONS.items():
        mask = mask | flag(pl.col("reasons").list.contains(pl.lit(code.value)), reason)
    return mask


_NOT_COVERED = sum(
    r.bit
    for r in (
        ClaimReason.NO_RULE,
        ClaimReason.OUTSIDE_COVERAGE,
        ClaimReason.CARE_NOT_COVERED,
        ClaimReason.NOT_IN_KIND_AREA,
        ClaimReason.NOT_IN_KIND_INSURER,
        ClaimReason.NOT_IN_KIND_CARE,
    )
)


def _with_settled_subsidy(frame: pl.DataFrame) -> pl.DataFrame:
    billed, low, high = pl.col("billed_burden"), pl.col("burden_low"), pl.col("burden")
    judged = pl.col("entitlement_id").is_not_null() & ~has_any(_NOT_COVERED)
    within = judged & (billed >= low) & (billed <= high)
    # some institutions write what they took, 10 yen for 10 yen; or round the month's sum once
    once = round_yen_expr(high, 1, Rounding.HALF_UP_10)
    paid = ((billed >= pl.col("window_low")) & (billed <= pl.col("window"))) | ((billed == once) & (low == high))
    in_tens = judged & ~within & (billed % 10 == 0) & paid.fill_null(value=False)
    settled = (within & (low < high)) | in_tens
    # the legal share, one unit of rounding aside; only where no national 公費 changes what stands in HO
    too_high = pl.col("insurance_share") >= _share(pl.col("cost")) + 10
    return frame.with_columns(
        expected_subsidy=pl.when(settled).then((pl.col("basis") - billed).clip(0)).otherwise("expected_subsidy"),
        mask=pl.col("mask")
        | flag(judged & ~in_tens & (billed < low), ClaimReason.COPAY_TOO_LOW)
        | flag(judged & ~in_tens & (billed > high), ClaimReason.COPAY_TOO_HIGH)
        | flag(in_tens, ClaimReason.COPAY_IN_TENS)
        | flag(pl.col("public_share").is_null() & too_high, ClaimReason.INSURANCE_SHARE_TOO_HIGH)
        | flag(pl.col("cost").fill_null(0) <= 0, ClaimReason.COST_MISSING),
    )
