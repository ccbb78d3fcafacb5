"""償還払い: visits that the patient paid, brought to the counter as receipts some weeks later."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from tasuke.city.billing import copay_visits, share_of
from tasuke.city.draw import Ints, chance, choose, date_series, day_number, digits, stream, to_date
from tasuke.city.providers import outside_code
from tasuke.schemes.copayment.compute import compute
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile

OUTSIDE, FORGOTTEN, BEFORE_ISSUE, FULL_PRICE, DEVICE, NOT_IN_KIND, OTHER = "1", "2", "3", "4", "5", "6", "9"
CONVERTED = 0.013  # of the claims in kind are paid at the window instead
DEVICES = 0.0008
_KEMPO = "4"
_EXTRA_FLOOR = 25_000  # 付加給付: what a 健保組合 leaves to the member

ACCOUNT = ("bank_code", "branch_code", "account_kind", "account_no", "account_holder_kana")


@dataclass(frozen=True, slots=True)
class Receipts:
    """rows: one a receipt line with everything of the feed, `reason`, `subsidy` (what the city should pay), `key`."""

    rows: pl.DataFrame


def split_for_receipts(claims: pl.DataFrame, *, seed: int, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(claims that stay in kind, claims that become receipts with `reason`)."""
    rng = stream(seed, f"receipts.{name}")
    taken = chance(rng, CONVERTED, claims.height) & (claims["national_payer"].is_null()).to_numpy()
    paid = claims.filter(pl.Series(taken))
    reasons = pl.Series([OUTSIDE, FORGOTTEN, FULL_PRICE, OTHER]).gather(
        choose(rng, [0.5, 0.33, 0.12, 0.05], paid.height)
    )
    return claims.filter(pl.Series(~taken)), paid.with_columns(reason=reasons)


