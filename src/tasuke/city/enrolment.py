"""All applications of the city and, from them, who is a recipient of which scheme in which month."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from tasuke.city import applications as apps
from tasuke.city import changes
from tasuke.city.draw import digits
from tasuke.city.eligibility import CERTIFICATE_DAYS, World, month_bounds, month_recipients, recipient_numbers
from tasuke.city.stock import IN_PROCESS_DAYS, old_stock
from tasuke.schemes.definition import Scheme

_ORDER = {"judo": 0, "hitorioya": 1, "kodomo": 2, "shoni": 2}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """applications: all, in order, with application_no. recipients: (month, scheme, pid) with the days of use and
    numbers. stock: recipients of the old system on the first day. numbers: 受給者番号 by (scheme, pid). schemes in the
    order of priority."""

    applications: pl.DataFrame
    recipients: pl.DataFrame
    stock: pl.DataFrame
    numbers: pl.DataFrame
    schemes: list[Scheme]
    months: list[tuple[int, int]]


def _number_applications(frame: pl.DataFrame) -> pl.DataFrame:
    """application_no in the order of receipt; rows of one family, day and kind share no number: one row, one number."""
    ordered = frame.sort("received", "scheme", "kind", "applicant", "pid", maintain_order=True)
    year = pl.from_epoch("received", time_unit="d").dt.year().cast(pl.String)
    running = digits(np.arange(1, ordered.height + 1, dtype=np.int64), 7)
    return ordered.with_columns(application_no=pl.lit("A") + year + pl.lit("-") + running)


def _own_applications(facts: apps.Facts, scheme: Scheme, exclude: set[int]) -> pl.DataFrame:
    if scheme.kind.value == "judo":
        return apps.disability_applications(facts, scheme)
    if scheme.kind.value == "hitorioya":
        return apps.single_parent_applications(facts, scheme, apps.single_parents(facts))
    return apps.child_applications(facts, scheme, exclude=exclude)


def _without_assistance(frame: pl.DataFrame, facts: apps.Facts) -> pl.DataFrame:
    """Households on 生活保護 do not apply, but for one in ten (who is rejected)."""
    assisted = facts.welfare.filter(pl.col("fact_code") == "10")["pid"]
    household = pl.Series(facts.families.household[frame["pid"].to_numpy()])
    return frame.filter(~pl.col("pid").is_in(assisted.implode()) | (household % 10 == 0))


def enrol(world: World, facts: apps.Facts, schemes: list[Scheme], first: date, count: int) -> Enrolment:
    """Applications of every scheme in the order of priority, and the recipients of every month."""
    ordered = sorted(schemes, key=lambda s: _ORDER[s.kind.value])
    months = month_bounds(first, count)
    parts: list[pl.DataFrame] = []
    monthly: list[pl.DataFrame] = []
    stocks: list[pl.DataFrame] = []
    after: list[pl.DataFrame] = []
    exclude: set[int] = set()
    stops: dict[int, int] = {}
    for scheme in ordered:
        is_child = scheme.kind.value in apps.CHILD_KINDS
        own = _without_assistance(_own_applications(facts, scheme, exclude if is_child else set()), facts)
        if is_child:
            own = pl.concat([own, *(apps.after_loss(facts, scheme, lost_one) for lost_one in after)])
        own = _number_applications(own)  # provisional numbers: the order of receipt is what counts
        rightful = own if is_child else own.filter(~pl.col("pid").is_in(sorted(exclude)))
        stocks.append(old_stock(world, scheme, rightful))
        found, accepted = _months_of(world, scheme, rightful, months, stops)
        # who was never accepted has nothing to lose
        lost = apps.losses(facts, scheme, own).filter(pl.col("pid").is_in(found["pid"].unique().implode()))
        if not is_child:
            after.append(lost)
        monthly.append(found)
        parts.append(pl.concat([own.drop("application_no"), lost]))
        if not is_child:
            _take_over(facts, accepted, exclude, stops)
    applied = pl.concat(parts)
    notices = [
        notice
        for scheme in ordered
        for notice in (
            changes.insurance_changes(facts, scheme, applied, world.insurance),
            changes.account_changes(facts, scheme, applied),
            changes.supporter_changes(facts, scheme, applied),
        )
    ]
    applied = _number_applications(pl.concat([applied, *notices]))
    stock = pl.concat([s for s in stocks if s.height], how="diagonal")
    numbers = recipient_numbers(applied, world.profile, stock, months[0][0] - IN_PROCESS_DAYS)
    recipients = pl.concat(monthly, how="diagonal").join(
        numbers, on=["scheme", "pid"], how="left", maintain_order="left"
    )
    return Enrolment(applied, recipients, stock, numbers, ordered, months)


def _months_of(
    world: World, scheme: Scheme, own: pl.DataFrame, months: list[tuple[int, int]], stops: dict[int, int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Recipients of all months who may see a doctor, and all who are accepted (in some month). From the first month on,
    a changed class or a late acceptance is left out of the former: accepted they are, and what gives way has ended.

    A city may re-judge its recipients at the switch of the income year or not before the renewal: until then the
    register says what the first decision said, so a person whose class would change sees no doctor here. Who lost the
    entitlement (a corrected income, say) has to apply anew before he can come back.
    """
    parts: list[pl.DataFrame] = []
    accepted: list[pl.DataFrame] = []
    decided = pl.DataFrame(
        schema={
            "pid": pl.Int64,
            "application_no": pl.String,
            "d_class": pl.String,
            "d_payer": pl.String,
            "d_version": pl.Int64,
        }
    )
    asked: set[str] = set()
    for number, month in enumerate(months):
        found = month_recipients(world, scheme, own, month, {}, stops)
        accepted.append(found)
        version = sum(1 for v in scheme.version if (v.valid_from - date(1970, 1, 1)).days <= month[0])
        new = found.filter(~pl.col("application_no").is_in(list(asked)))
        baseline = new.select(
            "pid",
            "application_no",
            d_class="copay_class",
            d_payer="payer_no",
            d_version=pl.lit(version, dtype=pl.Int64),
        )
        still = decided.join(found.select("pid", "application_no"), on=["pid", "application_no"], how="semi")
        decided = pl.concat([still, baseline])
        asked |= set(own.filter(pl.col("received") < month[1], pl.col("event") < month[1])["application_no"])
        same = found.join(decided, on=["pid", "application_no"], how="inner", maintain_order="left").filter(
            (pl.col("d_payer") == pl.col("payer_no"))
            & ((pl.col("d_class") == pl.col("copay_class")) | (pl.col("d_version") != version))
        )
        parts.append(same.drop("d_class", "d_payer", "d_version").with_columns(month=pl.lit(number, dtype=pl.Int64)))
    # who applied on the last days has a paper in the hand after the window, and another scheme's no longer
    first, last = months[-1]
    accepted.append(month_recipients(world, scheme, own, (first, last + CERTIFICATE_DAYS + 1), {}, stops))
    return pl.concat(parts), pl.concat([a for a in accepted if a.height] or accepted[:1])


def _take_over(facts: apps.Facts, accepted: pl.DataFrame, exclude: set[int], stops: dict[int, int]) -> None:
    """Who is under a scheme that goes first: from the start (exclude) or from a day of the window (stops). A parent's
    ひとり親 leaves no other scheme behind."""
    window = facts.register.window
    held = (
        accepted.filter(pl.col("role") != apps.PARENT)
        .group_by("pid")
        .agg(pl.col("event").min(), pl.col("received").min(), pl.col("reason").first())
    )
    for pid, event, received, reason in held.sort("pid").iter_rows():
        divorced = reason == apps.SINGLE and event >= window.start
        if received < window.start or not (divorced or reason == apps.DISABILITY):
            exclude.add(pid)
        else:
            stops[pid] = min(stops.get(pid, 2**30), int(event))
