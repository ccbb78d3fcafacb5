"""One judgement: a version compiled to a few stages of columns, run over persons and incomes.

`judge` gives every intermediate column. `assess` picks the result columns from it and `explain` reads the steps from
it, so that a decision and its explanation cannot differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import polars as pl

from tasuke.schemes.definition import ConfirmedUntil, Income, Scheme, Version, walk_version
from tasuke.schemes.frames import FEW_ROWS, add_columns
from tasuke.schemes.reasons import BITS, NOTE_MASK, PENDING_MASK, REJECT_MASK, ReasonCode, codes_of
from tasuke.schemes.subject_columns import SubjectStages, empty_aggregate, per_person, subject_rows, subject_stages
from tasuke.schemes.vocabulary import Coverage, FundingPart, Outcome
from tasuke.schemes.who_columns import COVERAGE_MASK, Stage, mask_expr, who_stages

# 未確認 values of these groups change papers or deadlines, not the judgement
_NOT_JUDGED = ("certificate", "deadline")
_KEPT_IN_A_REJECTION = REJECT_MASK | (
    NOTE_MASK & ~(BITS[ReasonCode.COPAY_CLASS_UNKNOWN] | BITS[ReasonCode.INCOME_LIMITS_COVERAGE])
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A version ready to run."""

    scheme: str
    version: Version
    who: tuple[Stage, ...]
    subjects: SubjectStages | None
    after: tuple[Stage, ...]
    unconfirmed: frozenset[str]
    confirmed_until: tuple[str, date] | None

    @property
    def confirmable(self) -> frozenset[str]:
        """Keys by which a municipality confirms what this version leaves open."""
        return self.unconfirmed | ({self.confirmed_until[0]} if self.confirmed_until else set())


@dataclass(frozen=True, slots=True)
class Judged:
    """persons: every column of the computation, one row a person; subjects: the same for those whose income counts."""

    rows: int
    persons: pl.LazyFrame
    subjects: pl.DataFrame | None


_cache: dict[tuple[str, str], Compiled] = {}


def compiled(scheme: Scheme, version: Version) -> Compiled:
    """The version compiled, once in the life of the process."""
    key = (scheme.id, version.hash)
    if key not in _cache:
        _cache[key] = _compile(scheme, version)
    return _cache[key]


def _compile(scheme: Scheme, version: Version) -> Compiled:
    subjects = subject_stages(version, version.income) if version.income else None
    tables = [(key, value) for key, value in walk_version(version) if not _is_paper(key)]
    until = version.confirmed_until
    return Compiled(
        scheme=scheme.id,
        version=version,
        who=tuple(who_stages(version, covered_since(scheme, version))),
        subjects=subjects,
        after=tuple(_income_stages(version)),
        unconfirmed=frozenset(k for k, v in tables if v.unconfirmed and not isinstance(v, ConfirmedUntil)),
        confirmed_until=(f"version.{version.id}.confirmed_until", until.day) if until else None,
    )


def _is_paper(key: str) -> bool:
    parts = key.split(".")
    return parts[0] == "version" and len(parts) > 2 and parts[2] in _NOT_JUDGED


def covered_since(scheme: Scheme, version: Version) -> dict[str, date]:
    """From which day each band, the extension and each role of this version has been in force without a gap."""
    since = dict.fromkeys(_covered(version), version.valid_from)
    later = version
    for older in reversed([v for v in scheme.version if v.valid_from < version.valid_from]):
        for name in _covered(older) & since.keys():
            if since[name] == later.valid_from:
                since[name] = older.valid_from
        later = older
    return since


def _covered(version: Version) -> set[str]:
    who = version.who
    extension = {"extension"} if who.extension else set()
    return {b.key for b in who.band} | {str(r) for r in who.roles} | extension


def income_year_on(version: Version, on: date) -> int | None:
    """判定年度: the year whose income counts on a day (2024 = 令和6年中の所得). None: no income is looked at."""
    if version.income is None:
        return None
    switch = version.income.year_switch
    return on.year - switch.years_back - (0 if on.month >= switch.month else 1)


def _income_year_expr(income: Income) -> pl.Expr:
    switch = income.year_switch
    early = (pl.col("on").dt.month() < switch.month).cast(pl.Int64)
    return pl.col("on").dt.year().cast(pl.Int64) - switch.years_back - early


