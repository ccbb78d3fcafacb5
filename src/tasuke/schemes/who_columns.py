"""対象者: residence, insurance, age, reasons of the household, exclusions, priority and period, as stages of columns.

Each stage is a list of expressions that one `with_columns` adds; a later stage reads the columns of the earlier ones.
All names begin with `_`. Masks are Int64: reasons by `reasons.BITS`, coverage as 1 = inpatient, 2 = outpatient.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from operator import add, and_, or_

import polars as pl

from tasuke.core.calendar_columns import month_start_expr, next_month_expr
from tasuke.schemes.age_columns import (
    boundary_expr,
    cohort_expr,
    day_literal,
    fiscal_year_of_on,
    grade_expr,
    passed_expr,
    ymd_expr,
)
from tasuke.schemes.definition import DisabilityCriterion, StartCase, Version, Who
from tasuke.schemes.reasons import BITS, ReasonCode
from tasuke.schemes.vocabulary import Coverage, ExclusionKind, ExtensionCondition, StartRule

_ALL = 3
COVERAGE_MASK = {Coverage.BOTH: _ALL, Coverage.INPATIENT: 1, Coverage.OUTPATIENT: 2}
Stage = Sequence[pl.Expr]

_CONDITION = {
    ExtensionCondition.DISABILITY: "disability_middle",
    ExtensionCondition.SCHOOL: "in_school",
    ExtensionCondition.DEPENDENT: "dependent",
}
_EXCLUSION = {
    ExclusionKind.PUBLIC_ASSISTANCE: (pl.col("public_assistance"), ReasonCode.PUBLIC_ASSISTANCE),
    ExclusionKind.INSTITUTION: (pl.col("facility").eq_missing("institution"), ReasonCode.IN_INSTITUTION),
    ExclusionKind.FOSTER: (pl.col("facility").eq_missing("foster"), ReasonCode.IN_FOSTER_CARE),
}


def who_stages(version: Version, covered_since: Mapping[str, date]) -> list[Stage]:
    """The stages of a version. covered_since: from which day each band (and role) has been covered without a gap."""
    who = version.who
    return [
        [
            _guardian(who),
            fiscal_year_of_on().alias("_fiscal_year"),
            ymd_expr(pl.col("on")).alias("_ymd"),
            _start_by_rule(who.start),
        ],
        [_birth(who)],
        [ymd_expr(pl.col("_birth")).alias("_birth_ymd"), _born()],
        [cohort_expr(pl.col("_birth_ymd")).alias("_cohort")],
        [_passed(who), _extension_met(who), _disability_mask(who), _held(who)],
        [_band(who), _over(who), _age_end(who)],
        [_coverage(who), _floor(who, covered_since), _reasons(version)],
        [_start(who), _end(who)],
    ]


def _guardian(who: Who) -> pl.Expr:
    roles = who.guardians.roles if who.guardians else ()
    met = reduce(or_, [pl.col("role").eq_missing(str(r)) for r in roles]) if roles else pl.lit(False)
    return met.alias("_guardian")


def _birth(who: Who) -> pl.Expr:
    """Whose age counts: a guardian's entitlement follows the child's age."""
    if who.guardians is None:
        return pl.col("birth_date").alias("_birth")
    return pl.when("_guardian").then("child_birth_date").otherwise("birth_date").alias("_birth")


def _born() -> pl.Expr:
    return (pl.col("_birth") <= pl.col("on")).fill_null(value=False).alias("_born")


def _passed(who: Who) -> pl.Expr:
    """How many bands lie behind the person (0 = in the first)."""
    points = [passed_expr(b.until).cast(pl.Int32) for b in who.band if b.until is not None]
    return (reduce(add, points) if points else pl.lit(0, dtype=pl.Int32)).alias("_passed")


def _extension_met(who: Who) -> pl.Expr:
    if who.extension is None:
        return pl.lit(False).alias("_extension_met")
    conditions = pl.any_horizontal([pl.col(_CONDITION[c]) for c in who.extension.conditions])
    return (conditions & ~passed_expr(who.extension.until)).fill_null(value=False).alias("_extension_met")


def _disability_mask(who: Who) -> pl.Expr:
    """What the handbooks cover; 3 where the scheme asks for none."""
    if not who.disability:
        return pl.lit(_ALL, dtype=pl.Int32).alias("_disability")
    met = [
        pl.when(_criterion_met(c)).then(COVERAGE_MASK[c.coverage]).otherwise(0).cast(pl.Int32) for c in who.disability
    ]
    mask = met[0]
    for one in met[1:]:
        mask = mask | one
    return mask.alias("_disability")


def _criterion_met(criterion: DisabilityCriterion) -> pl.Expr:
    tests: list[pl.Expr] = []
    if criterion.physical_up_to is not None:
        physical = pl.col("physical_grade") <= criterion.physical_up_to
        tests.append(physical & pl.col("physical_internal") if criterion.physical_internal else physical)
    if criterion.intellectual:
        tests.append(pl.col("intellectual").is_in(list(criterion.intellectual)))
    if criterion.mental_up_to is not None:
        tests.append(pl.col("mental_grade") <= criterion.mental_up_to)
    return pl.any_horizontal([t.fill_null(value=False) for t in tests])


def _held(who: Who) -> pl.Expr:
    """0 = holds nothing that goes first, 1 = holds some, 2 = holds some but only within the exception."""
    if who.priority is None:
        return pl.lit(0, dtype=pl.Int32).alias("_held")
    holds = {
        kind: pl.col("held_kinds").list.contains(str(kind)).fill_null(value=False) for kind in who.priority.yields_to
    }
    blocked = dict(holds)
    for exception in who.priority.exception:
        test = grade_expr().is_between(exception.grade_from, exception.grade_to)
        if exception.mental_only:
            test = test & pl.col("judo_mental_only")
        blocked[exception.kind] = blocked[exception.kind] & ~test.fill_null(value=False)
    held = pl.when(reduce(or_, blocked.values())).then(1)
    if who.priority.exception:
        held = held.when(reduce(or_, holds.values())).then(2)  # type: ignore[assignment]
    return held.otherwise(0).cast(pl.Int32).alias("_held")


def _band(who: Who) -> pl.Expr:
    """Key of the band, "extension", or the role of a guardian; null when over age or without a birth date."""
    keys = pl.Series([*(b.key for b in who.band), "extension", None], dtype=pl.String)
    place = pl.col("_passed")
    if who.extension is not None:
        place = place + ((place == len(who.band)) & ~pl.col("_extension_met")).cast(pl.Int32)
    else:  # beyond the last band lies nothing
        place = place + (place == len(who.band)).cast(pl.Int32)
    band = pl.lit(keys).gather(place)
    if who.guardians is not None:
        band = pl.when(pl.col("_guardian") & pl.col("_passed").is_not_null()).then(pl.col("role")).otherwise(band)
    return band.alias("_band")


def _over(who: Who) -> pl.Expr:
    over = (pl.col("_passed") >= len(who.band)).fill_null(value=False)
    return (over if who.extension is None else over & ~pl.col("_extension_met")).alias("_over")


def _age_end(who: Who) -> pl.Expr:
    """First day without entitlement by age (null: never)."""
    last = who.band[-1].until
    if last is None:
        return pl.lit(None, dtype=pl.Date).alias("_age_end")
    end = boundary_expr(last)
    if who.extension is not None:
        within = pl.col("_passed") < len(who.band)
        end = pl.when(within).then(end).otherwise(boundary_expr(who.extension.until))
    return end.alias("_age_end")


def _coverage(who: Who) -> pl.Expr:
    masks = [COVERAGE_MASK[b.coverage] for b in who.band]
    extension = COVERAGE_MASK[who.extension.coverage] if who.extension else 3
    by_age = pl.lit(extension, dtype=pl.Int32)
    for number, mask in enumerate(masks):
        if mask != extension:
            by_age = pl.when(pl.col("_passed") == number).then(pl.lit(mask, dtype=pl.Int32)).otherwise(by_age)
    if who.guardians is not None:
        guardian = pl.lit(COVERAGE_MASK[who.guardians.coverage], dtype=pl.Int32)
        by_age = pl.when("_guardian").then(guardian).otherwise(by_age)
    return (by_age & pl.col("_disability") if who.disability else by_age).alias("_who_coverage")


def _reasons(version: Version) -> pl.Expr:
    who = version.who
    tests = [*_age_tests(who), *_household_tests(who), *[_EXCLUSION[e.kind] for e in who.exclusion]]
    if who.priority is not None:
        tests.append((pl.col("_held") == 1, ReasonCode.HOLDS_OTHER_SCHEME))
    if who.priority is not None and who.priority.exception:
        tests.append((pl.col("_held") == 2, ReasonCode.HELD_TOGETHER))
    if who.disability:
        tests.append((pl.col("_disability") == 0, ReasonCode.NO_DISABILITY))
    return mask_expr(tests).alias("_who_mask")


def _age_tests(who: Who) -> list[tuple[pl.Expr, ReasonCode]]:
    """Role and age. What a scheme cannot say is left out, not tested: a single case is judged for its plan's length."""
    role = reduce(and_, [pl.col("role").ne_missing(str(r)) for r in who.roles])
    unknown, over = pl.col("_birth").is_null(), pl.col("_over")
    unborn = ~(pl.col("_born") | unknown)
    tests = [(role, ReasonCode.ROLE_NOT_COVERED)]
    if who.guardians is not None:
        guardian = pl.col("_guardian")
        tests.append((guardian & (~pl.col("has_child") | ~pl.col("_born") | over), ReasonCode.NO_CHILD))
        unknown, unborn, over = unknown & ~guardian, unborn & ~guardian, over & ~guardian
    if who.extension is not None:
        beyond = (pl.col("_passed") >= len(who.band)).fill_null(value=False)
        extended = beyond & pl.col("_extension_met")
        if who.guardians is not None:
            extended = extended & (pl.col("_born") | ~pl.col("_guardian"))
        tests.append((extended, ReasonCode.EXTENDED))
    return [
        *tests,
        (unknown, ReasonCode.BIRTH_DATE_UNKNOWN),
        (unborn, ReasonCode.NOT_BORN),
        (over, ReasonCode.AGE_OVER),
    ]


