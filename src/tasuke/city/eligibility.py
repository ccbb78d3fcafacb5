"""Who is a recipient on which days: the city's own judgement of its applications, by `schemes.assess`, month by month.

The city must know it to send claims for recipients only. It is careful on purpose: where files could be read in two
ways (a month of transition, a decision not yet made), it lets nobody see a doctor.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl

from tasuke.city import applications as apps
from tasuke.city.draw import NO_DAY, Ints, date_series, day_number, digits, to_date, with_weight21
from tasuke.city.families_income import income_rows
from tasuke.city.fates import Fate
from tasuke.city.register import Register
from tasuke.schemes.assess import assess
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile

CERTIFICATE_DAYS = 3  # from the application to the certificate in the hand
EVENTS = {"1": "birth", "2": "move_in", "3": "insurance", "4": "law_change", "5": "single_parent", "6": "disability"}
ROLES = {"1": "child", "2": "parent", "3": "caregiver", "4": "self"}
_FAR = 2**30


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the judgement reads."""

    register: Register
    profile: Profile
    insurance: pl.DataFrame
    welfare: pl.DataFrame
    tax: pl.DataFrame  # all records of all years, with `known` = day number from which the files say it
    supporters: dict[int, list[int]]  # by pid of the applicant (lone parents with their own parents)


def recipient_numbers(applied: pl.DataFrame, profile: Profile, stock: pl.DataFrame, since: int) -> pl.DataFrame:
    """受給者番号 by (scheme, pid): the stock of the old system first, then who applies from the day `since` on
    (rejected persons too), both running by (received, application_no)."""
    new = applied.filter(pl.col("kind") == apps.NEW).sort("received", "application_no")
    old = new.join(stock.select("scheme", "pid"), on=["scheme", "pid"], how="semi", maintain_order="left")
    new = pl.concat([old, new.filter(pl.col("received") >= since)])
    parts = []
    for scheme in profile.schemes:
        settings = next((s for s in profile.numbering if s.scheme == scheme), None)
        width, first = (settings.digits, settings.first) if settings else (6, 1)
        persons = new.filter(pl.col("scheme") == scheme).unique("pid", keep="first", maintain_order=True)
        bodies = np.arange(first, first + persons.height, dtype=np.int64)
        checked = settings is None or settings.check_digit
        numbers = with_weight21(bodies, width) if checked else digits(bodies, width)
        parts.append(persons.select("scheme", "pid", recipient_no=numbers))
    return pl.concat(parts)


def payer_number(profile: Profile, scheme: str, day: date, *, band: str, copay_class: str, funding: str) -> str:
    """公費負担者番号 of a recipient: the row of the profile that fits best; with an unknown funding the city's own."""
    rows = [p for p in profile.payer_numbers if p.scheme == scheme and p.valid_from <= day]
    fitting = [
        p
        for p in rows
        if p.band in (None, band) and p.copay_class in (None, copay_class) and p.funding in (None, funding)
    ]
    chosen = fitting or rows
    return chosen[0].payer_no if fitting else chosen[-1].payer_no


def leave_days(register: Register) -> tuple[Ints, Ints]:
    """(first day without residence, or under 生活保護, or _FAR; day of the return or _FAR) by pid."""
    people = register.people
    fate, day = people["fate"].to_numpy(), people["day"].to_numpy()
    goes = np.isin(fate, [Fate.MOVE_OUT, Fate.RETURN, Fate.ERASED])
    goes |= (fate == Fate.DIVORCE_LEAVE) & (people["role"].to_numpy() == 0)
    death = people["death"].to_numpy()
    leave = np.where(goes, day, np.where(death != NO_DAY, death, _FAR))
    assisted = people["assist_from"].to_numpy()
    leave = np.minimum(leave, np.where(assisted != NO_DAY, assisted, _FAR))
    gone = people["gone"].to_numpy()
    leave = np.where(gone != NO_DAY, gone, leave)
    back = np.where(fate == Fate.RETURN, people["back"].to_numpy(), _FAR)
    return leave.astype(np.int64), back.astype(np.int64)


def _insured_spans(world: World) -> tuple[Ints, Ints]:
    """First and last day of insurance by pid (memberships follow each other without a gap); NO_DAY = none."""
    n = world.register.people.height
    rows = world.insurance.group_by("pid").agg(pl.col("acquired").min(), pl.col("lost").sort_by("acquired").last())
    start, end = np.full(n, NO_DAY, dtype=np.int64), np.full(n, NO_DAY, dtype=np.int64)
    start[rows["pid"].to_numpy()] = rows["acquired"].to_numpy()
    end[rows["pid"].to_numpy()] = rows["lost"].to_numpy()
    return start, end


