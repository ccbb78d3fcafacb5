"""What a certificate says of the copayment, in words made from the scheme's own rules. Pure."""

from datetime import date

from tasuke.schemes.copayment.definition import Care, CareRule, CopaymentRules, Method, Per, Setting
from tasuke.schemes.definition import Scheme

_PER = {Per.FIRST_VISIT: "初診時", Per.VISIT: "1回", Per.DAY: "1日", Per.MONTH: "1月"}
# order on the paper: what parents ask first
_LINES = (
    ("通院", Care.MEDICAL, Setting.OUTPATIENT),
    ("歯科", Care.DENTAL, Setting.OUTPATIENT),
    ("入院", Care.MEDICAL, Setting.INPATIENT),
    ("調剤", Care.PHARMACY, Setting.OUTPATIENT),
)


def copayment_words(scheme: Scheme, copay_class: str, on: date, age: int) -> str:
    """「通院 初診時580円 歯科 初診時510円 …」 for a person of a class and age; equal parts are said once."""
    rules = scheme.copayment_on(on)
    said = [(name, _words(_rule_for(rules, care, setting, copay_class, age))) for name, care, setting in _LINES]
    if len({words for _, words in said}) == 1 and said[0][1] == "なし":
        return "なし(保険診療の自己負担額を全額助成)"
    return "  ".join(f"{name} {words}" for name, words in said)


def _rule_for(rules: CopaymentRules, care: Care, setting: Setting, copay_class: str, age: int) -> CareRule | None:
    return next((rule for rule in rules.rule if _matches(rule, care, setting, copay_class, age)), None)


def _matches(rule: CareRule, care: Care, setting: Setting, copay_class: str, age: int) -> bool:
    return (
        (not rule.cares or care in rule.cares)
        and rule.setting in (Setting.BOTH, setting)
        and (not rule.copay_classes or copay_class in rule.copay_classes)
        and not rule.levy_zero
        and (rule.age_from is None or age >= rule.age_from.age)
        and (rule.age_until is None or age < rule.age_until.age)
    )


def _words(rule: CareRule | None) -> str:
    if rule is None:
        return "対象外"
    if rule.method is Method.NONE:
        return "なし"
    if rule.method is Method.FIXED:
        return f"{_PER[rule.per]}{rule.amount:,}円" + ("まで" if rule.per is not Per.FIRST_VISIT else "")
    if rule.method in (Method.RATE, Method.REMAINING_RATE):
        return f"{rule.numerator * 10 // rule.denominator}割"
    return "保険診療の自己負担額(上限あり)"
