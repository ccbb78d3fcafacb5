"""Where certificates are posted to. The card bears the registered address; the envelope goes to the 送付先."""

from datetime import date
from typing import Any

import polars as pl

from tasuke.systems.subsidy.certificates.letter_persons import letter_persons
from tasuke.systems.subsidy.registry.queries import relations_frame

_ALIVE_HERE = "1"


def with_mail(rows: pl.DataFrame, *, using: str, on: date, today: date | None = None) -> pl.DataFrame:
    """The rows with mail_name, mail_postal and mail_address; `protection` also where the addressee is under 支援措置.

    rows: as `select_certificates` gives them. The addressee is whoever applied or keeps the family, of the same
    household; else the holder. A parent who lives elsewhere gets nothing: the card tells where the child lives.
    today: as of persons_frame.
    """
    relations = relations_frame(using=using, atena_nos=rows["atena_no"])
    people = pl.concat([rows["atena_no"], relations["other_atena_no"]]).unique()
    persons = letter_persons(using=using, on=on, atena_nos=people, today=today)
    return address(rows, relations, persons, on=on)


def address(rows: pl.DataFrame, relations: pl.DataFrame, persons: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """`with_mail` on frames. relations: `relations_frame`; persons: `letter_persons` of all who are named. Pure."""
    people = persons.select(
        "name", "protection", "household_no", "resident_status", no="atena_no", postal="postal_code",
        to_address="printed_address",
    )  # fmt: skip
    own = rows.join(people.rename({c: f"own_{c}" for c in people.columns if c != "no"}).rename({"no": "atena_no"}),
                    on="atena_no", how="left", maintain_order="left")  # fmt: skip
    known = _keepers(relations, on).join(people, left_on="keeper", right_on="no", how="inner")
    known = known.filter(pl.col("resident_status") == _ALIVE_HERE).rename(
        {"name": "to_name", "protection": "to_protection", "household_no": "to_household", "postal": "to_postal"}
    )
    joined = own.join(known.drop("resident_status"), on=["atena_no", "scheme"], how="left", maintain_order="left")
    together = (pl.col("to_household") == pl.col("own_household_no")).fill_null(value=False)
    to = pl.when(together)
    # what the holder notified goes before what the family did
    told = pl.col("own_to_address") != pl.col("printed_address")
    family = together & ~told.fill_null(value=False)
    return joined.with_columns(
        mail_name=pl.coalesce(to.then("to_name"), "name"),
        mail_postal=pl.coalesce(pl.when(family).then("to_postal"), "own_postal", "postal_code"),
        mail_address=pl.coalesce(pl.when(family).then("to_address"), "own_to_address", "printed_address"),
        protection=pl.col("protection") | (together & pl.col("to_protection").fill_null(value=True)),
    ).select(*rows.columns, "mail_name", "mail_postal", "mail_address")


def _keepers(relations: pl.DataFrame, on: date) -> pl.DataFrame:
    """atena_no, scheme, keeper: the applicant on the day, else the breadwinner."""
    on_day = (pl.col("valid_from") <= on) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > on))
    return (
        relations.filter(on_day & pl.col("kind").is_in(["applicant", "breadwinner"]))
        .sort("kind", "valid_from", descending=[False, True])
        .unique(["atena_no", "scheme"], keep="first", maintain_order=True)
        .select("atena_no", "scheme", keeper="other_atena_no")
    )


def labels_paper(rows: pl.DataFrame, *, fictitious: bool) -> dict[str, Any]:
    """What `labels.typ` reads: one label per card, in the order of the cards."""
    labels = [
        {
            "postal": f"{r['mail_postal'][:3]}-{r['mail_postal'][3:]}" if r["mail_postal"] else "",
            "address": r["mail_address"] or "",
            "name": r["mail_name"],
            "holder": r["name"] if r["name"] != r["mail_name"] else "",
            "number": r["recipient_no"],
        }
        for r in rows.iter_rows(named=True)
    ]
    return {"labels": labels, "fictitious": fictitious}
