"""税情報: income, deductions, dependents and levy of every adult by tax year; undeclared and corrected records.

A person has a record for a tax year when he or she lived here on 1 January of it. Who moved in later has none here.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from tasuke.city.draw import NO_DAY, Bools, Floats, Ints, chance, choose, date_series, day_number, stream
from tasuke.city.people import YEAR, HouseholdKind, Role
from tasuke.city.register import PAST, Register
from tasuke.city.words import rates

UNDECLARED = 4
_CITY_RATE_PERCENT = 8  # 市民税所得割 of a designated city
_MUNICIPALITIES_OF_1_JAN = ("131121", "141003", "231002", "271004")


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a person earns a year before any tax: yen, by pid, in the income year before the first tax year."""

    salary: Ints
    pension: Ints
    business: Ints


def _median_salary(register: Register, age: Floats) -> tuple[Floats, Floats]:
    """Median yearly salary of those who work, and the share that works."""
    people = register.people
    sex, role = people["sex"].to_numpy(), people["role"].to_numpy()
    kind = people["kind"].to_numpy()
    curve = np.interp(age, [18, 22, 30, 40, 52, 60, 66, 75], [1.2, 2.9, 4.4, 5.4, 6.2, 5.2, 2.6, 1.6]) * 1e6
    lone = np.isin(kind, [HouseholdKind.LONE_PARENT, HouseholdKind.LONE_WITH_GRANDPARENTS])
    wife = (role == Role.SPOUSE) & (sex == 2)
    median = np.where(sex == 2, curve * np.where(wife, 0.42, 0.72), curve)
    median = np.where(lone & (sex == 2), np.minimum(median, 2.45e6), median)
    father = (role == Role.HEAD) & (sex == 1) & np.isin(kind, [HouseholdKind.FAMILY, HouseholdKind.THREE_GENERATION])
    median = np.where(father, median * 1.12, median)
    works = np.interp(age, [18, 20, 23, 60, 66, 72, 80], [0.35, 0.6, 0.93, 0.9, 0.5, 0.3, 0.06])
    works = np.where(wife, works * 0.72, works)
    works = np.where(lone, np.minimum(1.0, works * 1.05), works)
    return median, works


def draw_earnings(register: Register, *, assistance: Bools, kinds: pl.Series, seed: int) -> Earnings:
    """Salary, pension and business income of everyone. kinds: insurance kind of the base membership by pid."""
    people = register.people
    rng = stream(seed, "earnings")
    n = people.height
    age = (register.window.start - people["birth"].to_numpy()) / YEAR
    median, share = _median_salary(register, age)
    works = chance(rng, share, n) & (age >= 18)
    salary = median * np.exp(rng.normal(0.0, 0.46, n)) * works
    self_employed = (kinds.fill_null("") == "1").to_numpy() & (age < 70) & chance(rng, 0.55, n) & works
    business = np.where(self_employed, salary * rng.uniform(0.35, 0.9, n), 0.0)
    salary = np.where(self_employed, 0.0, salary)
    old = age >= 65
    men = people["sex"].to_numpy() == 1
    pension = np.where(old, np.where(men, 1.75e6, 0.95e6) * np.exp(rng.normal(0.0, 0.35, n)), 0.0)
    factor = np.where(assistance, 0.12, 1.0)
    return Earnings(*((np.floor(v * factor / 1000) * 1000).astype(np.int64) for v in (salary, pension, business)))


