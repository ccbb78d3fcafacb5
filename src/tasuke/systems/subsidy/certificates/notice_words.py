"""What a letter says: plain strings for the template, from a decision's own values. Pure."""

from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import polars as pl

from tasuke.core.calendar import to_wareki, to_wareki_short
from tasuke.platform.documents import Column, Line, list_paper
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Letterhead, Profile
from tasuke.schemes.reasons import ReasonCode, is_note, reason_label
from tasuke.systems.subsidy.certificates.insurance_words import (
    ASK_LEAD,
    ASK_NOTES,
    ASK_REQUESTS,
    RESTORED_LEAD,
    RESTORED_NOTES,
    RESTORED_REASONS,
    ask_rows,
    restored_rows,
)
from tasuke.systems.subsidy.certificates.letter_persons import BY_HAND
from tasuke.systems.subsidy.certificates.models import NoticeKind

_INCOME = {ReasonCode.INCOME_OVER, ReasonCode.INCOME_LIMITS_COVERAGE}
_LEADS = {
    NoticeKind.REJECTION: (
        "申請のあった次の医療費助成について、下記の理由により却下することを決定しましたので、通知します。"
    ),
    NoticeKind.NOT_RENEWED: (
        "次の医療費助成の更新について審査した結果、下記の理由により証を交付しないことを決定しましたので、通知します。"
    ),
    NoticeKind.LOSS: "次の医療費助成の受給資格が下記のとおり消滅しましたので、通知します。",
    NoticeKind.INCOME_UNKNOWN: (
        "次の医療費助成について、所得が確認できないため、審査を保留しています。お手続をお願いします。"
    ),
    NoticeKind.INSURANCE_UNKNOWN: ASK_LEAD,
    NoticeKind.RESTORED: RESTORED_LEAD,
}
# letters that ask: no 処分, so nothing to object to
_QUESTIONS = {NoticeKind.INCOME_UNKNOWN, NoticeKind.INSURANCE_UNKNOWN}
_DAY_NAMES = {NoticeKind.INCOME_UNKNOWN: "保留とした日", NoticeKind.INSURANCE_UNKNOWN: "確認を始めた日"}
_TODO = {
    ReasonCode.INCOME_UNDECLARED: "市民税の申告(収入がなかった方も、その旨の申告)をしてください。",
    ReasonCode.INCOME_UNKNOWN: (
        "{taxed}度の課税(所得)証明書({year}中の所得が分かるもの。{jan1}に住んでいた市区町村が出します)を区役所へ出してください。"
    ),
    ReasonCode.INCOME_SUBJECT_MISSING: "生計を維持する方・扶養義務者の届出書を区役所へ出してください。",
}
# persons that stand on the letter itself; more stand on sheets behind it (別紙)
_ON_LETTER, _ON_SHEET = 6, 28
# the column of the table of persons that differs by kind, and the widths of the columns before and of it in mm
_THIRD: dict[NoticeKind, tuple[str, int, int]] = {
    NoticeKind.LOSS: ("資格の消滅", 46, 46),
    NoticeKind.RESTORED: ("資格の回復", 46, 46),
    NoticeKind.INSURANCE_UNKNOWN: ("届出の期限", 60, 32),
}
_RECEIVED = ("申請の受付日", 60, 32)
_COLUMNS = (
    Column("文書番号", 26, "center"), Column("種類", 40), Column("対象者", 56, name=True),
    Column("宛先", 56, name=True), Column("決定日", 26, "center"), Column("渡し方", 18, "center"), Column("制度", 52),
)  # fmt: skip


def letter_contents(
    letters: pl.DataFrame, *, schemes: dict[str, Scheme], profile: Profile, on: date
) -> list[dict[str, Any]]:
    """One dict per letter, in their order. letters: as `select_letters` gives them, one row per decision.

    Persons of one household whom one decision of a day concerns stand in one letter, each with the numbers of the
    reasons that apply.
    """
    head = profile.letterhead_on(on)
    groups = letters.partition_by("letter", maintain_order=True) if letters.height else []
    return [_letter(group.to_dicts(), schemes, profile, head, on) for group in groups]


def letter_pages(contents: list[dict[str, Any]]) -> list[int]:
    """The page on which each letter begins, from 1."""
    return list(accumulate((1 + len(c["sheets"]) for c in contents[:-1]), initial=1)) if contents else []


