"""利用の許可: another person has checked what is applied for, and permits it or not."""

from datetime import datetime

from django.db import IntegrityError, transaction

from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.sharing.models import PermitState, SharingPermit


class CannotDecide(ValueError):
    """Decided already, by the very person who took it down, or on something that is still 未確認."""


def decide_permit(*, using: str, permit_id: int, permit: bool, note: str, by: str, at: datetime) -> SharingPermit:
    """Permit or refuse. note: what was checked, or why not. Raises SharingPermit.DoesNotExist, CannotDecide."""
    with transaction.atomic(using=using):
        found = SharingPermit.objects.using(using).select_for_update().get(pk=permit_id)
        if found.state != PermitState.REQUESTED:
            raise CannotDecide(f"この申請は「{found.get_state_display()}」です")
        if found.requested_by == by:
            raise CannotDecide("申請を受け付けた人は許可できません。別の人が決定してください")
        if not note.strip():
            raise CannotDecide("確認した内容(許可しないときは理由)を入力してください")
        if permit:
            _check_rule(found)
        found.state = PermitState.PERMITTED if permit else PermitState.REFUSED
        found.decided_by, found.decided_at, found.note = by, at, note.strip()
        try:
            with transaction.atomic(using=using):
                found.save(update_fields=["state", "decided_by", "decided_at", "note"])
        except IntegrityError as error:
            if "subsidy_sharing_permit_one_in_force" not in str(error):
                raise
            raise CannotDecide("期間の重なる許可があります。先にその許可を終了してください") from error
    return found


def _check_rule(permit: SharingPermit) -> None:
    """The profile of today still has it so, and the city has confirmed the items."""
    rule = active_profile().sharing_rule(permit.rule)
    if rule is None or (rule.scheme, rule.system) != (permit.scheme, permit.system):
        raise CannotDecide("プロファイルに、この移転の定めがありません")
    if rule.items_confirmed is None:
        raise CannotDecide("渡してよい項目を市がまだ確認していません(未確認)。確認するまで許可できません")
    if set(permit.items) - set(rule.items):
        raise CannotDecide("プロファイルで認めていない項目が入っています。申請をやり直してください")
