"""Claims to files: one UKE file per agency, care kind and month, with the line of every claim."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasuke.city.billing import KIKIN
from tasuke.city.draw import date_series
from tasuke.city.providers import CARES
from tasuke.city.visits import MEAL_YEN
from tasuke.formats.uke import UkeKind, render_with_lines

KINDS = {
    "medical": UkeKind.MEDICAL,
    "dental": UkeKind.DENTAL,
    "pharmacy": UkeKind.PHARMACY,
    "nursing": UkeKind.NURSING,
}
AGENCY_NAMES = {"1": "kikin", "2": "kokuhoren"}
FILLER = 5


@dataclass(frozen=True, slots=True)
class WrittenClaims:
    """path, agency, care, number of receipts, and where each claim stands: lines = (key, file, line)."""

    path: Path
    agency: str
    care: str
    count: int
    lines: pl.DataFrame


def neutral_claims(claims: pl.DataFrame) -> pl.DataFrame:
    """The neutral CLAIM frame of the contract, with `line` = key."""
    return claims.select(
        pl.col("key").alias("line"),
        "agency",
        pl.col("care_name").alias("care"),
        "institution_code",
        "institution_name",
        date_series("billed_month", claims["billed_month"].to_numpy()),
        date_series("service_month", claims["service_month"].to_numpy()),
        "receipt_type",
        "inpatient",
        pl.col("written_name").alias("name"),
        pl.when(pl.col("key") % 10 < 7).then(pl.col("name_kana").str.replace_all("[　 ]", "")).alias("kana"),
        "sex",
        date_series("birth_date", claims["birth"].to_numpy()),
        "insurer_no",
        "symbol",
        "number",
        "branch_no",
        # 給付割合 is written for 国保 and 後期 only
        pl.when(pl.col("agency") != KIKIN).then("benefit_rate").alias("benefit_rate"),
        "cost",
        "days",
        pl.when(pl.col("meals_count") > 0).then("meals_count").alias("meals_count"),
        pl.when(pl.col("meals_count") > 0).then("meals_cost").alias("meals_cost"),
        "karte_no",
        "visit_days",
        "first_visits",
        admitted_on=pl.when("inpatient").then(date_series("a", claims["service_day"].to_numpy())),
        special_notes=pl.lit(None, dtype=pl.String),
    )


def neutral_kohi(claims: pl.DataFrame) -> pl.DataFrame:
    """The neutral KOHI frame: the national programme first, then the city's."""
    national = claims.filter(pl.col("national_payer").is_not_null()).select(
        pl.col("key").alias("line"),
        pl.lit(1, dtype=pl.Int64).alias("order"),
        pl.col("national_payer").alias("payer_no"),
        pl.col("national_recipient").alias("recipient_no"),
        "days",
        "cost",
        pl.col("national_copay").alias("copay"),
        pl.lit(None, dtype=pl.Int64).alias("meals_count"),
        pl.lit(None, dtype=pl.Int64).alias("meals_cost"),
    )
    own = claims.select(
        pl.col("key").alias("line"),
        pl.col("programs").alias("order"),
        "payer_no",
        "recipient_no",
        "days",
        "cost",
        pl.col("copay"),
        pl.when(pl.col("meals_count") > 0).then("meals_count").alias("meals_count"),
        pl.when(pl.col("meals_count") > 0).then(pl.col("meals_count") * MEAL_YEN).alias("meals_cost"),
    )
    return pl.concat([national, own]).sort("line", "order", maintain_order=True)


def write_month(claims: pl.DataFrame, visits: pl.DataFrame, *, name: str, out: Path) -> list[WrittenClaims]:
    """Files of one month: AGENCY_NAME_CARE.uke. claims: billed rows with `copay` and `billed_month`."""
    written: list[WrittenClaims] = []
    for agency, agency_name in AGENCY_NAMES.items():
        for care in CARES:
            part = claims.filter((pl.col("agency") == agency) & (pl.col("care_name") == care))
            if part.is_empty():
                continue
            path = out / f"{agency_name}_{name}_{care}.uke"
            days = visits.join(part.select("key"), on="key", how="semi", maintain_order="left")
            rendered = render_with_lines(
                kind=KINDS[care],
                claims=neutral_claims(part),
                kohi=neutral_kohi(part),
                visits=days.rename({"key": "line"}),
                filler=FILLER,
            )
            path.write_bytes(rendered.data)
            lines = rendered.lines.select("key", pl.lit(path.name).alias("file"), "line")
            written.append(WrittenClaims(path, agency, care, part.height, lines))
    return written
