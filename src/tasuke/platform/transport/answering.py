"""What every transport does with a call, once it knows who calls: allow, answer once, keep the answer."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.db import connections, transaction
from pydantic import ValidationError

from tasuke.contracts.kit import Caller, ContractError, Handlers, Message, Operation, Refused
from tasuke.platform.transport.models import Answered

LONGEST_KEY = 100


def answer(
    *, handlers: Handlers, operation: Operation[Any, Any], body: bytes, caller: Caller, key: str, using: str
) -> str:
    """JSON of the reply. One transaction of the provider's database holds what the call changes and its answer.

    key: idempotency key; an operation that writes needs one. The same key with the same body gives the stored reply.
    Raises Refused: 403 scope, 404 not offered, 400 form, 409 the key was used for another request, and what the
    handler refuses.
    """
    handler = handlers.get(operation)
    if handler is None:
        raise Refused("この操作は提供していません", status=404)
    if operation.scope not in caller.scopes:
        raise Refused("この操作は許可されていません", status=403)
    request = _read(operation, body)
    if not operation.writes:
        with transaction.atomic(using=using):
            return handler(request, caller).model_dump_json()
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Refused("書き込みには 1~100 文字の Idempotency-Key が要ります", status=400)
    digest = sha256(body).digest()
    with transaction.atomic(using=using):
        known = _known(caller, operation, key, using)
        if known is not None:
            if bytes(known.request_sha256) != digest:
                raise Refused("同じ Idempotency-Key が別の内容に使われています", status=409)
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
        raise Refused("要求の形が約束と違います", problems) from None


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
        .only("request_sha256", "reply")
        .first()
    )