def judge(
    compiled_version: Compiled,
    persons: pl.DataFrame,
    incomes: pl.DataFrame,
    confirmed: frozenset[str],
    *,
    every_column: bool = False,
) -> Judged:
    """Run a version. persons: normalised, with `_row` (UInt32, unique) and `on`; incomes: normalised.

    every_column: the subjects keep the facts beside the figures.
    """
    frame = persons.lazy()
    subjects = None
    if compiled_version.subjects is not None and compiled_version.version.income is not None:
        year = _income_year_expr(compiled_version.version.income).alias("_income_year")
        asked = frame.select("_row", "id", year)
        subjects = subject_rows(compiled_version.subjects, asked, incomes, every_column=every_column)
        decided = per_person(compiled_version.subjects, subjects)
        frame = frame.with_columns_seq(year, *decided)
    else:
        nothing = empty_aggregate(None)
        frame = frame.with_columns(
            pl.lit(None, dtype=pl.Int64).alias("_income_year"),
            *(pl.lit(None, dtype=kind).alias(name) for name, kind in nothing.items()),
        )
    for stage in (*compiled_version.who, *compiled_version.after, *_mask_stages(compiled_version, confirmed)):
        frame = add_columns(frame, stage, rows=persons.height)
    return Judged(rows=persons.height, persons=frame, subjects=subjects)


def _income_stages(version: Version) -> list[Stage]:
    return [
        [_asked(version)],
        [_income_limits(version), _income_pending(version)],
        [_coverage(), _copay_class(version)],
        *_funding(version),
    ]


def _asked(version: Version) -> pl.Expr:
    """Whether this person's band has an income limit."""
    income = version.income
    if income is None or not income.limited:
        return pl.lit(False).alias("_asked")
    bands = income.scope.bands if income.scope else ()
    asked = pl.col("_band").is_in(list(bands)).fill_null(value=False) if bands else pl.lit(True)
    return asked.alias("_asked")


def _income_limits(version: Version) -> pl.Expr:
    """Coverage that falls away because the income is over the limit (mask)."""
    income = version.income
    if income is None or not income.limited:
        return pl.lit(0, dtype=pl.Int32).alias("_lost")
    lost = COVERAGE_MASK[income.scope.coverage] if income.scope else COVERAGE_MASK[Coverage.BOTH]
    over = pl.col("_asked") & pl.col("_inc_over").fill_null(value=False)
    if income.whose == "highest":  # who is not known yet may have the highest income, and more dependents
        over = over & ~pl.col("_inc_unknown") & ~pl.col("_inc_undeclared")
    return pl.when(over.fill_null(value=False)).then(lost).otherwise(0).cast(pl.Int32).alias("_lost")


def _income_pending(version: Version) -> pl.Expr:
    """Reasons to hold because an income that is needed is not known (mask)."""
    asked = pl.col("_asked")
    scope = version.income.scope if version.income else None
    if scope is not None:  # nothing the limit could take away: no need to wait for the income
        asked = asked & ((pl.col("_who_coverage") & COVERAGE_MASK[scope.coverage]) != 0)
    tests = [
        (pl.col("_inc_subjects").is_null(), ReasonCode.INCOME_SUBJECT_MISSING),
        (pl.col("_inc_undeclared").fill_null(value=False), ReasonCode.INCOME_UNDECLARED),
        (pl.col("_inc_unknown").fill_null(value=False), ReasonCode.INCOME_UNKNOWN),
    ]
    return mask_expr([(asked & t, code) for t, code in tests]).alias("_inc_mask")


def _coverage() -> pl.Expr:
    kept = pl.col("_who_coverage") & (3 - pl.col("_lost"))
    return kept.alias("_coverage")


def _copay_class(version: Version) -> pl.Expr:
    """負担区分: the first class that fits; `unknown` while a tax that matters is not known."""
    rules = version.copay_class.rule
    if len(rules) == 1 or version.income is None:
        return pl.lit(rules[-1].key).alias("_copay_class")
    unknown = pl.lit(version.copay_class.unknown)
    chosen: pl.Expr = pl.lit(rules[-1].key)
    for rule in reversed(rules[:-1]):
        fits = pl.col(f"_inc_class_{rule.key}")
        chosen = pl.when(fits.is_null()).then(unknown).when(fits).then(pl.lit(rule.key)).otherwise(chosen)
    return chosen.alias("_copay_class")


