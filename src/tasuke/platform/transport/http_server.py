"""The provider's side over HTTP: a token end point and one address per operation. Only systems call it, no browser."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from tasuke.contracts.book import operation_at
from tasuke.contracts.kit import ContractError, Handlers, Refused, Unreachable
from tasuke.platform.access import public
from tasuke.platform.transport.answering import answer
from tasuke.platform.transport.clients import ASSERTION_TYPE, TOKEN_LIFE, NotAuthenticated, caller_of, issue_token
from tasuke.platform.transport.rejections import Knocking, note_rejection

_log = logging.getLogger(__name__)
LONGEST_BODY = 64 * 2**20  # 10,000 rows with a sealed value each are about 8 MB
Clock = Callable[[], datetime]
View = Callable[..., HttpResponseBase]


def api_urls(*, system: str, handlers: Handlers, clock: Clock) -> list[URLPattern]:
    """Addresses of a provider, to be mounted below `<system>/`. using is the system's own database."""

    @_own_transactions
    @csrf_exempt
    @public("システム間の認可: クライアントが自分の秘密で署名した JWT を確かめる")
    def token(request: HttpRequest) -> HttpResponseBase:
        return _token(request, system, clock)

    @_own_transactions
    @csrf_exempt
    @public("システム間の呼出し: 署名で得たトークンと scope を確かめる")
    def call(request: HttpRequest, contract: str, version: int, name: str) -> HttpResponseBase:
        return _call(request, system, handlers, clock, (contract, version, name))

    return [
        path("oauth/token", token, name=f"{system}-token"),
        path("api/<slug:contract>/v<int:version>/<slug:name>", call, name=f"{system}-api"),
    ]


def _own_transactions(view: View) -> View:
    """A call opens its transaction in the provider's database alone (`answering.answer`), a page's elsewhere too."""
    for name in settings.DATABASES:
        view = non_atomic_requests(using=name)(view)
    return view


def audience_of(system: str) -> str:
    """What an assertion for this provider names: the provider, whatever address a proxy gives it."""
    return f"tasuke:{system}"


def _token(request: HttpRequest, system: str, clock: Clock) -> HttpResponseBase:
    if request.method != "POST":
        return _error(405, "POST だけを受け付けます")
    form = request.POST
    if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION_TYPE:
        return JsonResponse({"error": "unsupported_grant_type"}, status=400)
    try:
        made = issue_token(
            using=system,
            assertion=form.get("client_assertion", ""),
            audience=audience_of(system),
            scope=form.get("scope", ""),
            at=clock(),
        )
    except NotAuthenticated as error:
        _log.warning("client was not authenticated", extra={"system": system, "why": str(error)})
        _note(error, system, "", clock)
        return JsonResponse({"error": "invalid_client"}, status=401)
    reply = {
        "access_token": made.value,
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "scope": " ".join(sorted(made.scopes)),
    }
    return JsonResponse(reply, headers={"Cache-Control": "no-store"})


def _call(
    request: HttpRequest, system: str, handlers: Handlers, clock: Clock, address: tuple[str, int, str]
) -> HttpResponseBase:
    if request.method != "POST":
        return _error(405, "POST だけを受け付けます")
    try:
        caller = caller_of(using=system, token=_bearer(request), at=clock())
    except NotAuthenticated as error:
        _log.warning("call was not authenticated", extra={"system": system, "why": str(error)})
        known = operation_at(*address)
        _note(error, system, known.path if known else "", clock)
        return _error(401, "トークンが無効です", headers={"WWW-Authenticate": "Bearer"})
    operation = operation_at(*address)
    try:
        if operation is None:
            raise Refused("この操作は提供していません", status=404)
        reply = answer(
            handlers=handlers,
            operation=operation,
            body=_body(request),
            caller=caller,
            key=request.headers.get("Idempotency-Key", ""),
            using=system,
        )
    except Refused as refused:
        return _error(refused.status, refused.title, refused.errors)
    except Unreachable as error:
        return _error(503, str(error))
    return HttpResponse(reply, content_type="application/json", headers={"Cache-Control": "no-store"})


def _note(error: NotAuthenticated, system: str, operation: str, clock: Clock) -> None:
    """Put on record who was not let in."""
    known = error.client
    who = Knocking(known.client_id, known.system, known.body) if known else Knocking()
    note_rejection(using=system, who=who, operation=operation, code=error.code, at=clock())


def _bearer(request: HttpRequest) -> str:
    """From the Authorization header alone, never from the address or the body."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not value:
        raise NotAuthenticated("no bearer token", code="token")
    return value.strip()


def _body(request: HttpRequest) -> bytes:
    """The whole body; read as a stream, since Django's own limit is made for forms of people."""
    if request.content_type != "application/json":
        raise Refused("本文は application/json で送ります", status=415)
    data = request.read(LONGEST_BODY + 1)
    if len(data) > LONGEST_BODY:
        raise Refused("本文が長すぎます", status=413)
    return bytes(data)


def _error(
    status: int, title: str, errors: tuple[ContractError, ...] = (), *, headers: dict[str, str] | None = None
) -> HttpResponse:
    body: dict[str, Any] = {"title": title, "errors": [error.model_dump() for error in errors]}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/json", headers=headers
    )
