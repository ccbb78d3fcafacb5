"""The synthetic city as files: one seed, one city, byte for byte the same.

`generate` writes everything that a demo imports (`city.parts` makes parts of it for benches).
Files of the initial load say how things stand on `start`; each month then brings the changes of that month, and the
claims and receipts for it (YYYYMM in a name is the month of the events, the applications' receipt or the service).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tasuke.city import applications as apps
from tasuke.city.accounts import build_accounts
from tasuke.city.application_files import application_rows
from tasuke.city.billing import Office
from tasuke.city.claim_files import write_month
from tasuke.city.draw import NO_DAY, Ints, day_number, to_date
from tasuke.city.eligibility import World, month_bounds
from tasuke.city.enrolment import Enrolment, enrol
from tasuke.city.events import draw_events, states
from tasuke.city.family import NOBODY, Families, build_families
from tasuke.city.files import CityFile, CityFiles, FileKind, Shelf
from tasuke.city.insurance import build_insurance, nhi_rows
from tasuke.city.late_receipts import doubled, too_late
from tasuke.city.mistakes import PLANTED_SCHEMA, Material, MistakeKind, MistakeRates
from tasuke.city.month import CityYear, Month, build_month, total_subsidy
from tasuke.city.numbers import number_rows
from tasuke.city.people import Window
from tasuke.city.providers import build_providers
from tasuke.city.receipts import feed_rows
from tasuke.city.register import Register, build_register
from tasuke.city.resident_files import change_rows, full_rows
from tasuke.city.stock import IN_PROCESS_DAYS, stock_rows
from tasuke.city.tax import corrections, draw_earnings, tax_rows, tax_year_records
from tasuke.city.welfare import assistance_households, build_welfare, welfare_rows
from tasuke.formats import (
    application_feed,
    entitlement_feed,
    my_number_feed,
    nhi_feed,
    receipt_feed,
    resident_feed,
    tax_feed,
    welfare_feed,
)
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile

Progress = Callable[[str, int, int], None]
_PUBLIC_KINDS = ("1", "6")  # the city hears of 国保 and 後期 itself; of the others by applications


def _quiet(_step: str, _done: int, _total: int) -> None:
    """No progress wanted."""


@dataclass(frozen=True, slots=True)
class _Model:
    """The whole city in memory."""

    world: World
    facts: apps.Facts
    events_full: pl.DataFrame
    enrolment: Enrolment
    accounts: pl.DataFrame
    tax_years: list[int]


def generate(
    *,
    profile: Profile,
    residents: int = 20_000,
    months: int = 6,
    seed: int = 1,
    start: date = date(2026, 4, 1),
    out: Path,
    progress: Progress | None = None,
    mistakes: MistakeRates | None = None,
) -> CityFiles:
    """Write a whole city into `out` (made if it is not there; files of the same names are replaced).

    start: first day of a month; claims are written for `months` months from it. progress(step, done, total) is called
    at each step. mistakes: how much is spoiled (default about 2 % of the claims). Raises CatalogueError and the like
    of schemes when a scheme of the profile does not exist.
    """
    tell = progress or _quiet
    steps = months + 5
    out.mkdir(parents=True, exist_ok=True)
    shelf = Shelf(out)
    rates = mistakes or MistakeRates()
    tell("住民", 0, steps)
    model = _build_model(profile, residents, months, seed, start)
    tell("住民のファイル", 1, steps)
    _write_registers(shelf, model)
    _write_numbers(shelf, model, seed)
    tell("申請", 2, steps)
    _write_applications(shelf, model, seed)
    planted: list[pl.DataFrame] = []
    providers = build_providers(profile=profile, residents=residents, seed=seed)
    schemes = {s.id: s for s in model.enrolment.schemes}
    city = CityYear(
        model.world,
        model.enrolment,
        model.events_full,
        Office(providers, profile, schemes, seed),
        rates,
        _material(model, profile),
    )
    made: list[Month] = []
    for number in range(months):
        tell(f"レセプト {to_date(model.enrolment.months[number][0]):%Y-%m}", 3 + number, steps)
        made.append(build_month(city, number, again=made[-1].again if made else None))
        planted.append(_write_claims(shelf, made[-1], model, number))
    tell("償還払い", 3 + months, steps)
    planted.append(_write_receipts(shelf, model, made, rates, seed))
    tell("正解", 4 + months, steps)
    path = _write_planted(shelf, planted)
    summary = _summary(profile, residents, seed, start, model, made, shelf, pl.read_csv(path, infer_schema=False))
    (out / "city.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    tell("完了", steps, steps)
    return CityFiles(out, tuple(shelf.files), path, summary)


def _tax_years(start: date, end: date) -> list[int]:
    """Tax years whose records may be asked for in the window and are fixed (1 June) before its end."""
    return [y for y in range(start.year - 1, end.year + 1) if date(y, 6, 1) < end]


def _build_model(profile: Profile, residents: int, months: int, seed: int, start: date) -> _Model:
    spans = month_bounds(start, months)
    window = Window(day_number(start), spans[-1][1])
    register = build_register(profile=profile, residents=residents, seed=seed, window=window, with_window=True)
    families = build_families(register)
    assisted = assistance_households(register, seed)
    insurance = build_insurance(register, profile=profile, seed=seed, uninsured=assisted)
    kinds = _kinds_by_pid(register, insurance)
    earnings = draw_earnings(register, assistance=assisted, kinds=kinds, seed=seed)
    lone = families.lone[families.lone != NOBODY]
    poor = lone[(earnings.salary[lone] < 3_200_000) & (lone % 10 < 8)]
    welfare = build_welfare(register, seed=seed, allowance=np.sort(poor))
    years = _tax_years(start, to_date(window.end))
    records = [
        tax_year_records(register, tax_year=y, earnings=earnings, facts=welfare.facts, seed=seed, first_year=years[0])
        for y in years
    ]
    fixes = [corrections(register, r, seed=seed) for r in records]
    facts = apps.Facts(register, families, earnings.salary + earnings.business, welfare.facts, seed)
    world = World(register, profile, insurance, welfare.facts, pl.concat([*records, *fixes]), _supporters(families))
    enrolment = enrol(world, facts, [load_scheme(s) for s in profile.schemes], start, months)
    applicants = np.unique(enrolment.applications["applicant"].to_numpy())
    accounts = build_accounts(register, prefecture_code=profile.prefecture_code, seed=seed, pids=applicants)
    full = states(register, draw_events(register, seed=seed))
    return _Model(world, facts, full, enrolment, accounts, years)


def _kinds_by_pid(register: Register, insurance: pl.DataFrame) -> pl.Series:
    first = insurance.filter(pl.col("cause") == "base").select("pid", "insurance_kind").unique("pid", keep="first")
    return register.people.select("pid").join(first, on="pid", how="left", maintain_order="left")["insurance_kind"]


def _supporters(families: Families) -> dict[int, list[int]]:
    """Grandparents who live with a lone parent, by pid of the lone parent."""
    rows = np.flatnonzero((families.lone != NOBODY) & (families.grandfather != NOBODY))
    pairs = ((families.lone[h], (families.grandfather[h], families.grandmother[h])) for h in rows)
    return {int(lone): [int(p) for p in both if p != NOBODY] for lone, both in pairs}


def _material(model: _Model, profile: Profile) -> Material:
    insurers = model.world.insurance.filter(pl.col("insurance_kind").is_in(["3", "4", "5"]))["insurer_no"]
    return Material(
        numbers=model.enrolment.numbers,
        payer_numbers=[p.payer_no for p in profile.payer_numbers],
        insurers=insurers.unique().sort().to_list(),
    )


def _bounds(model: _Model) -> list[tuple[str, date, Ints]]:
    return [(f"{to_date(a):%Y%m}", to_date(a), np.array([a, b])) for a, b in model.enrolment.months]


def _write_registers(shelf: Shelf, model: _Model) -> None:
    """Residents, insurance, welfare and tax: the state on the first day, then the changes of each month."""
    register, world = model.world.register, model.world
    shelf.put_feed(FileKind.RESIDENTS, "resident_full.csv", full_rows(register), resident_feed.render)
    start = register.window.start
    known = world.insurance.filter(pl.col("insurance_kind").is_in(list(_PUBLIC_KINDS)))
    # a loss that lies ahead is not known yet
    first = known.filter(pl.col("acquired") < start).with_columns(
        lost=pl.when(pl.col("lost") < start).then("lost").otherwise(pl.lit(NO_DAY, dtype=pl.Int64))
    )
    shelf.put_feed(FileKind.INSURANCE, "nhi_full.csv", nhi_rows(register, first), nhi_feed.render)
    facts = world.welfare
    before = facts.filter(pl.col("valid_from") < start)
    shelf.put_feed(FileKind.WELFARE, "welfare_full.csv", welfare_rows(register, before), welfare_feed.render)
    _write_tax(shelf, model)
    for name, month, (a, b) in _bounds(model):
        changes = change_rows(register, model.events_full, int(a), int(b))
        shelf.put_feed(FileKind.RESIDENTS, f"resident_diff_{name}.csv", changes, resident_feed.render, month)
        inside = pl.col("acquired").is_between(a, b, closed="left") | pl.col("lost").is_between(a, b, closed="left")
        told = known.filter(inside).with_columns(
            lost=pl.when(pl.col("lost") < b).then("lost").otherwise(pl.lit(NO_DAY, dtype=pl.Int64))
        )
        shelf.put_feed(FileKind.INSURANCE, f"nhi_diff_{name}.csv", nhi_rows(register, told), nhi_feed.render, month)
        new = facts.filter(pl.col("valid_from").is_between(a, b, closed="left"))
        shelf.put_feed(
            FileKind.WELFARE, f"welfare_diff_{name}.csv", welfare_rows(register, new), welfare_feed.render, month
        )


def _write_numbers(shelf: Shelf, model: _Model, seed: int) -> None:
    """numbers_full.csv for the residents of the first day; numbers_YYYYMM.csv for who is born or moves in."""
    register = model.world.register
    residents = full_rows(register)
    known = set(residents.filter(pl.col("resident_status") == "1")["atena_no"])
    rows = number_rows(residents, seed=seed)
    shelf.put_feed(FileKind.NUMBERS, "numbers_full.csv", rows, my_number_feed.render)
    for name, month, (a, b) in _bounds(model):
        changes = change_rows(register, model.events_full, int(a), int(b))
        rows = number_rows(changes, seed=seed, known=known)
        known.update(rows["atena_no"])
        shelf.put_feed(FileKind.NUMBERS, f"numbers_{name}.csv", rows, my_number_feed.render, month)


def _write_tax(shelf: Shelf, model: _Model) -> None:
    """tax_YYYY.csv when the year's tax is fixed; tax_YYYY_diff_YYYYMM.csv for corrections and answers to inquiries."""
    register, records = model.world.register, model.world.tax
    for year in model.tax_years:
        of_year = records.filter(pl.col("tax_year") == year)
        fixed = day_number(date(year, 6, 1))
        full = of_year.filter(~pl.col("corrected"), pl.col("known") <= fixed)
        initial = fixed <= register.window.start
        month = None if initial else date(year, 6, 1)
        shelf.put_feed(FileKind.TAX, f"tax_{year}.csv", tax_rows(register, full), tax_feed.render, month)
        later = of_year.join(
            full.select("pid", "corrected"), on=["pid", "corrected"], how="anti", maintain_order="left"
        )
        for name, first, (a, b) in _bounds(model):
            part = later.filter(pl.col("known").is_between(a, b, closed="left"))
            shelf.put_feed(
                FileKind.TAX, f"tax_{year}_diff_{name}.csv", tax_rows(register, part), tax_feed.render, first
            )