def _letter(
    rows: list[dict[str, Any]], schemes: dict[str, Scheme], profile: Profile, head: Letterhead, on: date
) -> dict[str, Any]:
    row = rows[0]
    kind, scheme = NoticeKind(row["notice_kind"]), schemes[row["scheme"]]
    ward = profile.ward_of(row["ward_code"] or "")
    asks = kind in _QUESTIONS
    each = [_asked(r, kind) if asks else _reasons(r, kind) for r in rows]
    reasons = list(dict.fromkeys(reason for told in each for reason in told))
    persons = [_person(r, kind, [reasons.index(t) + 1 for t in told]) for r, told in zip(rows, each, strict=True)]
    few = len(persons) <= _ON_LETTER
    sheets = [] if few else [persons[i : i + _ON_SHEET] for i in range(0, len(persons), _ON_SHEET)]
    return {
        "title": kind.label,
        "number": f"第{row['decision_id']}号" + (f"ほか{len(rows) - 1}件" if len(rows) > 1 else ""),
        "issued": to_wareki(on),
        "issuer": head.title,
        "office": f"{ward.office} 電話 {ward.phone}" if ward else head.contact,
        # what is handed over needs no address: whoever prints it must not read where a protected person gets letters
        "postal": "" if row["hand"] else _postal(row["to_postal_code"]),
        "address": BY_HAND if row["hand"] else row["to_printed_address"],
        "to": row["to_name"],
        "lead": _LEADS[kind],
        "rows": _rows(row, kind, scheme, profile, len(rows)),
        "columns": _columns(kind),
        "persons": persons if few else [],
        "sheets": sheets,
        "reasons_title": "お願い" if asks else "理由",
        "reasons": [f"({number}) {reason}" for number, reason in enumerate(reasons, start=1)],
        "notes": _notes(kind),
        "instruction": "" if asks else head.instruction,  # 教示: only a 処分 can be objected to; once for all persons
    }


def _rows(
    row: dict[str, Any], kind: NoticeKind, scheme: Scheme, profile: Profile, persons: int
) -> list[dict[str, Any]]:
    """What is the same for all persons of the letter."""
    lines = [("制度", scheme.name)]
    lines.append((_DAY_NAMES.get(kind, "決定日"), to_wareki(row["decided_on"])))
    if kind not in _QUESTIONS:
        articles = profile.articles_on(row["scheme"], kind.value, row["decided_on"])
        basis = articles or (scheme.law if kind is NoticeKind.RESTORED else f"{scheme.law}(条項は未確認)")
        lines.append(("根拠", f"{basis}(規則の版 {row['version']})"))
    if persons > _ON_LETTER:
        lines.append(("対象者", f"別紙の{persons}人"))
    return [{"label": label, "value": value} for label, value in lines]


def _person(row: dict[str, Any], kind: NoticeKind, numbers: list[int]) -> list[str]:
    """A line of the table of persons."""
    birth = to_wareki(row["birth_date"]) if row["birth_date"] else row["birth_text"] or "不詳"
    numbered = "".join(f"({n})" for n in numbers)
    return [f"第{row['decision_id']}号", row["name"], birth, _third(row, kind), numbered]


def _columns(kind: NoticeKind) -> list[dict[str, Any]]:
    third, name, width = _THIRD.get(kind, _RECEIVED)
    heads = [("文書番号", 24), ("対象者", name), ("生年月日", 32), (third, width), ("理由", 18)]
    return [{"label": label, "width": mm} for label, mm in heads]


def _third(row: dict[str, Any], kind: NoticeKind) -> str:
    if kind is NoticeKind.LOSS:
        return _end_words(row)
    if kind is NoticeKind.RESTORED:
        return _return_words(row)
    day = row["due_on"] if kind is NoticeKind.INSURANCE_UNKNOWN else row["received_on"]
    return to_wareki(day) if day else ""


def _return_words(row: dict[str, Any]) -> str:
    return " ".join(f"{label} {value}" if n else value for n, (label, value) in enumerate(restored_rows(row)))


def _income_reason(code: ReasonCode, row: dict[str, Any]) -> str:
    """所得が限度額を超えています: whose income of which year, and both amounts."""
    told = [_whose(row)]
    if row["income_year"]:
        told.append(f"{_year(row['income_year'])}中の所得({_year(row['income_year'] + 1)}度課税)")
    if row["income_limit"] is not None:
        told.append(f"所得制限限度額 {row['income_limit']:,}円、判定した所得(控除後) {_income_words(row)}")
    return f"{reason_label(code)}({'、'.join(filter(None, told))})"


def _whose(row: dict[str, Any]) -> str:
    return "、".join(row["income_of"] or [])


def _year(year: int) -> str:
    return to_wareki(date(year, 12, 31)).partition("年")[0] + "年"


def _income_words(row: dict[str, Any]) -> str:
    """The income that was compared. It is the income of another household: then its amount is not in a letter."""
    own = row["deciding_subject"] in ("", row["to_atena_no"])
    together = row["subject_household"] is not None and row["subject_household"] == row["to_household_no"]
    if row["net_income"] is None:
        return "区役所でお尋ねください"
    if own or (together and not row["subject_protection"]):
        return f"{row['net_income']:,}円"
    return "別の世帯の方の所得のため、本人確認のうえ区役所でお知らせします"


