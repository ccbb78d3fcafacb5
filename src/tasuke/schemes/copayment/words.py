"""Copayment rules in Japanese, for screens, explanations and the manual."""

from tasuke.core.money import Rounding
from tasuke.schemes.copayment.definition import AgePoint, AgeSwitch, Cap, Care, CareRule, Filtered, Method, Per, Setting

CARE_WORDS = {
    Care.MEDICAL: "医科",
    Care.DENTAL: "歯科",
    Care.PHARMACY: "調剤",
    Care.NURSING: "訪問看護",
    Care.JUDO: "柔道整復",
    Care.ACUPUNCTURE: "はり・きゅう",
    Care.MASSAGE: "マッサージ",
    Care.DEVICE: "治療用装具",
}
METHOD_WORDS = {"in_kind": "現物給付", "reimbursement": "償還払い", "none": "助成の対象外"}
_SETTING_WORDS = {Setting.BOTH: "入院・通院", Setting.INPATIENT: "入院", Setting.OUTPATIENT: "通院"}
_PER_WORDS = {Per.FIRST_VISIT: "初診1回", Per.VISIT: "1回", Per.DAY: "1日", Per.MONTH: "1月"}
_TIMES_WORDS = {Per.FIRST_VISIT: "回", Per.VISIT: "回", Per.DAY: "日", Per.MONTH: "月"}
_SWITCH_WORDS = {
    AgeSwitch.ATTAIN: "に達する日",
    AgeSwitch.BIRTHDAY: "の誕生日",
    AgeSwitch.NEXT_MONTH: "の誕生日の翌月1日(1日生まれは当日)",
    AgeSwitch.APRIL: "に達した後の最初の4月1日",
}
_ROUNDING_WORDS = {
    "down": "切捨て",
    "half_up": "四捨五入",
    "up": "切上げ",
}


def yen(amount: int) -> str:
    """1,234円."""
    return f"{amount:,}円"


def describe_rule(rule: CareRule) -> str:
    """What a rule says, in one sentence."""
    parts = [f"{_scope(rule)}: {_amount(rule)}"]
    if rule.times_per_month is not None:
        unit = _TIMES_WORDS[rule.per]
        parts.append(f"月{rule.times_per_month}{unit}まで({rule.times_per_month + 1}{unit}目から0円)")
    if rule.free_from_consecutive_month is not None:
        parts.append(f"連続した入院は{rule.free_from_consecutive_month}か月目から0円")
    if not rule.in_kind:
        parts.append("償還払いのみ")
    return "、".join(parts)


def describe_cap(cap: Cap) -> str:
    """What a cap says, in one sentence."""
    period = "月額" if cap.period == "month" else f"年額({cap.year_start_month}月から1年)"
    unit = "医療機関ごと" if cap.unit else "全医療機関の合算"
    household = "世帯合算、" if cap.scope == "household" else ""
    settle = "超えた分は窓口で負担しない" if cap.settle == "window" else "超えた分は後から支給"
    text = f"{_scope(cap)}: {period}上限 {yen(cap.amount)}({household}{unit}、{settle})"
    if cap.multiple_amount is not None:
        text += f"、{cap.multiple_from}回目から{yen(cap.multiple_amount)}(多数回該当)"
    return text


def describe_rounding(rounding: Rounding) -> str:
    """10円未満四捨五入 and so on."""
    return f"{rounding.unit}円未満{_ROUNDING_WORDS[rounding.way]}"


def _amount(rule: CareRule) -> str:
    match rule.method:
        case Method.NONE:
            return "0円"
        case Method.SHARE:
            return "上限額までの実額"
        case Method.FIXED:
            return f"{_PER_WORDS[rule.per]}につき{yen(rule.amount)}(実際の負担が満たないときは実額)"
        case Method.RATE | Method.REMAINING_RATE:
            of = "自己負担" if rule.method is Method.RATE and rule.rate_of == "share" else "総医療費"
            name = "患者に残る負担が" if rule.method is Method.REMAINING_RATE else ""
            ending = f"({describe_rounding(rule.rounding)})" if rule.rounding else ""
            return f"{name}{of}の{_fraction(rule)}{ending}"


def _fraction(rule: CareRule) -> str:
    if rule.numerator * 10 % rule.denominator == 0:
        return f"{rule.numerator * 10 // rule.denominator}割"
    return f"{rule.denominator}分の{rule.numerator}"


def _scope(table: Filtered) -> str:
    cares = "・".join(CARE_WORDS[care] for care in table.cares) or "全ての診療"
    text = f"{cares}({_SETTING_WORDS[table.setting]})"
    if table.copay_classes:
        text += f"、区分 {'・'.join(table.copay_classes)}"
    if table.levy_zero is not None:
        text += "、所得割非課税" if table.levy_zero else "、所得割課税"
    if table.age_from is not None:
        text += f"、{_age(table.age_from)}から"
    if table.age_until is not None:
        text += f"、{_age(table.age_until)}の前日まで"
    return text


def _age(point: AgePoint) -> str:
    return f"{point.age}歳{_SWITCH_WORDS[point.switch]}"
