"""What must hold before a transfer file leaves the house. Problems name the payment line (`line`, else the row)."""

import re
from collections.abc import Iterable
from datetime import date

import polars as pl

from tasuke.core.calendar import is_bank_business_day, to_wareki
from tasuke.core.problems import Problem
from tasuke.formats.bank_master import BankMaster, at
from tasuke.formats.zengin.layout import (
    ACCOUNT_KINDS,
    BUSINESS_TRANSFER,
    CHARACTERS,
    CLIENT_ACCOUNT_KINDS,
    CODE_JIS,
    DATA,
    EDI,
    HEADER,
    MAX_AMOUNT,
    MAX_COUNT,
    MAX_TOTAL,
    Charset,
    Field,
    field,
)
from tasuke.formats.zengin.records import SCHEMA, Header, month_day

_DEFAULTS = {"new_code": "0", "customer_code1": "0", "customer_code2": "0", "transfer_kind": "7"}


def validate(
    header: Header, transfers: pl.DataFrame, master: BankMaster | None, on: date, *, allow_wo: bool = False
) -> list[Problem]:
    """Everything that is wrong with a file to be sent: form, characters, codes on the pay day, the pay day itself.

    on: the pay day. master None leaves out the existence of banks and branches. allow_wo: for banks that take ｦ.
    """
    frame = with_all_columns(transfers)
    problems = [*check_header(header, allow_wo=allow_wo), *_check_pay_day(header, on)]
    problems += check_transfers(frame, allow_wo=allow_wo)
    if master is not None:
        problems += _check_master(header, frame, at(master, on))
    return problems


def with_all_columns(transfers: pl.DataFrame) -> pl.DataFrame:
    """The frame with every column of SCHEMA; optional ones that are missing or null get their defaults."""
    frame = transfers.rechunk()  # frames glued from many parts would be slow column by column
    if "line" not in frame.columns:
        frame = frame.with_row_index("line", offset=1)
    missing = [name for name in SCHEMA if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, dtype=SCHEMA[name]).alias(name) for name in missing)
    frame = frame.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    return frame.with_columns(pl.col(name).fill_null(value) for name, value in _DEFAULTS.items())


def check_header(header: Header, *, allow_wo: bool = False) -> list[Problem]:
    """Form of the header's values."""
    problems = []
    for of in HEADER:
        if of.name not in ("kind", "filler"):
            problems += _check_text(of, getattr(header, of.name), allow_wo=allow_wo)
    if header.business != BUSINESS_TRANSFER or header.code_kind != CODE_JIS:
        message = "種別コードは21(総合振込)、コード区分は0(JIS)でなければなりません"
        problems.append(Problem("zengin.business", message, field="種別コード", value=header.business))
    if header.account_kind not in CLIENT_ACCOUNT_KINDS:
        message = "依頼人の預金種目は1、2、9のいずれかです"
        problems.append(Problem("zengin.account_kind", message, field="預金種目(依頼人)", value=header.account_kind))
    if not header.client_name.strip():
        problems.append(Problem("zengin.client_name", "振込依頼人名がありません", field="振込依頼人名"))
    return problems


def check_transfers(frame: pl.DataFrame, *, allow_wo: bool = False) -> list[Problem]:
    """Form of the payment lines (columns of SCHEMA), and the limits of the trailer."""
    problems: list[Problem] = []
    for of in (*DATA, EDI):
        if of.name in frame.columns and of.name != "amount":
            problems += _check_column(frame, of, allow_wo=allow_wo)
    problems += _check_rows(
        frame,
        ~pl.col("account_kind").is_in(list(ACCOUNT_KINDS)),
        field(DATA, "account_kind"),
        "zengin.account_kind",
        "預金種目は1普通、2当座、4貯蓄、9その他のいずれかです",
    )
    beyond = pl.col("amount").is_null() | (pl.col("amount") < 1) | (pl.col("amount") > MAX_AMOUNT)
    message = "振込金額は1円から9,999,999,999円までです"
    problems += _check_rows(frame, beyond, field(DATA, "amount"), "zengin.amount", message)
    new_code = field(DATA, "new_code")
    known = pl.col("new_code").is_in(["0", "1", "2"])
    problems += _check_rows(frame, ~known, new_code, "zengin.new_code", "新規コードは0、1、2のいずれかです")
    return [*problems, *_check_sums(frame)]