def _write_applications(shelf: Shelf, model: _Model, seed: int) -> None:
    """What the old system hands over: entitlements_full.csv, the applications behind them (applications_full.csv) and
    those that it has not decided (applications_open.csv). Then one file of applications a month."""
    rows = application_rows(model.world, model.enrolment.applications, model.accounts, seed=seed)
    first = to_date(model.enrolment.months[0][0])
    before = rows.filter(pl.col("received_on") < first)
    closed = to_date(model.enrolment.months[0][0] - IN_PROCESS_DAYS)
    waits = (pl.col("kind") == apps.NEW) & (pl.col("received_on") >= closed)
    shelf.put_feed(FileKind.OLD_APPLICATIONS, "applications_full.csv", before.filter(~waits), application_feed.render)
    shelf.put_feed(FileKind.APPLICATIONS, "applications_open.csv", before.filter(waits), application_feed.render)
    stock = stock_rows(model.world, model.enrolment.stock, model.enrolment.numbers)
    shelf.put_feed(FileKind.ENTITLEMENTS, "entitlements_full.csv", stock, entitlement_feed.render)
    for name, month, (_, b) in _bounds(model):
        inside = rows.filter(pl.col("received_on").is_between(month, to_date(int(b)), closed="left"))
        shelf.put_feed(FileKind.APPLICATIONS, f"applications_{name}.csv", inside, application_feed.render, month)


