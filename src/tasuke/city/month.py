"""One month of claims and receipts: visits drawn, billed, some paid at the window, some spoiled."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city import recipients as who
from tasuke.city.billing import Billed, Office, bill_month
from tasuke.city.draw import day_number, to_date
from tasuke.city.eligibility import World
from tasuke.city.enrolment import Enrolment
from tasuke.city.mistakes import (
    Material,
    MistakeKind,
    MistakeRates,
    copies,
    expected_count,
    mark,
    mark_retroactive,
    rows_to_spoil,
    spoil_in_place,
    with_marks,
)
from tasuke.city.receipts import FORGOTTEN, Receipts, build_receipts, split_for_receipts
from tasuke.city.visits import draw_month

_KEYS_A_MONTH = 100_000_000
_ODD, _COPIES, _DEVICES = 50_000_000, 60_000_000, 70_000_000
_ODD_SCALE = 60.0

RowsOf = Callable[[World, Enrolment, pl.DataFrame, int], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class CityYear:
    """Everything that the months read."""

    world: World
    enrolment: Enrolment
    states: pl.DataFrame
    office: Office
    rates: MistakeRates
    material: Material


@dataclass(frozen=True, slots=True)
class Month:
    """claims as they are written (kind = null: good), their visit days, receipts, and claims to be sent again."""

    name: str
    claims: pl.DataFrame
    visits: pl.DataFrame
    receipts: Receipts
    again: tuple[pl.DataFrame, pl.DataFrame]


def _drawn(city: CityYear, rows: pl.DataFrame, number: int, *, first_key: int, scale: float, name: str) -> Billed:
    """Visits of some recipients, billed."""
    span = city.enrolment.months[number]
    month = draw_month(
        rows,
        providers=city.office.providers,
        month=span,
        seed=city.office.seed,
        first_key=first_key,
        scale=scale,
        name=name,
    )
    return bill_month(month, rows, office=city.office, span=span, name=name)


def _odd_claims(city: CityYear, number: int, total: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Claims on days without entitlement: after the loss, before the start, under the old scheme."""
    sources: tuple[tuple[MistakeKind, RowsOf, str], ...] = (
        (MistakeKind.AFTER_LOSS, who.after_loss_rows, "資格喪失後の受診"),
        (MistakeKind.BEFORE_START, who.before_start_rows, "資格開始前の受診"),
        (MistakeKind.SCHEME_PRIORITY, who.yielded_rows, "優先する制度に移った後に前の証で受診"),
    )
    claims, visits = [], []
    for place, (kind, rows_of, note) in enumerate(sources):
        name = f"{number}.{kind.value}"
        wanted = expected_count(getattr(city.rates, kind.value), total, city.office.seed, name)
        rows = rows_of(city.world, city.enrolment, city.states, number)
        if wanted == 0 or rows.is_empty():
            continue
        first = number * _KEYS_A_MONTH + _ODD + place * 1_000_000
        # nobody is admitted in these stories: admissions would span the boundary
        billed = _drawn(city, rows, number, first_key=first, scale=_ODD_SCALE, name=kind.value)
        pool = with_marks(billed.claims.filter(pl.col("national_payer").is_null(), pl.col("subsidy") > 0))
        chosen = pool[rows_to_spoil(wanted, pool.height, city.office.seed, name)]
        claims.append(mark(chosen, kind, note))
        visits.append(billed.visits.join(chosen.select("key"), on="key", how="semi", maintain_order="left"))
    if not claims:
        return pl.DataFrame(), pl.DataFrame()
    return pl.concat(claims), pl.concat(visits)


def _billed_month(span: tuple[int, int]) -> int:
    """Claims are sent in the month after the service."""
    return day_number(to_date(span[1]))


