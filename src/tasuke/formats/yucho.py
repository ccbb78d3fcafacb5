"""ゆうちょ銀行: from 記号 and 番号, as printed in the passbook, to the account number that transfers use."""

import re
import unicodedata
from dataclasses import dataclass

import polars as pl

from tasuke.formats.bank_master import BankMaster

BANK_CODE = "9900"
_KANJI_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


class YuchoNumberError(ValueError):
    """記号 and 番号 name no account. `field` is 記号 or 番号, the message is for a clerk."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class YuchoAccount:
    """An account as transfers name it. account_kind: 1 普通, 2 当座."""

    branch_code: str
    account_kind: str
    account_no: str

    @property
    def branch_name(self) -> str:
        """The name of the branch: its digits in kanji (〇五八)."""
        return self.branch_code.translate(_KANJI_DIGITS)


def to_transfer_account(symbol: str, number: str, *, master: BankMaster | None = None) -> YuchoAccount:
    """記号 and 番号 → branch, kind and account number for transfers. Full-width digits and hyphens are accepted.

    記号 1xxxx (総合口座, 通常貯金): branch = its digits 2-3 and 8, 普通, the 番号 without its last digit (always 1).
    記号 0xxxx (振替口座): branch = its digits 2-3 and 9, 当座, the 番号 as it is; a single digit between the two is
    left out. The 4th digit's check and 通常貯蓄貯金 are not settled by any source at hand, so neither is looked at.
    Raises YuchoNumberError; with a master also when the branch does not exist.
    """
    sign = _digits("記号", symbol)
    digits = _digits("番号", number)
    if len(sign) == 6 and sign[0] == "0":  # 01940-1: the single digit after the 記号
        sign = sign[:5]
    if len(sign) != 5 or sign[0] not in "01":
        raise YuchoNumberError("記号", "1または0で始まる5桁の数字です")
    account = _savings(sign, digits) if sign[0] == "1" else _giro(sign, digits)
    if master is not None and not _branch_exists(master, account.branch_code):
        raise YuchoNumberError("記号", f"この記号の店番({account.branch_code})はありません")
    return account


def _savings(sign: str, digits: str) -> YuchoAccount:
    if not 2 <= len(digits) <= 8:
        raise YuchoNumberError("番号", "2桁から8桁の数字です")
    if digits[-1] != "1":
        raise YuchoNumberError("番号", "最後の数字は1です")
    return YuchoAccount(f"{sign[1:3]}8", "1", digits[:-1].zfill(7))


def _giro(sign: str, digits: str) -> YuchoAccount:
    if not 1 <= len(digits) <= 6:
        raise YuchoNumberError("番号", "振替口座の番号は6桁までの数字です")
    return YuchoAccount(f"{sign[1:3]}9", "2", digits.zfill(7))


def _digits(field: str, text: str) -> str:
    plain = re.sub(r"[\s\-‐−ー―]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(r"[0-9]+", plain):
        raise YuchoNumberError(field, "数字で入力してください")
    return plain


def _branch_exists(master: BankMaster, branch_code: str) -> bool:
    here = (pl.col("bank_code") == BANK_CODE) & (pl.col("branch_code") == branch_code)
    return not master.filter(here).is_empty()
