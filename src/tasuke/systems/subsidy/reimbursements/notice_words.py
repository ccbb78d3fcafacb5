"""What a 支給・不支給決定通知書 says: plain strings for the template, from a decision's own values. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from tasuke.core.calendar import to_wareki, to_wareki_short
from tasuke.platform.documents import Column, Line, list_paper
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.certificates.letter_persons import BY_HAND
from tasuke.systems.subsidy.reimbursements.reasons import ReceiptReason, receipt_reason_label

LINES_PER_PAGE = 7
TITLES = {"granted": "医療費助成金 支給決定通知書", "rejected": "医療費助成金 不支給決定通知書"}
_LEADS = {
    "granted": "申請のあった医療費助成金(償還払い)について、次のとおり支給することを決定しましたので、通知します。",
    "rejected": "申請のあった医療費助成金(償還払い)について、次のとおり支給しないことを決定しましたので、通知します。",
}
# how the amount came about, left to right (助成額 = 対象額 - 一部負担金, no more than was paid)
_GRANTED = (
    ("診療日", 20, "center"), ("医療機関等", 44, "left"), ("支払った額", 20, "right"), ("他の給付", 20, "right"),
    ("助成対象額", 21, "right"), ("一部負担金", 20, "right"), ("助成額", 21, "right"),
)  # fmt: skip
_REJECTED = (
    ("診療日", 20, "center"), ("医療機関等", 50, "left"), ("支払った額", 22, "right"), ("支給しない理由", 74, "left"),
)  # fmt: skip
_FOR_THE_OFFICE = {ReceiptReason.UNCONFIRMED_RULE}
_HOW = (
    "助成額は、保険が適用される自己負担のうち、他の給付(高額療養費・付加給付)と国の公費を除いた助成対象額から、"
    "一部負担金を差し引いた額です。"
)
_PAID_LATER = "支給額は指定の口座に振り込みます。支払日は、医療費助成金支払通知書でお知らせします。"
_AGAIN = "事実と違うところや、お手元に新しい書類があるときは、下の問合せ先へお知らせください。"
_COLUMNS = (
    Column("文書番号", 24, "center"), Column("決定", 16, "center"), Column("受付番号", 36),
    Column("受診者", 46, name=True),
    Column("宛先", 46, name=True), Column("決定日", 24, "center"), Column("支給額(円)", 24, "right"),
    Column("渡し方", 16, "center"), Column("制度", 44),
)  # fmt: skip


def letter_contents(
    letters: pl.DataFrame, lines: pl.DataFrame, *, schemes: Mapping[str, Scheme], profile: Profile, on: date
) -> list[dict[str, Any]]:
    """One dict per letter, with its lines cut into `pages`. letters: as `select_reimbursement_letters` gives them."""
    wards = {w.code: w for w in profile.wards}
    head = profile.letterhead_on(on)
    grouped = {key[0]: part for key, part in lines.group_by("reimbursement_id", maintain_order=True)}
    contents = []
    for row in letters.iter_rows(named=True):
        granted = row["outcome"] == "granted"
        ward = wards.get(row["ward_code"] or "")
        part = grouped[row["reimbursement_id"]]
        cells = [_granted(r) if granted else _rejected(r) for r in part.iter_rows(named=True)]
        contents.append(
            {
                "title": TITLES[row["outcome"]],
                "number": f"第{row['reimbursement_id']}号",
                "issued": to_wareki(on),
                "issuer": head.title,
                "office": f"{ward.office} 電話 {ward.phone}" if ward else head.contact,
                # handed over: whoever prints it must not read where a protected person gets letters
                "postal": "" if row["hand"] else _postal(row["to_postal_code"]),
                "address": BY_HAND if row["hand"] else row["to_printed_address"],
                "to": row["to_name"],
                "lead": _LEADS[row["outcome"]],
                "rows": _rows(row, schemes[row["scheme"]].name),
                "columns": [{"label": h, "width": w, "align": a} for h, w, a in (_GRANTED if granted else _REJECTED)],
                "pages": [cells[i : i + LINES_PER_PAGE] for i in range(0, len(cells), LINES_PER_PAGE)],
                "total": _total(part) if granted else [],
                "notes": [_HOW, *_remarks(part), _PAID_LATER] if granted else [_law(schemes[row["scheme"]]), _AGAIN],
                "instruction": head.instruction,  # 教示: a 支給 for less than was asked can be objected to as well
            }
        )
    return contents


def _rows(row: dict[str, Any], scheme: str) -> list[dict[str, Any]]:
    lines = [
        ("制度", scheme),
        ("受診者", row["name"]),
        ("受付番号・受付日", f"{row['receipt_no']} ({to_wareki(row['received_on'])}受付)"),
        ("決定日", to_wareki(row["decided_on"])),
        ("支給額", f"{row['amount']:,} 円"),
    ]
    return [{"label": label, "value": value, "name": label == "受診者"} for label, value in lines]


def _granted(line: dict[str, Any]) -> list[str]:
    amounts = [f"{line[c]:,}" for c in ("paid", "given_back", "basis", "burden", "subsidy")]
    return [to_wareki_short(line["service_date"]), line["institution_name"], *amounts]


def _rejected(line: dict[str, Any]) -> list[str]:
    reasons = "。".join(receipt_reason_label(code) for code in line["reasons"])
    return [to_wareki_short(line["service_date"]), line["institution_name"], f"{line['paid']:,}", reasons]


def _total(lines: pl.DataFrame) -> list[str]:
    return ["", "合計", *(f"{lines[c].sum():,}" for c in ("paid", "given_back", "basis", "burden", "subsidy"))]


def _remarks(lines: pl.DataFrame) -> list[str]:
    told = {ReceiptReason(code) for codes in lines["reasons"].drop_nulls() for code in codes} - _FOR_THE_OFFICE
    return [f"{receipt_reason_label(code)}。" for code in ReceiptReason if code in told]


def _law(scheme: Scheme) -> str:
    return f"根拠: {scheme.law}"


def _postal(code: str | None) -> str:
    return f"{code[:3]}-{code[3:]}" if code and len(code) == 7 else ""


def notice_register(
    letters: pl.DataFrame, *, schemes: Mapping[str, Scheme], on: date, by: str, fictitious: bool
) -> dict[str, Any]:
    """通知簿: one line per letter, in the order of the pages, with the total. No address."""
    lines = [
        Line(
            [
                f"第{r['reimbursement_id']}号", "支給" if r["outcome"] == "granted" else "不支給", r["receipt_no"],
                r["name"], r["to_name"], to_wareki_short(r["decided_on"]), f"{r['amount']:,}",
                "手渡し" if r["hand"] else "郵送", schemes[r["scheme"]].name,
            ]
        )
        for r in letters.iter_rows(named=True)
    ]  # fmt: skip
    total = ["合計", "", f"{letters.height:,}通", "", "", "", f"{letters['amount'].sum():,}", "", ""]
    lines.append(Line(total, strong=True))
    return list_paper(
        title="償還払い決定通知簿",
        subtitle=f"通知日 {to_wareki(on)}  作成者 {by}",
        columns=_COLUMNS,
        lines=lines,
        fictitious=fictitious,
    )
