"""The transfer file of a pay day from its payments. Pure."""

from datetime import date

import polars as pl

from tasuke.core.problems import Problem
from tasuke.formats import zengin
from tasuke.formats.bank_master import BankMaster
from tasuke.schemes.profile import Profile


def build_transfer_file(
    payments: pl.DataFrame, *, profile: Profile, master: BankMaster, pay_on: date
) -> tuple[bytes, list[Problem]]:
    """Bytes of the 総合振込 file and what validation has to say. The payment number rides as 顧客コード1.

    A fictitious profile pays from a bank that does not exist, on purpose: that one problem is left out.
    """
    bank = profile.bank
    names = master.select("bank_code", "branch_code", bank_name="bank_kana", branch_name="branch_kana")
    transfers = payments.join(names, on=["bank_code", "branch_code"], how="left", maintain_order="left").select(
        "bank_code", "bank_name", "branch_code", "branch_name", "account_kind", "account_no", "holder", "amount",
        new_code=pl.lit("0"), customer_code1=pl.col("payment_no"), customer_code2=pl.lit("0" * 10),
    )  # fmt: skip
    header = zengin.Header(
        client_code=bank.consignor_code,
        client_name=bank.consignor_name,
        pay_day=zengin.month_day(pay_on),
        bank_code=bank.bank_code,
        branch_code=bank.branch_code,
        account_kind=bank.account_kind,
        account_no=bank.account_no,
    )
    problems = zengin.validate(header, transfers, master, pay_on)
    if profile.fictitious:
        problems = [p for p in problems if p.field != "仕向銀行番号"]
    return zengin.render(header, transfers, separator=bank.separator), problems
