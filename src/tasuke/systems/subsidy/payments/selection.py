"""Who is paid how much into which account: pure, frames in, payments and problems out."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from tasuke.core.calendar import to_wareki
from tasuke.core.problems import Problem
from tasuke.core.text import Wo, bank_kana_series
from tasuke.formats.bank_master import BankMaster, at
from tasuke.systems.subsidy.payments.bank_table import KEY, closed_banks

ACCOUNT = ("bank_code", "branch_code", "account_kind", "account_no", "holder_kana")
_MAX_HOLDER = 30  # bytes of 受取人名, after kana decomposition: rejected rather than cut
_KINDS = ["1", "2", "4", "9"]


@dataclass(frozen=True, slots=True)
class Selected:
    """payments: one row per payee and account with `number` from 1; items: one row per source with its `number`.

    held: the rows that cannot be paid now, one problem each.
    """

    payments: pl.DataFrame
    items: pl.DataFrame
    held: pl.DataFrame
    problems: list[Problem]


def select_payments(
    payable: pl.DataFrame,
    accounts: pl.DataFrame,
    retries: pl.DataFrame,
    *,
    master: BankMaster,
    closed: pl.DataFrame,
    on: date,
    wo: Wo = "reject",
) -> Selected:
    """Group what is payable by payee and account. Every payable row ends in one payment's items or in `held`.

    payable: as `reimbursements.queries.payable_frame`; accounts: as `registry.queries.accounts_frame`; retries: as
    `payments.queries.retries_frame`; closed: as `payments.bank_table.closed_branches`. The account on the receipt wins
    over the registered one; after a failed transfer only a corrected account counts, and the new payment stands for
    the failed one alone.
    """
    rows = _judge(_with_account(payable, accounts, retries), at(master, on), closed, wo)
    held = rows.filter(pl.col("fault").is_not_null())
    problems = [
        Problem(code, message, field="口座", value=no)
        for no, code, message in held.select("receipt_no", "fault", "message").iter_rows()
    ]
    good = rows.filter(pl.col("fault").is_null())
    key = ["payee_atena_no", *ACCOUNT[:4], "holder", "replaces"]
    payments = (
        good.group_by(key, maintain_order=True)
        .agg(
            amount=pl.col("amount").sum(),
            ward_code=pl.col("ward_code").first(),
            public_account=pl.col("public_account").first(),
            sources=pl.len(),
        )
        .sort("bank_code", "branch_code", "account_no", "payee_atena_no", "holder", "replaces")
        .with_row_index("number", offset=1)
        .with_columns(pl.col("number").cast(pl.Int64))
    )
    items = good.join(payments.select("number", *key), on=key, how="inner").sort("number", "source_id")
    return Selected(payments, items, held, problems)


def _with_account(payable: pl.DataFrame, accounts: pl.DataFrame, retries: pl.DataFrame) -> pl.DataFrame:
    registered = accounts.rename({"atena_no": "payee_atena_no"} | {c: f"{c}_registered" for c in ACCOUNT})
    corrected = retries.rename({c: f"{c}_corrected" for c in ACCOUNT})
    joined = payable.join(registered, on="payee_atena_no", how="left", maintain_order="left").join(
        corrected, on="reimbursement_id", how="left", maintain_order="left"
    )
    again, own = pl.col("replaces_id").is_not_null(), pl.col("account_no").is_not_null()
    chosen = [
        pl.when(again)
        .then(pl.col(f"{c}_corrected"))
        .when(own)
        .then(pl.col(c))
        .otherwise(pl.col(f"{c}_registered"))
        .replace("", None)
        .alias(c)
        for c in ACCOUNT
    ]
    return joined.with_columns(
        *chosen,
        public_account=(~own & ~again & pl.col("public_account")).fill_null(value=False),
        replaces=pl.col("replaces_id").fill_null(0),  # 0: a first payment (a null would match nothing in a join)
    ).rename({"reimbursement_id": "source_id"})


def _judge(rows: pl.DataFrame, master: BankMaster, closed: pl.DataFrame, wo: Wo) -> pl.DataFrame:
    holder, kana_fault = bank_kana_series(rows["holder_kana"], wo=wo)
    branches = master.select("bank_code", "branch_code", known=pl.lit(True))
    banks = master.select("bank_code", bank_known=pl.lit(True)).unique()
    rows = (
        rows.with_columns(holder=holder, kana_fault=kana_fault)
        .join(branches, on=["bank_code", "branch_code"], how="left", maintain_order="left")
        .join(banks, on="bank_code", how="left", maintain_order="left")
        .join(closed.select(*KEY, "closed_on"), on=KEY, how="left", maintain_order="left")
        .join(closed_banks(closed), on="bank_code", how="left", maintain_order="left")
    )
    fault, message = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for condition, code, words in reversed(_faults()):
        hit = condition.fill_null(value=False)
        fault = pl.when(hit).then(pl.lit(code)).otherwise(fault)
        message = pl.when(hit).then(words if isinstance(words, pl.Expr) else pl.lit(words)).otherwise(message)
    return rows.with_columns(fault=fault, message=message)


def _day(column: str) -> pl.Expr:
    """A day in words; the days on which branches closed are few."""
    return pl.col(column).map_elements(to_wareki, return_dtype=pl.String)


def _faults() -> list[tuple[pl.Expr, str, pl.Expr | str]]:
    """What makes an account unusable, the first that applies is told."""
    without = pl.col("account_no").is_null() | pl.col("bank_code").is_null() | pl.col("branch_code").is_null()
    return [
        (
            without & (pl.col("replaces") != 0),
            "account.not_corrected",
            "振込不能のあと、口座がまだ訂正されていません",
        ),
        (without & pl.col("public_account"), "account.public", "公金受取口座の口座情報がまだ届いていません"),
        (without, "account.missing", "口座が登録されていません"),
        (
            pl.col("bank_known").is_null() & pl.col("bank_closed_on").is_not_null(),
            "account.bank",
            pl.format("金融機関コード {} は{}になくなりました", "bank_code", _day("bank_closed_on")),
        ),
        (
            pl.col("bank_known").is_null(),
            "account.bank",
            pl.format("金融機関コード {} は今の銀行一覧にありません", "bank_code"),
        ),
        (
            pl.col("known").is_null() & pl.col("closed_on").is_not_null(),
            "account.branch",
            pl.format("店舗コード {}-{} は{}になくなりました", "bank_code", "branch_code", _day("closed_on")),
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
        (pl.col("holder").fill_null("").str.strip_chars() == "", "account.holder", "口座名義がありません"),
        (
            pl.col("holder").str.len_chars() > _MAX_HOLDER,
            "account.holder_length",
            "口座名義が30文字(濁点を含む)を超えています",
        ),
        (~pl.col("account_no").str.contains(r"^\d{7}$"), "account.number", "口座番号が7桁の数字ではありません"),
        (
            ~pl.col("account_kind").is_in(_KINDS).fill_null(value=False),
            "account.kind",
            "預金種目は1普通、2当座、4貯蓄、9その他のいずれかです",
        ),
    ]
