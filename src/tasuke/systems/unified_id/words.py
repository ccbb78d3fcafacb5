"""Names of businesses for the screens. The ids of 独自施策システム等 are the municipality's own (interop.md 2)."""

_BUSINESSES = {
    "001": "住民記録",
    "010": "個人住民税",
    "031": "住登外者",
    "032": "団体内統合宛名",
    "900": "医療費助成",
}


def business_label(business_id: str) -> str:
    """The id with the name of the business; the id alone when it has none here."""
    return f"{business_id} {_BUSINESSES.get(business_id, '')}".strip()