def _end_words(row: dict[str, Any]) -> str:
    if row["end"] is None:
        start = f"{to_wareki(row['start'])}に" if row["start"] else ""
        return f"{start}さかのぼって消滅(助成の対象となる日はありません)"
    return f"{to_wareki(row['end'])}から({to_wareki(row['end'] - timedelta(days=1))}までの受診は助成の対象です)"


def _reason_codes(row: dict[str, Any]) -> set[ReasonCode]:
    return {ReasonCode(code) for code in row["reasons"] or []}


def _reasons(row: dict[str, Any], kind: NoticeKind) -> list[str]:
    if kind is NoticeKind.RESTORED:
        return RESTORED_REASONS
    codes = [ReasonCode(code) for code in row["reasons"] or [] if not is_note(code)]
    words = [
        _income_reason(code, row) if code in _INCOME else _in_words(code, row["resident_status"]) for code in codes
    ]
    if ReasonCode.INCOME_LIMITS_COVERAGE in _reason_codes(row):
        words.append(_income_reason(ReasonCode.INCOME_LIMITS_COVERAGE, row))
    if not words:
        words = [
            _declared(row["loss_code"]) or _declared(row["declared_loss"]) or "受給資格の要件に当たらなくなりました"
        ]
    return list(dict.fromkeys(words))


def _in_words(code: ReasonCode, resident_status: str) -> str:
    if code is ReasonCode.NOT_RESIDENT and resident_status == "3":
        return "お亡くなりになりました"
    if code is ReasonCode.NOT_RESIDENT and resident_status == "2":
        return "市外へ転出しました"
    return reason_label(code)


def _declared(text: str | None) -> str:
    """A cause as kept with the loss: a code of ours in words, or the words of the 届出."""
    if not text:
        return ""
    return reason_label(text) if text in set(ReasonCode) else f"届出による({text})"


def _asked(row: dict[str, Any], kind: NoticeKind) -> list[str]:
    """What the family is asked to do."""
    if kind is NoticeKind.INCOME_UNKNOWN:
        return _requests(row)
    since = "、".join(f"{label} {value}" for label, value in ask_rows(row))
    return [since, *ASK_REQUESTS]


def _requests(row: dict[str, Any]) -> list[str]:
    """Whose income is not known, why, and which paper is missing."""
    codes = sorted(_reason_codes(row) & set(_TODO), key=list(_TODO).index)
    year = row["income_year"]
    times = {"year": "判定する年", "taxed": "判定する年", "jan1": "その年の1月1日"}
    if year:
        times = {"year": _year(year), "taxed": _year(year + 1), "jan1": to_wareki(date(year + 1, 1, 1))}
    told = []
    for code in codes:
        whose = "" if code is ReasonCode.INCOME_SUBJECT_MISSING else _whose(row)
        what = f"{times['year']}中の所得({times['taxed']}度課税)" if year and whose else ""
        lead = f"{whose}の{what}: " if what else (f"{whose}: " if whose else "")
        told.append(f"{lead}{reason_label(code)}。{_TODO[code].format(**times)}")
    if row["missing_documents"]:
        told.append(f"申請のときに足りなかった書類を区役所へ出してください: {row['missing_documents']}")
    return told


def _notes(kind: NoticeKind) -> list[str]:
    if kind is NoticeKind.LOSS:
        return [
            "お手元の証は使えません。区役所へお返しください。",
            "資格がなくなった後に証を使って受診されたときは、助成額をお返しいただくことがあります。",
        ]
    if kind is NoticeKind.INSURANCE_UNKNOWN:
        return ASK_NOTES
    if kind is NoticeKind.RESTORED:
        return RESTORED_NOTES
    if kind is NoticeKind.INCOME_UNKNOWN:
        return [
            "確認ができしだい、審査の結果をお知らせします。",
            "お手続がお済みのときや、行き違いのときは、ご容赦ください。",
        ]
    return ["所得や世帯の状況が変わったときは、改めて申請できます。"]


def _postal(code: str | None) -> str:
    return f"{code[:3]}-{code[3:]}" if code and len(code) == 7 else ""


def notice_register(
    letters: pl.DataFrame, *, schemes: dict[str, Scheme], on: date, by: str, fictitious: bool
) -> dict[str, Any]:
    """通知簿: one line per person told, in the order of the pages. No address."""
    lines = [
        Line(
            [
                f"第{r['decision_id']}号", NoticeKind(r["notice_kind"]).label, r["name"], r["to_name"],
                to_wareki_short(r["decided_on"]), "手渡し" if r["hand"] else "郵送", schemes[r["scheme"]].name,
            ]
        )
        for r in letters.iter_rows(named=True)
    ]  # fmt: skip
    sent = f"{letters['letter'].n_unique():,}通 {letters.height:,}人"
    lines.append(Line(["合計", sent, "", "", "", "", ""], strong=True))
    return list_paper(
        title="通知簿",
        subtitle=f"通知日 {to_wareki(on)}  作成者 {by}",
        columns=_COLUMNS,
        lines=lines,
        fictitious=fictitious,
    )
