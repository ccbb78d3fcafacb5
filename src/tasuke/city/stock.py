"""The stock of the old system on the first day: who is a recipient, under which number, with which paper in the hand.

What the old system had not decided yet (applications of the last days) is no part of it.
"""

from datetime import date

import numpy as np
import polars as pl

from tasuke.city import applications as apps
from tasuke.city.draw import date_series, to_date
from tasuke.city.eligibility import CERTIFICATE_DAYS, World, judge, payer_number
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import CertificateSettings, Profile

# an old system is closed some days before the new one opens: what came in since waits for the new one
IN_PROCESS_DAYS = 10


def old_stock(world: World, scheme: Scheme, own: pl.DataFrame) -> pl.DataFrame:
    """Recipients of a scheme on the first day of the window: the application's columns, start d, end d?, band,
    coverage, copay_class, funding, payer_no. own: numbered applications of the scheme."""
    first = world.register.window.start
    rows = own.filter(pl.col("kind") == apps.NEW, pl.col("received") < first - IN_PROCESS_DAYS, pl.col("event") < first)
    judged = judge(world, scheme, rows, np.full(rows.height, first, dtype=np.int64), {}, foresight=False)
    if judged.is_empty():
        return judged
    day = to_date(first)
    held = judged.filter(
        pl.col("outcome") == "eligible", pl.col("start") <= day, pl.col("end").is_null() | (pl.col("end") > day)
    )
    one = held.sort("received", "application_no").unique("pid", keep="last", maintain_order=True)
    numbers = [
        payer_number(world.profile, scheme.id, day, band=r["band"], copay_class=r["copay_class"], funding=r["funding"])
        for r in one.iter_rows(named=True)
    ]
    return one.with_columns(payer_no=pl.Series(numbers, dtype=pl.String))


def stock_rows(world: World, stock: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Feed rows (formats/entitlement_feed) of the stock, by scheme and number. numbers: 受給者番号 by (scheme, pid)."""
    first = to_date(world.register.window.start)
    known = stock.join(numbers, on=["scheme", "pid"], how="inner").sort("scheme", "recipient_no")
    papers = [
        _papers(part, world.profile, str(scheme), first)
        for (scheme,), part in known.group_by("scheme", maintain_order=True)
    ]
    rows = pl.concat(papers)
    atena = world.register.people["atena_no"]
    return rows.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("seq"),
        "scheme",
        atena.gather(rows["pid"].to_numpy()).alias("atena_no"),
        "recipient_no",
        "payer_no",
        "role",
        valid_from="start",
        valid_to=pl.col("end").dt.offset_by("-1d"),
        band="band",
        coverage="coverage",
        copay_class="copay_class",
        funding="funding",
        certificate_issued_on="issued",
        certificate_from="paper_from",
        certificate_until="paper_until",
        applicant_atena_no=atena.gather(rows["applicant"].to_numpy()),
        breadwinner_atena_no=atena.gather(rows["breadwinner"].to_numpy()),
        **{c: pl.lit(None, dtype=t) for c, t in _EMPTY.items()},
    )


_EMPTY = {
    "spouse_atena_no": pl.String,
    "supporter_atena_nos": pl.String,
    "child_atena_nos": pl.String,
    "single_parent_reason": pl.String,
    "single_parent_since": pl.Date,
    "child_support": pl.Int64,
    "note": pl.String,
}


def _papers(part: pl.DataFrame, profile: Profile, scheme: str, first: date) -> pl.DataFrame:
    """The paper in the hand: issued, paper_from, paper_until (last day)."""
    settings = next((c for c in profile.certificates if c.scheme == scheme), None)
    applied = date_series("issued", part["received"].to_numpy() + CERTIFICATE_DAYS)
    with_day = part.with_columns(applied, (pl.col("end").dt.offset_by("-1d")).alias("last"))
    began, ends = _year_of_papers(settings, first)
    if began is None or ends is None:
        return with_day.with_columns(paper_from="start", paper_until="last")
    return with_day.with_columns(
        pl.max_horizontal("issued", pl.lit(began).dt.offset_by("-14d")).alias("issued"),
        paper_from=pl.max_horizontal("start", pl.lit(began)),
        paper_until=pl.min_horizontal("last", pl.lit(ends).dt.offset_by("-1d")),
    )


def _year_of_papers(settings: CertificateSettings | None, first: date) -> tuple[date | None, date | None]:
    """The last and the next day of renewal of papers that hold for a year; none for papers that last."""
    if settings is None or settings.validity == "entitlement" or settings.renewal_month is None:
        return None, None
    this = date(first.year, settings.renewal_month, 1)
    return (this, this.replace(year=this.year + 1)) if this <= first else (this.replace(year=this.year - 1), this)