def _check_sums(frame: pl.DataFrame) -> list[Problem]:
    problems = []
    if frame.is_empty():
        problems.append(Problem("zengin.no_transfers", "振込が1件もありません"))
    if frame.height > MAX_COUNT:
        problems.append(Problem("zengin.count", f"件数が{MAX_COUNT:,}件を超えています。ファイルを分けてください"))
    if (frame["amount"].sum() or 0) > MAX_TOTAL:
        problems.append(Problem("zengin.total", f"合計金額が{MAX_TOTAL:,}円を超えています。ファイルを分けてください"))
    return problems


def _check_column(frame: pl.DataFrame, of: Field, *, allow_wo: bool) -> list[Problem]:
    column = pl.col(of.name)
    is_optional = of.charset in ("shop", "edi")
    wrong = ~column.str.contains(_pattern(of, allow_wo=allow_wo))
    wrong = wrong.fill_null(False) if is_optional else wrong.fill_null(True)
    if of.name == "holder":
        wrong = wrong | (column.str.strip_chars() == "")
    problems = []
    for line, value in frame.filter(wrong).select("line", of.name).iter_rows():
        found = _check_text(of, value, allow_wo=allow_wo, line=line)
        problems += found or [Problem("zengin.blank", f"{of.label}がありません", line, field=of.label)]
    return problems


def _pattern(of: Field, *, allow_wo: bool) -> str:
    if of.kind == "N":
        return rf"^[0-9]{{1,{of.length}}}$"
    return rf"^[{re.escape(_characters(of.charset, allow_wo=allow_wo))}]{{0,{of.length}}}$"


def _characters(charset: Charset, *, allow_wo: bool) -> str:
    return CHARACTERS[charset] + ("ｦ" if allow_wo and charset == "name" else "")


def _check_text(of: Field, value: str | None, *, allow_wo: bool, line: int | None = None) -> list[Problem]:
    """One value against its field: characters with their position, then the length in bytes."""
    text = value or ""
    if of.kind == "N" and not text.strip():
        return [Problem("zengin.blank", f"{of.label}がありません", line, field=of.label)]
    allowed = _characters(of.charset, allow_wo=allow_wo)
    for position, char in enumerate(text, start=1):
        if char not in allowed:
            message = f"{position}文字目の「{char}」は使えません"
            return [Problem("zengin.character", message, line, position, of.label, text)]
    if len(text) > of.length:
        message = f"{of.length}バイトまでです({len(text)}バイトあります。濁点も1バイトに数えます)"
        return [Problem("zengin.too_long", message, line, field=of.label, value=text)]
    return []


def _check_rows(frame: pl.DataFrame, wrong: pl.Expr, of: Field, code: str, message: str) -> list[Problem]:
    rows = frame.filter(wrong.fill_null(True)).select("line", pl.col(of.name).cast(pl.String)).iter_rows()
    return [Problem(code, message, line, field=of.label, value=value) for line, value in rows]


def _check_pay_day(header: Header, on: date) -> Iterable[Problem]:
    label = field(HEADER, "pay_day").label
    if header.pay_day != month_day(on):
        message = f"取組日が振込日({to_wareki(on)})と合いません"
        yield Problem("zengin.pay_day", message, field=label, value=header.pay_day)
    if not is_bank_business_day(on):
        message = f"{to_wareki(on)}は銀行の休業日です"
        yield Problem("zengin.holiday", message, field=label, value=header.pay_day)


def _check_master(header: Header, frame: pl.DataFrame, master: BankMaster) -> list[Problem]:
    payer = pl.DataFrame({"line": [header.line], "bank_code": [header.bank_code], "branch_code": [header.branch_code]})
    problems: list[Problem] = []
    for rows, fields in ((payer.cast({"line": pl.Int64}), HEADER), (frame, DATA)):
        codes = rows.with_columns(pl.col("bank_code").str.zfill(4), pl.col("branch_code").str.zfill(3))
        no_bank = codes.join(master, on="bank_code", how="anti")
        no_branch = codes.join(no_bank, on="bank_code", how="anti").join(
            master, on=["bank_code", "branch_code"], how="anti"
        )
        problems += _unknown(no_bank, field(fields, "bank_code"), "zengin.bank", "この番号の銀行はありません")
        problems += _unknown(no_branch, field(fields, "branch_code"), "zengin.branch", "この番号の支店はありません")
    return problems


def _unknown(rows: pl.DataFrame, of: Field, code: str, message: str) -> list[Problem]:
    found = rows.select("line", "bank_code", "branch_code").sort("line").iter_rows()
    return [Problem(code, message, line, None, of.label, f"{bank}-{branch}") for line, bank, branch in found]
