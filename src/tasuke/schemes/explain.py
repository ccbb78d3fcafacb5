"""How a decision was reached, step by step in Japanese: input, rule, result, legal source, 未確認 marks.

Every figure is read from the columns of the judgement itself (`judge_each`); nothing is computed a second time.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from tasuke.core.calendar import to_wareki
from tasuke.schemes.assess import judge_each
from tasuke.schemes.copayment.explain import Step
from tasuke.schemes.definition import Exclusion, Scheme, Version, YieldException, is_unconfirmed, walk_version
from tasuke.schemes.explain_income import income_steps
from tasuke.schemes.explain_words import Marks, coverage_words, day_words, limit_words, start_words
from tasuke.schemes.facts import Facts, to_frames
from tasuke.schemes.judgement import outcome_of
from tasuke.schemes.reasons import BITS, ReasonCode, codes_of, reason_label
from tasuke.schemes.vocabulary import Event, ExclusionKind, FundingPart, Role, SchemeKind, label_of

Row = Mapping[str, Any]
_LEGAL_AGE = "年齢計算ニ関スル法律"


def explain(scheme: Scheme, facts: Facts, on: date, confirmed: frozenset[str] = frozenset()) -> list[Step]:
    """The steps of one person's judgement on a day. Raises NoVersionInForce."""
    persons, incomes = to_frames(facts)
    version, judged = judge_each(scheme, persons, incomes, on, confirmed, every_column=True)[0]
    row = judged.persons.collect().row(0, named=True)
    marks = _marks(version, on, confirmed)
    return [
        _version_step(scheme, version, row, marks),
        *_person_steps(version, row, marks),
        *income_steps(version, row, judged.subjects, marks),
        *_part_steps(version, row, marks),
        *_period_steps(version, row, marks),
        _outcome_step(row),
    ]


def _marks(version: Version, on: date, confirmed: frozenset[str]) -> Marks:
    open_keys = {key for key, value in walk_version(version) if is_unconfirmed(value, on) and key not in confirmed}
    return Marks(frozenset(id(value) for key, value in walk_version(version) if key in open_keys))


def _version_step(scheme: Scheme, version: Version, row: Row, marks: Marks) -> Step:
    until = version.confirmed_until
    open_until = until is not None and marks.of(until)
    note = f"。{until.note}" if until is not None and open_until else ""
    return Step(
        "適用する規則",
        f"判定日 {to_wareki(row['on'])}",
        f"{to_wareki(version.valid_from)}からの版: {version.label}{note}",
        scheme.name,
        until.source if until is not None and open_until else version.source,
        marks.of(version) or open_until,
    )


def _person_steps(version: Version, row: Row, marks: Marks) -> Iterator[Step]:
    who = version.who
    roles = "・".join(label_of(r) for r in who.roles)
    yield Step(
        "対象者の区分",
        label_of(Role(row["role"])),
        f"対象は{roles}",
        _verdict(row, ReasonCode.ROLE_NOT_COVERED),
        who.source,
        marks.of(who),
    )
    yield _age_step(version, row, marks)
    if who.residence.required:
        span = _span(row["resident_from"], row["resident_to"])
        result = _verdict(row, ReasonCode.NOT_RESIDENT)
        yield Step("住所", span, "判定日に住民であること", result, who.residence.source, marks.of(who.residence))
    if who.insurance.required:
        span = _span(row["insured_from"], row["insured_to"])
        result = _verdict(row, ReasonCode.NOT_INSURED, ReasonCode.INSURANCE_EXCLUDED)
        yield Step("医療保険", span, "判定日に加入していること", result, who.insurance.source, marks.of(who.insurance))
    yield from _household_steps(version, row, marks)
    for exclusion in who.exclusion:
        yield _exclusion_step(exclusion, row, marks)
    if who.priority is not None:
        yield _priority_step(version, row, marks)


