"""支払通知書, 対象者一覧, 銀行別集計表 as data for their templates. Pure: frames in, plain values out."""

from datetime import date
from typing import Any

import polars as pl

from tasuke.core.calendar import to_wareki
from tasuke.core.problems import Problem, Severity
from tasuke.platform.documents import Column, Line, list_paper
from tasuke.schemes.profile import Letterhead, Profile, Ward
from tasuke.systems.subsidy.certificates.letter_persons import BY_HAND

ROWS_PER_NOTICE = 13
_KIND = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}
# No 教示 here: paying is no 処分, and a second one would let the time to object seem to run again (行政不服審査法18条)
_NOTE = (
    "この通知は支払のお知らせです。支給を決定した内容と、決定に不服があるときの手続は、受付番号ごとの支給決定通知書を"
    "ご覧ください。"
)
_PAYEE_COLUMNS = (
    Column("支払番号", 24, "center"), Column("宛名番号", 30, "center"), Column("支払先", 50, name=True),
    Column("金融機関", 40), Column("店舗", 30), Column("種目", 12, "center"), Column("口座番号", 18, "center"),
    Column("口座名義", 38), Column("金額(円)", 27, "right"),
)  # fmt: skip
_BANK_COLUMNS = (
    Column("金融機関", 20, "center"), Column("金融機関名", 50), Column("店舗", 15, "center"), Column("店舗名", 45),
    Column("件数", 18, "right"), Column("金額(円)", 32, "right"),
)  # fmt: skip


def by_delivery(
    payments: pl.DataFrame, items: pl.DataFrame, persons: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, list[Problem]]:
    """Payments whose notice is mailed, in the order of the post code, and those whose notice is handed over.

    Handed over: the payee or someone on the notice is under 支援措置, or no address of the payee is known (a problem).
    """
    careful = persons.filter("protection").select("atena_no")
    named = items.join(careful, on="atena_no", how="semi")["payment_no"].implode()
    where = persons.select(payee_atena_no="atena_no", postal_code="postal_code", address="address")
    told = payments.join(where, on="payee_atena_no", how="left", maintain_order="left")
    unknown = pl.col("address").fill_null("") == ""
    hand = unknown | pl.col("payment_no").is_in(named) | pl.col("payee_atena_no").is_in(careful["atena_no"].implode())
    problems = [
        Problem("notice.no_address", "支払先の住所が分からないため、支払通知書は手渡しに回しました",
                field="支払番号", value=no, severity=Severity.WARNING)
        for no in told.filter(unknown)["payment_no"]
    ]  # fmt: skip
    mailed = told.filter(~hand).sort("postal_code", "payment_no", nulls_last=True)
    return mailed.drop("postal_code", "address"), told.filter(hand).drop("postal_code", "address"), problems


def notice_pages(
    payments: pl.DataFrame,
    items: pl.DataFrame,
    persons: pl.DataFrame,
    banks: pl.DataFrame,
    *,
    profile: Profile,
    schemes: dict[str, str],
    pay_on: date,
    issued_on: date,
    by_hand: bool = False,
) -> list[dict[str, Any]]:
    """Pages of 支払通知書, in the order of the payments. Of an account number the last three digits show.

    by_hand: without an address.
    """
    people = {row["atena_no"]: row for row in persons.iter_rows(named=True)}
    wards = {w.code: w for w in profile.wards}
    head = profile.letterhead_on(issued_on)
    grouped = {key[0]: part for key, part in items.group_by("payment_no", maintain_order=True)}
    pages: list[dict[str, Any]] = []
    named = payments.join(banks, on=["bank_code", "branch_code"], how="left", maintain_order="left")
    for payment in named.iter_rows(named=True):
        rows = [
            {
                "receipt": r["receipt_no"],
                "scheme": schemes.get(r["scheme"], r["scheme"]),
                "person": people.get(r["atena_no"], {}).get("name", ""),
                "amount": f"{r['amount']:,}",
            }
            for r in grouped[payment["payment_no"]].iter_rows(named=True)
        ]
        parts = [rows[i : i + ROWS_PER_NOTICE] for i in range(0, len(rows), ROWS_PER_NOTICE)]
        payee = people.get(payment["payee_atena_no"], {})
        base = _notice_head(payment, payee, wards.get(payment["ward_code"]), head, by_hand=by_hand) | {
            "issued": to_wareki(issued_on),
            "pay_day": to_wareki(pay_on),
            "pages": str(len(parts)),
        }
        pages += [base | {"items": part, "page": str(n)} for n, part in enumerate(parts, start=1)]
    return pages


