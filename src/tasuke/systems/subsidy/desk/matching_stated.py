"""What stands on the paper of an application about each person, beside the register on both days. Pure."""

import polars as pl

from tasuke.systems.subsidy.desk.matching_reading import Compared
from tasuke.systems.subsidy.desk.matching_words import MatchKind

_HIDDEN = "支援措置のため非表示"


def match_stated(compared: Compared, people: pl.DataFrame, days: pl.DataFrame) -> list[pl.DataFrame]:
    """Names (by search key: 髙橋 is 高橋), birth dates, addresses and 続柄 that were typed from the paper.

    Nothing typed, nothing compared. Where a protected person lives is not told, only that it is not the same.
    """
    beside = compared.stated.join(days, on=["id", "person"]).join(
        people.select("id", "person", "part"), on=["id", "person"], how="left"
    )
    home = pl.when("protected").then(pl.lit(_HIDDEN)).otherwise("home")
    said_home = pl.when("protected").then(pl.lit(_HIDDEN)).otherwise("said_home")
    day = "{}年{}月{}日"

    def told(column: str) -> pl.Expr:
        value = pl.col(column).dt
        return pl.format(day, value.year(), value.month(), value.day()).fill_null("不詳")

    return [
        _differing(beside, MatchKind.NAME, pl.col("said_key") != pl.col("name_key"), "said_name", "name", "name_key"),
        _differing(
            beside.filter(pl.col("said_birth").is_not_null()).with_columns(
                told("said_birth").alias("told_birth"), told("birth_date").alias("known_birth")
            ),
            MatchKind.BIRTH_DATE,
            pl.col("said_birth").ne_missing(pl.col("birth_date")),
            "told_birth",
            "known_birth",
            "birth_date",
        ),
        _differing(
            beside.filter(pl.col("said_home") != "").with_columns(
                home.alias("known_home"), said_home.alias("told_home"), _open_since("home_since")
            ),
            MatchKind.ADDRESS,
            _place("said_home") != _place("home"),
            "told_home",
            "known_home",
            "home",
        ),
        _differing(
            beside.filter(pl.col("said_relationship") != ""),
            MatchKind.RELATIONSHIP,
            pl.col("said_relationship") != pl.col("relationship"),
            "said_relationship",
            "relationship",
            "relationship_code",
        ),
    ]


def _open_since(name: str) -> pl.Expr:
    """Since when a protected person lives somewhere else is not told either."""
    return pl.when("protected").then(None).otherwise(name).alias(name)


def _place(name: str) -> pl.Expr:
    """An address without blanks and with digits and hyphens of one width; 丁目, 番地, 番, 号 as hyphens."""
    text = pl.col(name).str.normalize("NFKC").str.replace_all(r"\s", "")
    text = text.str.replace_all(r"丁目|番地の?|番|号|の", "-").str.replace_all(r"[-‐‑–−ー]+", "-")
    return text.str.strip_chars("-")


def _differing(
    rows: pl.DataFrame, kind: MatchKind, differs: pl.Expr, said: str, known: str, watched: str
) -> pl.DataFrame:
    ordered = rows.filter(differs).with_columns((pl.col("day") == "today").alias("now")).sort("id", "person", "now")
    return (
        ordered.group_by("id", "person", maintain_order=True)
        .agg(
            pl.col("part").last().fill_null(""),
            pl.col(said).last().alias("said"),
            pl.col(known).last().alias("known"),
            pl.col(f"{watched}_since").last().alias("since"),
            (~pl.col("now")).any().alias("at_receipt"),
            pl.col("now").any().alias("at_today"),
        )
        .rename({"person": "about"})
        .with_columns(pl.lit(kind.value).alias("kind"))
    )