def _age_step(version: Version, row: Row, marks: Marks) -> Step:
    who = version.who
    child = "(対象となる児童の年齢で見る)" if row["_guardian"] else ""
    bands = {b.key: b for b in who.band}
    band = bands.get(row["_band"]) or who.band[min(row["_passed"] or 0, len(who.band) - 1)]
    rules = "、".join(f"{b.label}: {limit_words(b.until)}" for b in who.band)
    source, mark = band.source, marks.of(band)
    if who.extension is not None:
        conditions = "・".join(label_of(c) for c in who.extension.conditions)
        rules += f"。延長: {limit_words(who.extension.until)}({conditions})"
        if row["_mask"] & BITS[ReasonCode.EXTENDED]:
            source, mark = who.extension.source, marks.of(who.extension)
    codes = (ReasonCode.AGE_OVER, ReasonCode.NO_CHILD, ReasonCode.NOT_BORN, ReasonCode.BIRTH_DATE_UNKNOWN)
    stage = "延長" if row["_band"] == "extension" else band.label
    found = "" if row["_birth"] is None else f"({stage})"
    return Step(
        "年齢",
        f"生年月日 {day_words(row['_birth'])}{child}",
        f"{rules}({_LEGAL_AGE})",
        _verdict(row, *codes) + found,
        source,
        mark,
    )


def _household_steps(version: Version, row: Row, marks: Marks) -> Iterator[Step]:
    who = version.who
    if who.single_parent is not None:
        given = "なし" if row["single_parent_reason"] is None else f"事由{row['single_parent_reason']}"
        rule = f"事由 {'・'.join(str(n) for n in who.single_parent.reasons)} のいずれか。児童が配偶者に養育されないこと"
        result = _verdict(row, ReasonCode.NOT_SINGLE_PARENT, ReasonCode.DE_FACTO_SPOUSE)
        spouse = "、事実婚あり" if row["de_facto_spouse"] else ""
        mark = marks.of(who.single_parent)
        yield Step("ひとり親家庭等の事由", given + spouse, rule, result, who.single_parent.source, mark)
    if who.disability:
        rule = "、".join(d.label for d in who.disability)
        first = who.disability[0]
        mark = any(marks.of(d) for d in who.disability)
        result = _verdict(row, ReasonCode.NO_DISABILITY)
        yield Step("障害の程度", _handbooks(row), rule, result, first.source, mark)


def _handbooks(row: Row) -> str:
    words = []
    if row["physical_grade"] is not None:
        words.append(f"身体障害者手帳{row['physical_grade']}級" + ("(内部障害)" if row["physical_internal"] else ""))
    if row["intellectual"] is not None:
        words.append(f"療育手帳{row['intellectual']}")
    if row["mental_grade"] is not None:
        words.append(f"精神障害者保健福祉手帳{row['mental_grade']}級")
    return "、".join(words) or "手帳なし"


def _exclusion_step(exclusion: Exclusion, row: Row, marks: Marks) -> Step:
    codes = {
        ExclusionKind.PUBLIC_ASSISTANCE: ReasonCode.PUBLIC_ASSISTANCE,
        ExclusionKind.INSTITUTION: ReasonCode.IN_INSTITUTION,
        ExclusionKind.FOSTER: ReasonCode.IN_FOSTER_CARE,
    }
    met = bool(row["_mask"] & BITS[codes[exclusion.kind]])
    word = label_of(exclusion.kind)
    result = reason_label(codes[exclusion.kind]) if met else "当たりません"
    return Step(
        "除外", f"{word}: {'あり' if met else 'なし'}", f"{word}は対象外", result, exclusion.source, marks.of(exclusion)
    )


def _priority_step(version: Version, row: Row, marks: Marks) -> Step:
    priority = version.who.priority
    assert priority is not None
    held = "・".join(label_of(SchemeKind(k)) for k in row["held_kinds"] or []) or "なし"
    rule = f"{'・'.join(label_of(k) for k in priority.yields_to)}が優先"
    rule += "".join(f"。例外: {_exception_words(e)}" for e in priority.exception)
    together = bool(row["_mask"] & BITS[ReasonCode.HELD_TOGETHER])
    result = reason_label(ReasonCode.HELD_TOGETHER) if together else _verdict(row, ReasonCode.HOLDS_OTHER_SCHEME)
    mark = marks.of(priority) or (together and any(marks.of(e) for e in priority.exception))
    return Step("他の医療費助成", held, rule, result, priority.source, mark)


