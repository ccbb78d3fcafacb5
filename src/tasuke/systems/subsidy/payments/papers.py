"""支払通知書, 対象者一覧, 銀行別集計表 as data for their templates. Pure: frames in, plain values out."""

from datetime import date
from typing import Any

import polars as pl

from tasuke.core.calendar import to_wareki
from tasuke.schemes.profile import Profile

_ROWS_PER_NOTICE = 14
_ROWS_PORTRAIT = 37
_ROWS_LANDSCAPE = 24
_KIND = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}


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
) -> list[dict[str, Any]]:
    """Pages of 支払通知書, in the order of the payments. Of an account number the last three digits show."""
    names = dict(persons.select("atena_no", "name").iter_rows())
    people = {row["atena_no"]: row for row in persons.iter_rows(named=True)}
    wards = {w.code: w for w in profile.wards}
    head = profile.letterhead_on(issued_on)
    grouped = {key[0]: part for key, part in items.group_by("payment_no", maintain_order=True)}
    pages: list[dict[str, Any]] = []
    named = payments.join(banks, on=["bank_code", "branch_code"], how="left", maintain_order="left")
    for payment in named.iter_rows(named=True):
        payee = people.get(payment["payee_atena_no"], {})
        ward = wards.get(payment["ward_code"])
        rows = [
            {
                "receipt": r["receipt_no"], "scheme": schemes.get(r["scheme"], r["scheme"]),
                "person": names.get(r["atena_no"], ""), "amount": f"{r['amount']:,}",
            }
            for r in grouped[payment["payment_no"]].iter_rows(named=True)
        ]  # fmt: skip
        parts = [rows[i : i + _ROWS_PER_NOTICE] for i in range(0, len(rows), _ROWS_PER_NOTICE)]
        base = {
            "postal": _postal(payee.get("postal_code")),
            "address": " ".join(filter(None, [payee.get("address"), payee.get("address_detail")])),
            "to": payee.get("name", ""),
            "office": f"{ward.office} 電話 {ward.phone}" if ward else head.contact,
            "issuer": head.title,
            "issued": to_wareki(issued_on),
            "number": f"第{int(payment['payment_no'])}号",
            "pay_day": to_wareki(pay_on),
            "total": f"{payment['amount']:,}",
            "bank": _bank_words(payment),
            "note": head.instruction,
            "pages": str(len(parts)),
        }
        pages += [base | {"items": part, "page": str(n)} for n, part in enumerate(parts, start=1)]
    return pages


def _postal(code: str | None) -> str:
    return f"{code[:3]}-{code[3:]}" if code and len(code) == 7 else ""


def _bank_words(payment: dict[str, Any]) -> str:
    bank, branch = payment["bank_name"] or payment["bank_code"], payment["branch_name"] or payment["branch_code"]
    masked = "****" + str(payment["account_no"])[-3:]
    return f"{bank} {branch} {_KIND.get(payment['account_kind'], '')} {masked}"


def payee_list(
    payments: pl.DataFrame, persons: pl.DataFrame, banks: pl.DataFrame, *, pay_on: date, fictitious: bool
) -> dict[str, Any]:
    """対象者一覧, landscape: every payment in the order of the transfer file, with the total."""
    shown = persons.select("atena_no", "name").rename({"atena_no": "payee_atena_no"})
    rows = (
        payments.join(shown, on="payee_atena_no", how="left", maintain_order="left")
        .join(banks, on=["bank_code", "branch_code"], how="left", maintain_order="left")
        .iter_rows(named=True)
    )
    cells = [
        {
            "strong": False,
            "cells": [
                r["payment_no"], r["payee_atena_no"], r["name"] or "", r["bank_name"] or r["bank_code"],
                r["branch_name"] or r["branch_code"], _KIND.get(r["account_kind"], ""), r["account_no"], r["holder"],
                f"{r['amount']:,}",
            ],
        }
        for r in rows
    ]  # fmt: skip
    cells.append(_total([""] * 7, payments))
    widths = [
        ("支払番号", 24, "center"), ("宛名番号", 30, "center"), ("支払先", 50, "left"), ("金融機関", 40, "left"),
        ("店舗", 30, "left"), ("種目", 12, "center"), ("口座番号", 20, "center"), ("口座名義", 38, "left"),
        ("金額", 23, "right"),
    ]  # fmt: skip
    return _list(
        "医療費助成金 支払対象者一覧", pay_on, widths, cells, rows_per_page=_ROWS_LANDSCAPE, fictitious=fictitious
    )


def bank_table(payments: pl.DataFrame, banks: pl.DataFrame, *, pay_on: date, fictitious: bool) -> dict[str, Any]:
    """銀行別集計表: bank → branch with counts and yen, a subtotal per bank and the total."""
    named = payments.join(banks, on=["bank_code", "branch_code"], how="left", maintain_order="left")
    by_branch = (
        named.group_by("bank_code", "bank_name", "branch_code", "branch_name")
        .agg(n=pl.len(), yen=pl.col("amount").sum())
        .sort("bank_code", "branch_code")
    )
    cells: list[dict[str, Any]] = []
    for (code,), part in by_branch.group_by("bank_code", maintain_order=True):
        bank = part["bank_name"][0] or ""
        cells += [
            {
                "strong": False,
                "cells": [code, bank, r["branch_code"], r["branch_name"] or "", f"{r['n']:,}", f"{r['yen']:,}"],
            }
            for r in part.iter_rows(named=True)
        ]
        cells.append(
            {"strong": True, "cells": [code, f"{bank} 計", "", "", f"{part['n'].sum():,}", f"{part['yen'].sum():,}"]}
        )
    cells.append(
        {"strong": True, "cells": ["", "合計", "", "", f"{payments.height:,}", f"{payments['amount'].sum():,}"]}
    )
    widths = [
        ("金融機関", 20, "center"), ("金融機関名", 50, "left"), ("店舗", 15, "center"), ("店舗名", 45, "left"),
        ("件数", 18, "right"), ("金額(円)", 32, "right"),
    ]  # fmt: skip
    return _list(
        "医療費助成金 銀行別集計表", pay_on, widths, cells, rows_per_page=_ROWS_PORTRAIT, fictitious=fictitious
    )


def _total(blank: list[str], payments: pl.DataFrame) -> dict[str, Any]:
    return {"strong": True, "cells": ["合計", *blank[:-1], f"{payments.height:,}件", f"{payments['amount'].sum():,}"]}


def _list(
    title: str, pay_on: date, columns: list[tuple[str, int, str]], cells: list[dict[str, Any]], *, rows_per_page: int,
    fictitious: bool,
) -> dict[str, Any]:  # fmt: skip
    pages = [cells[i : i + rows_per_page] for i in range(0, len(cells), rows_per_page)]
    return {
        "title": title,
        "subtitle": f"支払日 {to_wareki(pay_on)}",
        "landscape": rows_per_page == _ROWS_LANDSCAPE,
        "fictitious": fictitious,
        "columns": [{"label": label, "width": width, "align": align} for label, width, align in columns],
        "pages": pages,
    }
