"""What an event of the audit trail says happened."""

from enum import StrEnum


class EventKind(StrEnum):
    """Kinds of events. The first five stand beside a person; the others tell what somebody did in the office."""

    READ = "read"
    SEARCHED = "searched"
    CHANGED = "changed"
    PRINTED = "printed"
    EXPORTED = "exported"

    REFUSED = "refused"
    NOT_FOUND = "not-found"
    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGN_OUT = "sign-out"
    LOCKED_OUT = "locked-out"
    RELEASED = "released"

    RUN_PLANNED = "run-planned"
    RUN_APPROVED = "run-approved"
    RUN_STARTED = "run-started"
    RUN_DONE = "run-done"
    RUN_FAILED = "run-failed"
    RUN_CANCELLED = "run-cancelled"
    FILE_RECEIVED = "file-received"
    FILE_MADE = "file-made"

    TRAIL_RESTORED = "trail-restored"
    CHECKPOINT_MENDED = "checkpoint-mended"

    @property
    def label(self) -> str:
        """The kind in Japanese."""
        return _LABELS[self]


PERSON_KINDS = frozenset({EventKind.READ, EventKind.SEARCHED, EventKind.CHANGED, EventKind.PRINTED, EventKind.EXPORTED})

_LABELS = {
    EventKind.READ: "閲覧",
    EventKind.SEARCHED: "検索",
    EventKind.CHANGED: "変更",
    EventKind.PRINTED: "印刷",
    EventKind.EXPORTED: "出力",
    EventKind.REFUSED: "権限がなく拒否",
    EventKind.NOT_FOUND: "範囲外または存在しない",
    EventKind.SIGN_IN: "サインイン",
    EventKind.SIGN_IN_FAILED: "サインイン失敗",
    EventKind.SIGN_OUT: "サインアウト",
    EventKind.LOCKED_OUT: "ロック",
    EventKind.RELEASED: "ロック解除",
    EventKind.RUN_PLANNED: "処理の計画",
    EventKind.RUN_APPROVED: "処理の承認",
    EventKind.RUN_STARTED: "処理の開始",
    EventKind.RUN_DONE: "処理の完了",
    EventKind.RUN_FAILED: "処理の異常終了",
    EventKind.RUN_CANCELLED: "処理の取消",
    EventKind.FILE_RECEIVED: "ファイルの受領",
    EventKind.FILE_MADE: "ファイルの作成",
    EventKind.TRAIL_RESTORED: "証跡の復元",
    EventKind.CHECKPOINT_MENDED: "検証点の補完",
}


def kind_label(kind: str) -> str:
    """A kind in Japanese; one that this version does not know stands as it is."""
    return EventKind(kind).label if kind in set(EventKind) else kind
