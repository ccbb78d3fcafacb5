"""Visits as the institutions bill them: receipt type, insurer, numbers, 公費 in order, the copayment charged."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import Bools, Ints, chance, date_series, digits, stream, with_weight21
from tasuke.city.insurance import benefit_rate
from tasuke.city.people import YEAR
from tasuke.city.providers import CARES, Providers
from tasuke.city.visits import MEAL_COST, MonthOfVisits
from tasuke.city.words import rates
from tasuke.core.text import shrink_to_sjis
from tasuke.schemes.copayment.compute import compute
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile

KIKIN, KOKUHOREN = "1", "2"
_KIKIN_KINDS = ("3", "4", "5", "7")
_NATIONAL = ((52, 0.45), (21, 0.35), (54, 0.20))  # 小児慢性, 自立支援(精神通院), 特定医療
_NATIONAL_CAP = 5_000


@dataclass(frozen=True, slots=True)
class Office:
    """What billing needs to know of the city."""

    providers: Providers
    profile: Profile
    schemes: dict[str, Scheme]
    seed: int


@dataclass(frozen=True, slots=True)
class Billed:
    """claims: one row a claim with everything that is written and what the city should pay. visits: key, day, cost,
    first_visit. not_in_kind: claims that the patient pays first (償還)."""

    claims: pl.DataFrame
    visits: pl.DataFrame
    not_in_kind: pl.DataFrame


def _receipt_type(
    care: Ints, kind: pl.Series, birth: Ints, day: Ints, own: Bools, inpatient: Bools, programs: Ints
) -> pl.Series:
    """レセプト種別, 4 digits (formats.md 2.3)."""
    table = np.array([1, 3, 4, 6])[care]
    system = np.where((kind == "6").to_numpy(), 3, 1)
    rate = benefit_rate(birth, day)
    old = (day - birth) / YEAR >= 70
    last = np.where(old, 8, np.where(rate == 80, 4, np.where(own, 2, 6)))
    last = np.where(inpatient, last - 1, last)
    return digits(table * 1000 + system * 100 + (programs + 1) * 10 + last, 4)


def _national(rng: np.random.Generator, claims: pl.DataFrame, prefecture: int) -> pl.DataFrame:
    """A national programme in front of ours for about one claim in a hundred (not for pharmacies and admissions)."""
    n = claims.height
    has = chance(rng, rates()["visits"]["state_program"], n)
    has &= ~claims["inpatient"].to_numpy() & (claims["care"].to_numpy() == 0)
    law = np.array([p[0] for p in _NATIONAL])[rng.integers(0, len(_NATIONAL), n)]
    payer = with_weight21(law * 100_000 + prefecture * 1000 + 601, 7)
    number = with_weight21(rng.integers(1, 999_999, n), 6)
    share = claims["share"].to_numpy()
    pays = np.minimum(share, _NATIONAL_CAP)
    off = pl.Series(~has)
    return claims.with_columns(
        national_payer=payer.set(off, None),
        national_recipient=number.set(off, None),
        national_copay=pl.Series(pays).set(off, None),
        programs=pl.Series(1 + has.astype(np.int64)),
    )


def share_of(cost: Ints, rate: Ints) -> Ints:
    """一部負担金 of the insurance as it is paid at the window, rounded to 10 yen (健康保険法75条)."""
    return np.asarray((cost * (100 - rate) + 500) // 1000 * 10, dtype=np.int64)


def billed_share(cost: Ints, rate: Ints) -> Ints:
    """What the insurer leaves of the cost, in whole yen: as a receipt in kind has it."""
    return np.asarray((cost * (100 - rate) + 50) // 100, dtype=np.int64)


_PERSON = (
    "pid",
    "scheme",
    "payer_no",
    "recipient_no",
    "copay_class",
    "coverage",
    "band",
    "funding",
    "insurance_kind",
    "insurer_no",
    "symbol",
    "number",
    "branch_no",
    "insured_relation",
    "start",
    "name",
    "applicant",
    "birth",
    "sex",
    "name_kana",
    "alias",
    "from_day",
    "to_day",
)


def _with_person(month_claims: pl.DataFrame, recipients: pl.DataFrame, providers: Providers) -> pl.DataFrame:
    """Columns of the recipient and of the institution."""
    person = recipients.select(_PERSON)[month_claims["row"].to_numpy()]
    provider = month_claims["provider"].to_numpy()
    return pl.concat([month_claims, person], how="horizontal").with_columns(
        institution_code=providers.table["code"].gather(provider),
        institution_name=providers.table["name"].gather(provider),
        care_name=pl.Series(CARES).gather(month_claims["care"].to_numpy()),
    )


def bill_month(
    month: MonthOfVisits, recipients: pl.DataFrame, *, office: Office, span: tuple[int, int], name: str = ""
) -> Billed:
    """Claims as billed. recipients: the rows that the visits were drawn for, with insurance and name columns."""
    rng = stream(office.seed, f"billing.{span[0]}.{name}")
    profile = office.profile
    claims = _with_person(month.claims, recipients, office.providers)
    birth = claims["birth"].to_numpy()
    first_day = span[0] + _first_bit(claims["visit_days"].to_numpy())
    rate = benefit_rate(birth, np.full(claims.height, span[0], dtype=np.int64))
    claims = claims.with_columns(
        service_day=pl.Series(first_day),
        service_month=pl.Series(np.full(claims.height, span[0], dtype=np.int64)),
        benefit_rate=pl.Series(rate),
        share=pl.Series(billed_share(claims["cost"].to_numpy(), rate)),
        whole_month=(pl.col("from_day") <= span[0]) & (pl.col("to_day") >= span[1]),
    ).drop("from_day", "to_day")
    claims = _national(rng, claims, int(profile.prefecture_code))
    own = (claims["insured_relation"] == "1").to_numpy()
    claims = claims.with_columns(
        receipt_type=_receipt_type(
            claims["care"].to_numpy(),
            claims["insurance_kind"],
            birth,
            first_day,
            own,
            claims["inpatient"].to_numpy(),
            claims["programs"].to_numpy(),
        ),
        agency=pl.when(pl.col("insurance_kind").is_in(list(_KIKIN_KINDS)))
        .then(pl.lit(KIKIN))
        .otherwise(pl.lit(KOKUHOREN)),
        karte_no=digits(rng.integers(1, 99_999, claims.height), 1),
        written_name=_written_names(rng, claims),
        meals_cost=pl.col("meals_count") * MEAL_COST,
    )
    return _with_copayments(claims, month.visits, office.schemes, profile)


def _first_bit(mask: Ints) -> Ints:
    """Number of the lowest set bit (0 = day 1)."""
    return np.asarray(np.bitwise_count((mask & -mask) - 1), dtype=np.int64)


def _written_names(rng: np.random.Generator, claims: pl.DataFrame) -> pl.Series:
    """The name on the claim: half of those with a 通称 go by it. No institution's system knows variation selectors;
    half of them write the common form of a character that JIS X 0208 lacks, the others send ？."""
    by_alias = pl.Series(chance(rng, 0.5, claims.height)) & claims["alias"].is_not_null()
    names = claims["alias"].zip_with(by_alias, claims["name"])
    plain = names.str.replace_all("[\U000e0100-\U000e01ef]", "")
    rare = plain.filter(plain.str.contains("[髙﨑𠮷德瀨]")).unique()
    common = pl.DataFrame(
        {"plain": rare, "common": [shrink_to_sjis(n).text for n in rare]}, schema_overrides={"common": pl.String}
    )
    folded = pl.DataFrame({"plain": plain}).join(common, on="plain", how="left", maintain_order="left")["common"]
    use = pl.Series(claims["provider"].to_numpy() % 2 == 0) & folded.is_not_null()
    return folded.zip_with(use, plain)


def copay_visits(claims: pl.DataFrame, shares: pl.DataFrame, prefecture_code: str) -> pl.DataFrame:
    """Input of schemes.copayment.compute: one row a claim, with the share of each visit day."""
    return claims.join(shares, on="key", how="left", maintain_order="left").select(
        pl.col("key").cast(pl.String).alias("id"),
        pl.col("pid").cast(pl.String).alias("person_id"),
        date_series("service_date", claims["service_day"].to_numpy()),
        date_series("birth_date", claims["birth"].to_numpy()),
        "copay_class",
        "coverage",
        pl.col("institution_code").alias("institution"),
        pl.col("care_name").alias("care"),
        "inpatient",
        pl.col("days").alias("visits"),
        "first_visits",
        "days",
        "cost",
        "benefit_rate",
        pl.lit(None, dtype=pl.Int64).alias("high_cost"),
        pl.col("national_copay").alias("public_share"),
        "visit_shares",
        (pl.col("institution_code").str.slice(0, 2) == prefecture_code).alias("in_prefecture"),
        "insurer_no",
        "insurance_kind",
    )


def _visit_shares(claims: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """(key, visit_shares): the patient's share of every visit day, as billed."""
    rated = visits.join(claims.select("key", "benefit_rate"), on="key", how="inner", maintain_order="left")
    each = pl.Series(billed_share(rated["cost"].to_numpy(), rated["benefit_rate"].to_numpy()))
    return (
        rated.with_columns(share=each).group_by("key", maintain_order=True).agg(pl.col("share").alias("visit_shares"))
    )


