"""Layout of 総合振込 (種別21) as data: 120 bytes a record, offsets 0-based in bytes.

Source: 全銀協 PC用標準通信プロトコル 適用業務およびレコード・フォーマット §8 (2019-12) and 付録1 (characters).
Several banks publish the same offsets.
"""

from dataclasses import dataclass
from typing import Literal

RECORD_LENGTH = 120
BUSINESS_TRANSFER = "21"
CODE_JIS = "0"
MAX_AMOUNT = 9_999_999_999
MAX_COUNT = 999_999
MAX_TOTAL = 999_999_999_999
ACCOUNT_KINDS = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}
CLIENT_ACCOUNT_KINDS = {"1": "普通", "2": "当座", "9": "その他"}

Charset = Literal["digits", "shop", "name", "edi", "any"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. kind N: digits, right-aligned, zero-filled; C: single bytes, left-aligned, filled with spaces.

    may_be_blank: an N field that no bank uses and that is found blank in real files.
    """

    name: str
    label: str
    kind: Literal["N", "C"]
    length: int
    offset: int
    charset: Charset = "digits"
    may_be_blank: bool = False

    @property
    def end(self) -> int:
        """The offset after the last byte."""
        return self.offset + self.length


_Row = tuple[str, str, Literal["N", "C"], int, Charset]


def _fields(*rows: _Row) -> tuple[Field, ...]:
    fields: list[Field] = []
    offset = 0
    for name, label, kind, length, charset in rows:
        may_be_blank = name in ("clearing_house", "transfer_kind")
        fields.append(Field(name, label, kind, length, offset, charset, may_be_blank))
        offset += length
    if offset != RECORD_LENGTH:
        raise ValueError(f"a record has {RECORD_LENGTH} bytes, this layout {offset}")
    return tuple(fields)


HEADER = _fields(
    ("kind", "データ区分", "N", 1, "digits"),
    ("business", "種別コード", "N", 2, "digits"),
    ("code_kind", "コード区分", "N", 1, "digits"),
    ("client_code", "振込依頼人コード", "N", 10, "digits"),
    ("client_name", "振込依頼人名", "C", 40, "name"),
    ("pay_day", "取組日", "N", 4, "digits"),
    ("bank_code", "仕向銀行番号", "N", 4, "digits"),
    ("bank_name", "仕向銀行名", "C", 15, "shop"),
    ("branch_code", "仕向支店番号", "N", 3, "digits"),
    ("branch_name", "仕向支店名", "C", 15, "shop"),
    ("account_kind", "預金種目(依頼人)", "N", 1, "digits"),
    ("account_no", "口座番号(依頼人)", "N", 7, "digits"),
    ("filler", "ダミー", "C", 17, "any"),
)
DATA = _fields(
    ("kind", "データ区分", "N", 1, "digits"),
    ("bank_code", "被仕向銀行番号", "N", 4, "digits"),
    ("bank_name", "被仕向銀行名", "C", 15, "shop"),
    ("branch_code", "被仕向支店番号", "N", 3, "digits"),
    ("branch_name", "被仕向支店名", "C", 15, "shop"),
    ("clearing_house", "手形交換所番号", "N", 4, "digits"),
    ("account_kind", "預金種目", "N", 1, "digits"),
    ("account_no", "口座番号", "N", 7, "digits"),
    ("holder", "受取人名", "C", 30, "name"),
    ("amount", "振込金額", "N", 10, "digits"),
    ("new_code", "新規コード", "N", 1, "digits"),
    ("customer_code1", "顧客コード1", "N", 10, "digits"),
    ("customer_code2", "顧客コード2", "N", 10, "digits"),
    ("transfer_kind", "振込指定区分", "N", 1, "digits"),
    ("identification", "識別表示", "C", 1, "name"),
    ("filler", "ダミー", "C", 7, "any"),
)
EDI = Field("edi", "EDI情報", "C", 20, 91, "edi")  # stands in place of both customer codes when 識別表示 is Y
TRAILER = _fields(
    ("kind", "データ区分", "N", 1, "digits"),
    ("count", "合計件数", "N", 6, "digits"),
    ("total", "合計金額", "N", 12, "digits"),
    ("filler", "ダミー", "C", 101, "any"),
)
END = _fields(("kind", "データ区分", "N", 1, "digits"), ("filler", "ダミー", "C", 119, "any"))

_KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ"
_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# 付録1. Its only sign in 店舗名 is the hyphen; names of foreign banks in the bank master hold a full stop, and banks
# differ on a blank inside, so both may stand.
CHARACTERS: dict[Charset, str] = {
    "digits": _DIGITS,
    "shop": _KANA + _LETTERS + _DIGITS + " -.",
    "name": _KANA + _LETTERS + _DIGITS + " ()-.",
    "edi": _KANA + "ｦ" + _LETTERS + _DIGITS + " \\｢｣()-/.",
    "any": "".join(map(chr, range(0x20, 0x7F))) + "".join(map(chr, range(0xFF61, 0xFFA0))),
}


def field(fields: tuple[Field, ...], name: str) -> Field:
    """The field of a name. Raises StopIteration for a name that the layout lacks."""
    return next(f for f in fields if f.name == name)
