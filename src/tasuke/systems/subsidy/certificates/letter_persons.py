"""Persons as papers name them: the name that a resident asked for (通称), where letters to them go (送付先), and
whether somebody of the household is under 支援措置, so that nothing for it may go by post."""

from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.certificates.selection import printed_address_expr
from tasuke.systems.subsidy.registry.histories import MAILING_ADDRESSES, NAMES_ON_PAPERS
from tasuke.systems.subsidy.registry.protection import in_force_sql
from tasuke.systems.subsidy.registry.queries import persons_frame
from tasuke.systems.subsidy.registry.tables import select_current

BY_HAND = "(手渡し)"  # in the place of the address
_IN_FORCE = "t.valid @> %s::date"
_CAREFUL_HOUSEHOLDS = f"""
SELECT DISTINCT r.household_no FROM subsidy_resident_record r JOIN subsidy_protection p USING (atena_no)
WHERE r.recorded_to IS NULL AND r.valid @> %s::date AND r.household_no <> ''
    AND {in_force_sql("p", on="%s")}
"""  # noqa: S608


def persons_on_papers(
    *, using: str, on: date, atena_nos: pl.Series | None = None, today: date | None = None
) -> pl.DataFrame:
    """The persons_frame of a day with `name` and `name_kana` as certificates and letters carry them.

    protection: the person or anybody of the same household is under 支援措置. What comes to a household is opened by
    any of its people, and tells what is going on in it. today: as of persons_frame.
    """
    known = persons_frame(using=using, on=on, atena_nos=atena_nos, today=today)
    persons = _with_households(using, known, on, min(on, today or on))
    asked = select_current(
        using=using, table=NAMES_ON_PAPERS, atena_nos=persons["atena_no"], where=_IN_FORCE, params=[on]
    )
    if asked.is_empty():
        return persons
    papers = asked.select("atena_no", paper_name="name", paper_kana="name_kana")
    return (
        persons.join(papers, on="atena_no", how="left", maintain_order="left")
        .with_columns(
            name=pl.coalesce("paper_name", "name"),
            name_kana=pl.when(pl.col("paper_name").is_null()).then("name_kana").otherwise("paper_kana"),
        )
        .drop("paper_name", "paper_kana")
    )


def _with_households(using: str, persons: pl.DataFrame, on: date, guarded_on: date) -> pl.DataFrame:
    careful = copy_out(connections[using], _CAREFUL_HOUSEHOLDS, [on, guarded_on], schema={"household_no": pl.String()})
    beside = pl.col("household_no").is_in(careful["household_no"].implode()).fill_null(value=False)
    return persons.with_columns(protection=pl.col("protection") | beside)


def letter_persons(
    *, using: str, on: date, atena_nos: pl.Series | None = None, today: date | None = None
) -> pl.DataFrame:
    """`persons_on_papers` with `printed_address`; address and postal code are those of the 送付先 where one holds.

    The 送付先 of somebody else is named as 気付, so that the letter still names the person it is for.
    """
    persons = persons_on_papers(using=using, on=on, atena_nos=atena_nos, today=today).with_columns(
        printed_address=printed_address_expr()
    )
    told = select_current(
        using=using, table=MAILING_ADDRESSES, atena_nos=persons["atena_no"], where=_IN_FORCE, params=[on]
    )
    if told.is_empty():
        return persons
    care_of = pl.when(pl.col("addressee") != "").then(pl.format(" {} 気付", "addressee")).otherwise(pl.lit(""))
    mailing = told.select(
        "atena_no", mail_postal="postal_code", mail_address=pl.concat_str(printed_address_expr(), care_of)
    )
    return (
        persons.join(mailing, on="atena_no", how="left", maintain_order="left")
        .with_columns(
            postal_code=pl.coalesce("mail_postal", "postal_code"),
            address=pl.coalesce("mail_address", "address"),
            address_detail=pl.when(pl.col("mail_address").is_null()).then("address_detail").otherwise(pl.lit("")),
            printed_address=pl.coalesce("mail_address", "printed_address"),
        )
        .drop("mail_postal", "mail_address")
    )
