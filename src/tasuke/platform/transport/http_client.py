"""A link over HTTP: one token per provider, time-outs, and retries of what may be sent again."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import ValidationError

from tasuke.contracts.kit import ContractError, Operation, Q, R, Refused, Unreachable
from tasuke.platform.transport.clients import ASSERTION_TYPE, Credentials, Token, make_assertion
from tasuke.platform.transport.http_server import audience_of

TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # 30 seconds: API仕様 別紙7-2
_EARLY = timedelta(seconds=30)  # a token is renewed so long before its end
_TRIES = 3
_FIRST_PAUSE = 0.2


@dataclass(slots=True)
class HttpLink:
    """base: address of the provider's root, ending in `/`. ca: PEM file that its certificate must come from.

    wire: another way to carry requests (a test goes straight into the provider's WSGI application).

    Plain HTTP is refused for any host but this machine. Calls may come from several threads.
    """

    base: str
    provider: str
    credentials: Credentials
    clock: Callable[[], datetime]
    ca: str | None = None
    pause: Callable[[float], None] = time.sleep
    wire: httpx.BaseTransport | None = field(default=None, repr=False)
    _token: Token | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        url = httpx.URL(self.base)
        if url.scheme != "https" and url.host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(f"{self.base}: この機械の外へは https だけを使います")
        # trust_env: a proxy of the surroundings must never see these calls
        self._client = httpx.Client(
            base_url=url, timeout=TIMEOUT, trust_env=False, verify=self.ca or True, transport=self.wire
        )

    def call(self, operation: Operation[Q, R], request: Q, *, key: str = "") -> R:
        """Ask. A call without an answer is sent again: the provider answers a key once. Raises Refused, Unreachable."""
        body = request.model_dump_json().encode()
        headers = {"Content-Type": "application/json"}
        if operation.writes:
            headers["Idempotency-Key"] = key
        response = self._send(operation, body, headers)
        if response.status_code == 401:  # revoked or forgotten on the other side: once more with a new token
            with self._lock:
                self._token = None
            response = self._send(operation, body, headers)
        if response.status_code != 200:
            raise _fault(response)
        try:
            return operation.reply.model_validate_json(response.content)
        except ValidationError as error:
            raise Refused(f"{self.provider} の応答が約束と違います", status=502) from error

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _send(self, operation: Operation[Any, Any], body: bytes, headers: dict[str, str]) -> httpx.Response:
        why = ""
        for attempt in range(_TRIES):
            if attempt:
                self.pause(_FIRST_PAUSE * 4 ** (attempt - 1))
            try:
                token = self._bearer()
                answer = self._client.post(
                    operation.path, content=body, headers={**headers, "Authorization": f"Bearer {token}"}
                )
            except httpx.TransportError as error:
                why = type(error).__name__
                continue
            if answer.status_code < 500:
                return answer
            why = f"HTTP {answer.status_code}"
        raise Unreachable(f"{self.provider} から応答がありません({why})")

    def _bearer(self) -> str:
        with self._lock:
            now = self.clock()
            if self._token is None or self._token.expires_at - _EARLY <= now:
                self._token = self._new_token(now)
            return self._token.value

    def _new_token(self, now: datetime) -> Token:
        answer = self._client.post(
            "oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": make_assertion(self.credentials, audience=audience_of(self.provider), at=now),
            },
        )
        if answer.status_code >= 500:
            raise httpx.RemoteProtocolError(f"HTTP {answer.status_code}")
        if answer.status_code != 200:
            raise Refused(f"{self.provider} が認証を拒みました", status=401)
        facts = answer.json()
        return Token(
            str(facts["access_token"]),
            now + timedelta(seconds=int(facts["expires_in"])),
            frozenset(str(facts["scope"]).split()),
        )


def _fault(response: httpx.Response) -> Exception:
    """4xx as a refusal with the provider's words. 5xx bodies are not read: they may come from anywhere on the way."""
    try:
        facts = response.json()
        errors = tuple(ContractError.model_validate(error) for error in facts["errors"])
        return Refused(str(facts["title"]), errors, status=response.status_code)
    except (ValueError, KeyError, TypeError):
        return Refused(f"HTTP {response.status_code}", status=response.status_code)