def high_cost_limit(cost: Ints, day: Ints) -> Ints:
    """高額療養費 区分ウ of a month (schemes.md C-4), before and since August 2026."""
    new = day >= day_number(date(2026, 8, 1))
    base, floor = np.where(new, 85_800, 80_100), np.where(new, 286_000, 267_000)
    return np.asarray(base + np.maximum(cost - floor, 0) // 100, dtype=np.int64)


def _outside(rows: pl.DataFrame, profile: Profile, rng: np.random.Generator) -> pl.DataFrame:
    """Institutions of other prefectures for the receipts with reason 1."""
    pick = rng.integers(0, 700, rows.height)
    parts = []
    for care in rows["care_name"].unique().sort().to_list():
        part = rows.filter(pl.col("care_name") == care)
        codes = outside_code(profile.prefecture_code, care, pick[: part.height])
        out = part["reason"] == OUTSIDE
        parts.append(
            part.with_columns(
                institution_code=codes.zip_with(out, part["institution_code"]),
                institution_name=pl.when(pl.col("reason") == OUTSIDE)
                .then(pl.lit("県外") + pl.col("institution_name"))
                .otherwise("institution_name"),
            )
        )
    return pl.concat(parts).sort("key") if parts else rows


def _amounts(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """patient_share, high_cost, extra_benefit, meals, paid."""
    cost, rate = rows["cost"].to_numpy(), rows["benefit_rate"].to_numpy()
    share = share_of(cost, rate)
    limit = high_cost_limit(cost, rows["service_day"].to_numpy())
    high = np.where(rows["inpatient"].to_numpy(), np.maximum(share - limit, 0), 0)
    rest = share - high
    extra = np.where(
        (rows["insurance_kind"] == _KEMPO).to_numpy() & (rest > _EXTRA_FLOOR), (rest - _EXTRA_FLOOR) // 100 * 100, 0
    )
    meals = rows["meals_count"].to_numpy() * 510
    full = (rows["reason"] == FULL_PRICE).to_numpy()
    device = (rows["care_name"] == "device").to_numpy()
    return rows.with_columns(
        patient_share=pl.Series(share),
        high_cost=pl.Series(high),
        extra_benefit=pl.Series(extra),
        meals=pl.Series(meals),
        paid=pl.Series(np.where(full | device, cost, share) + meals),
    )


def _devices(rows: pl.DataFrame, rng: np.random.Generator, first_key: int) -> pl.DataFrame:
    """治療用装具: glasses, braces; paid in full, no institution code."""
    wanted = max(1, int(DEVICES * rows.height)) if rows.height else 0
    pool = rows.filter(~pl.col("inpatient"), pl.col("care_name") == "medical")
    if wanted == 0 or pool.height == 0:
        return rows.clear().with_columns(reason=pl.lit(DEVICE))
    chosen = pool[np.sort(rng.choice(pool.height, min(wanted, pool.height), replace=False))]
    cost = rng.integers(15, 85, chosen.height) * 1_000
    keys = np.arange(first_key, first_key + chosen.height, dtype=np.int64)
    return chosen.with_columns(
        key=pl.Series(keys),
        cost=pl.Series(cost),
        days=pl.lit(1, dtype=pl.Int64),
        first_visits=pl.lit(0, dtype=pl.Int64),
        care_name=pl.lit("device"),
        institution_name=pl.lit("補装具製作所"),
        meals_count=pl.lit(0, dtype=pl.Int64),
        institution_code=pl.lit(None, dtype=pl.String),
        reason=pl.lit(DEVICE),
    )


def build_receipts(
    *,
    paid: pl.DataFrame,
    waiting: pl.DataFrame,
    not_in_kind: pl.DataFrame,
    clean: pl.DataFrame,
    visits: pl.DataFrame,
    schemes: dict[str, Scheme],
    profile: Profile,
    window_end: int,
    seed: int,
    name: str,
    first_key: int,
) -> Receipts:
    """Receipts of a month of service. paid: converted claims with `reason`; waiting: visits before the certificate;
    not_in_kind: visits that the scheme never pays in kind; clean: claims from which devices are prescribed."""
    rng = stream(seed, f"receipts.rows.{name}")
    kept = waiting.filter(pl.Series(chance(rng, 0.6, waiting.height)))
    excluded = not_in_kind.filter(pl.Series(chance(rng, 0.8, not_in_kind.height)))
    parts = [
        paid,
        kept.with_columns(reason=pl.lit(BEFORE_ISSUE)),
        excluded.with_columns(reason=pl.lit(NOT_IN_KIND)),
        _devices(clean, rng, first_key),
    ]
    columns = paid.columns
    rows = pl.concat([p.select(columns) for p in parts])
    if rows.is_empty():
        return Receipts(rows)
    rows = _amounts(_outside(rows, profile, rng), rng)
    # a family hands in the month's receipts together, after the last of them
    lag = stream(seed, f"receipts.lag.{name}").integers(6, 95, int(rows["applicant"].to_numpy().max()) + 1)
    day = rows.select(pl.col("service_day").max().over("applicant")).to_series()
    rows = rows.with_columns(
        received_on=day
        + pl.Series(lag[rows["applicant"].to_numpy()])
        + pl.when(pl.col("inpatient")).then(25).otherwise(10),
        paid_on=pl.col("service_day"),
    )
    rows = rows.with_columns(received_on=pl.col("received_on").max().over("applicant"))
    return Receipts(_expected(rows.filter(pl.col("received_on") < window_end), visits, schemes, profile))


def _expected(rows: pl.DataFrame, visits: pl.DataFrame, schemes: dict[str, Scheme], profile: Profile) -> pl.DataFrame:
    """subsidy: what the scheme pays for each line, computed alone."""
    rated = visits.join(rows.select("key", "benefit_rate"), on="key", how="inner", maintain_order="left")
    shares = rated.with_columns(share=pl.Series(share_of(rated["cost"].to_numpy(), rated["benefit_rate"].to_numpy())))
    lists = shares.group_by("key", maintain_order=True).agg(pl.col("share").alias("visit_shares"))
    parts = []
    for scheme in rows["scheme"].unique().sort().to_list():
        part = rows.filter(pl.col("scheme") == scheme)
        frame = copay_visits(part, lists, profile.prefecture_code).with_columns(
            person_id=pl.col("id"),
            billed_in_kind=pl.lit(False),
            patient_share=part["patient_share"],
            high_cost=part["high_cost"],
            extra_benefit=part["extra_benefit"],
            in_prefecture=part["reason"] != OUTSIDE,
            meals=part["meals"],
            institution=pl.col("institution").fill_null(""),
        )
        result = compute(schemes[scheme], frame, confirmed=profile.confirmed_keys(scheme))
        parts.append(part.with_columns(subsidy=result["subsidy"], burden=result["burden"]))
    return pl.concat(parts).sort("received_on", "applicant", "pid", "key") if parts else rows


def feed_rows(rows: pl.DataFrame, atena: pl.Series, accounts: pl.DataFrame, first_no: int) -> pl.DataFrame:
    """Rows of formats/receipt_feed; receipts of one applicant and day share a number. Keeps `key` for the key file."""
    ordered = rows.sort("received_on", "applicant", "pid", "key", maintain_order=True)
    group = ordered.select(pl.struct("received_on", "applicant", "scheme").rle_id().cast(pl.Int64)).to_series()
    year = pl.Series([f"{to_date(d).year}" for d in ordered["received_on"].to_list()], dtype=pl.String)
    numbered = ordered.with_columns(
        receipt_no="R" + year + "-" + digits(group.to_numpy() + first_no, 6), group=group
    ).with_columns(line_no=pl.int_range(1, pl.len() + 1).over("group"))
    account = accounts.select("pid", **{c: pl.col(f"own_{c}") for c in ACCOUNT})
    numbered = numbered.join(account, left_on="applicant", right_on="pid", how="left", maintain_order="left")
    return numbered.select(
        "key",
        "receipt_no",
        "line_no",
        "scheme",
        atena.gather(numbered["pid"].to_numpy()).alias("person_atena_no"),
        atena.gather(numbered["applicant"].to_numpy()).alias("applicant_atena_no"),
        "recipient_no",
        date_series("received_on", numbered["received_on"].to_numpy()),
        date_series("service_date", numbered["service_day"].to_numpy()),
        "institution_code",
        "institution_name",
        pl.col("care_name").alias("care"),
        "inpatient",
        "first_visits",
        pl.col("days").alias("visits"),
        "days",
        "cost",
        "benefit_rate",
        "patient_share",
        "high_cost",
        "extra_benefit",
        "meals",
        pl.lit(None, dtype=pl.String).alias("public_program"),
        pl.lit(None, dtype=pl.Int64).alias("public_share"),
        "paid",
        date_series("paid_on", numbered["paid_on"].to_numpy()),
        "reason",
        *ACCOUNT,
    )
