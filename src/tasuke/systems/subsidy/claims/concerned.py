"""Whom the claims of one file can concern, so that a file does not read the books of everybody.

A claim concerns the holder of its recipient number. Where the number leads to nobody, or to a person of another birth
date, it may concern any recipient who was born on the day that the claim names: `matching` looks among them.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out, staging
from tasuke.systems.subsidy.claims.frames import HOLDER_SCHEMA, KOHI_SCHEMA, PERSON_SCHEMA, typed
from tasuke.systems.subsidy.claims.kohi import choose_kohi
from tasuke.systems.subsidy.registry.queries import persons_frame

# an entitlement whose number is not in the list of numbers (taken over from another system) counts as well
_HOLDERS = """
SELECT scheme, recipient_no, atena_no FROM (
  SELECT 0 AS turn, n.id, n.scheme, n.recipient_no, n.atena_no FROM subsidy_recipient_number n
  UNION ALL
  SELECT 1, e.id, e.scheme, e.recipient_no, e.atena_no FROM subsidy_entitlement e
  WHERE e.recorded_to IS NULL AND NOT EXISTS (
    SELECT FROM subsidy_recipient_number n
    WHERE n.scheme = e.scheme AND n.recipient_no = e.recipient_no AND n.atena_no = e.atena_no)
) h ORDER BY turn, id
"""
_BORN_ON = """
SELECT DISTINCT t.atena_no FROM subsidy_resident_record t JOIN {} d ON d.birth_date = t.birth_date
WHERE t.recorded_to IS NULL AND t.valid @> %s::date
"""


@dataclass(frozen=True, slots=True)
class Concerned:
    """people: atena_no of all whom the claims may concern; persons: what the register says of them (PERSON_SCHEMA)."""

    people: pl.Series
    persons: pl.DataFrame


def holders_frame(using: str) -> pl.DataFrame:
    """Every recipient number that was ever given, and to whom (HOLDER_SCHEMA); the oldest first."""
    return copy_out(connections[using], _HOLDERS, schema=HOLDER_SCHEMA)


def find_concerned(
    *, using: str, claims: pl.DataFrame, kohi: pl.DataFrame, payers: pl.DataFrame, holders: pl.DataFrame, on: date
) -> Concerned:
    """Holders of the numbers in the file, and recipients born on the days of claims that do not fit their holder."""
    chosen = choose_kohi(claims.select("line", "birth_date"), typed(kohi, KOHI_SCHEMA), payers)
    first = holders.unique(["scheme", "recipient_no"], keep="first", maintain_order=True)
    named = chosen.select("birth_date", "scheme", "recipient_no").join(first, on=["scheme", "recipient_no"], how="left")
    people = named.get_column("atena_no").drop_nulls().unique()
    persons = typed(persons_frame(using=using, on=on, atena_nos=people), PERSON_SCHEMA)
    known = named.join(persons.select("atena_no", p_birth_date="birth_date"), on="atena_no", how="left")
    fits = (pl.col("birth_date") == pl.col("p_birth_date")).fill_null(value=False)
    days = known.filter(~fits).select("birth_date").drop_nulls().unique()
    others = _recipients_born_on(using, days, on, holders=holders, without=people)
    if others.is_empty():
        return Concerned(people, persons)
    more = typed(persons_frame(using=using, on=on, atena_nos=others), PERSON_SCHEMA)
    return Concerned(pl.concat([people, others]), pl.concat([persons, more]))


def _recipients_born_on(
    using: str, days: pl.DataFrame, on: date, *, holders: pl.DataFrame, without: pl.Series
) -> pl.Series:
    if days.is_empty():
        return pl.Series("atena_no", [], dtype=pl.String)
    with staging(connections[using], days, {"birth_date": "date"}) as name:
        born = copy_out(connections[using], _BORN_ON.format(name), [on], schema={"atena_no": pl.String})
    recipients = born.join(holders, on="atena_no", how="semi")
    return recipients.join(without.rename("atena_no").to_frame(), on="atena_no", how="anti").get_column("atena_no")
