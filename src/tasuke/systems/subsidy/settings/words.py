"""Every table of a scheme in words: what it is about, and what it says. For people who check the rules."""

from collections.abc import Callable
from typing import Any

from tasuke.core.calendar import to_wareki
from tasuke.schemes import definition as d
from tasuke.schemes.copayment import definition as c
from tasuke.schemes.copayment.words import describe_cap, describe_rounding, describe_rule
from tasuke.schemes.explain_words import limit_words, start_words
from tasuke.schemes.vocabulary import label_of

_WHEN = {
    "untaxed": "市町村民税が非課税",
    "levy_zero": "所得割が0円",
    "below_table": "所得が限度額に満たない",
    "otherwise": "それ以外",
}
_WHOSE = {"highest": "最も高い1人の所得", "each": "1人ずつの所得", "sum": "合計した所得"}
_INDEX = {"net_income": "控除後の所得", "income_levy": "市町村民税の所得割額"}
_BASIS = {"before_flat": "一律控除をする前の額", "after_flat": "一律控除をした後の額"}
_VALIDITY = {"entitlement": "資格の終わりまで", "renewal": "次の更新まで"}
_AREA = {"prefecture": "県内の医療機関", "anywhere": "全国の医療機関", "nowhere": "なし(償還払いだけ)"}
_COUNT_FROM = {"receipt_next_day": "領収の翌日", "service_next_month": "診療の翌月初日"}
_FUNDED = {"child": "児童", "extension": "延長", "parent": "父または母", "caregiver": "養育者"}
_UNITS = {
    "institution": "医療機関",
    "setting": "入院・通院",
    "dental": "医科・歯科",
    "care": "診療の種類",
    "department": "診療科",
    "insurer": "保険者",
}


def in_words(table: c.Sourced) -> tuple[str, str]:
    """(what it is about, what it says); the class itself where a new table has no words yet."""
    title, say = _TABLES.get(type(table), (type(table).__name__, lambda _: ""))
    return title, say(table)


def _list(words: Any) -> str:
    return "、".join(label_of(word) for word in words)


def _yen(amount: int | None) -> str:
    return "実額" if amount is None else f"{amount:,}円"


def _limits(t: d.LimitTable) -> str:
    counts = [f"扶養{n}人 {_yen(limit)}" for n, limit in enumerate(t.limits)]
    parts = [t.label, *counts, f"以後1人につき{_yen(t.per_additional)}"]
    if t.elderly:
        parts.append(f"老人扶養1人につき{_yen(t.elderly)}加算" + ("(1人を除く)" if t.elderly_except_one else ""))
    if t.specific:
        parts.append(f"特定扶養・16〜18歳1人につき{_yen(t.specific)}加算")
    return "、".join([*parts, _BASIS[t.basis]])


def _deduction(t: d.Deduction) -> str:
    words = f"{t.label} {_yen(t.amount)}"
    words += f"、{t.from_income_year}年分の所得から" if t.from_income_year else ""
    return words + (f"、{_list(t.except_subjects)}を除く" if t.except_subjects else "")


def _disability(t: d.DisabilityCriterion) -> str:
    return f"{t.label}({label_of(t.coverage)})"


def _priority(t: d.Priority) -> str:
    return f"{_list(t.yields_to)}が優先" if t.yields_to else "優先する制度はない"


def _exception(t: d.YieldException) -> str:
    who = "精神障害だけの" if t.mental_only else ""
    return f"{label_of(t.kind)}: {who}学年{t.grade_from}〜{t.grade_to}の児童は、この制度のまま"


def _start(t: d.StartCase) -> str:
    return f"{_list(t.events) or 'すべての事由'}: {start_words(t)}"


def _income(t: d.Income) -> str:
    return f"{_WHOSE[t.whose]}を{_INDEX[t.index]}で見る。" + ("" if t.limited else "所得による制限はない")


def _class(t: d.CopayClassRule) -> str:
    return f"{t.label}: {_WHEN[t.when]}"


def _certificate(t: d.Certificate) -> str:
    words = t.title + (f"、{_VALIDITY[t.validity]}" if t.validity else "")
    return words + (f"({t.renewal_month}月更新)" if t.renewal_month else "")


def _deadline(t: d.Deadline) -> str:
    if t.count_from is None or t.years is None:
        return "定めが確かめられていない"
    return f"{_COUNT_FROM[t.count_from]}から{t.years}年"


def _funded(t: d.PrefecturePart) -> str:
    return f"{_FUNDED.get(t.band, t.band)}({label_of(t.coverage)})"