def build_month(city: CityYear, number: int, *, again: tuple[pl.DataFrame, pl.DataFrame] | None) -> Month:
    """Claims and receipts of a month. again: claims of the month before that are sent a second time."""
    span = city.enrolment.months[number]
    name = f"{to_date(span[0]):%Y%m}"
    seed, base = city.office.seed, number * _KEYS_A_MONTH
    rows = who.month_rows(city.world, city.enrolment, city.states, number)
    billed = _drawn(city, rows, number, first_key=base, scale=1.0, name="")
    in_kind, paid = split_for_receipts(billed.claims, seed=seed, name=name)
    good = mark_retroactive(with_marks(in_kind).with_columns(copay=pl.col("burden")), rows)
    claims = spoil_in_place(good, rates=city.rates, material=city.material, seed=seed, name=name)
    visits = billed.visits
    total = claims.height
    odd, odd_visits = _odd_claims(city, number, total)
    parts, days = [claims], [visits]
    if odd.height:
        parts.append(odd.with_columns(copay=pl.col("burden")).select(claims.columns))
        days.append(odd_visits)
    inside = expected_count(city.rates.duplicate_in_file, total, seed, f"in.{name}")
    twice, twice_visits = copies(
        claims,
        visits,
        wanted=inside,
        kind=MistakeKind.DUPLICATE_IN_FILE,
        first_key=base + _COPIES,
        seed=seed,
        name=name,
    )
    across = expected_count(city.rates.duplicate_across_months, total, seed, f"across.{name}")
    later = copies(
        claims.join(twice.select("key"), on="key", how="anti"),
        visits,
        wanted=across,
        kind=MistakeKind.DUPLICATE_ACROSS_MONTHS,
        first_key=base + _COPIES + 1_000_000,
        seed=seed,
        name=name,
    )
    parts += [twice, again[0].select(claims.columns)] if again and again[0].height else [twice]
    days += [twice_visits, again[1]] if again and again[1].height else [twice_visits]
    everything = pl.concat([p for p in parts if p.height] or [claims])
    everything = everything.with_columns(billed_month=pl.lit(_billed_month(span), dtype=pl.Int64))
    kept = pl.concat([d for d in days if d.height] or [visits])
    receipts = _receipts(city, number, name, billed, paid, good=claims)
    return Month(name, everything, kept, receipts, later)


def _receipts(
    city: CityYear, number: int, name: str, billed: Billed, paid: pl.DataFrame, *, good: pl.DataFrame
) -> Receipts:
    """Receipts for the services of the month; some for claims that were also billed in kind."""
    base, seed = number * _KEYS_A_MONTH, city.office.seed
    waiting_rows = who.waiting_rows(city.world, city.enrolment, city.states, number)
    waiting, visits = paid.clear().drop("reason"), billed.visits
    if waiting_rows.height:
        before = _drawn(city, waiting_rows, number, first_key=base + _DEVICES + 5_000_000, scale=1.0, name="waiting")
        waiting, visits = before.claims, pl.concat([visits, before.visits])
    both = _also_in_kind(city, good, name)
    marked = with_marks(pl.concat([paid, both.select(paid.columns)]))
    ids = both["key"]
    marked = marked.with_columns(
        kind=pl.when(pl.col("key").is_in(ids.implode())).then(pl.lit(MistakeKind.IN_KIND_AND_RECEIPT.value)),
        note=pl.when(pl.col("key").is_in(ids.implode())).then(pl.lit("現物給付と償還払いの両方")),
    )
    return build_receipts(
        paid=marked,
        waiting=with_marks(waiting),
        not_in_kind=with_marks(billed.not_in_kind),
        clean=with_marks(good.drop("copay", "kind", "note", "amount")),
        visits=visits,
        schemes=city.office.schemes,
        profile=city.office.profile,
        window_end=city.world.register.window.end,
        seed=seed,
        name=name,
        first_key=base + _DEVICES,
    )


def _also_in_kind(city: CityYear, good: pl.DataFrame, name: str) -> pl.DataFrame:
    """Good claims for which the family also hands in a receipt."""
    pool = good.filter(
        pl.col("kind").is_null(),
        pl.col("national_payer").is_null(),
        pl.col("subsidy") > 0,
        ~pl.col("inpatient"),
        pl.col("care_name") == "medical",
    )
    wanted = expected_count(city.rates.in_kind_and_receipt, good.height, city.office.seed, f"both.{name}")
    chosen = pool[rows_to_spoil(wanted, pool.height, city.office.seed, f"both.{name}")]
    return chosen.with_columns(reason=pl.lit(FORGOTTEN))


def total_subsidy(claims: pl.DataFrame) -> int:
    """What the city should pay for the good claims."""
    return int(np.sum(claims.filter(pl.col("kind").is_null())["subsidy"].to_numpy()))
