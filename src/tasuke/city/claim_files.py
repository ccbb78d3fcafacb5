"""Claims to files, with the line of every claim: a UKE file per agency, care and month; 国保連's list as CSV.

国保連 sends its list (claims_csv, example mapping) of receipts for which the month is enough; receipts of persons who
were recipients for a part of the month only come as UKE, because the list does not tell the days.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasuke.city.billing import KIKIN, KOKUHOREN
from tasuke.city.draw import date_series
from tasuke.city.providers import CARES
from tasuke.city.visits import MEAL_YEN
from tasuke.formats import claims_csv
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
    """path, agency, care (None: all), number of receipts, and where each claim stands: lines = (key, file, line)."""

    path: Path
    agency: str
    care: str | None
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


def _write_list(claims: pl.DataFrame, *, name: str, out: Path) -> list[WrittenClaims]:
    """国保連's list of a month: kokuhoren_NAME.csv."""
    if claims.is_empty():
        return []
    mapping = claims_csv.example_mapping()
    ordered = claims.sort("care", "institution_code", "key")
    path = out / f"{AGENCY_NAMES[KOKUHOREN]}_{name}.csv"
    numbered = neutral_claims(ordered).with_columns(
        search_no=pl.lit(name) + pl.col("line").cast(pl.String).str.zfill(12),
        symbol=pl.col("symbol").fill_null(""),
    )
    path.write_bytes(claims_csv.render(numbered, neutral_kohi(ordered), mapping))
    first = mapping.file.header_rows + 1
    lines = ordered.select("key", file=pl.lit(path.name), line=pl.int_range(first, first + pl.len(), dtype=pl.Int64))
    return [WrittenClaims(path, KOKUHOREN, None, ordered.height, lines)]


def write_month(claims: pl.DataFrame, visits: pl.DataFrame, *, name: str, out: Path) -> list[WrittenClaims]:
    """Files of one month: AGENCY_NAME_CARE.uke. claims: billed rows with `copay` and `billed_month`."""
    listed = (pl.col("agency") == KOKUHOREN) & pl.col("whole_month")
    written = _write_list(claims.filter(listed), name=name, out=out)
    claims = claims.filter(~listed)
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
