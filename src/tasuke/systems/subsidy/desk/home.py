"""Today's work: how much waits for the person who signed in. Each number has an upper bound.

All work with residents takes one statement; administrators and auditors have their own few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tasuke.platform.access import Action, Actor, Scope
from tasuke.platform.access.people import duties
from tasuke.systems.subsidy.desk.audit_work import audit_work
from tasuke.systems.subsidy.desk.change_problems import WAITING, within_sql
from tasuke.systems.subsidy.desk.notes import DUE
from tasuke.systems.subsidy.desk.rows import fetch
from tasuke.systems.subsidy.desk.tasks import CEILING, Task
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.wards import seen_by_sql


@dataclass(frozen=True, slots=True)
class _Kind:
    key: str
    action: Action
    label: str
    url_name: str
    query: str
    unit: str
    hint: str
    source: str
    urgent: bool = False


_APPLICATION = (
    "FROM subsidy_application a JOIN subsidy_resident_record r ON r.atena_no = a.atena_no AND r.recorded_to IS NULL"
    " AND r.valid @> %(on)s::date WHERE {limits} AND a.scheme = ANY(%(schemes)s) AND "
)
_KINDS = (
    _Kind("waiting", Action.DECIDE_APPLICATION, "審査を待つ申請", "applications:list", "state=received", "件",
          "受け付けて、まだ決定していないもの", _APPLICATION + "a.state = 'received' AND a.kind = '1'", urgent=True),
    _Kind("checks", Action.CHECK_APPLICATION, "照合を待つ申請・届出", "applications:list", "", "件",
          "入力した人とは別の職員が、紙と見比べるもの",
          "FROM (SELECT s.atena_no FROM subsidy_sheet s WHERE s.state = 'draft' UNION ALL SELECT n.atena_no"
          " FROM subsidy_notification n WHERE n.needs_check AND NOT EXISTS (SELECT 1 FROM subsidy_notification_check k"
          " WHERE k.notification_id = n.id)) w JOIN subsidy_resident_record r ON r.atena_no = w.atena_no"
          " AND r.recorded_to IS NULL AND r.valid @> %(on)s::date WHERE {limits}", urgent=True),
    _Kind("held", Action.VIEW_APPLICATION, "保留中の申請", "applications:list", "state=held", "件",
          "所得や書類の確認を待っているもの", _APPLICATION + "a.state = 'held'"),
    _Kind("differences", Action.LIST_APPLICATIONS, "突合の差異", "applications:matching", "", "件",
          "申請と住基、所得、生活保護、他制度、保険が違うもの",
          "FROM subsidy_match_finding m JOIN subsidy_application a ON a.id = m.application_id"
          " AND a.state IN ('received', 'held') JOIN subsidy_resident_record r ON r.atena_no = a.atena_no"
          " AND r.recorded_to IS NULL AND r.valid @> %(on)s::date"
          " WHERE {limits} AND a.scheme = ANY(%(schemes)s)"),
    _Kind("queries", Action.DECIDE_CLAIM, "疑義のあるレセプト", "claims:queries", "", "件",
          "点検で見つかり、判断を待つもの",
          "FROM subsidy_claim c WHERE c.state = 'query' AND {claims} AND NOT EXISTS "
          "(SELECT 1 FROM subsidy_claim_entry x WHERE x.claim_id = c.id)", urgent=True),
    _Kind("notes", Action.ADD_NOTE, "連絡の約束", "notes:due", "", "件",
          "応対記録で、次に連絡する日が来たもの",
          "FROM subsidy_contact_note n JOIN subsidy_resident_record r ON r.atena_no = n.atena_no"
          " AND r.recorded_to IS NULL AND r.valid @> %(on)s::date WHERE {limits} AND " + DUE, urgent=True),
    _Kind("changes", Action.LIST_CHANGE_PROBLEMS, "反映できなかった変更", "linkage:list", "", "件",
          "ほかのシステムから届き、人が確かめるもの",
          "FROM subsidy_change_problem p WHERE " + WAITING + " AND {changes}", urgent=True),
    _Kind("letters", Action.VIEW_SUBSIDY_LETTERS, "届かなかった電文", "linkage:letters", "", "通",
          "相手が受け付けず、もう一度送るかを決めるもの",
          "FROM transport_outgoing o WHERE o.state = 'dead'", urgent=True),
    _Kind("sharing", Action.APPROVE_SHARING, "許可を待つ庁内移転", "sharing:overview", "", "件",
          "ほかの職員が受け付けた利用申請",
          "FROM subsidy_sharing_permit s WHERE s.state = 'requested' AND s.requested_by <> %(me)s"
          " AND s.scheme = ANY(%(schemes)s)", urgent=True),
    _Kind("agreements", Action.AGREE_SHARING, "同意を待つ庁内移転", "sharing:agreements", "", "人",
          "支援措置の対象者で、求めた人とは別の人の同意を待つもの",
          "FROM subsidy_sharing_agreement g JOIN subsidy_sharing_permit s ON s.id = g.permit_id JOIN LATERAL"
          " (SELECT n.ward_code FROM subsidy_resident_record n WHERE n.atena_no = g.atena_no"
          " AND n.recorded_to IS NULL AND n.ward_code <> '' ORDER BY n.valid DESC LIMIT 1) r ON TRUE"
          " WHERE {limits} AND s.scheme = ANY(%(schemes)s) AND g.state = 'waiting' AND g.requested_by <> %(me)s",
          urgent=True),
    _Kind("approve_runs", Action.APPROVE_RUN, "承認を待つ処理", "runs:list", "state=planned", "件",
          "ほかの職員が計画し、承認を待つもの",
          "FROM batch_run b WHERE b.state = 'planned' AND b.needs_approval AND b.planned_by <> %(me)s"
          " AND b.job NOT IN ('select-payments', 'write-transfers')", urgent=True),
    _Kind("running", Action.LIST_RUNS, "実行中の処理", "runs:list", "state=applying", "件",
          "今動いているもの、途中で止まったもの", "FROM batch_run b WHERE b.state IN ('applying', 'approved')"),
    _Kind("failed", Action.LIST_RUNS, "異常終了した処理", "runs:list", "state=failed", "件",
          "原因を確かめて、続きから実行できます", "FROM batch_run b WHERE b.state = 'failed'", urgent=True),
    _Kind("problems", Action.IMPORT_FILE, "取り込めなかった行", "runs:list", "problems=1", "行",
          "直近の取込で、内容の誤りがあったもの",
          "FROM batch_run_problem p WHERE p.severity <> 'warning' AND p.run_id IN "
          "(SELECT id FROM batch_run b WHERE b.state = 'done' ORDER BY id DESC LIMIT 20)"),
    _Kind("payments", Action.APPROVE_PAYMENT, "承認を待つ支払", "payments:list", "", "件",
          "起案された支払対象と振込データ",
          "FROM batch_run b WHERE b.job IN ('select-payments', 'write-transfers') AND b.state = 'planned'"
          " AND b.planned_by <> %(me)s", urgent=True),
    _Kind("unpaid", Action.DRAFT_PAYMENT, "支払を待つ償還払い", "payments:list", "", "件",
          "支給を決定し、まだ支払に入っていないもの",
          "FROM subsidy_reimbursement b WHERE b.outcome = 'granted' AND NOT EXISTS (SELECT 1"
          " FROM subsidy_payment_item i WHERE i.source = 'reimbursement' AND i.source_id = b.id)"),
    _Kind("undrafted", Action.DRAFT_PAYMENT, "振込データの起案", "payments:list", "", "日分",
          "支払対象が決まり、振込データがまだのもの",
          "FROM subsidy_payment_batch b WHERE b.sent_at IS NULL AND NOT EXISTS (SELECT 1 FROM batch_run r"
          " WHERE r.job = 'write-transfers' AND r.parameters->>'pay_on' = b.pay_on::text"
          " AND r.state <> 'cancelled')", urgent=True),
    _Kind("untaken", Action.DOWNLOAD_TRANSFER, "取り出していない振込データ", "payments:list", "", "日分",
          "作成済みで、まだ銀行に送っていないもの",
          "FROM subsidy_payment_batch b WHERE b.sent_at IS NOT NULL AND NOT EXISTS"
          " (SELECT 1 FROM subsidy_transfer_download d WHERE d.batch_id = b.id)", urgent=True),
    _Kind("unsettled", Action.RECORD_TRANSFER_RESULT, "結果を記録していない支払", "payments:list", "", "日分",
          "支払日を過ぎ、振込済みにしていないもの",
          "FROM subsidy_payment_batch b WHERE b.pay_on < %(on)s::date AND EXISTS (SELECT 1 FROM subsidy_payment p"
          " WHERE p.batch_id = b.id AND p.state = 'sent') AND EXISTS"
          " (SELECT 1 FROM subsidy_transfer_download d WHERE d.batch_id = b.id)"),
    _Kind("results", Action.RECORD_TRANSFER_RESULT, "読み取った振込結果", "payments:results", "", "件",
          "ファイルを読み取り、まだ記録していないもの",
          "FROM batch_run b WHERE b.job = 'import-transfer-results' AND b.state = 'planned'", urgent=True),
    _Kind("failures", Action.RECORD_TRANSFER_RESULT, "振込不能", "payments:list", "state=failed", "件",
          "口座を直して、次の支払に回すもの",
          "FROM subsidy_payment p WHERE p.state = 'failed' AND NOT EXISTS "
          "(SELECT 1 FROM subsidy_payment n WHERE n.replaces_id = p.id)", urgent=True),
    _Kind("recalls", Action.RETURN_CERTIFICATE, "返還を待つ受給者証", "certificates:list", "state=recall", "枚",
          "資格がなくなり、返してもらうもの",
          "FROM subsidy_certificate c JOIN subsidy_resident_record r ON r.atena_no = c.atena_no"
          " AND r.recorded_to IS NULL AND r.valid @> %(on)s::date"
          " WHERE {limits} AND c.scheme = ANY(%(schemes)s) AND c.state = 'recall'"),
)  # fmt: skip


def todays_work(*, using: str, actor: Actor, scope: Scope, now: datetime) -> list[Task]:
    """The tasks that the person's roles give, urgent ones that wait first. Nothing of a resident is read out."""
    on = now.date()
    kinds = [kind for kind in _KINDS if actor.may(kind.action)]
    tasks = [*(_counted(kinds, using, actor, scope, on) if kinds else ()), *_administration(actor)]
    if actor.may(Action.SEARCH_AUDIT):  # who audits holds no other role: the limits of this page are those of the trail
        tasks += audit_work(using=using, offices=scope.offices, now=now)
    return sorted(tasks, key=lambda t: (not (t.urgent and t.count), not t.count))


