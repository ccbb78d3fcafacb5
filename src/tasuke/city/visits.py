"""Visits of a month: who goes where, on which days, at what cost. Whole columns; the unit is the claim (レセプト)."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import Bools, Floats, Ints, chance, choose, stream, to_date
from tasuke.city.people import YEAR
from tasuke.city.providers import CARES, Providers
from tasuke.city.words import rates

MEDICAL, DENTAL, PHARMACY, NURSING = range(4)
MEAL_YEN = 510  # 食事療養標準負担額 of one meal since 2025-04 (一般)
MEAL_COST = 690
_DAYS_MAX = 6


@dataclass(frozen=True, slots=True)
class MonthOfVisits:
    """claims: key, row (recipient row), care, provider (row), inpatient, visit_days (mask), days, first_visits, cost,
    meals_count, prescriber (provider row or -1). visits: key, day, cost, first_visit."""

    claims: pl.DataFrame
    visits: pl.DataFrame


def yearly_claims(age: Floats) -> Floats:
    """Claims a year by age in years (operations.md §6)."""
    table = np.array(rates()["visits"]["yearly"])
    return np.asarray(table[np.searchsorted([1.0, 6.0, 12.0, 15.0, 19.0, 65.0], age, side="right")], dtype=np.float64)


def _frailty(pids: Ints, seed: int) -> Floats:
    """How often a person goes compared with others of the age: a mean of 1, fixed for life."""
    count = int(pids.max(initial=0)) + 1
    return np.asarray(stream(seed, "frailty").gamma(2.2, 1 / 2.2, count)[pids], dtype=np.float64)


def _providers_for(rng: np.random.Generator, providers: Providers, care: int, usual: Ints, hospital: Bools) -> Ints:
    """Provider row: the usual one in six of ten cases, else any by weight; hospitals for inpatients."""
    name = CARES[care]
    first, count = providers.first[name], providers.count[name]
    weights = providers.table["weight"].to_numpy()[first : first + count]
    other = first + choose(rng, weights, len(usual))
    chosen = np.where(chance(rng, 0.6, len(usual)), first + usual % count, other)
    hospitals = np.flatnonzero(providers.table["hospital"].to_numpy())
    return np.where(hospital, hospitals[rng.integers(0, len(hospitals), len(usual))], chosen).astype(np.int64)


def _day_masks(rng: np.random.Generator, first: Ints, last: Ints, wanted: Ints, together: Bools) -> Ints:
    """Bit masks of visit days within [first, last] (days of month); `together`: consecutive days (admissions)."""
    span = np.maximum(last - first + 1, 1)
    mask = np.zeros(len(first), dtype=np.int64)
    start = first + (rng.random(len(first)) * span).astype(np.int64)
    for k in range(int(wanted.max(initial=1))):
        loose = first + (rng.random(len(first)) * span).astype(np.int64)
        day = np.where(together, start + k, np.where(k == 0, start, loose))
        fits = (k < wanted) & (day <= last)
        mask |= np.where(fits, np.left_shift(np.int64(1), day - 1), 0)
    return mask


def _bit_counts(mask: Ints) -> Ints:
    return np.bitwise_count(mask).astype(np.int64)


def draw_month(
    recipients: pl.DataFrame,
    *,
    providers: Providers,
    month: tuple[int, int],
    seed: int,
    first_key: int = 0,
    scale: float = 1.0,
    name: str = "",
) -> MonthOfVisits:
    """Claims of a month for a table of recipients.

    recipients: pid (Int64), birth (day number), from_day, to_day (day numbers, end-exclusive), inpatient_only (bool).
    scale: how much more often than usual they go. name: sets the draws of one use apart from those of another.
    """
    rng = stream(seed, f"visits.{month[0]}.{name}")
    pids, birth = recipients["pid"].to_numpy(), recipients["birth"].to_numpy()
    n = recipients.height
    v = rates()["visits"]
    season = v["season"][to_date(month[0]).month - 1]
    share = (recipients["to_day"].to_numpy() - recipients["from_day"].to_numpy()) / (month[1] - month[0])
    mean = yearly_claims((month[0] - birth) / YEAR) / 12 * season * share * _frailty(pids, seed) * scale
    only_inpatient = recipients["inpatient_only"].to_numpy()
    medical = rng.poisson(np.where(only_inpatient, mean * v["medical"] * v["inpatient"], mean * v["medical"]))
    dental = rng.poisson(np.where(only_inpatient, 0.0, mean * v["dental"]))
    nursing = rng.poisson(np.where(only_inpatient, 0.0, mean * v["nursing"]))
    rows = np.concatenate([np.repeat(np.arange(n), c) for c in (medical, dental, nursing)])
    care = np.repeat([MEDICAL, DENTAL, NURSING], [medical.sum(), dental.sum(), nursing.sum()])
    inpatient = (care == MEDICAL) & (chance(rng, v["inpatient"], len(rows)) | only_inpatient[rows])
    provider = np.zeros(len(rows), dtype=np.int64)
    for code in (MEDICAL, DENTAL, NURSING):
        at = care == code
        usual = pids[rows[at]] * 7919 + code
        provider[at] = _providers_for(rng, providers, code, usual, inpatient[at])
    frame = _with_days(rng, recipients, rows, care, inpatient, provider, month)
    frame = _with_pharmacy(rng, frame, providers, pids)
    frame = frame.with_columns(key=pl.int_range(first_key, first_key + pl.len(), dtype=pl.Int64))
    return _with_costs(rng, frame)


def _with_days(
    rng: np.random.Generator,
    recipients: pl.DataFrame,
    rows: Ints,
    care: Ints,
    inpatient: Bools,
    provider: Ints,
    month: tuple[int, int],
) -> pl.DataFrame:
    """Visit days and first visits; one claim per person, institution and setting in a month."""
    first = (recipients["from_day"].to_numpy() - month[0] + 1)[rows]
    last = (recipients["to_day"].to_numpy() - month[0])[rows]
    wanted = 1 + np.minimum(rng.geometric(0.62, len(rows)) - 1, _DAYS_MAX)
    wanted = np.where(care == NURSING, rng.integers(3, 9, len(rows)), wanted)
    wanted = np.where(inpatient, rng.integers(2, 10, len(rows)), wanted)
    mask = _day_masks(rng, first, last, wanted, inpatient)
    first_rate = np.where(care == MEDICAL, 0.6, np.where(care == DENTAL, 0.35, 0.0))
    frame = pl.DataFrame(
        {
            "row": rows,
            "care": care.astype(np.int64),
            "provider": provider,
            "inpatient": inpatient,
            "visit_days": mask,
            "days": _bit_counts(mask),
            "first_visits": chance(rng, first_rate, len(rows)).astype(np.int64),
            "prescriber": np.full(len(rows), -1, dtype=np.int64),
        }
    )
    return frame.unique(["row", "provider", "inpatient"], keep="first", maintain_order=True)


def _with_pharmacy(rng: np.random.Generator, frame: pl.DataFrame, providers: Providers, pids: Ints) -> pl.DataFrame:
    """調剤 claims that follow outpatient medical ones: the same days, another institution."""
    source = frame.filter((pl.col("care") == MEDICAL) & ~pl.col("inpatient"))
    source = source.filter(pl.Series(chance(rng, rates()["visits"]["pharmacy_after_medical"], source.height)))
    usual = pids[source["row"].to_numpy()] * 104729 + source["provider"].to_numpy()
    shop = _providers_for(rng, providers, PHARMACY, usual, np.zeros(source.height, dtype=bool))
    follow = source.with_columns(
        care=pl.lit(PHARMACY, dtype=pl.Int64),
        prescriber="provider",
        provider=pl.Series(shop),
        first_visits=pl.lit(0, dtype=pl.Int64),
    )
    follow = follow.unique(["row", "provider"], keep="first", maintain_order=True)
    return pl.concat([frame, follow.select(frame.columns)])


def _with_costs(rng: np.random.Generator, frame: pl.DataFrame) -> MonthOfVisits:
    """Cost of each visit day (10割, yen) and the claim's sums."""
    bits = np.arange(31, dtype=np.int64)
    on = (frame["visit_days"].to_numpy()[:, None] >> bits) & 1
    at, day = np.nonzero(on)
    care = frame["care"].to_numpy()[at]
    inpatient = frame["inpatient"].to_numpy()[at]
    opening = np.r_[True, at[1:] != at[:-1]] if len(at) else np.zeros(0, dtype=bool)
    is_first = opening & (frame["first_visits"].to_numpy()[at] > 0)
    center = np.select([care == MEDICAL, care == DENTAL, care == PHARMACY], [6.05, 6.15, 6.05], default=6.74)
    center = np.where(is_first & (care != PHARMACY), center + 0.45, center)
    spread = np.select([care == MEDICAL, care == DENTAL, care == PHARMACY], [0.50, 0.35, 0.62], default=0.08)
    points = np.exp(rng.normal(center, spread))
    points = np.where(inpatient, np.exp(rng.normal(8.05, 0.35, len(at))), points)
    floor = np.select([care == MEDICAL, care == DENTAL, care == PHARMACY], [75, 59, 80], default=500)
    points = np.where(is_first & (care == MEDICAL), np.maximum(points, 291), np.maximum(points, floor)).astype(np.int64)
    keys = frame["key"].to_numpy()[at]
    visits = pl.DataFrame(
        {"key": keys, "day": (day + 1).astype(np.int64), "cost": points * 10, "first_visit": is_first}
    )
    total = np.bincount(at, weights=points * 10, minlength=frame.height).astype(np.int64)
    meals = np.where(frame["inpatient"].to_numpy(), frame["days"].to_numpy() * 3 - 2, 0)
    claims = frame.with_columns(cost=pl.Series(total), meals_count=pl.Series(meals))
    return MonthOfVisits(claims, visits)
