"""Who is paid how much into which account: pure, frames in, payments and problems out."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from tasuke.core.problems import Problem
from tasuke.core.text import Wo, bank_kana_series
from tasuke.formats.bank_master import BankMaster, at

ACCOUNT = ("bank_code", "branch_code", "account_kind", "account_no", "holder_kana")
_MAX_HOLDER = 30  # bytes of 受取人名, after kana decomposition: rejected rather than cut


@dataclass(frozen=True, slots=True)
class Selected:
    """payments: one row per payee and account with `number` from 1; items: one row per source with its `number`."""

    payments: pl.DataFrame
    items: pl.DataFrame
    problems: list[Problem]


def select_payments(
    payable: pl.DataFrame, accounts: pl.DataFrame, *, master: BankMaster, on: date, wo: Wo = "reject"
) -> Selected:
    """Group what is payable by payee and account.

    payable: as `reimbursements.queries.payable_frame`; accounts: as `registry.queries.accounts_frame`. The account on
    the receipt wins over the registered one. An unusable account leaves its rows out, each with a problem.
    """
    rows = _with_account(payable, accounts)
    rows = _judge(rows, at(master, on), wo)
    problems = [
        Problem(code, message, field="口座", value=no)
        for no, code, message in rows.filter(pl.col("fault").is_not_null())
        .select("receipt_no", "fault", "message")
        .iter_rows()
    ]
    good = rows.filter(pl.col("fault").is_null())
    key = ["payee_atena_no", *ACCOUNT[:4], "holder"]
    payments = (
        good.group_by(key, maintain_order=True)
        .agg(
            amount=pl.col("amount").sum(),
            ward_code=pl.col("ward_code").first(),
            public_account=pl.col("public_account").first().fill_null(value=False),
            sources=pl.len(),
        )
        .sort("bank_code", "branch_code", "account_no", "payee_atena_no", "holder")
        .with_row_index("number", offset=1)
    )
    items = good.join(payments.select("number", *key), on=key, how="inner").sort("number", "source_id")
    return Selected(payments, items, problems)


def _with_account(payable: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    registered = accounts.rename({"atena_no": "payee_atena_no"} | {c: f"{c}_registered" for c in ACCOUNT})
    joined = payable.join(registered, on="payee_atena_no", how="left", maintain_order="left")
    own = pl.col("account_no").is_not_null()
    return joined.with_columns(
        *(pl.when(own).then(pl.col(c)).otherwise(pl.col(f"{c}_registered")).alias(c) for c in ACCOUNT),
        public_account=~own & pl.col("public_account"),
    ).rename({"reimbursement_id": "source_id"})


def _judge(rows: pl.DataFrame, master: BankMaster, wo: Wo) -> pl.DataFrame:
    holder, kana_fault = bank_kana_series(rows["holder_kana"], wo=wo)
    branches = master.select("bank_code", "branch_code", known=pl.lit(True))
    banks = master.select("bank_code", bank_known=pl.lit(True)).unique()
    rows = (
        rows.with_columns(holder=holder, kana_fault=kana_fault)
        .join(branches, on=["bank_code", "branch_code"], how="left", maintain_order="left")
        .join(banks, on="bank_code", how="left", maintain_order="left")
    )
    cases: list[tuple[pl.Expr, str, pl.Expr]] = [
        (pl.col("account_no").is_null(), "account.missing", pl.lit("口座が登録されていません")),
        (
            pl.col("bank_known").is_null(),
            "account.bank",
            pl.format("金融機関コード {} は今の銀行一覧にありません", "bank_code"),
        ),
        (
            pl.col("known").is_null(),
            "account.branch",
            pl.format("店舗コード {}-{} は今の店舗一覧にありません", "bank_code", "branch_code"),
        ),
        (
            pl.col("kana_fault").is_not_null(),
            "account.holder",
            pl.format("口座名義: {}", pl.col("kana_fault").fill_null("")),
        ),
        (
            pl.col("holder").str.len_chars() > _MAX_HOLDER,
            "account.holder_length",
            pl.lit("口座名義が30文字(濁点を含む)を超えています"),
        ),
        (~pl.col("account_no").str.contains(r"^\d{7}$"), "account.number", pl.lit("口座番号が7桁の数字ではありません")),
    ]
    fault, message = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for condition, code, words in reversed(cases):
        hit = condition.fill_null(value=False)
        fault = pl.when(hit).then(pl.lit(code)).otherwise(fault)
        message = pl.when(hit).then(words).otherwise(message)
    return rows.with_columns(fault=fault, message=message)
