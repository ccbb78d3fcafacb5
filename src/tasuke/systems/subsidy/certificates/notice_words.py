"""What a letter says: plain strings for the template, from a decision's own values. Pure."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from tasuke.core.calendar import to_wareki, to_wareki_short
from tasuke.platform.documents import Column, Line, list_paper
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile
from tasuke.schemes.reasons import ReasonCode, is_note, reason_label
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
}
_TODO = {
    ReasonCode.INCOME_UNDECLARED: "市民税の申告(収入がなかった方も、その旨の申告)をしてください。",
    ReasonCode.INCOME_UNKNOWN: (
        "課税される年の1月1日に市外に住んでいた方は、当時の市区町村の課税(所得)証明書を区役所へ出してください。"
    ),
    ReasonCode.INCOME_SUBJECT_MISSING: "生計を維持する方・扶養義務者の届出書を区役所へ出してください。",
}
_COLUMNS = (
    Column("文書番号", 26, "center"), Column("種類", 40), Column("対象者", 56, name=True),
    Column("宛先", 56, name=True), Column("決定日", 26, "center"), Column("渡し方", 18, "center"), Column("制度", 52),
)  # fmt: skip


def letter_contents(
    letters: pl.DataFrame, *, schemes: dict[str, Scheme], profile: Profile, on: date
) -> list[dict[str, Any]]:
    """One dict per letter. letters: as `select_letters` gives them."""
    wards = {w.code: w for w in profile.wards}
    head = profile.letterhead_on(on)
    contents = []
    for row in letters.iter_rows(named=True):
        kind = NoticeKind(row["notice_kind"])
        ward = wards.get(row["ward_code"] or "")
        asks = kind is NoticeKind.INCOME_UNKNOWN
        contents.append(
            {
                "title": kind.label,
                "number": f"第{row['decision_id']}号",
                "issued": to_wareki(on),
                "issuer": head.title,
                "office": f"{ward.office} 電話 {ward.phone}" if ward else head.contact,
                "postal": _postal(row["to_postal_code"]),
                "address": row["to_printed_address"],
                "to": row["to_name"],
                "lead": _LEADS[kind],
                "rows": _rows(row, kind, schemes[row["scheme"]]),
                "reasons_title": "お願いしたいこと" if asks else "理由",
                "reasons": _requests(row) if asks else _reasons(row),
                "notes": _notes(kind),
                "instruction": "" if asks else head.instruction,  # 教示: only a 処分 can be objected to
            }
        )
    return contents


def _rows(row: dict[str, Any], kind: NoticeKind, scheme: Scheme) -> list[dict[str, Any]]:
    lines = [("制度", scheme.name), ("対象者", row["name"])]
    if kind is NoticeKind.LOSS:
        lines.append(("資格の消滅", _end_words(row)))
    elif row["received_on"]:
        lines.append(("申請の受付日", to_wareki(row["received_on"])))
    lines.append(("保留とした日" if kind is NoticeKind.INCOME_UNKNOWN else "決定日", to_wareki(row["decided_on"])))
    if row["income_year"] and (_reason_codes(row) & _INCOME or kind is NoticeKind.INCOME_UNKNOWN):
        year, taxed = _year(row["income_year"]), _year(row["income_year"] + 1)
        lines.append(("所得の年", f"{year}中の所得({taxed}度課税)"))
    if _reason_codes(row) & _INCOME and row["income_limit"] is not None:
        lines.append(("所得制限限度額", f"{row['income_limit']:,}円"))
        lines.append(("判定した所得(控除後)", _income_words(row)))
    if kind is not NoticeKind.INCOME_UNKNOWN:
        lines.append(("根拠", f"{scheme.law}(規則の版 {row['version']})"))
    return [{"label": label, "value": value, "name": label == "対象者"} for label, value in lines]


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


def _reasons(row: dict[str, Any]) -> list[str]:
    codes = [ReasonCode(code) for code in row["reasons"] or [] if not is_note(code)]
    words = [_in_words(code, row["resident_status"]) for code in codes]
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


def _requests(row: dict[str, Any]) -> list[str]:
    codes = sorted(_reason_codes(row) & set(_TODO), key=list(_TODO).index)
    return [
        *(f"{reason_label(code)}。{_TODO[code]}" for code in codes),
        "確認ができしだい、審査の結果をお知らせします。",
    ]


def _notes(kind: NoticeKind) -> list[str]:
    if kind is NoticeKind.LOSS:
        return [
            "お手元の証は使えません。区役所へお返しください。",
            "資格がなくなった後に証を使って受診されたときは、助成額をお返しいただくことがあります。",
        ]
    if kind is NoticeKind.INCOME_UNKNOWN:
        return ["お手続がお済みのときや、行き違いのときは、ご容赦ください。"]
    return ["所得や世帯の状況が変わったときは、改めて申請できます。"]


def _postal(code: str | None) -> str:
    return f"{code[:3]}-{code[3:]}" if code and len(code) == 7 else ""


def notice_register(
    letters: pl.DataFrame, *, schemes: dict[str, Scheme], on: date, by: str, fictitious: bool
) -> dict[str, Any]:
    """通知簿: one line per letter, in the order of the pages. No address."""
    lines = [
        Line(
            [
                f"第{r['decision_id']}号", NoticeKind(r["notice_kind"]).label, r["name"], r["to_name"],
                to_wareki_short(r["decided_on"]), "手渡し" if r["hand"] else "郵送", schemes[r["scheme"]].name,
            ]
        )
        for r in letters.iter_rows(named=True)
    ]  # fmt: skip
    lines.append(Line(["合計", f"{letters.height:,}通", "", "", "", "", ""], strong=True))
    return list_paper(
        title="通知簿",
        subtitle=f"通知日 {to_wareki(on)}  作成者 {by}",
        columns=_COLUMNS,
        lines=lines,
        fictitious=fictitious,
    )
