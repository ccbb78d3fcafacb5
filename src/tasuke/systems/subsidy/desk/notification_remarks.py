"""What a clerk should know of a 届出 beyond the registers: payments under way, papers of the register, 申請 needed."""

from collections.abc import Sequence
from datetime import date

from tasuke.systems.subsidy.desk.models import NotificationKind
from tasuke.systems.subsidy.desk.notification_rows import ENDS
from tasuke.systems.subsidy.desk.notification_writing import Draft
from tasuke.systems.subsidy.desk.rows import Row, fetch

_UNPAID = """
SELECT count(*) AS receipts, coalesce(sum(b.amount), 0)::bigint AS amount,
       count(*) FILTER (WHERE r.account_no <> '') AS own
FROM subsidy_reimbursement b JOIN subsidy_receipt r ON r.id = b.receipt_id
WHERE b.payee_atena_no = %(person)s AND b.outcome = 'granted' AND NOT EXISTS (
  SELECT 1 FROM subsidy_payment_item i WHERE i.source = 'reimbursement' AND i.source_id = b.id AND NOT i.returned)
"""
_PAYING = """
SELECT count(*) FILTER (WHERE p.state = 'selected') AS selected,
       count(*) FILTER (WHERE p.state = 'failed' AND NOT EXISTS (
         SELECT 1 FROM subsidy_payment n WHERE n.replaces_id = p.id)) AS failed
FROM subsidy_payment p WHERE p.payee_atena_no = %(person)s AND p.state IN ('selected', 'failed')
"""
_REGISTER_NAME = """
SELECT c.name, c.alias, x.content->>'name' AS printed
FROM subsidy_resident_record c
LEFT JOIN subsidy_certificate x ON x.atena_no = c.atena_no AND x.state = 'issued'
WHERE c.atena_no = %(person)s AND c.recorded_to IS NULL AND c.valid @> %(on)s::date LIMIT 1
"""


def remarks_on(
    *, using: str, draft: Draft, entitlements: Sequence[Row], asked: bool, changed: bool, on: date
) -> list[str]:
    """Sentences for the preview, the weightiest first. asked: an insurance begins or ends to be asked after; changed:
    something of the registers changes."""
    kind, act = draft.kind, draft.content.get("act")
    whom = {"person": draft.atena_no, "on": on}
    told: list[str] = []
    if kind is NotificationKind.ACCOUNT:
        told += _payments(using, whom)
    elif kind is NotificationKind.NAME:
        told += _names(using, whom, str(act))
    elif kind is NotificationKind.MAILING_ADDRESS and act != ENDS:
        told.append(
            "通知書、支払通知書、受給者証は、届出の期間、この送付先に送ります。受給者証に印字する住所は住民票のままです。"
        )
    elif draft.judged and not asked and not any(row["own"] for row in entitlements):
        told.append("新しく受けたい助成があるときは、申請を受け付けてください。")
    if any(row["verdict"] in ("lost", "shorter") for row in entitlements):
        told.append("資格がなくなる人には消滅の通知書を作り、受給者証を返してもらいます。")
    if not changed and kind not in (NotificationKind.LOSS, NotificationKind.NAME):
        told.append("台帳にある内容と同じです。保存すると、届出があったことだけを記録します。")
    return told


def _payments(using: str, asked: Row) -> list[str]:
    unpaid = fetch(using, _UNPAID, asked)[0]
    paying = fetch(using, _PAYING, asked)[0]
    told = []
    if unpaid["receipts"]:
        told.append(
            f"決定済みでまだ支払っていない償還払いが{unpaid['receipts']}件({unpaid['amount']:,}円)あります。"
            "新しい口座に振り込みます。"
        )
    if unpaid["own"]:
        told.append(f"うち{unpaid['own']}件は、申請書に書かれた口座に振り込みます(届出の口座は使いません)。")
    if paying["selected"]:
        told.append(f"支払の準備に入った{paying['selected']}件は、元の口座のままです。止めるときは支払の担当へ。")
    if paying["failed"]:
        told.append(f"振込不能が{paying['failed']}件あります。支払の画面で口座を訂正してください。")
    return told or ["支払を待っているものはありません。次の支払から新しい口座に振り込みます。"]


def _names(using: str, asked: Row, act: str) -> list[str]:
    found = fetch(using, _REGISTER_NAME, asked)
    register = found[0] if found else {"name": "", "alias": "", "printed": None}
    told = []
    if act == "changed":
        if register["printed"] is not None and register["printed"] != register["name"]:
            told.append(f"住民情報は「{register['name']}」に変わっています。受給者証を差し替えてください。")
        else:
            told.append(
                f"住民情報の氏名は「{register['name']}」です。新しい氏名は、住民情報の連携で届いてから"
                "受給者証に使います。ここでは氏名を書き換えません。"
            )
    elif act == "alias":
        told.append("受給者証と通知書に、届出の氏名を印字します。住民情報の氏名は変わりません。")
    return told