def kind_on(world: World, pids: Ints, day: int) -> pl.Series:
    """Insurance kind of each person on a day."""
    current = world.insurance.filter(pl.col("acquired") <= day).sort("pid", "acquired").unique("pid", keep="last")
    return pl.DataFrame({"pid": pids}).join(
        current.select("pid", "insurance_kind"), on="pid", how="left", maintain_order="left"
    )["insurance_kind"]


def _welfare_columns(world: World, pids: Ints, on: int) -> pl.DataFrame:
    """Facts of persons that hold on a day, as columns of the assessment."""
    facts = world.welfare.filter(
        pl.col("valid_from") <= on, (pl.col("valid_to") == NO_DAY) | (pl.col("valid_to") >= on)
    )
    code, grade = pl.col("fact_code"), pl.col("grade")
    level = grade.str.slice(0, 1).cast(pl.Int64, strict=False)
    by_pid = facts.group_by("pid").agg(
        public_assistance=(code == "10").any(),
        institution=(code == "20").any(),
        foster=(code == "21").any(),
        physical_grade=level.filter(code == "30").min(),
        physical_internal=grade.filter(code == "30").str.ends_with("N").any(),
        intellectual=grade.filter(code == "31").min(),
        mental_grade=level.filter(code == "32").min(),
        disability_middle=(code == "50").any(),
        in_school=(code == "60").any(),
        dependent=(code == "70").any(),
    )
    joined = pl.DataFrame({"pid": pids}).join(by_pid, on="pid", how="left", maintain_order="left")
    facility = (
        pl.when("institution").then(pl.lit("institution")).when("foster").then(pl.lit("foster")).alias("facility")
    )
    return joined.with_columns(facility).drop("institution", "foster", "pid")


def person_rows(world: World, rows: pl.DataFrame, on: Ints, held: dict[int, list[str]]) -> pl.DataFrame:
    """The persons frame of the assessment; one row per application row, id = its row number."""
    people = world.register.people
    pids = rows["pid"].to_numpy()
    leave, back = leave_days(world.register)
    start, end = _insured_spans(world)
    returned = rows["tag"].to_numpy() == "return"
    resident_from = np.where(returned, back[pids], people["since"].to_numpy()[pids])
    resident_to = np.where(returned | (leave[pids] == _FAR), NO_DAY, leave[pids])
    births = date_series("birth_date", people["birth"].to_numpy()[pids])
    unknown = people["unknown_birth"].gather(pids)
    frame = pl.DataFrame(
        {
            "id": digits(np.arange(rows.height, dtype=np.int64), 1),
            "birth_date": births.set(unknown, None),
            "role": rows["role"].replace_strict(ROLES, return_dtype=pl.String),
            "resident_from": date_series("a", resident_from),
            "resident_to": date_series("b", resident_to),
            "insured_from": date_series("c", start[pids]),
            "insured_to": date_series("d", end[pids]),
            "insurance_kind": kind_on(world, pids, int(on.min(initial=_FAR))),
            "single_parent_reason": rows["single_reason"],
            "single_parent_from": date_series("e", rows["single_since"].fill_null(NO_DAY).to_numpy()),
            "de_facto_spouse": rows["de_facto"],
            "application_date": date_series("f", rows["received"].to_numpy()),
            "event": rows["reason"].replace_strict(EVENTS, default="other", return_dtype=pl.String),
            "event_date": date_series("g", rows["event"].to_numpy()),
            "held_kinds": pl.Series([held.get(int(p), []) for p in pids], dtype=pl.List(pl.String)),
            "on": date_series("on", on),
        }
    )
    facts = _welfare_columns(world, pids, int(on.max(initial=0)))
    youngest = _youngest_child(world, rows)
    return pl.concat([frame, facts, youngest], how="horizontal")


