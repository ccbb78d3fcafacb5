"""The layouts of レセプト電算処理 as data: which item of which record stands where, for each kind of receipt.

Reader and writer share these tables, so a position is said once. Index 0 is the record id; 0 in a table means that the
kind has no such item. Sources: 記録条件仕様 医科, 歯科 and 調剤 (令和8年6月版), 訪問看護 (令和6年6月版);
DPC by its layout of 2015 and the parallel items of 医科 (カタカナ氏名 and 患者の状態 of DPC are inferred, see
docs/interfaces/uke.md); レセ電コード情報ファイル 令和6年8月版.
"""

from dataclasses import dataclass
from enum import StrEnum


class UkeKind(StrEnum):
    """The five kinds of receipt files."""

    MEDICAL = "medical"
    DPC = "dpc"
    DENTAL = "dental"
    PHARMACY = "pharmacy"
    NURSING = "nursing"


class Mode(StrEnum):
    """How the text of an item is read."""

    TEXT = "text"
    CODE = "code"  # digits that keep their leading zeros
    NUMBER = "number"  # digits, leading zeros have no meaning
    DATE = "date"  # YYYYMMDD, or GYYMMDD of the years before 令和2年ごろ
    MONTH = "month"  # YYYYMM, or GYYMM


KINDS: tuple[UkeKind, ...] = tuple(UkeKind)
# What the claim frame calls the care: DPC is medical care.
CARE: dict[UkeKind, str] = {
    UkeKind.MEDICAL: "medical",
    UkeKind.DPC: "medical",
    UkeKind.DENTAL: "dental",
    UkeKind.PHARMACY: "pharmacy",
    UkeKind.NURSING: "nursing",
}
# 点数表 (別表3) of the head record.
TABLE_CODE: dict[UkeKind, str] = {
    UkeKind.MEDICAL: "1",
    UkeKind.DPC: "1",
    UkeKind.DENTAL: "3",
    UkeKind.PHARMACY: "4",
    UkeKind.NURSING: "6",
}
HEAD_RECORD: dict[UkeKind, str] = {
    UkeKind.MEDICAL: "IR",
    UkeKind.DPC: "IR",
    UkeKind.DENTAL: "UK",
    UkeKind.PHARMACY: "YK",
    UkeKind.NURSING: "HM",
}
FILE_NAME: dict[UkeKind, str] = {
    UkeKind.MEDICAL: "RECEIPTC.UKE",
    UkeKind.DPC: "RECEIPTD.UKE",
    UkeKind.DENTAL: "RECEIPTS.UKE",
    UkeKind.PHARMACY: "RECEIPTY.CYO",
    UkeKind.NURSING: "RECEIPTH.UKE",  # the real name for 訪問看護 is not confirmed
}
# One point is 10 yen; 訪問看護 bills yen.
YEN_PER_POINT: dict[UkeKind, int] = {kind: 1 if kind is UkeKind.NURSING else 10 for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a record: our name, the clerk's word, its form and its greatest length in bytes."""

    name: str
    label: str
    mode: Mode
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An item at its position."""

    item: Item
    position: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record of one kind: its id, the number of items with the id, and the items that we read or write."""

    id: str
    length: int
    items: tuple[Placed, ...]

    def position(self, name: str) -> int:
        """Position of an item; KeyError when this kind has none."""
        for placed in self.items:
            if placed.item.name == name:
                return placed.position
        raise KeyError(f"{self.id}: {name}")

    def has(self, name: str) -> bool:
        """True when this kind carries the item."""
        return any(placed.item.name == name for placed in self.items)


# (name, label, mode, bytes, (医科, DPC, 歯科, 調剤, 訪看))
_Row = tuple[str, str, Mode, int, tuple[int, int, int, int, int]]


def _same(position: int) -> tuple[int, int, int, int, int]:
    return (position,) * 5


_HEAD: tuple[_Row, ...] = (
    ("agency", "審査支払機関", Mode.CODE, 1, _same(1)),
    ("prefecture", "都道府県", Mode.CODE, 2, _same(2)),
    ("table", "点数表", Mode.CODE, 1, _same(3)),
    ("institution", "医療機関等コード", Mode.CODE, 7, _same(4)),
    ("institution_name", "医療機関等の名称", Mode.TEXT, 40, (6, 6, 6, 5, 5)),
    ("billed_month", "請求年月", Mode.MONTH, 6, (7, 7, 7, 6, 6)),
    ("volume", "マルチボリューム識別情報", Mode.CODE, 2, (8, 8, 9, 7, 0)),
    ("phone", "電話番号", Mode.TEXT, 15, (9, 9, 0, 8, 7)),
)
_HEAD_LENGTH = (10, 10, 10, 9, 8)

# 歯科 has a head of the file (UK) and a head of each receipt (IR).
_DENTAL_IR: tuple[_Row, ...] = (
    ("agency", "審査支払機関", Mode.CODE, 1, (0, 0, 1, 0, 0)),
    ("prefecture", "都道府県", Mode.CODE, 2, (0, 0, 2, 0, 0)),
    ("table", "点数表", Mode.CODE, 1, (0, 0, 3, 0, 0)),
    ("institution", "医療機関等コード", Mode.CODE, 7, (0, 0, 4, 0, 0)),
    ("billed_month", "請求年月", Mode.MONTH, 6, (0, 0, 6, 0, 0)),
    ("phone", "電話番号", Mode.TEXT, 15, (0, 0, 7, 0, 0)),
)

_RE: tuple[_Row, ...] = (
    ("receipt_no", "レセプト番号", Mode.NUMBER, 6, _same(1)),
    ("receipt_type", "レセプト種別", Mode.CODE, 4, _same(2)),
    ("service_month", "診療年月", Mode.MONTH, 6, _same(3)),
    ("name", "氏名", Mode.TEXT, 40, _same(4)),
    ("sex", "男女区分", Mode.CODE, 1, (5, 5, 5, 5, 6)),
    ("birth_date", "生年月日", Mode.DATE, 8, (6, 6, 6, 6, 7)),
    ("benefit_rate", "給付割合", Mode.NUMBER, 3, (7, 7, 7, 7, 10)),
    ("admitted_on", "入院年月日", Mode.DATE, 8, (8, 8, 8, 0, 0)),
    ("started_on", "診療開始日", Mode.DATE, 8, (0, 0, 9, 0, 0)),
    ("outcome", "転帰区分", Mode.CODE, 1, (0, 0, 10, 0, 0)),
    ("ward_kind", "病棟区分", Mode.CODE, 8, (9, 9, 11, 0, 0)),
    ("standard_charge_class", "標準負担額区分", Mode.CODE, 1, (10, 10, 12, 40, 12)),
    ("special_notes", "レセプト特記事項", Mode.CODE, 10, (11, 11, 13, 8, 11)),
    ("karte_no", "カルテ番号等", Mode.TEXT, 20, (13, 13, 15, 35, 13)),
    ("summary_class", "レセプト総括区分", Mode.CODE, 1, (0, 18, 0, 0, 0)),
    ("detail_count", "明細情報数", Mode.NUMBER, 2, (0, 19, 0, 0, 0)),
    ("search_no", "検索番号", Mode.TEXT, 30, (18, 20, 19, 37, 14)),
    ("department", "診療科(第1)", Mode.TEXT, 2, (21, 0, 0, 0, 0)),
    ("kana", "カタカナ氏名", Mode.TEXT, 80, (36, 38, 25, 41, 5)),
    ("patient_state", "患者の状態", Mode.CODE, 60, (37, 39, 26, 0, 0)),
    ("prescriber_prefecture", "処方医療機関の都道府県", Mode.CODE, 2, (0, 0, 0, 9, 0)),
    ("prescriber_table", "処方医療機関の点数表", Mode.CODE, 1, (0, 0, 0, 10, 0)),
    ("prescriber_code", "処方医療機関コード", Mode.CODE, 7, (0, 0, 0, 11, 0)),
    ("prescriber_name", "処方医療機関の名称", Mode.TEXT, 40, (0, 0, 0, 12, 0)),
    ("prescriber_address", "処方医療機関の所在地", Mode.TEXT, 80, (0, 0, 0, 13, 0)),
)
_RE_LENGTH = (38, 40, 27, 42, 15)

_HO: tuple[_Row, ...] = (
    ("insurer_no", "保険者番号", Mode.TEXT, 8, _same(1)),
    ("symbol", "被保険者証等の記号", Mode.TEXT, 38, _same(2)),
    ("number", "被保険者証等の番号", Mode.TEXT, 38, _same(3)),
    ("days", "診療実日数", Mode.NUMBER, 2, _same(4)),
    ("points", "合計点数(金額)", Mode.NUMBER, 8, _same(5)),
    ("meals_count", "食事療養・生活療養の回数", Mode.NUMBER, 2, (7, 7, 6, 0, 0)),
    ("meals_cost", "食事療養・生活療養の合計金額", Mode.NUMBER, 8, (8, 8, 7, 0, 0)),
    ("duty_reason", "職務上の事由", Mode.CODE, 1, (9, 9, 8, 7, 6)),
    ("certificate_no", "証明書番号", Mode.CODE, 3, (10, 10, 9, 8, 7)),
    ("insurance_share", "負担金額(医療保険)", Mode.NUMBER, 9, (11, 11, 10, 9, 8)),
    ("reduction_class", "減免区分", Mode.CODE, 1, (12, 12, 11, 11, 9)),
    ("reduction_rate", "減額割合", Mode.NUMBER, 3, (13, 13, 12, 12, 10)),
    ("reduction_amount", "減額金額", Mode.NUMBER, 6, (14, 14, 13, 13, 11)),
    ("standard_charge", "標準負担額", Mode.NUMBER, 8, (0, 15, 0, 0, 0)),
)
_HO_LENGTH = (15, 16, 14, 14, 12)

_KO: tuple[_Row, ...] = (
    ("payer_no", "公費負担者番号", Mode.CODE, 8, _same(1)),
    ("recipient_no", "公費受給者番号", Mode.TEXT, 7, _same(2)),
    ("voluntary", "任意給付区分", Mode.CODE, 1, _same(3)),
    ("days", "診療実日数(公費)", Mode.NUMBER, 2, _same(4)),
    ("points", "合計点数(公費)", Mode.NUMBER, 8, _same(5)),
    ("copay", "負担金額(公費)", Mode.NUMBER, 8, (6, 6, 6, 7, 6)),
    ("outpatient_copay", "公費給付対象外来一部負担金", Mode.NUMBER, 6, (7, 0, 7, 9, 7)),
    ("inpatient_copay", "公費給付対象入院一部負担金", Mode.NUMBER, 6, (8, 8, 0, 0, 0)),
    ("meals_count", "食事療養・生活療養の回数(公費)", Mode.NUMBER, 2, (10, 10, 8, 0, 0)),
    ("meals_cost", "食事療養・生活療養の合計金額(公費)", Mode.NUMBER, 8, (11, 11, 9, 0, 0)),
    ("standard_charge", "標準負担額(公費)", Mode.NUMBER, 8, (0, 12, 0, 0, 0)),
)
_KO_LENGTH = (12, 13, 10, 10, 8)

_SN: tuple[_Row, ...] = (
    ("bearer", "負担者種別", Mode.CODE, 1, _same(1)),
    ("confirmation", "確認区分", Mode.CODE, 2, _same(2)),
    ("confirmed_insurer_no", "保険者番号等(資格確認)", Mode.TEXT, 8, _same(3)),
    ("confirmed_symbol", "記号(資格確認)", Mode.TEXT, 38, _same(4)),
    ("confirmed_number", "番号(資格確認)", Mode.TEXT, 38, _same(5)),
    ("branch_no", "枝番", Mode.CODE, 2, _same(6)),
    ("confirmed_recipient_no", "受給者番号(資格確認)", Mode.TEXT, 7, _same(7)),
)
_JD: tuple[_Row, ...] = (("bearer", "負担者種別", Mode.CODE, 1, _same(1)),)
_MF: tuple[_Row, ...] = (("window_charge", "窓口負担額区分", Mode.CODE, 2, _same(1)),)
_GO: tuple[_Row, ...] = (
    ("count", "総件数", Mode.NUMBER, 6, _same(1)),
    ("points", "総合計点数", Mode.NUMBER, 10, _same(2)),
    ("volume", "マルチボリューム識別情報", Mode.CODE, 2, _same(3)),
)
# Only on the payer's side (レセ電コード情報ファイル); the same for every kind.
_MN: tuple[_Row, ...] = (("search_no", "検索番号", Mode.TEXT, 30, _same(3)),)
_EX: tuple[_Row, ...] = (("high_cost", "高額療養費金額", Mode.NUMBER, 9, _same(6)),)
_JY: tuple[_Row, ...] = (
    ("change", "補正区分", Mode.CODE, 1, _same(1)),
    ("row", "補正対象の行番号", Mode.NUMBER, 6, _same(2)),
    ("branch", "補正対象の枝番号", Mode.NUMBER, 3, _same(3)),
)
_HR: tuple[_Row, ...] = (
    ("processed_month", "処理年月", Mode.MONTH, 6, _same(1)),
    ("return_class", "返戻区分", Mode.CODE, 2, _same(2)),
    ("reason_code", "事由コード", Mode.CODE, 4, _same(4)),
    ("reason", "返戻理由", Mode.TEXT, 400, _same(5)),
    ("note", "補足", Mode.TEXT, 400, _same(6)),
    ("search_no", "検索番号", Mode.TEXT, 30, _same(10)),
)
_MK: tuple[_Row, ...] = (
    ("processed_month", "審査年月", Mode.MONTH, 6, _same(4)),
    ("return_class", "再審査の請求先", Mode.CODE, 2, _same(3)),
    ("reason_code", "事由コード", Mode.CODE, 4, _same(5)),
    ("reason", "再審査結果", Mode.TEXT, 400, _same(6)),
    ("note", "連絡", Mode.TEXT, 400, _same(7)),
)

# Detail records with one value per day of the month: where day 1 stands, and what we read beside it.
_DAYS: dict[str, tuple[_Row, ...]] = {
    "SI": (
        ("category", "診療識別", Mode.CODE, 2, (1, 1, 1, 0, 0)),
        ("burden", "負担区分", Mode.CODE, 1, (2, 2, 2, 0, 0)),
        ("code", "診療行為コード", Mode.CODE, 9, (3, 3, 3, 0, 0)),
        ("points", "点数", Mode.NUMBER, 7, (5, 5, 5, 0, 0)),
        ("times", "回数", Mode.NUMBER, 3, (6, 6, 6, 0, 0)),
        ("day_1", "1日の情報", Mode.NUMBER, 3, (13, 13, 7, 0, 0)),
    ),
    "IY": (
        ("category", "診療識別", Mode.CODE, 2, (1, 1, 1, 0, 0)),
        ("burden", "負担区分", Mode.CODE, 1, (2, 2, 2, 0, 0)),
        ("code", "医薬品コード", Mode.CODE, 9, (3, 3, 3, 0, 0)),
        ("points", "点数", Mode.NUMBER, 7, (5, 5, 5, 0, 0)),
        ("times", "回数", Mode.NUMBER, 3, (6, 6, 6, 0, 0)),
        ("day_1", "1日の情報", Mode.NUMBER, 3, (13, 13, 8, 0, 0)),
    ),
    "TO": (
        ("category", "診療識別", Mode.CODE, 2, (1, 1, 1, 0, 0)),
        ("burden", "負担区分", Mode.CODE, 1, (2, 2, 2, 0, 0)),
        ("code", "特定器材コード", Mode.CODE, 9, (3, 3, 3, 0, 0)),
        ("points", "点数", Mode.NUMBER, 7, (5, 5, 12, 0, 0)),
        ("times", "回数", Mode.NUMBER, 3, (6, 6, 13, 0, 0)),
        ("day_1", "1日の情報", Mode.NUMBER, 3, (17, 17, 14, 0, 0)),
    ),
    "SS": (
        ("category", "診療識別", Mode.CODE, 2, (0, 0, 1, 0, 0)),
        ("burden", "負担区分", Mode.CODE, 1, (0, 0, 2, 0, 0)),
        ("code", "診療行為コード", Mode.CODE, 9, (0, 0, 3, 0, 0)),
        ("points", "点数", Mode.NUMBER, 7, (0, 0, 76, 0, 0)),
        ("times", "回数", Mode.NUMBER, 3, (0, 0, 77, 0, 0)),
        ("day_1", "1日の情報", Mode.NUMBER, 3, (0, 0, 78, 0, 0)),
    ),
}
_DAYS_LENGTH: dict[str, tuple[int, int, int, int, int]] = {
    "SI": (44, 44, 38, 0, 0),
    "IY": (44, 44, 39, 0, 0),
    "TO": (48, 48, 45, 0, 0),
    "SS": (0, 0, 109, 0, 0),
}
# 訪問看護: one KA record a visit, dated. 調剤: CZ dated, KI dated with its fees in fixed slots.
_KA: tuple[_Row, ...] = (
    ("date", "算定年月日", Mode.DATE, 8, (0, 0, 0, 0, 1)),
    ("burden", "負担区分", Mode.CODE, 1, (0, 0, 0, 0, 2)),
    ("code", "訪問看護療養費コード", Mode.CODE, 9, (0, 0, 0, 0, 3)),
    ("quantity", "数量データ", Mode.NUMBER, 8, (0, 0, 0, 0, 4)),
    ("points", "金額", Mode.NUMBER, 6, (0, 0, 0, 0, 5)),
)
_CZ: tuple[_Row, ...] = (
    ("prescribed_on", "処方箋交付年月日", Mode.DATE, 8, (0, 0, 0, 2, 0)),
    ("date", "調剤年月日", Mode.DATE, 8, (0, 0, 0, 3, 0)),
    ("reception", "処方箋受付回", Mode.NUMBER, 2, (0, 0, 0, 4, 0)),
    ("quantity", "調剤数量", Mode.NUMBER, 3, (0, 0, 0, 5, 0)),
    ("burden", "負担区分", Mode.CODE, 1, (0, 0, 0, 6, 0)),
    ("calculation", "算定区分", Mode.CODE, 1, (0, 0, 0, 7, 0)),
    ("target_no", "算定先番号", Mode.CODE, 2, (0, 0, 0, 8, 0)),
    ("code", "調剤料コード", Mode.CODE, 9, (0, 0, 0, 9, 0)),
    ("points", "調剤料の点数", Mode.NUMBER, 4, (0, 0, 0, 10, 0)),
    ("drug_points", "薬剤料の点数", Mode.NUMBER, 7, (0, 0, 0, 13, 0)),
)
_KI: tuple[_Row, ...] = (
    ("date", "算定年月日", Mode.DATE, 8, (0, 0, 0, 1, 0)),
    ("reception", "処方箋受付回", Mode.NUMBER, 2, (0, 0, 0, 2, 0)),
    ("burden", "調剤基本料の負担区分", Mode.CODE, 1, (0, 0, 0, 3, 0)),
    ("code", "調剤基本料コード", Mode.CODE, 9, (0, 0, 0, 4, 0)),
    ("points", "調剤基本料の点数", Mode.NUMBER, 4, (0, 0, 0, 5, 0)),
)
# Points in CZ beside 調剤料 and 薬剤料: 加算 1-10 (every third from 17), 外来服薬支援料2, 調剤管理料 and its 加算.
CZ_POINTS: tuple[int, ...] = (10, 13, *range(17, 47, 3), 56, 61, 64)
# (回数, 点数) pairs of KI after 調剤基本料: 薬学管理料 ×12, 摘要薬学管理料 ×3, then after two items 調剤基本料加算 ×10.
KI_TIMES_POINTS: tuple[tuple[int, int], ...] = tuple((p + 2, p + 3) for p in (*range(7, 67, 4), *range(69, 109, 4)))

_TABLES: dict[str, tuple[tuple[_Row, ...], tuple[int, int, int, int, int]]] = {
    "RE": (_RE, _RE_LENGTH),
    "HO": (_HO, _HO_LENGTH),
    "KO": (_KO, _KO_LENGTH),
    "SN": (_SN, _same(9)),
    "JD": (_JD, _same(33)),
    "MF": (_MF, _same(33)),
    "GO": (_GO, _same(4)),
    "MN": (_MN, _same(0)),
    "EX": (_EX, _same(0)),
    "JY": (_JY, _same(0)),
    "HR": (_HR, _same(0)),
    "MK": (_MK, _same(0)),
    "KA": (_KA, (0, 0, 0, 0, 9)),
    "CZ": (_CZ, (0, 0, 0, 71, 0)),
    "KI": (_KI, (0, 0, 0, 114, 0)),
    **{record: (rows, _DAYS_LENGTH[record]) for record, rows in _DAYS.items()},
}


def _build(record: str, rows: tuple[_Row, ...], lengths: tuple[int, int, int, int, int], kind: UkeKind) -> Record:
    column = KINDS.index(kind)
    placed = tuple(
        Placed(Item(name, label, mode, size), at[column]) for name, label, mode, size, at in rows if at[column]
    )
    return Record(record, lengths[column], placed)


def _layouts_of(kind: UkeKind) -> dict[str, Record]:
    head = HEAD_RECORD[kind]
    records = {head: _build(head, _HEAD, _HEAD_LENGTH, kind)}
    if kind is UkeKind.DENTAL:
        records["IR"] = _build("IR", _DENTAL_IR, _same(9), kind)
    for record, (rows, lengths) in _TABLES.items():
        built = _build(record, rows, lengths, kind)
        if built.items:
            records[record] = built
    return records


LAYOUTS: dict[UkeKind, dict[str, Record]] = {kind: _layouts_of(kind) for kind in KINDS}
# SI/IY/TO of a dental file stand in _DAYS with their own positions; 調剤 and 訪看 have none of them.
DAY_RECORDS: dict[UkeKind, tuple[str, ...]] = {
    kind: tuple(record for record in _DAYS if record in LAYOUTS[kind]) for kind in KINDS
}

# Records of an institution's file by their place in a receipt; the same number may come in any order.
HEAD_IDS = ("IR", "UK", "YK", "HM")
PART_RANK: dict[str, int] = {"HO": 1, "KO": 2, "SN": 3, "JD": 3, "MF": 3}
# What the payer's side adds to a receipt.
PAYER_IDS = ("MN", "JY", "ON", "EX", "RC", "MD", "RT", "JR", "MK", "HR", "HI")
EOF_MARK = b"\x1a"