def _write_claims(shelf: Shelf, month: Month, model: _Model, number: int) -> pl.DataFrame:
    """The month's claim files. Returns the planted rows."""
    first = to_date(model.enrolment.months[number][0])
    written = write_month(month.claims, month.visits, name=month.name, out=shelf.out)
    shelf.files.extend(
        CityFile(
            FileKind.CLAIMS_UKE if w.care else FileKind.CLAIMS_CSV, w.path, first, w.count, agency=w.agency, care=w.care
        )
        for w in written
    )
    lines = pl.concat([w.lines for w in written])
    bad = month.claims.filter(pl.col("kind").is_not_null())
    return _planted_rows(bad, lines, model.world.register)


def _planted_rows(bad: pl.DataFrame, lines: pl.DataFrame, register: Register) -> pl.DataFrame:
    """PLANTED_SCHEMA for rows with key, kind, note, amount, pid and recipient_no."""
    joined = bad.join(lines, on="key", how="inner", maintain_order="left")
    return joined.select(
        "file",
        "line",
        "kind",
        register.people["atena_no"].gather(joined["pid"].to_numpy()),
        "recipient_no",
        "amount",
        "note",
    )


def _write_receipts(shelf: Shelf, model: _Model, made: list[Month], rates: MistakeRates, seed: int) -> pl.DataFrame:
    """One receipt file for each month of receipt. Returns the planted rows."""
    brought = [m.receipts.rows for m in made if m.receipts.rows.height]
    if not brought:
        return pl.DataFrame(schema=PLANTED_SCHEMA)
    rows = pl.concat(brought, how="diagonal")
    rows = _spoil_receipts(rows, rates, seed, model)
    atena = model.world.register.people["atena_no"]
    planted: list[pl.DataFrame] = []
    first_no = 1
    for name, month, (a, b) in _bounds(model):
        part = rows.filter(pl.col("received_on").is_between(a, b, closed="left"))
        if part.is_empty():
            continue
        feed = feed_rows(part, atena, model.accounts, first_no)
        first_no += part.height
        path = f"receipts_{name}.csv"
        shelf.put_feed(FileKind.RECEIPTS, path, feed.drop("key"), receipt_feed.render, month)
        lines = feed.select("key", file=pl.lit(path), line=pl.int_range(2, pl.len() + 2, dtype=pl.Int64))
        bad = part.filter(pl.col("kind").is_not_null()).with_columns(amount=pl.col("subsidy"))
        planted.append(_planted_rows(bad, lines, model.world.register))
        faults = model.accounts.filter(pl.col("fault").is_not_null()).select(applicant="pid", fault="fault")
        # what is refused for another mistake is not paid, so nobody tries the account
        payable = part.filter(pl.col("kind").is_null())
        unpaid = payable.join(faults, on="applicant", how="inner", maintain_order="left").with_columns(
            kind=pl.lit(MistakeKind.ACCOUNT_UNUSABLE.value), note="fault", amount="subsidy"
        )
        planted.append(_planted_rows(unpaid, lines, model.world.register))
    return pl.concat(planted) if planted else pl.DataFrame(schema=PLANTED_SCHEMA)


