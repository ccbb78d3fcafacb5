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

    TERMINAL_PREPARED = "terminal-prepared"
    TERMINAL_REGISTERED = "terminal-registered"
    TERMINAL_REFUSED = "terminal-refused"
    TERMINAL_REVOKED = "terminal-revoked"
    USER_CREATED = "user-created"
    PIN_ISSUED = "pin-issued"
    PIN_CHANGED = "pin-changed"
    CODE_ENROLLED = "code-enrolled"
    CODE_CONFIRMED = "code-confirmed"
    KEY_REGISTERED = "key-registered"
    KEY_REFUSED = "key-refused"
    KEY_RENAMED = "key-renamed"
    KEY_REMOVED = "key-removed"
    KEY_COPIED = "key-copied"
    SESSION_ENDED = "session-ended"
    GRANT_REQUESTED = "grant-requested"
    GRANT_APPROVED = "grant-approved"
    GRANT_REFUSED = "grant-refused"
    GRANT_REVOKED = "grant-revoked"
    LIST_EXPORTED = "list-exported"
    PERSONNEL_IMPORTED = "personnel-imported"
    ADMINISTRATION_FOUNDED = "administration-founded"
    TRANSFERS_CONFIRMED = "transfers-confirmed"
    EXTRACT_REQUESTED = "extract-requested"
    EXTRACT_APPROVED = "extract-approved"
    EXTRACT_REFUSED = "extract-refused"
    CHOICE_SAVED = "choice-saved"
    CHOICE_RENAMED = "choice-renamed"
    CHOICE_DELETED = "choice-deleted"

    RUN_PLANNED = "run-planned"
    RUN_APPROVED = "run-approved"
    RUN_STARTED = "run-started"
    RUN_DONE = "run-done"
    RUN_FAILED = "run-failed"
    RUN_CANCELLED = "run-cancelled"
    FILE_RECEIVED = "file-received"
    FILE_REFUSED = "file-refused"
    FILE_DECIDED = "file-decided"
    FILE_MADE = "file-made"

    TRAIL_RESTORED = "trail-restored"
    CHECKPOINT_MENDED = "checkpoint-mended"

    SERVICE_SWITCHED = "service-switched"
    NOTICE_MADE = "notice-made"
    SETTING_CHANGED = "setting-changed"

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
    EventKind.TERMINAL_PREPARED: "端末の登録番号の発行",
    EventKind.TERMINAL_REGISTERED: "端末の登録",
    EventKind.TERMINAL_REFUSED: "端末の登録の失敗",
    EventKind.TERMINAL_REVOKED: "端末の取消",
    EventKind.USER_CREATED: "利用者の作成",
    EventKind.PIN_ISSUED: "PINの発行",
    EventKind.PIN_CHANGED: "PINの変更",
    EventKind.CODE_ENROLLED: "認証アプリの発行",
    EventKind.CODE_CONFIRMED: "認証アプリの確認",
    EventKind.KEY_REGISTERED: "セキュリティキーの登録",
    EventKind.KEY_REFUSED: "セキュリティキーの登録の失敗",
    EventKind.KEY_RENAMED: "セキュリティキーの名前の変更",
    EventKind.KEY_REMOVED: "セキュリティキーの取消",
    EventKind.KEY_COPIED: "セキュリティキーの複製の疑い",
    EventKind.SESSION_ENDED: "他の人のサインアウト",
    EventKind.GRANT_REQUESTED: "権限の申請",
    EventKind.GRANT_APPROVED: "権限の承認",
    EventKind.GRANT_REFUSED: "権限の却下",
    EventKind.GRANT_REVOKED: "権限の取消",
    EventKind.LIST_EXPORTED: "一覧の取り出し",
    EventKind.PERSONNEL_IMPORTED: "異動・退職の取込",
    EventKind.ADMINISTRATION_FOUNDED: "最初の管理者の作成",
    EventKind.TRANSFERS_CONFIRMED: "振込の確認",
    EventKind.EXTRACT_REQUESTED: "データの抽出の申請",
    EventKind.EXTRACT_APPROVED: "データの抽出の承認",
    EventKind.EXTRACT_REFUSED: "データの抽出の却下",
    EventKind.CHOICE_SAVED: "抽出条件の保存",
    EventKind.CHOICE_RENAMED: "抽出条件の名前と共有の変更",
    EventKind.CHOICE_DELETED: "抽出条件の削除",
    EventKind.RUN_PLANNED: "処理の計画",
    EventKind.RUN_APPROVED: "処理の承認",
    EventKind.RUN_STARTED: "処理の開始",
    EventKind.RUN_DONE: "処理の完了",
    EventKind.RUN_FAILED: "処理の異常終了",
    EventKind.RUN_CANCELLED: "処理の取消",
    EventKind.FILE_RECEIVED: "ファイルの受領",
    EventKind.FILE_REFUSED: "取り込めないファイルの受領",
    EventKind.FILE_DECIDED: "合計の合わないファイルの判断",
    EventKind.FILE_MADE: "ファイルの作成",
    EventKind.TRAIL_RESTORED: "証跡の復元",
    EventKind.CHECKPOINT_MENDED: "検証点の補完",
    EventKind.SERVICE_SWITCHED: "システムの停止・再開",
    EventKind.NOTICE_MADE: "お知らせの登録・取消",
    EventKind.SETTING_CHANGED: "設定値の変更",
}


def kind_label(kind: str) -> str:
    """A kind in Japanese; one that this version does not know stands as it is."""
    return EventKind(kind).label if kind in set(EventKind) else kind
