"""The books of a city for claims-month: children of a synthetic register, judged, numbered, insured; and their claims.

Everything is written to a folder by a process of its own, so that neither time nor memory of making it counts.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from tasuke.city.draw import date_series, day_number
from tasuke.city.eligibility import payer_number
from tasuke.city.insurance import build_insurance
from tasuke.city.parts import claims_month
from tasuke.city.people import Window
from tasuke.city.register import Register, build_register
from tasuke.city.resident_files import full_rows
from tasuke.core.numbers import append_weight21_expr
from tasuke.deploy.profiles import open_profile
from tasuke.schemes.assess import assess
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile

PROFILE, SCHEME = "sapporo", "sapporo-kodomo"
MONTH = date(2026, 5, 1)
_SEED = 1
_CARD = ("insurance_kind", "insurer_no", "symbol", "number", "branch_no", "insured_relation")


@dataclass(frozen=True, slots=True)
class Books:
    """people: resident feed rows; cards: memberships; recipients: judged and numbered; files: the month's claims."""

    people: pl.DataFrame
    cards: pl.DataFrame
    recipients: pl.DataFrame
    files: list[Path]
    subsidy: int


def write_books(residents: int, claims: int, folder: Path, *, whole: bool = False) -> Books:
    """A register of `residents`, its children as recipients, and exactly `claims` good claims of a month.

    whole: with the cards of everybody and without people, who come from the resident file of the same city.
    """
    profile = open_profile(PROFILE)
    window = Window(day_number(MONTH), day_number(MONTH) + 31)
    register = build_register(profile=profile, residents=residents, seed=_SEED, window=window, with_window=False)
    cards = _cards(register, profile)
    people = full_rows(register).filter(pl.col("resident_status") == "1")
    recipients = _recipients(people, cards, profile)
    month = claims_month(
        recipients=recipients.join(cards, on="atena_no", how="inner", maintain_order="left"),
        profile=profile, month=MONTH, claims=claims, seed=_SEED, out=folder, with_list=False,
    )  # fmt: skip
    files = [w.path for w in month.written]
    subsidy = int(month.claims["subsidy"].sum())
    if whole:
        return Books(people.clear(), cards, recipients, files, subsidy)
    people = people.join(recipients, on="atena_no", how="semi", maintain_order="left")
    cards = cards.join(recipients, on="atena_no", how="semi", maintain_order="left")
    return Books(people, cards, recipients, files, subsidy)


def _cards(register: Register, profile: Profile) -> pl.DataFrame:
    """atena_no, insured_from and the card of everyone's membership at the start of the month."""
    nobody = np.zeros(register.people.height, dtype=bool)
    rows = build_insurance(register, profile=profile, seed=_SEED, uninsured=nobody)
    rows = rows.filter(pl.col("cause") == "base")
    return rows.select(
        register.people["atena_no"].gather(rows["pid"].to_numpy()),
        date_series("insured_from", rows["acquired"].to_numpy()),
        *_CARD,
    )


def _recipients(people: pl.DataFrame, cards: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Children whom the scheme takes on the first of the month, with payer and recipient number."""
    children = people.join(cards, on="atena_no", how="inner", maintain_order="left").filter(
        pl.col("birth_date") > date(2007, 4, 1)
    )
    persons = children.select(
        pl.col("atena_no").alias("id"), "birth_date", pl.col("resident_since").alias("resident_from"),
        "insured_from", "insurance_kind", role=pl.lit("child"), event=pl.lit("law_change"), event_date=pl.lit(MONTH),
        application_date=pl.lit(MONTH),
    )  # fmt: skip
    money = persons.select(
        pl.col("id").alias("person_id"), subject_id="id", subject=pl.lit("breadwinner"), income_year=pl.lit(2024),
        status_code=pl.lit("3"), total_income=pl.lit(4_000_000), income_levy=pl.lit(150_000),
    )  # fmt: skip
    scheme = load_scheme(SCHEME)
    judged = assess(scheme, persons, money, MONTH, profile.confirmed_keys(SCHEME))
    taken = judged.filter(pl.col("outcome") == "eligible", pl.col("start") <= MONTH).select(
        pl.col("id").alias("atena_no"), "start", "end", "band", "coverage", "copay_class", "funding"
    )
    taken = taken.join(
        children.select("atena_no", "name", "name_kana", "alias", "sex", "birth_date", "ward_code"),
        on="atena_no", maintain_order="left",
    )  # fmt: skip
    body = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)
    return _with_payer(taken, profile).with_columns(scheme=pl.lit(SCHEME), recipient_no=append_weight21_expr(body, 7))


def _with_payer(taken: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    classes = taken.select("band", "copay_class", "funding").unique(maintain_order=True)
    numbers = [
        payer_number(profile, SCHEME, MONTH, band=band, copay_class=copay, funding=funding)
        for band, copay, funding in classes.iter_rows()
    ]
    classes = classes.with_columns(payer_no=pl.Series(numbers, dtype=pl.String))
    return taken.join(classes, on=["band", "copay_class", "funding"], how="left", maintain_order="left")