def _funding(version: Version) -> list[Stage]:
    """財源 and the coverage that the prefecture takes part in (mask)."""
    funding, prefecture = version.funding, version.funding.prefecture
    if prefecture is None:
        part = FundingPart.UNKNOWN if funding.unconfirmed else FundingPart.CITY
        return [[pl.lit(str(part)).alias("_funding"), pl.lit(0, dtype=pl.Int32).alias("_funding_coverage")]]
    shared: pl.Expr = pl.lit(0, dtype=pl.Int32)
    for entry in prefecture.part:
        covers = pl.lit(COVERAGE_MASK[entry.coverage], dtype=pl.Int32)
        shared = pl.when(pl.col("_band").eq_missing(entry.band)).then(covers).otherwise(shared)
    funded: pl.Expr = pl.lit(str(FundingPart.PREFECTURE))
    if prefecture.subject:
        known = ~(pl.col("_inc_subjects").is_null() | pl.col("_inc_undeclared") | pl.col("_inc_unknown"))
        over = pl.col("_inc_prefecture_over").fill_null(value=False)
        funded = pl.when(over).then(pl.lit(str(FundingPart.CITY))).otherwise(funded)
        funded = pl.when(~known.fill_null(value=False)).then(pl.lit(str(FundingPart.UNKNOWN))).otherwise(funded)
    funded = pl.when(pl.col("_shared") == 0).then(pl.lit(str(FundingPart.CITY))).otherwise(funded)
    city = pl.col("_funding") == str(FundingPart.CITY)
    return [
        [(shared & pl.col("_coverage")).alias("_shared")],
        [funded.alias("_funding")],
        [pl.when(city).then(0).otherwise("_shared").cast(pl.Int32).alias("_funding_coverage")],
    ]


_masks: dict[tuple[str, str, frozenset[str]], tuple[Stage, ...]] = {}


def _mask_stages(compiled_version: Compiled, confirmed: frozenset[str]) -> tuple[Stage, ...]:
    key = (compiled_version.scheme, compiled_version.version.hash, confirmed & compiled_version.confirmable)
    if key not in _masks:
        _masks[key] = _new_mask_stages(compiled_version, confirmed)
    return _masks[key]


def _new_mask_stages(compiled_version: Compiled, confirmed: frozenset[str]) -> tuple[Stage, ...]:
    """All reasons. A rejection leaves the reasons to wait out: nothing is gained by asking for the income."""
    told = pl.col("_who_mask") | mask_expr([*_income_tests(compiled_version.version)])
    unconfirmed = _unconfirmed(compiled_version, confirmed)
    if isinstance(unconfirmed, pl.Expr):
        told = told | mask_expr([(unconfirmed, ReasonCode.UNCONFIRMED_RULE)])
    elif unconfirmed:
        told = told | pl.lit(BITS[ReasonCode.UNCONFIRMED_RULE], dtype=pl.Int64)
    empty = (pl.col("_start") >= pl.col("_end")).fill_null(value=False) & (pl.col("_told") & REJECT_MASK == 0)
    found, kept = pl.col("_found"), pl.col("_found") & _KEPT_IN_A_REJECTION
    return (
        [told.alias("_told")],
        [(pl.col("_told") | mask_expr([(empty, ReasonCode.NO_PERIOD)])).alias("_found")],
        [(found & REJECT_MASK == 0).alias("_accepted")],
        [pl.when("_accepted").then(found | pl.col("_inc_mask")).otherwise(kept).alias("_mask")],
    )


def _income_tests(version: Version) -> Iterator[tuple[pl.Expr, ReasonCode]]:
    """What the income does to coverage and class."""
    had, has = pl.col("_who_coverage"), pl.col("_coverage")
    yield (had != 0) & (has == 0), ReasonCode.INCOME_OVER
    if version.income is not None and version.income.scope is not None:
        yield (had != has) & (has != 0), ReasonCode.INCOME_LIMITS_COVERAGE
    rules = version.copay_class.rule
    if len(rules) > 1 and version.income is not None:
        yield pl.col(f"_inc_class_{rules[0].key}").is_null(), ReasonCode.COPAY_CLASS_UNKNOWN


def _unconfirmed(compiled_version: Compiled, confirmed: frozenset[str]) -> pl.Expr | bool:
    if compiled_version.unconfirmed - confirmed:
        return True
    until = compiled_version.confirmed_until
    if until is None or until[0] in confirmed:
        return False
    return pl.col("on") >= pl.lit(until[1], dtype=pl.Date)


def outcome_of(mask: int) -> Outcome:
    """What a mask of reasons means."""
    if mask & REJECT_MASK:
        return Outcome.REJECTED
    return Outcome.PENDING if mask & PENDING_MASK else Outcome.ELIGIBLE


def decoded(masks: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Outcome and reasons of each mask, found once for each of the few different ones."""
    if masks.len() < FEW_ROWS:
        return _decoded(tuple(masks))
    unique = masks.unique().sort()
    place = unique.search_sorted(masks)
    outcomes, reasons = _decoded(tuple(unique))
    return outcomes.gather(place), reasons.gather(place)


@lru_cache(maxsize=32)
def _decoded(masks: tuple[int, ...]) -> tuple[pl.Series, pl.Series]:
    outcomes = pl.Series("outcome", [str(outcome_of(m)) for m in masks], dtype=pl.String)
    return outcomes, pl.Series("reasons", [[str(c) for c in codes_of(m)] for m in masks], dtype=pl.List(pl.String))