_NO_RESULT = [
    *[pl.lit(None, dtype=pl.Int64).alias(c) for c in ("basis", "burden", "burden_low", "subsidy")],
    pl.lit(None, dtype=pl.String).alias("method"),
    pl.lit(None, dtype=pl.Int64).alias("alone"),
]


def _with_copayments(
    claims: pl.DataFrame, visits: pl.DataFrame, schemes: dict[str, Scheme], profile: Profile
) -> Billed:
    """burden (as the receipt has it), subsidy, basis; claims whose amount hangs on other claims are left out."""
    shares = _visit_shares(claims, visits)
    parts = []
    for name in claims["scheme"].unique().sort().to_list():
        part = claims.filter(pl.col("scheme") == name)
        rows = copay_visits(part, shares, profile.prefecture_code)
        confirmed = profile.confirmed_keys(name)
        together = compute(schemes[name], rows, confirmed=confirmed)
        alone = compute(schemes[name], rows.with_columns(person_id=pl.col("id")), confirmed=confirmed)
        result = together.select(
            key=pl.col("id").cast(pl.Int64),
            basis="basis",
            burden="burden",
            burden_low="burden_low",
            subsidy="subsidy",
            method="method",
            alone=alone["burden"],
        )
        parts.append(part.join(result, on="key", how="left", maintain_order="left"))
    done = pl.concat(parts) if parts else claims.with_columns(_NO_RESULT)
    # caps over several claims: the windows do not know each other, so the city keeps to what one claim tells
    exact = done.filter((pl.col("burden") == pl.col("alone")) & (pl.col("burden_low") == pl.col("burden")))
    in_kind, rest = exact.filter(pl.col("method") == "in_kind"), exact.filter(pl.col("method") == "reimbursement")
    kept = visits.join(exact.select("key"), on="key", how="semi")
    return Billed(in_kind, kept, rest)
