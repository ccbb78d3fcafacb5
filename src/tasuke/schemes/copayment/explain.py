"""How an amount was found, step by step in Japanese, told from the same columns that computed it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from tasuke.schemes.copayment.caps import excess_column
from tasuke.schemes.copayment.compute import CopaymentScheme, trace
from tasuke.schemes.copayment.definition import CareRule, CopaymentRules, Method
from tasuke.schemes.copayment.reasons import CopayReason, copay_reason_label
from tasuke.schemes.copayment.select import Block
from tasuke.schemes.copayment.words import (
    CARE_WORDS,
    METHOD_WORDS,
    describe_cap,
    describe_rounding,
    describe_rule,
    yen,
)

_SHARE_LAW = "健康保険法74条・75条"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what went in, which rule was used, what came out, and where the rule stands."""

    label: str
    input: str
    rule: str
    result: str
    source: str
    unconfirmed: bool = False


class UnknownVisit(LookupError):
    """The visit that is to be explained is not in the frame."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"受診「{visit_id}」がありません")


def explain_copay(
    scheme: CopaymentScheme,
    visits: pl.DataFrame,
    visit_id: str,
    *,
    prior: pl.DataFrame | None = None,
    confirmed: frozenset[str] = frozenset(),
) -> list[Step]:
    """The steps of one row of `visits`, computed together with the others (caps look at the whole month).

    Raises UnknownVisit and MissingColumns.
    """
    found = trace(scheme, visits, prior=prior, confirmed=confirmed).filter(pl.col("id") == visit_id)
    if found.is_empty():
        raise UnknownVisit(visit_id)
    row = found.row(0, named=True)
    rules = next((r for r in scheme.copayment if r.id == row["version"]), None)
    if rules is None:
        return [Step("適用する規則", f"診療日 {row['service_date']}", "", copay_reason_label(row["reasons"][0]), "")]
    return [
        *_basis_steps(row, rules, confirmed),
        *_burden_steps(row, rules, confirmed),
        *_result_steps(row, rules, confirmed),
    ]


def _basis_steps(row: dict[str, Any], rules: CopaymentRules, confirmed: frozenset[str]) -> Iterator[Step]:
    yield Step(
        "適用する規則",
        f"診療日 {row['service_date']}",
        f"{rules.valid_from} 以後の診療",
        f"{rules.id} 版",
        rules.source,
        rules.unconfirmed,
    )
    yield _share_step(row, rules, confirmed)
    benefit = rules.benefit
    if row["public_share"] is not None:
        public = f"国公費の適用後 {yen(row['public_share'])}"
        yield Step("国の公費を先に適用", public, "国公費後の患者負担を見る", yen(row["public_share"]), benefit.source)
    for label, amount in (("高額療養費", row["deducted"]), ("付加給付", row["extra_benefit"])):
        if amount:
            yield Step(f"{label}を差し引く", yen(amount), "保険の給付が先", f"-{yen(amount)}", benefit.source)
    if row["uncovered"]:
        words = copay_reason_label(CopayReason.UNCOVERED_LEFT_OUT)
        yield Step("保険の対象とならない費用", yen(row["uncovered"]), words, "助成しない", benefit.source)
    yield Step("助成を計算する負担", "", "0円を下回らない", yen(row["basis"]), benefit.source)


def _share_step(row: dict[str, Any], rules: CopaymentRules, confirmed: frozenset[str]) -> Step:
    label, care = "保険の自己負担", CARE_WORDS.get(row["care"], row["care"])
    cost = f"{care} 総医療費 {yen(row['cost'])}、給付 {row['benefit_rate']}%"
    paid = "総医療費 ×(100% - 給付割合)、10円未満四捨五入"
    in_kind = row["method"] == "in_kind"
    if row["patient_share"] is not None and not (in_kind and row["patient_share"] != row["share"]):
        return Step(label, cost, "請求された自己負担", yen(row["share"]), _SHARE_LAW)
    if not in_kind:
        return Step(label, cost, paid, yen(row["share"]), _SHARE_LAW)
    rule = f"総医療費 ×(100% - 給付割合)、{describe_rounding(rules.in_kind.share)}(現物給付。窓口の端数処理の前の額)"
    return Step(label, cost, rule, yen(row["share"]), rules.in_kind.source, _rounding_is_open(rules, confirmed))


def _rounding_is_open(rules: CopaymentRules, confirmed: frozenset[str]) -> bool:
    return rules.in_kind.unconfirmed and f"copayment.{rules.id}.in_kind" not in confirmed


def _burden_steps(row: dict[str, Any], rules: CopaymentRules, confirmed: frozenset[str]) -> Iterator[Step]:
    rule = next((r for r in rules.rule if f"copayment.{rules.id}.rule.{r.key}" == row["rule_key"]), None)
    if rule is None:
        cause = next(code for code in row["reasons"] if code in _NO_RULE)
        yield Step("一部負担金", "", copay_reason_label(cause), "助成しない", rules.source, rules.unconfirmed)
        return
    unconfirmed = rule.unconfirmed and row["rule_key"] not in confirmed
    before_caps = row["burden"] + sum(excess for cap, excess in _caught(row, rules) if cap.settle == "window")
    amount = yen(before_caps)
    if row["burden_low"] < row["burden"]:
        amount += f"(1回ごとの負担が分からないため {yen(row['burden_low'])} から {yen(row['burden'])} の間)"
    yield Step("一部負担金の規則", _counts(row, rule), describe_rule(rule), amount, rule.source, unconfirmed)
    for code in (CopayReason.SHARE_BELOW_FIXED, CopayReason.TIMES_EXCEEDED, CopayReason.CONSECUTIVE_FREE):
        if code in row["reasons"]:
            yield Step("一部負担金の調整", "", copay_reason_label(code), amount, rule.source, unconfirmed)
    for cap, excess in _caught(row, rules):
        label = "後から支給する額" if cap.settle == "refund" else "上限を超えた額"
        is_open = cap.unconfirmed and f"copayment.{rules.id}.cap.{cap.key}" not in confirmed
        yield Step(label, "同じ期間の負担の累計と比べる", describe_cap(cap), yen(excess), cap.source, is_open)


_NO_RULE = (CopayReason.OUTSIDE_COVERAGE, CopayReason.COPAY_CLASS_MISSING, CopayReason.CARE_NOT_COVERED)


def _counts(row: dict[str, Any], rule: CareRule) -> str:
    if rule.method is Method.FIXED:
        return f"初診 {row['first_visits']}回、受診 {row['visits']}回、実日数 {row['days']}日"
    return f"総医療費 {yen(row['cost'])}、負担 {yen(row['basis'])}"


def _caught(row: dict[str, Any], rules: CopaymentRules) -> Iterator[tuple[Any, int]]:
    """The caps of the block that took something off this row, and how much."""
    for cap in rules.cap:
        excess = row.get(excess_column(Block(rules, None), cap))
        if excess:
            yield cap, excess


def _result_steps(row: dict[str, Any], rules: CopaymentRules, confirmed: frozenset[str]) -> Iterator[Step]:
    shown = f"{yen(row['basis'])} - {yen(row['burden'])}"
    yield Step("一部負担金", "", "", yen(row["burden"]), rules.source)
    yield Step("助成額", shown, "負担 - 一部負担金", yen(row["subsidy"]), rules.source)
    if row["window"] is not None:
        rounded = f"窓口の支払ごとに{describe_rounding(rules.in_kind.window)}"
        paid = yen(row["window"])
        if row["window_low"] < row["window"]:
            paid = f"{yen(row['window_low'])} から {paid} の間"
        source, is_open = rules.in_kind.source, _rounding_is_open(rules, confirmed)
        yield Step("窓口で払う額", yen(row["burden"]), rounded, paid, source, is_open)
    if row["meals"]:
        tables = [m for m in rules.meals if f"copayment.{rules.id}.meals.{m.key}" not in confirmed]
        is_open = any(table.unconfirmed for table in tables)
        source = " ".join(dict.fromkeys(m.source for m in rules.meals)) or rules.source
        given = f"食事療養標準負担額 {yen(row['meals'])}"
        yield Step("食事の助成額", given, "入院時食事療養標準負担額", yen(row["meals_subsidy"]), source, is_open)
    if row["refund"]:
        yield Step("後から支給する額の合計", "", "上限を超えた分", yen(row["refund"]), rules.source)
    causes = [copay_reason_label(code) for code in row["reasons"] if code in _METHOD_REASONS]
    how = METHOD_WORDS[row["method"]]
    yield Step("給付の方法", "", "、".join(causes), how, rules.benefit.source, rules.benefit.unconfirmed)


_METHOD_REASONS = (
    CopayReason.REIMBURSEMENT_ONLY,
    CopayReason.OUTSIDE_AREA,
    CopayReason.EXCLUDED_INSURER,
    CopayReason.ABOVE_IN_KIND_THRESHOLD,
    CopayReason.NOT_BILLED_IN_KIND,
)
