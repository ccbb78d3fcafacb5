"""The income part of an explanation: each subject's figure, deduction by deduction, its limit and the comparison."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from tasuke.core.calendar import to_wareki
from tasuke.schemes.copayment.explain import Step
from tasuke.schemes.definition import Income, LimitTable, Version
from tasuke.schemes.explain_words import Marks, table_words, yen_words
from tasuke.schemes.net_income import child_support_expr, deduction_exprs, total_expr
from tasuke.schemes.reasons import ReasonCode, reason_label
from tasuke.schemes.vocabulary import DeductionKind, Subject, label_of

Row = Mapping[str, Any]
_STATUS = {1: "非課税", 2: "均等割のみ課税", 3: "課税", 4: "未申告"}
# how an income became known; the city's own tax office is the rule and needs no word
_KNOWN_BY = {"inquiry": "情報照会の回答", "certificate": "所得課税証明書"}
_WHOSE = {
    "highest": "所得を見る人のうち、所得の最も高い人で判定する",
    "each": "所得を見る人それぞれを、それぞれの限度額で判定する",
    "sum": "所得を見る人の合計で判定する",
}


def income_steps(version: Version, person: Row, subjects: pl.DataFrame | None, marks: Marks) -> Iterator[Step]:
    """The steps of the income test. subjects: the rows of this person with every column of the computation."""
    income = version.income
    if income is None or subjects is None:
        return
    yield _year_step(income, person, marks)
    for row in _with_parts(version, income, subjects).iter_rows(named=True):
        if row["subject"] is not None:
            yield from _subject_steps(version, income, row, marks)
    yield _result_step(income, person, marks)


def _with_parts(version: Version, income: Income, subjects: pl.DataFrame) -> pl.DataFrame:
    """The rows with each part of the figure beside it, by the expressions that made the figure."""
    parts = {f"_part_{kind}": expr for kind, expr in deduction_exprs(version.deductions[income.deductions]).items()}
    return subjects.with_columns(
        total_expr().alias("_part_total"),
        child_support_expr(income.child_support).alias("_part_child_support"),
        **parts,
    )


def _year_step(income: Income, person: Row, marks: Marks) -> Step:
    switch = income.year_switch
    rule = f"{switch.month}月1日に切り替え、その年の{switch.years_back}年前の所得を見る(切り替え前はさらに1年前)"
    return Step(
        "判定年度",
        f"判定日 {to_wareki(person['on'])}",
        rule,
        f"{person['_income_year']}年中の所得",
        switch.source,
        marks.of(switch),
    )


def _subject_steps(version: Version, income: Income, row: Row, marks: Marks) -> Iterator[Step]:
    label = f"所得({label_of(Subject(row['subject']))})"
    if row["_undeclared"] or row["_unknown"]:
        code = ReasonCode.INCOME_UNDECLARED if row["_undeclared"] else ReasonCode.INCOME_UNKNOWN
        yield Step(label, "記録なし", "", reason_label(code), income.source, marks.of(income))
        return
    group = version.deductions[income.deductions]
    table = _table_of(version, income, row["subject"])
    taken = _deductions(version, income, row, table)
    support = row["_part_child_support"]
    known_by = _KNOWN_BY.get(row["source"] or "")
    status = _STATUS.get(row["status_code"], "課税の区分なし") + (f"、{known_by}" if known_by else "")
    given = f"総所得金額等 {yen_words(row['_part_total'])}({status})"
    given += f"、養育費から {yen_words(support)}" if support else ""
    rule = "控除: " + ("、".join(f"{name} {amount:,}円" for name, amount in taken) or "なし")
    mark = marks.of(group) or any(marks.of(i) for i in group.item if row.get(f"_part_{i.kind}"))
    if support and income.child_support is not None:
        mark = mark or marks.of(income.child_support)
    yield Step(label, given, rule, f"所得額 {yen_words(row['_value'])}", group.source, mark)
    if table is not None:
        yield _limit_step(income, row, table, marks)


def _table_of(version: Version, income: Income, subject: str) -> LimitTable | None:
    name = next((s.table for s in income.subject if s.subject == subject), None)
    return None if name is None else version.tables[name]


def _deductions(version: Version, income: Income, row: Row, table: LimitTable | None) -> list[tuple[str, int]]:
    group = version.deductions[income.deductions]
    taken = [(i.label, row[f"_part_{i.kind}"]) for i in group.item if row.get(f"_part_{i.kind}")]
    if table is not None and table.basis == "after_flat":
        flat = next((i for i in group.item if i.kind is DeductionKind.FLAT), None)
        taken += [(flat.label, flat.amount or 0)] if flat is not None else []
    return taken


def _limit_step(income: Income, row: Row, table: LimitTable, marks: Marks) -> Step:
    word = "未満" if income.comparison.rule == "lt" else "以下"
    given = f"扶養親族等 {row['dependents'] or 0}人(うち70歳以上 {row['dependents_elderly'] or 0}人)"
    verdict = "限度額を超えます" if row["_over"] else f"限度額{word}です"
    result = f"所得額 {row['_value']:,}円 / 限度額 {row['_limit']:,}円: {verdict}"
    mark = marks.of(table) or marks.of(income.comparison)
    return Step("所得限度額", given, f"{table_words(table)}。{word}で該当", result, table.source, mark)


def _result_step(income: Income, person: Row, marks: Marks) -> Step:
    count = person["_inc_subjects"]
    given = "登録なし" if count is None else f"所得を見る人 {count}人"
    if not person["_asked"]:
        return Step("所得の判定", given, "この区分には所得制限がない", "所得制限なし", income.source, marks.of(income))
    over = person["_lost"] != 0
    waiting = person["_inc_mask"] != 0
    result = "限度額を超えます" if over else "保留" if waiting else "限度額の範囲内です"
    return Step("所得の判定", given, _WHOSE[income.whose], result, income.source, marks.of(income))