def _spoil_receipts(rows: pl.DataFrame, rates: MistakeRates, seed: int, model: _Model) -> pl.DataFrame:
    """Receipts brought twice, and receipts that come after the deadline."""
    late = too_late(rows, rates.receipt_too_late, seed, model.enrolment, model.world)
    twice = doubled(rows, rates.receipt_doubled, seed, model.world.register.window.end)
    return pl.concat([rows, late.select(rows.columns), twice.select(rows.columns)])


def _write_planted(shelf: Shelf, parts: list[pl.DataFrame]) -> Path:
    columns = list(PLANTED_SCHEMA)
    table = pl.concat([p.select(pl.col(c).cast(t) for c, t in PLANTED_SCHEMA.items()) for p in parts])
    table = table.select(columns).sort("file", "line", "kind")
    return shelf.put(FileKind.PLANTED, "planted.csv", table.write_csv().encode(), rows=table.height)


def _summary(
    profile: Profile,
    residents: int,
    seed: int,
    start: date,
    model: _Model,
    made: list[Month],
    shelf: Shelf,
    planted: pl.DataFrame,
) -> dict[str, Any]:
    """city.json: what was asked for, rows by file, and the truth that a system should arrive at."""
    numbers = model.enrolment.recipients.group_by("scheme").agg(pl.col("pid").n_unique()).sort("scheme")
    by_month = model.enrolment.recipients.group_by("month", "scheme").len().sort("month", "scheme")
    receipts = [m.receipts.rows for m in made if m.receipts.rows.height]
    good_receipts = [r.filter(pl.col("kind").is_null()) for r in receipts]
    return {
        "city": profile.name,
        "residents": residents,
        "seed": seed,
        "start": start.isoformat(),
        "months": len(made),
        "files": {f.path.name: f.rows for f in sorted(shelf.files, key=lambda f: f.path.name)},
        "truth": {
            "recipients": dict(numbers.iter_rows()),
            "recipients_by_month": [
                {"month": made[m].name, "scheme": scheme, "persons": n} for m, scheme, n in by_month.iter_rows()
            ],
            "claims": sum(m.claims.height for m in made),
            "claims_good": sum(m.claims.filter(pl.col("kind").is_null()).height for m in made),
            "claims_subsidy": sum(total_subsidy(m.claims) for m in made),
            "receipts_good": sum(r.height for r in good_receipts),
            "receipts_subsidy": sum(int(r["subsidy"].sum()) for r in good_receipts),
        },
        "planted": dict(planted.group_by("kind").len().sort("kind").iter_rows()),
    }
