"""What a person can do in the office: every screen and every API is exactly one of these actions.

Which role may do which is data (`roles.toml`); which kind an action is decides what a screen owes to the audit trail.
"""

from enum import StrEnum


class Kind(StrEnum):
    """What an action touches."""

    SELF = "self"  # one's own account: every signed-in person may, no grant needed
    OFFICE = "office"  # no data of a resident
    PERSON = "person"  # data of residents: limits are applied in the query, and who was shown is recorded


class Action(StrEnum):
    """One per screen or API."""

    OWN_ACCOUNT = "own-account"
    VIEW_HOME = "view-home"

    SEARCH_PERSON = "search-person"
    VIEW_HOUSEHOLD = "view-household"
    VIEW_INCOME = "view-income"
    VIEW_PROTECTED = "view-protected"
    ADD_NOTE = "add-note"
    CHECK_IDENTITY = "check-identity"
    FIND_BY_MY_NUMBER = "find-by-my-number"

    LIST_APPLICATIONS = "list-applications"
    VIEW_APPLICATION = "view-application"
    RECEIVE_APPLICATION = "receive-application"
    ASSESS_APPLICATION = "assess-application"
    CHECK_APPLICATION = "check-application"
    DECIDE_APPLICATION = "decide-application"
    WITHDRAW_APPLICATION = "withdraw-application"
    RECORD_NOTIFICATION = "record-notification"

    VIEW_INQUIRY = "view-inquiry"
    ASK_INQUIRY = "ask-inquiry"
    APPROVE_INQUIRY = "approve-inquiry"
    TAKE_OVER_ANSWER = "take-over-answer"

    VIEW_SHARING = "view-sharing"
    REQUEST_SHARING = "request-sharing"
    APPROVE_SHARING = "approve-sharing"
    SHARE_DATA = "share-data"
    AGREE_SHARING = "agree-sharing"

    LIST_CHANGE_PROBLEMS = "list-change-problems"
    VIEW_SUBSIDY_LETTERS = "view-subsidy-letters"

    LIST_CERTIFICATES = "list-certificates"
    ISSUE_CERTIFICATE = "issue-certificate"
    REISSUE_CERTIFICATE = "reissue-certificate"
    RETURN_CERTIFICATE = "return-certificate"
    PRINT_NOTICE = "print-notice"

    LIST_CLAIMS = "list-claims"
    VIEW_CLAIM = "view-claim"
    DECIDE_CLAIM = "decide-claim"
    RETURN_CLAIM = "return-claim"

    LIST_REIMBURSEMENTS = "list-reimbursements"
    VIEW_REIMBURSEMENT = "view-reimbursement"
    RECEIVE_RECEIPT = "receive-receipt"
    DECIDE_REIMBURSEMENT = "decide-reimbursement"

    LIST_PAYMENTS = "list-payments"
    VIEW_PAYMENT = "view-payment"
    DRAFT_PAYMENT = "draft-payment"
    APPROVE_PAYMENT = "approve-payment"
    DOWNLOAD_TRANSFER = "download-transfer"
    RECORD_TRANSFER_RESULT = "record-transfer-result"

    LIST_RUNS = "list-runs"
    VIEW_RUN = "view-run"
    PLAN_RUN = "plan-run"
    APPROVE_RUN = "approve-run"
    APPLY_RUN = "apply-run"
    CANCEL_RUN = "cancel-run"
    IMPORT_FILE = "import-file"
    TAKE_RUN_PAPER = "take-run-paper"

    VIEW_STATISTICS = "view-statistics"
    EXTRACT_DATA = "extract-data"
    APPROVE_EXTRACT = "approve-extract"
    DOWNLOAD_EXTRACT = "download-extract"

    VIEW_SETTINGS = "view-settings"
    VIEW_SCHEMES = "view-schemes"
    MANAGE_ANNOUNCEMENTS = "manage-announcements"

    SEARCH_AUDIT = "search-audit"
    EXPORT_AUDIT = "export-audit"

    VIEW_ACCOUNTS = "view-accounts"
    MANAGE_USERS = "manage-users"
    REQUEST_GRANT = "request-grant"
    APPROVE_GRANT = "approve-grant"
    REVOKE_GRANT = "revoke-grant"
    MANAGE_TERMINALS = "manage-terminals"
    IMPORT_PERSONNEL = "import-personnel"

    SEARCH_NUMBERS = "search-numbers"
    VIEW_NUMBERS = "view-numbers"
    SHOW_MY_NUMBER = "show-my-number"
    MERGE_NUMBERS = "merge-numbers"
    LIST_NUMBER_ERRORS = "list-number-errors"
    VIEW_NUMBER_STATISTICS = "view-number-statistics"
    PERMIT_MY_NUMBER = "permit-my-number"

    VIEW_DISTRIBUTION = "view-distribution"
    REQUEST_USAGE = "request-usage"
    APPROVE_USAGE = "approve-usage"

    SEARCH_WELFARE = "search-welfare"
    VIEW_WELFARE = "view-welfare"
    VIEW_WELFARE_TAX = "view-welfare-tax"
    VIEW_WELFARE_PROTECTED = "view-welfare-protected"
    EDIT_WELFARE = "edit-welfare"
    ENTER_MY_NUMBER = "enter-my-number"
    MERGE_WELFARE = "merge-welfare"
    END_WELFARE_PROTECTION = "end-welfare-protection"
    VIEW_WELFARE_DELIVERY = "view-welfare-delivery"
    LIST_WELFARE_FAULTS = "list-welfare-faults"

    VIEW_GATEWAY = "view-gateway"
    LIST_INQUIRIES = "list-inquiries"
    RETRY_INQUIRY = "retry-inquiry"
    WRITE_INQUIRY_FILE = "write-inquiry-file"
    LIFT_FLAGS = "lift-flags"

    VIEW_NATIONAL = "view-national"
    SWITCH_NATIONAL = "switch-national"

    LIST_MID_INQUIRIES = "list-mid-inquiries"
    ANSWER_PROVISION = "answer-provision"
    VIEW_PROVISION_RECORDS = "view-provision-records"
    SET_PROVISION_FLAGS = "set-provision-flags"
    VIEW_MID_OPERATION = "view-mid-operation"
    ANNOUNCE_MID = "announce-mid"

    @property
    def label(self) -> str:
        """The action in Japanese, as screens and the audit trail name it."""
        return _LABELS[self]

    @property
    def kind(self) -> Kind:
        """What the action touches."""
        if self is Action.OWN_ACCOUNT:
            return Kind.SELF
        return Kind.PERSON if self in _PERSON else Kind.OFFICE