def mask_expr(tests: Sequence[tuple[pl.Expr, ReasonCode]]) -> pl.Expr:
    """The reasons whose test holds, as a bitmask (Int64). A test must not be null."""
    none = pl.lit(0, dtype=pl.Int64)
    bits = [pl.when(test).then(pl.lit(BITS[code], dtype=pl.Int64)).otherwise(none) for test, code in tests]
    return reduce(or_, bits)


def _household_tests(who: Who) -> list[tuple[pl.Expr, ReasonCode]]:
    tests: list[tuple[pl.Expr, ReasonCode]] = []
    if who.residence.required:
        tests.append((~_within("resident_from", "resident_to"), ReasonCode.NOT_RESIDENT))
    if who.insurance.required:
        tests.append((~_within("insured_from", "insured_to"), ReasonCode.NOT_INSURED))
    if who.insurance.excluded_kinds:
        excluded = pl.col("insurance_kind").is_in(list(who.insurance.excluded_kinds)).fill_null(value=False)
        tests.append((excluded, ReasonCode.INSURANCE_EXCLUDED))
    if who.single_parent is not None:
        known = pl.col("single_parent_reason").is_in(list(who.single_parent.reasons)).fill_null(value=False)
        begun = (pl.col("single_parent_from") <= pl.col("on")).fill_null(value=True)
        tests.append((~(known & begun), ReasonCode.NOT_SINGLE_PARENT))
        if who.single_parent.de_facto_spouse_excluded:
            tests.append((pl.col("de_facto_spouse"), ReasonCode.DE_FACTO_SPOUSE))
    return tests