def salary_income(gross: Ints, income_year: int) -> Ints:
    """給与所得: the deduction of the income tax law, table of 2020 (minimum 650,000 yen from the income of 2025)."""
    floor = 650_000 if income_year >= 2025 else 550_000
    deduction = np.select(
        [gross <= 1_800_000, gross <= 3_600_000, gross <= 6_600_000, gross <= 8_500_000],
        [gross * 40 // 100 - 100_000, gross * 30 // 100 + 80_000, gross * 20 // 100 + 440_000, gross // 10 + 1_100_000],
        default=1_950_000,
    )
    return np.asarray(np.maximum(gross - np.maximum(deduction, floor), 0), dtype=np.int64)


def pension_income(gross: Ints) -> Ints:
    """公的年金等に係る雑所得, 65 and older, other income up to 10 million."""
    deduction = np.where(gross <= 3_300_000, 1_100_000, gross * 25 // 100 + 275_000)
    return np.maximum(gross - deduction, 0)


def _claimers(register: Register, total: Ints) -> Ints:
    """pid of the one who claims each person as a dependent: the lone parent for grandchildren, else the top earner."""
    people = register.people
    household = people["household"].to_numpy()
    order = np.lexsort((-total, household))
    first = np.r_[True, household[order][1:] != household[order][:-1]]
    top = np.zeros(int(household.max()) + 1, dtype=np.int64)
    top[household[order][first]] = order[first]
    lone = np.full(int(household.max()) + 1, -1, dtype=np.int64)
    is_lone = people["role"].to_numpy() == Role.LONE_CHILD
    lone[household[is_lone]] = people["pid"].to_numpy()[is_lone]
    grandchild = people["role"].to_numpy() == Role.GRANDCHILD
    return np.asarray(np.where(grandchild, lone[household], top[household]), dtype=np.int64)


def _dependents(register: Register, total: Ints, year_end: int, limit: int) -> dict[str, Ints]:
    """Counts of dependents by claimer pid, from incomes of the year that ends on `year_end`."""
    people = register.people
    n = people.height
    claimer = _claimers(register, total)
    pid = people["pid"].to_numpy()
    age = (year_end - people["birth"].to_numpy()) / YEAR
    role = people["role"].to_numpy()
    counted = (total <= limit) & (claimer != pid) & (age >= 0) & (role != Role.NEW_PARTNER)
    counted &= (people["group"] != PAST).to_numpy() & (people["kind"] != int(HouseholdKind.DORMITORY)).to_numpy()
    pair = np.isin(role, [Role.HEAD, Role.SPOUSE]) & np.isin(role[claimer], [Role.HEAD, Role.SPOUSE])

    def count(rows: Bools) -> Ints:
        return np.bincount(claimer[rows], minlength=n).astype(np.int64)

    return {
        "dependents": count(counted),
        "dependents_elderly": count(counted & (age >= 70)),
        "elderly_spouse": (count(counted & pair & (age >= 70)) > 0).astype(np.int64),
        "dependents_specific": count(counted & (age >= 19) & (age < 23)),
        "dependents_16_18": count(counted & (age >= 16) & (age < 19)),
        "spouse": count(counted & pair),
    }


def _deductions(register: Register, total: Ints, seed: int, year: int, disabled: tuple[Ints, Ints]) -> dict[str, Ints]:
    """Deductions that the schemes look at; amounts in yen, counts in persons."""
    rng = stream(seed, f"deductions.{year}")
    n, r = len(total), rates()["tax"]
    has = total > 600_000

    def amount(rate: float, low: int, high: int) -> Ints:
        return np.where(chance(rng, rate, n) & has, rng.integers(low, high, n), 0)

    kind, role = register.people["kind"].to_numpy(), register.people["role"].to_numpy()
    is_lone = (kind == HouseholdKind.LONE_PARENT) & (role == Role.HEAD) | (role == Role.LONE_CHILD)
    return {
        "deduction_casualty": amount(r["casualty"], 50_000, 900_000),
        "deduction_medical": amount(r["medical"], 5_000, 320_000),
        "deduction_small_business": amount(r["small_business"], 5, 70) * 12_000,
        "deduction_spouse_special": amount(r["spouse_special"], 1, 11) * 30_000,
        "disabled_count": disabled[0],
        "special_disabled_count": disabled[1],
        "single_parent": (is_lone & (total <= 5_000_000) & has).astype(np.int64),
    }


def disabled_by_claimer(register: Register, facts: pl.DataFrame) -> tuple[Ints, Ints]:
    """障害者 and 特別障害者 in each household, counted at its first member (the head)."""
    n = register.people.height
    grade, code = pl.col("grade"), pl.col("fact_code")
    special = (
        ((code == "30") & grade.str.slice(0, 1).is_in(["1", "2"]))
        | ((code == "31") & (grade == "A"))
        | ((code == "32") & (grade == "1"))
    )
    books = facts.filter(code.is_in(["30", "31", "32"])).group_by("pid").agg(special.any().alias("special")).sort("pid")
    head = register.people["head"].to_numpy()[books["pid"].to_numpy()]
    is_special = books["special"].to_numpy()
    return (
        np.bincount(head[~is_special], minlength=n).astype(np.int64),
        np.bincount(head[is_special], minlength=n).astype(np.int64),
    )


def _levy(total: Ints, counts: dict[str, Ints], gross: Ints) -> tuple[Ints, Ints, Ints]:
    """Status code, 所得割額 and 均等割額 from incomes and dependents (thresholds of 級地1)."""
    n = counts["dependents"]
    exempt = total <= 350_000 * (n + 1) + 100_000 + np.where(n > 0, 210_000, 0)
    exempt |= (counts["single_parent"] > 0) & (total <= 1_350_000)
    small = total <= 350_000 * (n + 1) + 100_000 + np.where(n > 0, 320_000, 0)
    adults = counts["dependents_specific"] * 450_000 + counts["dependents_16_18"] * 330_000
    relief = 430_000 + gross * 15 // 100 + adults + counts["spouse"] * 330_000 + counts["single_parent"] * 300_000
    relief = relief + sum(counts[k] for k in ("deduction_medical", "deduction_small_business", "deduction_casualty"))
    base = np.maximum(total - relief, 0) // 1000 * 1000
    levy = np.maximum(base * _CITY_RATE_PERCENT // 100 - 2_000, 0) // 100 * 100
    status = np.where(exempt, 1, np.where(small | (levy == 0), 2, 3))
    return status, np.where(status == 3, levy, 0), np.where(status == 1, 0, 5_000)


def _has_record(register: Register, jan1: int) -> Bools:
    """Residents of the city on 1 January; newcomers and 住登外 persons whose income was asked for elsewhere."""
    people = register.people
    here = (people["status"] == 1).to_numpy() & (people["since"].to_numpy() <= jan1)
    past = (people["status"] == 2).to_numpy() & (people["gone"].to_numpy() > jan1)
    outside = (people["status"] == 8).to_numpy() & (people["pid"].to_numpy() % 10 < 7)
    came_later = (people["status"] == 1).to_numpy() & (people["since"].to_numpy() > jan1)
    came_later &= people["household"].to_numpy() % 10 < 6  # 情報照会 answered, or a certificate brought along
    partner = people["role"].to_numpy() == Role.NEW_PARTNER
    return np.asarray(((here | came_later) & ~partner) | past | outside, dtype=np.bool_)


def tax_year_records(
    register: Register, *, tax_year: int, earnings: Earnings, facts: pl.DataFrame, seed: int, first_year: int
) -> pl.DataFrame:
    """Records of one tax year: pid and the money columns of formats/tax_feed (no seq, no corrections)."""
    people = register.people
    n = people.height
    rng = stream(seed, f"tax.{tax_year}")
    growth = np.exp(stream(seed, "tax.growth").normal(0.02, 0.09, n) * (tax_year - first_year))
    fall = np.where(chance(rng, 0.03 * (tax_year != first_year), n), 0.35, 1.0)
    salary = (earnings.salary * growth * fall).astype(np.int64) // 1000 * 1000
    business = (earnings.business * growth).astype(np.int64) // 1000 * 1000
    salaried, pension = salary_income(salary, tax_year - 1), pension_income(earnings.pension)
    total = salaried + pension + business
    limit = 580_000 if tax_year >= 2026 else 480_000
    counts = _dependents(register, total, day_number(date(tax_year - 1, 12, 31)), limit)
    counts |= _deductions(register, total, seed, tax_year, disabled_by_claimer(register, facts))
    gross = salary + business + earnings.pension
    status, levy, per_capita = _levy(total, counts, gross)
    age = (day_number(date(tax_year, 1, 1)) - people["birth"].to_numpy()) / YEAR
    undeclared = (
        chance(rng, rates()["tax"]["undeclared"], n) & ((salary < 1_500_000) | chance(rng, 0.3, n)) & (age < 75)
    )
    rows = np.flatnonzero(_has_record(register, day_number(date(tax_year, 1, 1))) & (age >= 18))
    columns = {
        "gross_income": gross,
        "total_income": total,
        "salary_income": salaried,
        "pension_income": pension,
        **{k: v for k, v in counts.items() if k != "spouse"},
        "income_levy": levy,
        "per_capita_levy": per_capita,
    }
    frame = pl.DataFrame({"pid": np.arange(n, dtype=np.int64), "status_code": np.where(undeclared, UNDECLARED, status)})
    frame = frame.with_columns(pl.Series(name, values.astype(np.int64)) for name, values in columns.items())
    return _finish_year(frame[rows], register, tax_year, rng)


def _finish_year(frame: pl.DataFrame, register: Register, tax_year: int, rng: np.random.Generator) -> pl.DataFrame:
    """Nulls for undeclared persons, flags, the municipality of 1 January, the day of declaration."""
    n = frame.height
    undeclared = pl.col("status_code") == UNDECLARED
    money = [c for c in frame.columns if c not in ("pid", "status_code")]
    pids = frame["pid"].to_numpy()
    jan1 = day_number(date(tax_year, 1, 1))
    since, entered = register.people["since"].gather(pids), register.people["enter"].to_numpy()[pids]
    away = (register.people["status"].gather(pids) == 8) | (since > jan1)
    # a newcomer's record comes with the answer to the inquiry, the others when the year's tax is fixed
    known = np.maximum(day_number(date(tax_year, 6, 1)), np.where(entered != NO_DAY, entered + 10, NO_DAY))
    other = pl.Series(_MUNICIPALITIES_OF_1_JAN).gather(choose(rng, [3.0, 3.0, 1.0, 1.0], n))
    own = pl.Series([register.municipality_code]).new_from_index(0, n)
    declared = day_number(date(tax_year, 1, 20)) + rng.integers(0, 55, n)
    declared = np.where(frame["status_code"].to_numpy() == UNDECLARED, NO_DAY, declared)
    return frame.with_columns(pl.when(undeclared).then(None).otherwise(pl.col(c)).alias(c) for c in money).with_columns(
        tax_year=pl.lit(tax_year, dtype=pl.Int64),
        jan1_municipality=other.zip_with(away, own),
        declared_on=date_series("d", declared),
        corrected=pl.lit(False),
        corrected_on=pl.lit(None, dtype=pl.Date),
        known=pl.Series(known),
    )


def corrections(register: Register, records: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Later corrections of declared records: a new full row with another income, on a day of the window."""
    tax_year = int(records["tax_year"][0])
    rng = stream(seed, f"corrections.{tax_year}")
    window = register.window
    first = max(window.start + 5, day_number(date(tax_year, 6, 20)))
    declared = records.filter(pl.col("status_code") == 3)
    chosen = declared.filter(pl.Series(chance(rng, rates()["tax"]["corrected"], declared.height)))
    if first >= window.end - 1:
        return chosen.clear()
    more = rng.integers(1, 90, chosen.height) * 10_000
    day = rng.integers(first, window.end, chosen.height)
    return chosen.with_columns(
        total_income=pl.col("total_income") + pl.Series(more),
        gross_income=pl.col("gross_income") + pl.Series(more),
        income_levy=pl.col("income_levy") + pl.Series(more * _CITY_RATE_PERCENT // 10_000 * 100),
        corrected=pl.lit(True),
        corrected_on=date_series("d", day),
        known=pl.Series(day),
    )


def tax_rows(register: Register, records: pl.DataFrame) -> pl.DataFrame:
    """Feed rows (formats/tax_feed) from records."""
    flags = ("single_parent", "elderly_spouse")
    return records.select(
        pl.Series("seq", np.arange(1, records.height + 1, dtype=np.int64)),
        register.people["atena_no"].gather(records["pid"].to_numpy()),
        pl.col("status_code").cast(pl.String),
        *[pl.col(c) for c in records.columns if c not in ("pid", "status_code", "known", *flags)],
        *[(pl.col(c) > 0).alias(c) for c in flags],
        pl.when(pl.col("status_code") == UNDECLARED).then(None).otherwise(pl.lit(False)).alias("widow"),
        pl.when(pl.col("status_code") == UNDECLARED).then(None).otherwise(pl.lit(False)).alias("working_student"),
    )
