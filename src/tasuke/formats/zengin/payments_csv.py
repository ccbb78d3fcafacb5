"""A plain CSV of payments, from which a transfer file can be made without any other system of ours.

The layout is our own. Every row carries the paying account as well, so that one file says all that is needed.
"""

from dataclasses import replace

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.core.text import Wo, bank_kana_series
from tasuke.formats import csv_layout
from tasuke.formats.bank_master import BankMaster
from tasuke.formats.csv_layout import Field, Kind, Layout
from tasuke.formats.zengin.layout import ACCOUNT_KINDS, CLIENT_ACCOUNT_KINDS, MAX_AMOUNT
from tasuke.formats.zengin.records import Header, TransferFile, month_day

_NEW_CODES = {"0": "その他", "1": "第1回", "2": "変更"}
_SAME = "すべての行で同じ値を書く"
LAYOUT = Layout(
    id="transfer-payments",
    title="総合振込の支払一覧",
    version="1.0",
    purpose="総合振込ファイル（全銀協）を作るもとの一覧。1行が1件の振込",
    fields=(
        Field("client_code", "振込依頼人コード", Kind.DIGITS, lengths=(10,), note=_SAME, example="0000012345"),
        Field("client_name", "振込依頼人名", Kind.TEXT, max_length=60, note=f"カナ。{_SAME}", example="サンプルシ"),
        Field("pay_day", "振込指定日", Kind.DATE, note=_SAME, example="2026-11-30"),
        Field("client_bank_code", "仕向銀行番号", Kind.DIGITS, lengths=(4,), note=_SAME, example="9999"),
        Field("client_branch_code", "仕向支店番号", Kind.DIGITS, lengths=(3,), note=_SAME, example="999"),
        Field("client_account_kind", "依頼人預金種目", Kind.CODE, codes=CLIENT_ACCOUNT_KINDS, note=_SAME, example="1"),
        Field("client_account_no", "依頼人口座番号", Kind.DIGITS, lengths=(7,), note=_SAME, example="9000001"),
        Field("bank_code", "銀行番号", Kind.DIGITS, lengths=(4,), example="9900"),
        Field("branch_code", "支店番号", Kind.DIGITS, lengths=(3,), example="058"),
        Field("account_kind", "預金種目", Kind.CODE, codes=ACCOUNT_KINDS, example="1"),
        Field("account_no", "口座番号", Kind.DIGITS, lengths=(7,), example="1234567"),
        Field(
            "holder", "受取人名", Kind.TEXT, max_length=60, note="全角でも半角でもよいカナ", example="コウノ イチロウ"
        ),
        Field("amount", "振込金額", Kind.INT, minimum=1, maximum=MAX_AMOUNT, example="1500"),
        Field("new_code", "新規コード", Kind.CODE, required=False, codes=_NEW_CODES, example="0"),
        Field("customer_code1", "顧客コード1", Kind.DIGITS, required=False, max_length=10, example="0000000001"),
        Field("customer_code2", "顧客コード2", Kind.DIGITS, required=False, max_length=10, example="0000000000"),
        Field("edi", "EDI情報", Kind.TEXT, required=False, max_length=20, note="書くと顧客コードの代わりになる"),
    ),
)
_CLIENT = [f.name for f in LAYOUT.fields[:7]]


def parse(data: bytes, *, wo: Wo = "reject") -> tuple[TransferFile | None, pl.DataFrame, list[Problem]]:
    """The header and transfers of a payments CSV, names made bank kana, and the frame as it was read.

    Rows that cannot be used are reported and left out. None when no row is left or the paying accounts differ.
    """
    frame, problems = csv_layout.parse(data, LAYOUT)
    header, found = _header(frame, wo)
    problems += found
    holders, reasons = bank_kana_series(frame["holder"], wo=wo)
    for line, holder, reason in frame.select("line", "holder").with_columns(reason=reasons).iter_rows():
        if reason is not None:
            problems.append(Problem("zengin.character", reason, line, field="受取人名", value=holder))
    transfers = frame.with_columns(holder=holders).filter(pl.col("holder").is_not_null()).drop(_CLIENT)
    if header is None or transfers.is_empty():
        return None, frame, problems
    return TransferFile(header, transfers), frame, problems


def with_bank_names(file: TransferFile, master: BankMaster) -> TransferFile:
    """The same file with the names of banks and branches; codes that the master lacks stay without a name."""
    names = master.select("bank_code", "branch_code", bank_name="bank_kana", branch_name="branch_kana")
    transfers = file.transfers.drop("bank_name", "branch_name", strict=False).join(
        names, on=["bank_code", "branch_code"], how="left", maintain_order="left"
    )
    own = names.filter(bank_code=file.header.bank_code, branch_code=file.header.branch_code)
    header = file.header
    if not own.is_empty():
        header = replace(header, bank_name=own["bank_name"][0], branch_name=own["branch_name"][0])
    return TransferFile(header, transfers)


def _header(frame: pl.DataFrame, wo: Wo) -> tuple[Header | None, list[Problem]]:
    problems: list[Problem] = []
    if frame.is_empty():
        return None, problems
    for name in _CLIENT:
        other = frame.filter(pl.col(name).ne_missing(pl.lit(frame[name][0], dtype=frame.schema[name])))
        if not other.is_empty():
            message = "依頼人の項目はすべての行で同じでなければなりません"
            fault = Problem("zengin.client", message, other["line"][0], field=LAYOUT.field(name).label)
            problems.append(replace(fault, severity=Severity.FATAL))
    client_name, reason = bank_kana_series(frame["client_name"].head(1), wo=wo)
    if reason[0] is not None:
        fault = Problem("zengin.character", reason[0], frame["line"][0], field="振込依頼人名")
        problems.append(replace(fault, severity=Severity.FATAL))
    if problems:
        return None, problems
    first = frame.row(0, named=True)
    header = Header(
        client_code=first["client_code"],
        client_name=client_name[0],
        pay_day=month_day(first["pay_day"]),
        bank_code=first["client_bank_code"],
        branch_code=first["client_branch_code"],
        account_kind=first["client_account_kind"],
        account_no=first["client_account_no"],
    )
    return header, problems
