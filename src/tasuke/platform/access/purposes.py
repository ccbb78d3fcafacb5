"""What for a person's data are looked at: a screen that asks for it puts the answer into the audit trail."""

from enum import StrEnum


class Purpose(StrEnum):
    """Chosen once, shown at the top of every page, changed when the work changes."""

    COUNTER = "counter"
    APPLICATION = "application"
    CERTIFICATE = "certificate"
    CLAIM = "claim"
    PAYMENT = "payment"
    CORRECTION = "correction"
    STATISTICS = "statistics"
    INSPECTION = "inspection"

    @property
    def label(self) -> str:
        """The purpose in Japanese."""
        return _LABELS[self]


_LABELS = {
    Purpose.COUNTER: "窓口・電話での相談",
    Purpose.APPLICATION: "申請・届出の受付と審査",
    Purpose.CERTIFICATE: "受給者証・通知書の交付",
    Purpose.CLAIM: "レセプト・償還払いの審査",
    Purpose.PAYMENT: "支払と振込結果の処理",
    Purpose.CORRECTION: "記録の確認と訂正",
    Purpose.STATISTICS: "統計と報告",
    Purpose.INSPECTION: "点検・監査",
}