def _exception_words(exception: YieldException) -> str:
    grades = f"{_grade_word(exception.grade_from)}〜{_grade_word(exception.grade_to)}"
    cause = "精神障害により" if exception.mental_only else ""
    return f"{grades}で{cause}{label_of(exception.kind)}を受けるときは併給できる"


def _grade_word(grade: int) -> str:
    school, years = ("小", 0) if grade <= 6 else ("中", 6) if grade <= 9 else ("高", 9)
    return f"{school}{grade - years}"


def _part_steps(version: Version, row: Row, marks: Marks) -> Iterator[Step]:
    """負担区分, 助成の範囲, 財源."""
    classes = version.copay_class
    labels = {r.key: r.label for r in classes.rule}
    if len(classes.rule) > 1:
        note = f"。{reason_label(ReasonCode.COPAY_CLASS_UNKNOWN)}" if _unknown_class(row) else ""
        rule = "、".join(r.label for r in classes.rule)
        yield Step(
            "負担区分", "課税の状況", rule, labels[row["_copay_class"]] + note, classes.source, marks.of(classes)
        )
    yield Step(
        "助成の範囲", "", "年齢・障害・所得による", coverage_words(row["_coverage"]), version.source, marks.of(version)
    )
    funding = version.funding
    rule = "都道府県補助の対象は市の判定とは別に判定する"
    part = funding.prefecture or funding
    mark = marks.of(funding) or marks.of(part)
    yield Step("財源", "", rule, label_of(FundingPart(row["_funding"])), part.source, mark)


def _unknown_class(row: Row) -> bool:
    return bool(row["_mask"] & BITS[ReasonCode.COPAY_CLASS_UNKNOWN])


def _period_steps(version: Version, row: Row, marks: Marks) -> Iterator[Step]:
    who = version.who
    event = label_of(Event(row["event"])) if row["event"] else "なし"
    case = next(c for c in who.start if not c.events or row["event"] in c.events)
    given = f"契機 {event}、事由の発生日 {day_words(row['event_date'])}、申請日 {day_words(row['application_date'])}"
    rule = f"{start_words(case)}。住所・保険・事由・年齢の始まりより前にはならない"
    yield Step("資格の開始日", given, rule, day_words(row["_start"]), case.source, marks.of(case))
    last = "定めなし" if row["_end"] is None else f"{to_wareki(row['_end'] - timedelta(days=1))}まで"
    given = f"年齢による終わり {_last_day(row['_age_end'])}"
    yield Step("資格の終わり", given, "年齢・転出・保険の喪失のうち早い日", last, who.source, marks.of(who))


def _last_day(end: date | None) -> str:
    return "なし" if end is None else to_wareki(end - timedelta(days=1))


def _outcome_step(row: Row) -> Step:
    mask = row["_mask"]
    reasons = "。".join(reason_label(code) for code in codes_of(mask)) or "すべての要件に当たります"
    unconfirmed = bool(mask & BITS[ReasonCode.UNCONFIRMED_RULE])
    return Step("判定", "", reasons, label_of(outcome_of(mask)), "", unconfirmed)


def _verdict(row: Row, *codes: ReasonCode) -> str:
    """The first of the codes that the judgement found, or that the requirement is met."""
    all_codes = row["_who_mask"] | row["_mask"]
    return next((reason_label(code) for code in codes if all_codes & BITS[code]), "要件に当たります")


def _span(first: date | None, end: date | None) -> str:
    if first is None:
        return "記録なし"
    last = "" if end is None else to_wareki(end - timedelta(days=1))
    return f"{to_wareki(first)}〜{last}"