def _youngest_child(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    """Birth of the youngest child of the same application, for parents."""
    births = world.register.people["birth"].gather(rows["pid"].to_numpy())
    child = births.set(rows["role"] != apps.CHILD, None)
    youngest = pl.DataFrame({"child": child, "key": rows["applicant"]}).select(
        pl.col("child").max().over("key").alias("child_birth_date")
    )
    is_parent = rows["role"] == apps.PARENT
    dates = youngest["child_birth_date"].cast(pl.Int32).cast(pl.Date)
    return pl.DataFrame({"child_birth_date": dates.set(~is_parent, None), "has_child": is_parent})


def judge(
    world: World,
    scheme: Scheme,
    rows: pl.DataFrame,
    on: Ints,
    held: dict[int, list[str]],
    *,
    known_by: int | None = None,
    foresight: bool = True,
) -> pl.DataFrame:
    """Results of the assessment beside the application rows (row order kept). `on`: day number by row.

    known_by: day number by which incomes are known; None: the days that are judged. foresight: whether moves and losses
    of insurance that lie ahead are known (an office knows of none).
    """
    if rows.is_empty():
        return rows
    persons = person_rows(world, rows, on, held)
    if not foresight:
        ahead = [pl.when(pl.col(c) <= pl.col("on")).then(c).alias(c) for c in ("resident_to", "insured_to")]
        persons = persons.with_columns(ahead)
    incomes = income_rows(world, scheme, rows, on, known_by=known_by)
    result = assess(scheme, persons, incomes, to_date(int(on.max())), world.profile.confirmed_keys(scheme.id))
    wanted = ("outcome", "reasons", "start", "end", "band", "coverage", "copay_class", "funding", "income_year")
    return pl.concat([rows, result.select(wanted)], how="horizontal")


def _cut(world: World, rows: pl.DataFrame, first: int, last: int, stops: dict[int, int]) -> pl.DataFrame:
    """Days in [first, last) on which the row's person may use the certificate: columns `from_day`, `to_day`."""
    people = world.register.people
    pids = rows["pid"].to_numpy()
    leave, _ = leave_days(world.register)
    returned = rows["tag"].to_numpy() == "return"
    stop = np.array([stops.get(int(p), _FAR) for p in pids], dtype=np.int64)
    start = rows["start"].cast(pl.Int32).cast(pl.Int64).to_numpy()
    end = rows["end"].cast(pl.Int32).cast(pl.Int64).fill_null(_FAR).to_numpy()
    begin = np.maximum(np.maximum(start, rows["received"].to_numpy() + CERTIFICATE_DAYS), first)
    until = np.minimum(np.minimum(end, last), np.where(returned, _FAR, leave[pids] - 1))
    fate, day = people["fate"].to_numpy()[pids], people["day"].to_numpy()[pids]
    partner = np.isin(fate, [Fate.REMARRIAGE, Fate.DE_FACTO]) & (rows["scheme_kind"].to_numpy() == "hitorioya")
    until = np.minimum(until, np.where(partner, day - 1, _FAR))
    until = np.minimum(until, stop)
    return rows.with_columns(from_day=pl.Series(begin), to_day=pl.Series(until)).filter(
        pl.col("from_day") < pl.col("to_day")
    )


def month_recipients(
    world: World,
    scheme: Scheme,
    applied: pl.DataFrame,
    month: tuple[int, int],
    held: dict[int, list[str]],
    stops: dict[int, int],
) -> pl.DataFrame:
    """Rows of recipients who may see a doctor in the month, with from_day, to_day, payer_no and `retroactive`: by a
    correction of an income that comes before the claims are sent they were none.

    held: kinds of other schemes in force by pid; stops: first day on which a scheme that goes first takes over.
    """
    first, last = month
    rows = applied.filter(
        pl.col("kind") == apps.NEW,
        pl.col("scheme") == scheme.id,
        pl.col("received") < last - CERTIFICATE_DAYS,
        pl.col("event") < last,
    ).sort("received", "application_no")
    on = np.maximum(np.maximum(rows["received"].to_numpy(), rows["event"].to_numpy()), first)
    judged = judge(world, scheme, rows, on, held)
    if judged.is_empty():
        return judged
    later = judge(world, scheme, rows, on, held, known_by=last - 1)
    judged = judged.with_columns(retroactive=later["outcome"] != "eligible")
    eligible = judged.filter(pl.col("outcome") == "eligible")
    eligible = _cut(world, eligible, first, last, stops)
    # a person with two applications (return) is one recipient: the later application counts
    eligible = eligible.unique("pid", keep="last", maintain_order=True)
    payers = eligible.select("band", "copay_class", "funding").unique(maintain_order=True)
    numbers = [
        payer_number(
            world.profile, scheme.id, to_date(first), band=r["band"], copay_class=r["copay_class"], funding=r["funding"]
        )
        for r in payers.iter_rows(named=True)
    ]
    payers = payers.with_columns(payer_no=pl.Series(numbers, dtype=pl.String))
    return eligible.join(payers, on=["band", "copay_class", "funding"], how="left", maintain_order="left")


def month_bounds(first: date, count: int) -> list[tuple[int, int]]:
    """[first day, first day of the next month) of `count` months as day numbers."""
    starts = []
    year, month = first.year, first.month
    for _ in range(count + 1):
        starts.append(day_number(date(year, month, 1)))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return list(pairwise(starts))