def _within(first: str, end: str) -> pl.Expr:
    """`on` lies in [first, end); an unknown first day means not at all."""
    began = (pl.col(first) <= pl.col("on")).fill_null(value=False)
    return began & (pl.col("on") < pl.col(end)).fill_null(value=True)


def _start_by_rule(cases: Sequence[StartCase]) -> pl.Expr:
    """開始日 by the first case that fits; the last case has no events and fits all."""
    start = _start_of(cases[-1])
    for case in reversed(cases[:-1]):
        fits = pl.col("event").is_in([str(e) for e in case.events]) if case.events else pl.lit(True)
        start = pl.when(fits.fill_null(value=False)).then(_start_of(case)).otherwise(start)
    return start.alias("_start_by_rule")


def _start_of(case: StartCase) -> pl.Expr:
    in_time = _start_day(case.rule)
    if case.otherwise is None:
        return in_time
    applied = pl.coalesce("application_date", "on")
    event = pl.coalesce("event_date", "application_date", "on")
    tests: list[pl.Expr] = []
    if case.within_days is not None:
        tests.append(applied <= event + timedelta(days=case.within_days))
    if case.same_month:
        tests.append(month_start_expr(applied) <= month_start_expr(event))
    return pl.when(pl.any_horizontal(tests)).then(in_time).otherwise(_start_day(case.otherwise))


