"""The city's books for one run of decisions on receipts."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.claims.loading import months_back
from tasuke.systems.subsidy.claims.queries import in_kind_frame, prior_frame
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.registry.queries import accounts_frame, persons_frame
from tasuke.systems.subsidy.reimbursements.decision import Books


def load_books(*, using: str, profile: Profile, schemes: Mapping[str, Scheme], lines: pl.DataFrame, on: date) -> Books:
    """Everything that the undecided lines are held against. lines: as `lines_frame`, decided ones too."""
    open_lines = lines.filter(~pl.col("decided"))
    people = open_lines.get_column("atena_no").unique()
    months = open_lines.get_column("service_date").dt.month_start().unique().sort().to_list()
    decided = lines.filter("decided").join(people.to_frame(), on="atena_no", how="semi")
    accounts = accounts_frame(using=using, on=on, atena_nos=open_lines.get_column("applicant_atena_no").unique())
    return Books(
        entitlements=entitlements_frame(using=using, atena_nos=people),
        births=persons_frame(using=using, on=on, atena_nos=people).select("atena_no", "birth_date"),
        decided=decided,
        in_kind=in_kind_frame(using=using, atena_nos=people.to_list(), months=months),
        accounts=accounts.filter(pl.col("account_no").is_not_null()).get_column("atena_no"),
        prefecture_code=profile.prefecture_code,
        prior=_prior(using, schemes, open_lines, decided),
    )


def _prior(
    using: str, schemes: Mapping[str, Scheme], open_lines: pl.DataFrame, decided: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """By scheme that counts over months or years: burdens of claims and of earlier receipts."""
    found: dict[str, pl.DataFrame] = {}
    for name, scheme in schemes.items():
        part = open_lines.filter(pl.col("scheme") == name)
        first, last = part.get_column("service_date").min(), part.get_column("service_date").max()
        if not isinstance(first, date) or not isinstance(last, date):
            continue
        back = months_back(scheme, first=first, last=last)
        if back is None:
            continue
        since = date(first.year + (first.month - 1 - back) // 12, (first.month - 1 - back) % 12 + 1, 1)
        in_kind = prior_frame(using=using, scheme=name, first=since, last=last, file_id=None)
        paid = decided.filter(
            (pl.col("scheme") == name) & pl.col("granted") & (pl.col("service_date") >= since)
        ).select(
            pl.format("r{}", pl.col("line_id")).alias("id"),
            pl.col("atena_no").alias("person_id"),
            "service_date",
            pl.col("institution_code").alias("institution"),
            "care",
            "inpatient",
            "visits",
            "first_visits",
            "days",
            "cost",
            "burden",
        )
        both = pl.concat([in_kind, paid], how="diagonal_relaxed")
        found[name] = both.join(part.select(person_id="atena_no").unique(), on="person_id", how="semi")
    return found
