"""What a certificate says of the copayment, in words made from the scheme's own rules. Pure."""

from datetime import date, timedelta

from tasuke.core.calendar import attain, first_march_31, next_month, to_wareki
from tasuke.schemes.copayment.definition import (
    AgePoint,
    AgeSwitch,
    Care,
    CareRule,
    CopaymentRules,
    Method,
    Per,
    Setting,
)
from tasuke.schemes.definition import Scheme

_PER = {Per.FIRST_VISIT: "初診時", Per.VISIT: "1回", Per.DAY: "1日", Per.MONTH: "1月"}
# order on the paper: what parents ask first
_LINES = (
    ("通院", Care.MEDICAL, Setting.OUTPATIENT),
    ("歯科", Care.DENTAL, Setting.OUTPATIENT),
    ("入院", Care.MEDICAL, Setting.INPATIENT),
    ("調剤", Care.PHARMACY, Setting.OUTPATIENT),
)


def copayment_words(scheme: Scheme, copay_class: str, first: date, until: date | None, birth: date | None) -> str:
    """「通院 初診時580円  歯科 初診時510円 …」 on the first day of the paper; a second line for the first later change.

    until: first day on which the paper is no longer valid. The paper shows the next change only: the years after it
    are another paper's, or the holder asks.
    """
    now = _words_on(scheme, copay_class, first, birth)
    for day in _days_of_change(scheme, first, until, birth):
        later = _words_on(scheme, copay_class, day, birth)
        if later != now:
            return f"{now}\n{to_wareki(day)}から {later}"
    return now


def _days_of_change(scheme: Scheme, first: date, until: date | None, birth: date | None) -> list[date]:
    points = {p for block in scheme.copayment for r in block.rule for p in (r.age_from, r.age_until) if p is not None}
    days = {passed_on(p, birth) for p in points} if birth else set()
    days |= {block.valid_from for block in scheme.copayment}
    return sorted(d for d in days if first < d and (until is None or d < until))


def _words_on(scheme: Scheme, copay_class: str, day: date, birth: date | None) -> str:
    rules = scheme.copayment_on(day)
    said = [(name, _words(_rule_for(rules, care, setting, copay_class, day, birth))) for name, care, setting in _LINES]
    if {words for _, words in said} == {"なし"}:
        return "なし(保険診療の自己負担額を全額助成)"
    return "  ".join(f"{name} {words}" for name, words in said)


def _rule_for(
    rules: CopaymentRules, care: Care, setting: Setting, copay_class: str, day: date, birth: date | None
) -> CareRule | None:
    def matches(rule: CareRule) -> bool:
        return (
            (not rule.cares or care in rule.cares)
            and rule.setting in (Setting.BOTH, setting)
            and (not rule.copay_classes or copay_class in rule.copay_classes)
            and not rule.levy_zero
            and _of_age(rule, day, birth)
        )

    return next((rule for rule in rules.rule if matches(rule)), None)


def _of_age(rule: CareRule, day: date, birth: date | None) -> bool:
    if birth is None:  # 不詳: only what holds at any age can be promised
        return rule.age_from is None and rule.age_until is None
    return (rule.age_from is None or passed_on(rule.age_from, birth) <= day) and (
        rule.age_until is None or day < passed_on(rule.age_until, birth)
    )


def passed_on(point: AgePoint, birth: date) -> date:
    """The day from which a person born on a day is past an age point."""
    reached = attain(birth, point.age)
    birthday = reached + timedelta(days=1)
    if point.switch is AgeSwitch.ATTAIN:
        return reached
    if point.switch is AgeSwitch.BIRTHDAY:
        return birthday
    if point.switch is AgeSwitch.NEXT_MONTH:
        return birthday if birthday.day == 1 else next_month(birthday)
    return first_march_31(reached) + timedelta(days=1)


def _words(rule: CareRule | None) -> str:
    if rule is None:
        return "対象外"
    if rule.method is Method.NONE:
        return "なし"
    if rule.method is Method.FIXED:
        return f"{_PER[rule.per]}{rule.amount:,}円" + ("まで" if rule.per is not Per.FIRST_VISIT else "")
    if rule.method in (Method.RATE, Method.REMAINING_RATE):
        tenths, rest = divmod(rule.numerator * 10, rule.denominator)
        return f"{tenths}割" if rest == 0 else f"{rule.numerator}/{rule.denominator}"
    return "保険診療の自己負担額(上限あり)"
