"""What every transport does with a call, once it knows who calls: allow, answer once, keep the answer."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.db import connections, transaction
from pydantic import ValidationError

from tasuke.contracts.kit import Caller, ContractError, Handlers, Message, Operation
from tasuke.platform.transport.models import Answered
from tasuke.platform.transport.rejections import Knocking, TurnedAway, note_rejection

LONGEST_KEY = 100
_GONE = "この要求は前に受け付けました。返答の保管期限が過ぎています。結果を確かめてから、新しい要求として送ってください"


def answer(
    *, handlers: Handlers, operation: Operation[Any, Any], body: bytes, caller: Caller, key: str, using: str
) -> str:
    """JSON of the reply. One transaction of the provider's database holds what the call changes and its answer.

    key: idempotency key; an operation that writes needs one. The same key with the same body gives the stored reply.
    Raises Refused: 403 scope, 404 not offered, 400 form, 409 the key was used for another request, 410 the key was
    answered so long ago that the reply is gone, and what the handler refuses. All but the last are on record.
    """
    try:
        return _answer(handlers, operation, body, caller, key, using)
    except TurnedAway as away:
        who = Knocking(caller.client_id, caller.system, caller.body)
        note_rejection(using=using, who=who, operation=operation.path, code=away.code, at=caller.at)
        raise


def _answer(
    handlers: Handlers, operation: Operation[Any, Any], body: bytes, caller: Caller, key: str, using: str
) -> str:
    handler = handlers.get(operation)
    if handler is None:
        raise TurnedAway("not-offered", "この操作は提供していません", status=404)
    if operation.scope not in caller.scopes:
        raise TurnedAway("scope", "この操作は許可されていません", status=403)
    request = _read(operation, body)
    if not operation.writes:
        with transaction.atomic(using=using):
            return handler(request, caller).model_dump_json()
    if not 1 <= len(key) <= LONGEST_KEY:
        raise TurnedAway("key-missing", "書き込みには 1~100 文字の Idempotency-Key が要ります", status=400)
    digest = sha256(body).digest()
    with transaction.atomic(using=using):
        known = _known(caller, operation, key, using)
        if known is not None:
            if bytes(known.request_sha256) != digest:
                raise TurnedAway("key-reused", "同じ Idempotency-Key が別の内容に使われています", status=409)
            if known.erased_at is not None:
                raise TurnedAway("key-old", _GONE, status=410)
            return str(known.reply)
        reply = handler(request, replace(caller, idempotency_key=key)).model_dump_json()
        Answered.objects.using(using).create(
            client_id=caller.client_id,
            operation=operation.path,
            key=key,
            request_sha256=digest,
            reply=reply,
            at=caller.at,
        )
    return reply


def _read(operation: Operation[Any, Any], body: bytes) -> Message:
    try:
        return operation.request.model_validate_json(body)  # type: ignore[no-any-return]
    except ValidationError as error:
        problems = tuple(
            ContractError(code=_code(e["type"]), message=e["msg"], field=".".join(str(part) for part in e["loc"]))
            for e in error.errors(include_input=False, include_url=False, include_context=False)[:50]
        )
        raise TurnedAway("form", "要求の形が約束と違います", problems, status=400) from None


def _code(kind: str) -> str:
    """E0001 missing, E0002 characters or type, E0003 length or range, E0004 anything else (API仕様 別紙7-2)."""
    if kind == "missing":
        return "E0001"
    if "too_long" in kind or "too_short" in kind or kind.startswith(("greater", "less")):
        return "E0003"
    if kind.endswith(("_type", "_parsing", "_mismatch")) or kind == "json_invalid":
        return "E0002"
    return "E0004"


def _known(caller: Caller, operation: Operation[Any, Any], key: str, using: str) -> Answered | None:
    """The answer that was given before. Two equal calls at the same time: the second waits here for the first."""
    with connections[using].cursor() as cursor:
        lock = f"{caller.client_id}|{operation.path}|{key}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    return (
        Answered.objects.using(using)
        .filter(client_id=caller.client_id, operation=operation.path, key=key)
        .only("request_sha256", "reply", "erased_at")
        .first()
    )
