"""What 医療費助成 offers to other departments' systems: persons by 宛名番号, as far as a permit goes."""

from django.utils.timezone import localdate

from tasuke.contracts.kit import Caller, ContractError, Handlers
from tasuke.contracts.sharing import SHARE, ShareReply, ShareRequest
from tasuke.platform.access import Scope
from tasuke.platform.audit import Origin, Recorder
from tasuke.platform.transport.rejections import TurnedAway, name_reasons
from tasuke.schemes.profile import SharingRule
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.sharing.models import Means
from tasuke.systems.subsidy.sharing.services.share_persons import (
    Asked,
    ItemsNotPermitted,
    NotPermitted,
    share_persons,
)

USING = "subsidy"
name_reasons(
    {
        "no-permit": "庁内移転の許可がない、または期間の外",
        "items": "庁内移転で許可されていない項目",
        "no-rule": "そのシステムへの庁内移転の定めがない",
    }
)


def _share(request: ShareRequest, caller: Caller) -> ShareReply:
    rule = _rule(request.rule, caller)
    asked = Asked(
        atena_nos=request.atena_nos,
        purpose=request.purpose,
        means=Means.API,
        by=f"{caller.system}:{request.staff}",
        items=request.items,
    )
    try:
        done = share_persons(using=USING, rule=rule, asked=asked, scope=Scope(), on=localdate(caller.at), at=caller.at)
    except NotPermitted as error:
        raise TurnedAway("no-permit", str(error), status=403) from None
    except ItemsNotPermitted as error:
        reason = ContractError(code="E0004", message=str(error), field="items")
        raise TurnedAway("items", "許可された項目ではありません", (reason,), status=403) from None
    _on_record(request, caller, done.record.pk, done.numbers("given"))
    return ShareReply(
        record_no=done.record.pk,
        permit_no=done.record.permit_id,
        legal_basis=done.record.legal_basis,
        items=done.items,
        persons=done.persons,
    )


def _rule(key: str, caller: Caller) -> SharingRule:
    """A 移転 to the caller's own system: another's and one that does not exist are refused alike."""
    rule = active_profile().sharing_rule(key)
    if rule is None or rule.system != caller.system:
        raise TurnedAway("no-rule", "このシステムへの移転の定めがありません", status=403)
    return rule


def _on_record(request: ShareRequest, caller: Caller, record_no: int, given: list[str]) -> None:
    origin = Origin(caller.system[:20], at=caller.at, action="share-data", screen=f"api:{caller.system}")
    audit = Recorder(origin)
    audit.exported(given, f"sharing {record_no}", rows=len(given), purpose=request.purpose)
    audit.flush(USING)


HANDLERS: Handlers = {SHARE: _share}