def _administration(actor: Actor) -> list[Task]:
    """What waits for an administrator; nothing of it is in the system's own database."""
    if not actor.may(Action.APPROVE_GRANT):
        return []
    waits = duties(personal_id=actor.personal_id)
    return [
        Task("承認を待つ権限", "accounts_admin:waiting", "", waits.grants, "件", "ほかの管理者が申請したもの", True),
        Task("ロックされた職員", "accounts_admin:index", "locked=1", waits.locked, "人",
             "サインインの失敗が続いた人", True),
    ]  # fmt: skip


def _counted(kinds: Sequence[_Kind], using: str, actor: Actor, scope: Scope, on: date) -> list[Task]:
    claims, seen = seen_by_sql(scope, rows="c")  # the rule of the list to which the number leads
    changes, of_changes = within_sql(scope)
    within = {"limits": _limits(scope, "r.ward_code"), "claims": claims, "changes": changes}
    schemes = sorted(active_profile().schemes if scope.schemes is None else scope.schemes)
    parameters: dict[str, Any] = {"on": on, "schemes": schemes, "wards": sorted(scope.offices or ()), **seen}
    parameters |= {**of_changes, "me": actor.personal_id}
    columns = [
        # sources are ours, limits name columns of ours; values are parameters
        f"(SELECT count(*) FROM (SELECT 1 {k.source.format(**within)} LIMIT {CEILING}) n)"  # noqa: S608
        f" AS {k.key}"
        for k in kinds
    ]
    counts = fetch(using, "SELECT " + ", ".join(columns), parameters)[0]
    return [Task(k.label, k.url_name, k.query, counts[k.key], k.unit, k.hint, k.urgent) for k in kinds]


def _limits(scope: Scope, column: str) -> str:
    return "TRUE" if scope.offices is None else f"{column} = ANY(%(wards)s)"
