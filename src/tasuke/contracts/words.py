"""Names of systems, businesses and operations in Japanese, for whoever shows a message or a record of one.

Ids of 独自施策システム等 are the municipality's own (地方公共団体情報システム共通機能標準仕様書 lists 031 and 032).
"""

from collections.abc import Mapping

_SYSTEMS: Mapping[str, str] = {
    "register": "住民記録",
    "subsidy": "医療費助成",
    "resident": "個人基本",
    "welfare": "社会保障宛名",
    "unified_id": "団体内統合宛名",
    "gateway": "市中間サーバ",
    "midserver": "中間サーバー",
    "nis": "国の代役",
    "juki": "住基ネットワーク(代役)",
    "severe_disability": "重度障害者医療",
    "child_medical": "小児医療",
}
_BUSINESSES: Mapping[str, str] = {
    "001": "住民記録",
    "010": "個人住民税",
    "020": "社会保障宛名",
    "031": "住登外者",
    "032": "団体内統合宛名",
    "900": "医療費助成",
}
# (contract, operation) → what is done; "" for records that name the operation alone
_OPERATIONS: Mapping[tuple[str, str], str] = {
    ("resident-events", "push"): "住民異動の送信",
    ("households", "put"): "世帯情報の送信",
    ("unified", "register"): "番号の登録",
    ("juki", "want-codes"): "符号の取得依頼",
    ("inquiry", "ask"): "情報照会の依頼",
    ("inquiry", "cancel"): "情報照会の取りやめ",
    ("", "register"): "付番・紐付けの依頼",
    ("", "event"): "住民異動の反映",
    ("", "to-unified"): "統合宛名番号への変換",
    ("", "to-atena"): "宛名番号への変換",
    ("", "match"): "個人番号の照合",
}
_BODY_KINDS: Mapping[str, str] = {
    "core": "中核システム",
    "municipality": "市区町村",
    "prefecture": "都道府県",
    "insurer": "医療保険者等",
    "account_registry": "公金受取口座",
}
_VALUE_KINDS: Mapping[str, str] = {
    "int": "整数",
    "text": "文字",
    "date": "日付",
    "flag": "はい・いいえ",
    "code": "コード",
}


def system_title(system: str) -> str:
    """The name of a system; the id itself when it is none of ours."""
    return _SYSTEMS.get(system, system)


def business_title(business_id: str) -> str:
    """The id with the name of the business; the id alone when it has none here."""
    return f"{business_id} {_BUSINESSES.get(business_id, '')}".strip()


def body_kind_title(kind: str) -> str:
    """What kind of body takes part; the id itself when this version does not know it."""
    return _BODY_KINDS.get(kind, kind)


def value_kind_title(kind: str) -> str:
    """The form of an item's value in a conversion table."""
    return _VALUE_KINDS.get(kind, kind)


def operation_title(operation: str, *, contract: str = "") -> str:
    """What an operation does; its own names when this version does not know it."""
    return _OPERATIONS.get((contract, operation)) or f"{contract} {operation}".strip()