def _notice_head(
    payment: dict[str, Any], payee: dict[str, Any], ward: Ward | None, head: Letterhead, *, by_hand: bool
) -> dict[str, Any]:
    return {
        # handed over: whoever prints it must not read where a protected person gets letters
        "postal": "" if by_hand else _postal(payee.get("postal_code")),
        "address": BY_HAND if by_hand else " ".join(filter(None, [payee.get("address"), payee.get("address_detail")])),
        "to": payee.get("name", ""),
        "office": f"{ward.office} 電話 {ward.phone}" if ward else head.contact,
        "issuer": head.title,
        "number": f"第{int(payment['payment_no'])}号",
        "total": f"{payment['amount']:,}",
        "bank": _bank_words(payment),
        "note": _NOTE,
    }


def _postal(code: str | None) -> str:
    return f"{code[:3]}-{code[3:]}" if code and len(code) == 7 else ""


def _bank_words(payment: dict[str, Any]) -> str:
    bank, branch = payment["bank_name"] or payment["bank_code"], payment["branch_name"] or payment["branch_code"]
    masked = "****" + str(payment["account_no"])[-3:]
    return f"{bank} {branch} {_KIND.get(payment['account_kind'], '')} {masked}"


def payee_list(
    payments: pl.DataFrame, persons: pl.DataFrame, banks: pl.DataFrame, *, pay_on: date, fictitious: bool
) -> dict[str, Any]:
    """対象者一覧, landscape: every payment in the order of the transfer file, with the total. No addresses."""
    shown = persons.select("atena_no", "name").rename({"atena_no": "payee_atena_no"})
    rows = (
        payments.join(shown, on="payee_atena_no", how="left", maintain_order="left")
        .join(banks, on=["bank_code", "branch_code"], how="left", maintain_order="left")
        .iter_rows(named=True)
    )
    lines = [
        Line(
            [
                r["payment_no"], r["payee_atena_no"], r["name"] or "", r["bank_name"] or r["bank_code"],
                r["branch_name"] or r["branch_code"], _KIND.get(r["account_kind"], ""), r["account_no"], r["holder"],
                f"{r['amount']:,}",
            ]
        )
        for r in rows
    ]  # fmt: skip
    total = ["合計", "", "", "", "", "", "", f"{payments.height:,}件", f"{payments['amount'].sum():,}"]
    return list_paper(
        title="医療費助成金 支払対象者一覧",
        subtitle=f"支払日 {to_wareki(pay_on)}",
        columns=_PAYEE_COLUMNS,
        lines=[*lines, Line(total, strong=True)],
        fictitious=fictitious,
    )


def bank_table(payments: pl.DataFrame, banks: pl.DataFrame, *, pay_on: date, fictitious: bool) -> dict[str, Any]:
    """銀行別集計表: bank → branch with counts and yen, a subtotal per bank and the total."""
    named = payments.join(banks, on=["bank_code", "branch_code"], how="left", maintain_order="left")
    by_branch = (
        named.group_by("bank_code", "bank_name", "branch_code", "branch_name")
        .agg(n=pl.len(), yen=pl.col("amount").sum())
        .sort("bank_code", "branch_code")
    )
    lines: list[Line] = []
    for (code,), part in by_branch.group_by("bank_code", maintain_order=True):
        bank = part["bank_name"][0] or ""
        lines += [
            Line([str(code), bank, r["branch_code"], r["branch_name"] or "", f"{r['n']:,}", f"{r['yen']:,}"])
            for r in part.iter_rows(named=True)
        ]
        subtotal = [str(code), f"{bank} 計", "", "", f"{part['n'].sum():,}", f"{part['yen'].sum():,}"]
        lines.append(Line(subtotal, strong=True))
    total = ["", "合計", "", "", f"{payments.height:,}", f"{payments['amount'].sum():,}"]
    return list_paper(
        title="医療費助成金 銀行別集計表",
        subtitle=f"支払日 {to_wareki(pay_on)}",
        columns=_BANK_COLUMNS,
        lines=[*lines, Line(total, strong=True)],
        fictitious=fictitious,
    )
