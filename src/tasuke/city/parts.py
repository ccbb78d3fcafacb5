"""Parts of a city for benches: a register of any size, and a month of any number of claims for given recipients."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from tasuke.city.billing import Billed, Office, bill_month
from tasuke.city.claim_files import WrittenClaims, write_month
from tasuke.city.draw import day_number, days_of
from tasuke.city.eligibility import month_bounds
from tasuke.city.people import Window
from tasuke.city.providers import Providers, build_providers
from tasuke.city.recipients import INPATIENT_ONLY
from tasuke.city.register import build_register
from tasuke.city.resident_files import full_row_pieces
from tasuke.city.visits import draw_month
from tasuke.formats import resident_feed
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile

_TRIES = 6
_PIECE = 200_000

RECIPIENT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "scheme": pl.String,
    "payer_no": pl.String,
    "recipient_no": pl.String,
    "copay_class": pl.String,
    "coverage": pl.String,
    "band": pl.String,
    "funding": pl.String,
    "start": pl.Date,
    "name": pl.String,
    "name_kana": pl.String,
    "alias": pl.String,
    "sex": pl.String,
    "birth_date": pl.Date,
    "insurance_kind": pl.String,
    "insurer_no": pl.String,
    "symbol": pl.String,
    "number": pl.String,
    "branch_no": pl.String,
    "insured_relation": pl.String,
}


class TooFewRecipients(ValueError):
    """The recipients cannot have so many claims in a month (one claim per person, institution and setting)."""

    def __init__(self, wanted: int, made: int) -> None:
        super().__init__(f"{wanted} 件のレセプトを作れません({made} 件まで)。受給者を増やしてください。")
        self.wanted = wanted
        self.made = made


@dataclass(frozen=True, slots=True)
class ClaimsMonth:
    """Files of one month, and the billed claims (all good) with what the city should pay (`subsidy`)."""

    written: list[WrittenClaims]
    claims: pl.DataFrame


def residents_only(*, profile: Profile, residents: int, seed: int, start: date, out: Path) -> Path:
    """Only the full resident file, for very large cities: no events, no taxes. Returns its path."""
    window = Window(day_number(start), day_number(start) + 31)
    register = build_register(profile=profile, residents=residents, seed=seed, window=window, with_window=False)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "resident_full.csv"
    with path.open("wb") as file:
        for number, piece in enumerate(full_row_pieces(register, _PIECE)):
            data = resident_feed.render(piece)
            file.write(data if number == 0 else data[data.index(b"\n") + 1 :])
    return path


def claims_month(
    *,
    recipients: pl.DataFrame,
    profile: Profile,
    month: date,
    claims: int,
    seed: int,
    out: Path,
    with_list: bool = True,
) -> ClaimsMonth:
    """Write exactly `claims` good claims of a month for the recipients (RECIPIENT_SCHEMA; missing columns are null).

    month: its first day. All recipients are entitled on every day of the month. with_list: 国保連 sends its list as
    CSV; without, all claims are UKE. Raises TooFewRecipients.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = _rows(recipients, month)
    span = month_bounds(month, 1)[0]
    providers = build_providers(profile=profile, residents=recipients.height * 8, seed=seed)
    schemes = {name: load_scheme(name) for name in rows["scheme"].unique().sort().to_list()}
    billed = _enough(rows, claims, span, Office(providers, profile, schemes, seed), providers)
    good = (
        billed.claims.sort("key")
        .head(claims)
        .with_columns(copay=pl.col("burden"), billed_month=pl.lit(span[1], dtype=pl.Int64))
    )
    if not with_list:
        good = good.with_columns(whole_month=pl.lit(value=False))
    visits = billed.visits.join(good.select("key"), on="key", how="semi", maintain_order="left")
    return ClaimsMonth(write_month(good, visits, name=f"{month:%Y%m}", out=out), good)


def _rows(recipients: pl.DataFrame, month: date) -> pl.DataFrame:
    """Recipients as draw_month and bill_month want them."""
    first, last = month_bounds(month, 1)[0]
    have = recipients.columns
    typed = recipients.select(
        [(pl.col(c) if c in have else pl.lit(None)).cast(t).alias(c) for c, t in RECIPIENT_SCHEMA.items()]
    )
    pids = np.arange(typed.height, dtype=np.int64)
    return typed.with_columns(
        pid=pl.Series(pids),
        applicant=pl.Series(pids),
        birth=pl.Series(days_of(typed["birth_date"])),
        from_day=pl.lit(first, dtype=pl.Int64),
        to_day=pl.lit(last, dtype=pl.Int64),
        inpatient_only=pl.col("coverage").eq_missing(INPATIENT_ONLY),
    ).drop("birth_date")


def _enough(rows: pl.DataFrame, wanted: int, span: tuple[int, int], office: Office, providers: Providers) -> Billed:
    """Visits at a scale that gives at least `wanted` claims in kind."""
    scale, made = 1.0, 0
    for _ in range(_TRIES):
        month = draw_month(rows, providers=providers, month=span, seed=office.seed, scale=scale)
        if month.claims.height >= wanted:
            billed = bill_month(month, rows, office=office, span=span)
            made = billed.claims.height
            if made >= wanted:
                return billed
        else:
            made = month.claims.height
        scale *= min(8.0, 1.03 * wanted / max(made, 1) + 0.01)
    raise TooFewRecipients(wanted, made)