def _benefit(t: c.Benefit) -> str:
    words = f"現物給付は{_AREA[t.area]}"
    return words + (f"、高額療養費の区分 {t.high_cost_class}" if t.high_cost_class else "")


def _insurers(t: c.ExcludedInsurers) -> str:
    outside = "県外の" if t.only_outside_prefecture else ""
    kept = "、".join(entry.name for entry in t.exceptions)
    return f"{outside}国民健康保険組合は現物給付の対象外" + (f"({kept}を除く)" if kept else "")


def _in_kind(t: c.InKind) -> str:
    return f"保険の負担額は{describe_rounding(t.share)}、窓口の支払は{describe_rounding(t.window)}"


def _meals(t: c.Meals) -> str:
    if not t.numerator:
        return "助成しない"
    part = "全額" if t.numerator == t.denominator else f"{t.denominator}分の{t.numerator}"
    return f"{part}を助成({describe_rounding(t.rounding)})"


def _block(t: c.CopaymentRules) -> str:
    units = "・".join(_UNITS[unit] for unit in t.unit)
    pharmacy = "処方元の医療機関と合算" if t.pharmacy == "prescriber" else "薬局だけで数える"
    end = f"{to_wareki(t.valid_to)}より前の" if t.valid_to else ""
    return f"{to_wareki(t.valid_from)}から{end}診療分。{units}ごとに数える。調剤は{pharmacy}"


_TABLES: dict[type[c.Sourced], tuple[str, Callable[[Any], str]]] = {
    d.LimitTable: ("所得限度額", _limits),
    d.DeductionSet: ("所得からの控除", lambda t: "、".join(item.label for item in t.item)),
    d.Deduction: ("控除", _deduction),
    d.Version: ("版", lambda t: f"{t.label}({to_wareki(t.valid_from)}から)"),
    d.ConfirmedUntil: ("確かめた期限", lambda t: f"{to_wareki(t.day)}より前まで確かめた"),
    d.Who: ("対象者", lambda t: _list(t.roles)),
    d.Band: ("年齢の区分", lambda t: f"{t.label}: {limit_words(t.until)}({label_of(t.coverage)})"),
    d.Extension: ("延長", lambda t: f"{t.label}: {limit_words(t.until)}({label_of(t.coverage)})"),
    d.Guardians: ("保護者", lambda t: f"{_list(t.roles)}({label_of(t.coverage)})"),
    d.Residence: ("住所", lambda t: "市内に住所があること" if t.required else "問わない"),
    d.Insurance: ("健康保険", lambda t: "加入していること" if t.required else "問わない"),
    d.SingleParent: ("ひとり親の事由", lambda t: "、".join(map(str, t.reasons)) + "号"),
    d.DisabilityCriterion: ("障害の程度", _disability),
    d.Exclusion: ("対象外", lambda t: label_of(t.kind)),
    d.Priority: ("他の制度との順序", _priority),
    d.YieldException: ("順序の例外", _exception),
    d.StartCase: ("資格の始まり", _start),
    d.Income: ("所得の判定", _income),
    d.IncomeSubject: ("所得を見る人", lambda t: label_of(t.subject)),
    d.Comparison: ("限度額との比べ方", lambda t: "限度額未満" if t.rule == "lt" else "限度額以下"),
    d.YearSwitch: ("所得の年の切替え", lambda t: f"{t.month}月から、{t.years_back}年前の所得"),
    d.ChildSupport: ("養育費", lambda t: f"{t.percent}%を所得に加える({describe_rounding(t.rounding)})"),
    d.LimitScope: ("所得制限の範囲", lambda t: label_of(t.coverage)),
    d.CopayClasses: ("負担区分", lambda t: "、".join(rule.label for rule in t.rule)),
    d.CopayClassRule: ("負担区分の決め方", _class),
    d.Funding: ("財源", lambda t: "都道府県の補助がある" if t.prefecture else "市単独、または書いていない"),
    d.Prefecture: ("都道府県の補助", lambda t: "所得制限あり" if t.subject else "所得制限なし"),
    d.PrefecturePart: ("補助の対象", _funded),
    d.Certificate: ("受給者証", _certificate),
    d.Deadline: ("請求の期限", _deadline),
    c.CopaymentRules: ("一部負担金の規則", _block),
    c.Benefit: ("給付の方法", _benefit),
    c.ExcludedInsurers: ("現物給付の対象外", _insurers),
    c.InKindThreshold: ("現物給付の上限", lambda t: f"{_yen(t.amount)}まで"),
    c.InKind: ("端数", _in_kind),
    c.CareRule: ("一部負担金", describe_rule),
    c.Cap: ("上限額", describe_cap),
    c.Meals: ("入院時の食事", _meals),
}