_LABELS = {
    Action.OWN_ACCOUNT: "自分の設定",
    Action.VIEW_HOME: "今日の仕事",
    Action.SEARCH_PERSON: "対象者を探す",
    Action.VIEW_HOUSEHOLD: "世帯を見る",
    Action.VIEW_INCOME: "所得を見る",
    Action.VIEW_PROTECTED: "支援措置対象者の住所を見る",
    Action.ADD_NOTE: "応対を記録する",
    Action.CHECK_IDENTITY: "個人番号で本人を確かめる",
    Action.FIND_BY_MY_NUMBER: "個人番号で一人を探す",
    Action.LIST_APPLICATIONS: "申請の一覧",
    Action.VIEW_APPLICATION: "申請を見る",
    Action.RECEIVE_APPLICATION: "申請を受け付ける",
    Action.ASSESS_APPLICATION: "申請を審査する",
    Action.CHECK_APPLICATION: "申請を照合する(二者確認)",
    Action.DECIDE_APPLICATION: "申請を決定する",
    Action.WITHDRAW_APPLICATION: "申請を取り下げる",
    Action.RECORD_NOTIFICATION: "変更の届出を受け付ける",
    Action.VIEW_INQUIRY: "情報照会と回答を見る",
    Action.ASK_INQUIRY: "情報照会をする",
    Action.APPROVE_INQUIRY: "支援措置対象者の情報照会を承認する",
    Action.TAKE_OVER_ANSWER: "情報照会の回答を取り込む",
    Action.VIEW_SHARING: "庁内移転の許可と記録を見る",
    Action.REQUEST_SHARING: "庁内移転の利用申請を受け付ける・終了する",
    Action.APPROVE_SHARING: "庁内移転の利用を許可する",
    Action.SHARE_DATA: "庁内移転をする・記録の対象者を見る",
    Action.AGREE_SHARING: "支援措置対象者の庁内移転に同意する",
    Action.LIST_CHANGE_PROBLEMS: "反映できなかった変更を見る・処理済みにする",
    Action.VIEW_SUBSIDY_LETTERS: "届かなかった電文を見る・もう一度送る、断った呼出しを見る",
    Action.LIST_CERTIFICATES: "受給者証の台帳",
    Action.ISSUE_CERTIFICATE: "受給者証を交付する",
    Action.REISSUE_CERTIFICATE: "受給者証を再交付する",
    Action.RETURN_CERTIFICATE: "受給者証の返還を記録する",
    Action.PRINT_NOTICE: "通知書を印刷する",
    Action.LIST_CLAIMS: "レセプトの一覧",
    Action.VIEW_CLAIM: "レセプトを見る",
    Action.DECIDE_CLAIM: "疑義を判断する",
    Action.RETURN_CLAIM: "過誤として返す",
    Action.LIST_REIMBURSEMENTS: "償還払いの一覧",
    Action.VIEW_REIMBURSEMENT: "償還払いを見る",
    Action.RECEIVE_RECEIPT: "償還払いを受け付ける",
    Action.DECIDE_REIMBURSEMENT: "償還払いを決定する",
    Action.LIST_PAYMENTS: "支払の一覧",
    Action.VIEW_PAYMENT: "支払を見る",
    Action.DRAFT_PAYMENT: "支払を起案する",
    Action.APPROVE_PAYMENT: "支払を承認する",
    Action.DOWNLOAD_TRANSFER: "振込データを取り出す",
    Action.RECORD_TRANSFER_RESULT: "振込結果を記録する",
    Action.LIST_RUNS: "処理の一覧",
    Action.VIEW_RUN: "処理を見る",
    Action.PLAN_RUN: "処理を計画する",
    Action.APPROVE_RUN: "処理を承認する",
    Action.APPLY_RUN: "処理を実行する",
    Action.CANCEL_RUN: "処理を取り消す",
    Action.IMPORT_FILE: "ファイルを取り込む",
    Action.TAKE_RUN_PAPER: "まとめて作った証・通知書を取り出す",
    Action.VIEW_STATISTICS: "統計を見る",
    Action.EXTRACT_DATA: "データを抽出する",
    Action.APPROVE_EXTRACT: "データの抽出を承認する",
    Action.DOWNLOAD_EXTRACT: "抽出したデータを取り出す",
    Action.VIEW_SETTINGS: "設定を見る",
    Action.VIEW_SCHEMES: "制度の内容を見る",
    Action.MANAGE_ANNOUNCEMENTS: "職員へのお知らせを出す・直す・取り下げる",
    Action.SEARCH_AUDIT: "証跡を調べる",
    Action.EXPORT_AUDIT: "証跡を取り出す",
    Action.VIEW_ACCOUNTS: "利用者と権限を見る",
    Action.MANAGE_USERS: "利用者を管理する",
    Action.REQUEST_GRANT: "権限を申請する",
    Action.APPROVE_GRANT: "権限を承認する",
    Action.REVOKE_GRANT: "権限を取り消す",
    Action.MANAGE_TERMINALS: "端末を管理する",
    Action.IMPORT_PERSONNEL: "異動・退職を取り込む",
    Action.SEARCH_NUMBERS: "統合宛名を探す",
    Action.VIEW_NUMBERS: "統合宛名を見る",
    Action.SHOW_MY_NUMBER: "個人番号を表示する",
    Action.MERGE_NUMBERS: "統合宛名を統合・分離する",
    Action.LIST_NUMBER_ERRORS: "付番できなかった行を見る",
    Action.VIEW_NUMBER_STATISTICS: "統合宛名の件数を見る",
    Action.PERMIT_MY_NUMBER: "個人番号を表示できる人を決める",
    Action.VIEW_DISTRIBUTION: "住民情報の配信を見る",
    Action.REQUEST_USAGE: "利用を申請する",
    Action.APPROVE_USAGE: "利用を承認する・終了する",
    Action.SEARCH_WELFARE: "社会保障宛名を探す",
    Action.VIEW_WELFARE: "社会保障宛名を見る",
    Action.VIEW_WELFARE_TAX: "社会保障宛名の税情報を見る",
    Action.VIEW_WELFARE_PROTECTED: "社会保障宛名の支援措置対象者の住所を見る",
    Action.EDIT_WELFARE: "住登外者・法人・口座・送付先・応対を記録する",
    Action.ENTER_MY_NUMBER: "住登外者の個人番号を入力する",
    Action.MERGE_WELFARE: "名寄せをする・解除する、住登外者を終了する",
    Action.END_WELFARE_PROTECTION: "社会保障宛名の支援措置を解除する",
    Action.VIEW_WELFARE_DELIVERY: "社会保障宛名の配信を見る",
    Action.LIST_WELFARE_FAULTS: "連携できなかった業務番号を見る・やり直す",
    Action.VIEW_GATEWAY: "市中間サーバの状況を見る",
    Action.LIST_INQUIRIES: "照会の状況を見る",
    Action.RETRY_INQUIRY: "止まった照会をやり直す",
    Action.WRITE_INQUIRY_FILE: "照会ファイルを作る・取り込む",
    Action.LIFT_FLAGS: "自動応答不可・不開示を解除する",
    Action.VIEW_NATIONAL: "情報提供ネットワークシステム(代役)を見る",
    Action.SWITCH_NATIONAL: "情報提供ネットワークシステム(代役)を止める・動かす",
    Action.LIST_MID_INQUIRIES: "中間サーバーの照会の状況を見る",
    Action.ANSWER_PROVISION: "情報提供の求めに手動で回答する",
    Action.VIEW_PROVISION_RECORDS: "情報提供等の記録を見る",
    Action.SET_PROVISION_FLAGS: "自動応答不可・不開示該当を設定する",
    Action.VIEW_MID_OPERATION: "中間サーバーの運用の状況を見る",
    Action.ANNOUNCE_MID: "中間サーバーのお知らせと停止を登録する",
}

