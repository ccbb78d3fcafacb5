"""What the stand-in offers: the interface system, the directory, the master, the 住基 side."""

import logging

from tasuke.contracts.interface import Master, MasterRequest
from tasuke.contracts.keys import SEALING_KEYS, SealingKey, SealingKeys
from tasuke.contracts.kit import Caller, Handlers, Refused
from tasuke.contracts.mediation import (
    CONFIRM_MAIL,
    FETCH,
    GET_KEYS,
    GET_NATIONAL_MASTER,
    OPENING,
    PUBLISH_KEY,
    SEND,
    WANT_CODES,
    CodesTaken,
    CodesWanted,
    Confirm,
    Fetch,
    Keys,
    KeysRequest,
    Mail,
    Opening,
    Publish,
    Send,
    Verdicts,
)
from tasuke.contracts.unified import Empty
from tasuke.systems.nis import mailbox
from tasuke.systems.nis.directory import NoKeyInForce, keys_since
from tasuke.systems.nis.master import master_since
from tasuke.systems.nis.opening import Standing, opening, require_open, require_running, standing
from tasuke.systems.nis.services.issue_codes import BadProcessingNo, NotOwnBody, issue_codes
from tasuke.systems.nis.services.publish_key import KeyRefused, publish_key
from tasuke.systems.nis.services.receive_envelopes import UnknownBody, receive_envelopes
from tasuke.systems.nis.settings_holder import USING, juki_sealing

_log = logging.getLogger(__name__)


def _send(request: Send, caller: Caller) -> Verdicts:
    require_open(using=USING, at=caller.at)
    try:
        verdicts = receive_envelopes(envelopes=request.envelopes, body=caller.body, at=caller.at)
    except UnknownBody as error:
        raise Refused(str(error), status=403) from None
    return Verdicts(verdicts=verdicts)


def _fetch(request: Fetch, caller: Caller) -> Mail:
    now = standing(using=USING, body=caller.body)
    require_open(using=USING, at=caller.at, known=now)
    _require_body(now)
    try:
        mail = mailbox.fetch(using=USING, receiver=caller.body, after=request.after, limit=request.limit, at=caller.at)
    except NoKeyInForce as error:
        raise Refused(str(error), status=409) from None
    return mail.model_copy(update={"keys_version": now.keys_version, "master_version": now.master_version})


def _confirm(request: Confirm, caller: Caller) -> Empty:
    now = standing(using=USING, body=caller.body)
    require_running(using=USING, known=now)
    _require_body(now)
    try:
        mailbox.confirm(using=USING, receiver=caller.body, upto=request.upto)
    except mailbox.NotYetSent as error:
        raise Refused(str(error), status=409) from None
    return Empty()


def _keys(request: KeysRequest, caller: Caller) -> Keys:
    require_running(using=USING)
    version, keys = keys_since(using=USING, known=request.known)
    return Keys(version=version, keys=keys)


def _publish(request: Publish, caller: Caller) -> Empty:
    require_running(using=USING)
    try:
        publish_key(key=request.key, proof=request.proof, body=caller.body, at=caller.at)
    except (UnknownBody, KeyRefused) as error:
        _log.warning("key was refused", extra={"body": caller.body, "kid": request.key.kid[:100], "why": str(error)})
        raise Refused(str(error), status=403) from None
    return Empty()


def _master(request: MasterRequest, caller: Caller) -> Master:
    require_running(using=USING)
    return master_since(using=USING, known=request.known)


def _opening(request: Empty, caller: Caller) -> Opening:
    return opening(using=USING, at=caller.at)


def _sealing_keys(request: Empty, caller: Caller) -> SealingKeys:
    require_running(using=USING)
    return SealingKeys(keys=tuple(SealingKey(kid=kid, jwk=jwk) for kid, jwk in juki_sealing().public_jwks()))


def _want_codes(request: CodesWanted, caller: Caller) -> CodesTaken:
    require_running(using=USING)
    try:
        return issue_codes(items=request.items, body=caller.body, at=caller.at)
    except (UnknownBody, NotOwnBody) as error:
        raise Refused(str(error), status=403) from None
    except BadProcessingNo as error:
        raise Refused(str(error), status=400) from None


def _require_body(now: Standing) -> None:
    if not now.takes_part:
        raise Refused("参加していない機関です", status=403)


HANDLERS: Handlers = {
    SEND: _send,
    FETCH: _fetch,
    CONFIRM_MAIL: _confirm,
    GET_KEYS: _keys,
    PUBLISH_KEY: _publish,
    GET_NATIONAL_MASTER: _master,
    OPENING: _opening,
    SEALING_KEYS: _sealing_keys,
    WANT_CODES: _want_codes,
}
