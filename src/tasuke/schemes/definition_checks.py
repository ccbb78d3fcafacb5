"""What no single table of a scheme can see: names that must exist elsewhere in the file, the order of the versions."""

import re
from collections.abc import Iterator
from itertools import pairwise

from tasuke.core.problems import Problem
from tasuke.schemes.definition import Income, Scheme, Version
from tasuke.schemes.vocabulary import Role


def check_scheme(scheme: Scheme) -> list[Problem]:
    """Every fault that crosses tables, each with its key path."""
    return [*_check_sources(scheme), *_check_versions(scheme), *_check_copayment(scheme)]


def _check_sources(scheme: Scheme) -> Iterator[Problem]:
    for _, key, value in scheme.sourced():
        for name in re.split(r"[\s,、]+", value.source.strip()):
            if name not in scheme.sources:
                message = f"出典「{name}」が [sources] にありません"
                yield Problem("scheme.source", message, field=f"{key}.source", value=name)


def _check_versions(scheme: Scheme) -> Iterator[Problem]:
    days = [v.valid_from for v in scheme.version]
    if days != sorted(set(days)):
        yield Problem("scheme.order", "版は適用開始日の古い順に、重ならないように並べます", field="version")
    for version in scheme.version:
        for code, field, message in _faults(version):
            yield Problem(f"scheme.{code}", message, field=f"version.{version.id}.{field}")


def _check_copayment(scheme: Scheme) -> Iterator[Problem]:
    known = {rule.key for version in scheme.version for rule in version.copay_class.rule}
    for rules in scheme.copayment:
        for table in (*rules.rule, *rules.cap, *rules.meals):
            for name in getattr(table, "copay_classes", ()):
                if name not in known:
                    message = f"負担区分「{name}」はどの版の copay_class にもありません"
                    yield Problem("scheme.copay_class", message, field=f"copayment.{rules.id}.{table.key}")
    blocks = sorted(scheme.copayment, key=lambda r: r.valid_from)
    for earlier, later in pairwise(blocks):
        if earlier.valid_to is not None and earlier.valid_to > later.valid_from:
            message = f"{later.valid_from} からの一部負担金の規則と期間が重なっています"
            yield Problem("scheme.copayment_overlap", message, field=f"copayment.{earlier.id}.valid_to")


Fault = tuple[str, str, str]


def _faults(version: Version) -> Iterator[Fault]:
    yield from _guardian_faults(version)
    yield from _class_faults(version)
    if version.income is not None:
        yield from _income_faults(version, version.income)
    yield from _funding_faults(version)


def _guardian_faults(version: Version) -> Iterator[Fault]:
    guardian_roles = {r for r in version.who.roles if r in (Role.PARENT, Role.CAREGIVER)}
    declared = set(version.who.guardians.roles) if version.who.guardians else set()
    if guardian_roles != declared:
        yield "guardians", "who.guardians", "roles の父母・養育者と guardians.roles が一致していません"


def _class_faults(version: Version) -> Iterator[Fault]:
    if version.income is None and len(version.copay_class.rule) > 1:
        yield "copay_class", "copay_class", "負担区分を分けるには、誰の所得を見るか(income)が要ります"
    for rule in version.copay_class.rule:
        if rule.table is not None and rule.table not in version.tables:
            yield "table", f"copay_class.rule.{rule.key}.table", f"所得限度額表「{rule.table}」がありません"


def _income_faults(version: Version, income: Income) -> Iterator[Fault]:
    if income.deductions not in version.deductions:
        yield "deductions", "income.deductions", f"控除表「{income.deductions}」がありません"
    for entry in income.subject:
        if entry.table is not None and entry.table not in version.tables:
            yield "table", f"income.subject.{entry.subject}.table", f"所得限度額表「{entry.table}」がありません"
    if income.whose == "sum" and len({s.table for s in income.subject}) > 1:
        yield "sum", "income.subject", "世帯合算(sum)では、全員に同じ限度額表を書きます"
    known = {b.key for b in version.who.band}
    for band in income.scope.bands if income.scope else ():
        if band not in known:
            yield "band", "income.scope.bands", f"年齢段「{band}」がありません"


def _funding_faults(version: Version) -> Iterator[Fault]:
    prefecture = version.funding.prefecture
    if prefecture is None:
        return
    known = {b.key for b in version.who.band} | {"extension", "parent", "caregiver"}
    for part in prefecture.part:
        if part.band not in known:
            yield "band", f"funding.prefecture.part.{part.band}", f"年齢段「{part.band}」がありません"
    for entry in prefecture.subject:
        if entry.table is None or entry.table not in version.tables:
            field = f"funding.prefecture.subject.{entry.subject}.table"
            yield "table", field, f"所得限度額表「{entry.table}」がありません"
    if prefecture.subject and version.income is None:
        yield "income", "funding.prefecture.subject", "都道府県補助の所得を見るには income が要ります"