def _start_day(rule: StartRule) -> pl.Expr:
    applied = pl.coalesce("application_date", "on")
    event = pl.coalesce("event_date", "application_date", "on")
    match rule:
        case StartRule.EVENT_DATE:
            return event
        case StartRule.APPLICATION_DATE:
            return applied
        case StartRule.APPLICATION_MONTH_START:
            return month_start_expr(applied)
        case StartRule.EVENT_MONTH_START:
            return month_start_expr(event)
        case StartRule.NEXT_MONTH_START:
            return next_month_expr(applied)


def _floor(who: Who, covered_since: Mapping[str, date]) -> pl.Expr:
    """The first day on which the person could be covered by age: the start of the unbroken time up to `on`.

    Bands that came later than the scheme's first version cut off what lies before, unless the person grew into them.
    """
    earliest = min(covered_since.values())
    floor: pl.Expr = day_literal(earliest)
    stages = [(number, b.key, who.band[number - 1].until) for number, b in enumerate(who.band)]
    if who.extension is not None:
        stages.append((len(who.band), "extension", who.band[-1].until))
    for number, key, begins in stages:
        since = covered_since[key]
        if since == earliest:
            continue
        entered = pl.col("_birth") if number == 0 or begins is None else boundary_expr(begins)
        cut = (pl.col("_passed") >= number) & (entered < day_literal(since))
        floor = pl.when(cut.fill_null(value=False)).then(day_literal(since)).otherwise(floor)
    if who.guardians is not None:
        since = max(covered_since[str(r)] for r in who.guardians.roles)
        floor = pl.when("_guardian").then(day_literal(since)).otherwise(floor)
    return floor.alias("_floor")


def _start(who: Who) -> pl.Expr:
    parts = ["_start_by_rule", "_floor", "_birth"]
    if who.residence.required:
        parts.append("resident_from")
    if who.insurance.required:
        parts.append("insured_from")
    if who.single_parent is not None:
        parts.append("single_parent_from")
    return pl.max_horizontal(parts).alias("_start")


def _end(who: Who) -> pl.Expr:
    parts = ["_age_end"]
    if who.residence.required:
        parts.append("resident_to")
    if who.insurance.required:
        parts.append("insured_to")
    return pl.min_horizontal(parts).alias("_end")