_PERSON = frozenset(
    {
        Action.SEARCH_PERSON,
        Action.VIEW_HOUSEHOLD,
        Action.VIEW_INCOME,
        Action.VIEW_PROTECTED,
        Action.ADD_NOTE,
        Action.CHECK_IDENTITY,
        Action.FIND_BY_MY_NUMBER,
        Action.LIST_APPLICATIONS,
        Action.VIEW_APPLICATION,
        Action.RECEIVE_APPLICATION,
        Action.ASSESS_APPLICATION,
        Action.CHECK_APPLICATION,
        Action.DECIDE_APPLICATION,
        Action.WITHDRAW_APPLICATION,
        Action.RECORD_NOTIFICATION,
        Action.VIEW_INQUIRY,
        Action.ASK_INQUIRY,
        Action.APPROVE_INQUIRY,
        Action.TAKE_OVER_ANSWER,
        Action.SHARE_DATA,
        Action.AGREE_SHARING,
        Action.LIST_CHANGE_PROBLEMS,
        Action.LIST_CERTIFICATES,
        Action.ISSUE_CERTIFICATE,
        Action.REISSUE_CERTIFICATE,
        Action.RETURN_CERTIFICATE,
        Action.PRINT_NOTICE,
        Action.LIST_CLAIMS,
        Action.VIEW_CLAIM,
        Action.DECIDE_CLAIM,
        Action.RETURN_CLAIM,
        Action.LIST_REIMBURSEMENTS,
        Action.VIEW_REIMBURSEMENT,
        Action.RECEIVE_RECEIPT,
        Action.DECIDE_REIMBURSEMENT,
        Action.LIST_PAYMENTS,
        Action.VIEW_PAYMENT,
        Action.DOWNLOAD_TRANSFER,
        Action.RECORD_TRANSFER_RESULT,
        Action.DOWNLOAD_EXTRACT,
        Action.TAKE_RUN_PAPER,
        Action.SEARCH_NUMBERS,
        Action.VIEW_NUMBERS,
        Action.SHOW_MY_NUMBER,
        Action.MERGE_NUMBERS,
        Action.LIST_NUMBER_ERRORS,
        Action.SEARCH_WELFARE,
        Action.VIEW_WELFARE,
        Action.VIEW_WELFARE_TAX,
        Action.VIEW_WELFARE_PROTECTED,
        Action.EDIT_WELFARE,
        Action.ENTER_MY_NUMBER,
        Action.MERGE_WELFARE,
        Action.END_WELFARE_PROTECTION,
        Action.LIST_WELFARE_FAULTS,
        Action.LIST_INQUIRIES,
        Action.RETRY_INQUIRY,
        Action.WRITE_INQUIRY_FILE,
        Action.LIFT_FLAGS,
        Action.LIST_MID_INQUIRIES,
        Action.ANSWER_PROVISION,
        Action.VIEW_PROVISION_RECORDS,
        Action.SET_PROVISION_FLAGS,
    }
)
