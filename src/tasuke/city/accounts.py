"""Bank accounts of applicants: real bank and branch codes, ゆうちょ, kana holders; some that no bank would accept."""

from enum import StrEnum

import numpy as np
import polars as pl

from tasuke.city.draw import Floats, Ints, chance, choose, digits, stream, take
from tasuke.city.register import Register
from tasuke.city.words import rates
from tasuke.core.text import bank_kana_series
from tasuke.formats import bank_master

YUCHO = "9900"
_BIG = ("0001", "0005", "0009", "0010", "0017", "0033", "0036", "0038")
_REGIONAL = {"01": ("0116", "0501", "1001"), "14": ("0138", "0530", "1282")}


class AccountFault(StrEnum):
    """Why an account cannot be paid to."""

    BANK_VANISHED = "bank_vanished"
    BRANCH_VANISHED = "branch_vanished"
    HOLDER_KANJI = "holder_kanji"
    HOLDER_TOO_LONG = "holder_too_long"


def _branches(prefecture_code: str) -> tuple[pl.DataFrame, Floats]:
    """Branches that the city's people use, with weights: the big banks, the region's banks, ゆうちょ."""
    local = _REGIONAL.get(prefecture_code, ())
    master = bank_master.load().filter(pl.col("bank_code").is_in([*_BIG, *local, YUCHO]))
    share = rates()["applications"]["yucho"]
    size = pl.len().over("bank_code")
    bank = (
        pl.when(pl.col("bank_code") == YUCHO)
        .then(share)
        .when(pl.col("bank_code").is_in(list(local)))
        .then((1 - share) * 0.55 / max(1, len(local)))
        .otherwise((1 - share) * 0.45 / len(_BIG))
    )
    weighted = master.with_columns(weight=bank / size)
    return weighted, weighted["weight"].to_numpy()


def build_accounts(register: Register, *, prefecture_code: str, seed: int, pids: Ints) -> pl.DataFrame:
    """One account per applicant: pid, bank_code … account_holder_kana, public_account, fault (null = payable).

    Who chose 公金受取口座 has null account columns here.
    """
    rng = stream(seed, "accounts")
    n, r = len(pids), rates()["applications"]
    master, weights = _branches(prefecture_code)
    branch = choose(rng, weights, n)
    people = register.people
    kana = people["name_kana"].gather(pids).fill_null(people["name"].gather(pids))
    holder, errors = bank_kana_series(kana)
    holder = holder.zip_with(errors.is_null(), pl.Series(["ﾌﾒｲ"]).new_from_index(0, n))
    kinds = pl.Series(["1", "2", "4"]).gather(choose(rng, [0.97, 0.015, 0.015], n))
    frame = pl.DataFrame(
        {
            "pid": pids,
            "bank_code": take(master["bank_code"], branch),
            "branch_code": take(master["branch_code"], branch),
            "account_kind": kinds,
            "account_no": digits(rng.integers(1, 9_999_999, n), 7),
            "account_holder_kana": holder,
            "public_account": chance(rng, r["public_account"], n),
        }
    )
    return _with_faults(frame, people["name"].gather(pids), rng)


def _with_faults(frame: pl.DataFrame, names: pl.Series, rng: np.random.Generator) -> pl.DataFrame:
    """Spoil a few accounts: a bank or branch that no longer exists, a holder in kanji, a name over 30 bytes."""
    n = frame.height
    kinds = list(AccountFault)
    fault = np.where(chance(rng, rates()["applications"]["bad_account"], n), rng.integers(0, len(kinds), n), -1)
    spoiled = frame.with_columns(
        fault=take(pl.Series([k.value for k in kinds]), fault.astype(np.int64)),
        kanji=names,
        long=pl.col("account_holder_kana") + " ｺｳﾉｼﾖｳｼﾞﾖｼﾞｴｲﾋﾟ-ｱ-ﾙﾌﾞﾂｻﾝ",
    )
    is_fault = {k: pl.col("fault") == k.value for k in kinds}
    spoiled = spoiled.with_columns(
        bank_code=pl.when(is_fault[AccountFault.BANK_VANISHED]).then(pl.lit("0027")).otherwise("bank_code"),
        branch_code=pl.when(is_fault[AccountFault.BRANCH_VANISHED]).then(pl.lit("999")).otherwise("branch_code"),
        account_holder_kana=pl.when(is_fault[AccountFault.HOLDER_KANJI])
        .then("kanji")
        .when(is_fault[AccountFault.HOLDER_TOO_LONG])
        .then("long")
        .otherwise("account_holder_kana"),
        public_account=pl.col("public_account") & pl.col("fault").is_null(),
    ).drop("kanji", "long")
    columns = ("bank_code", "branch_code", "account_kind", "account_no", "account_holder_kana")
    return spoiled.with_columns(
        *[pl.col(c).alias(f"own_{c}") for c in columns],
        *[pl.when("public_account").then(None).otherwise(pl.col(c)).alias(c) for c in columns],
    )
