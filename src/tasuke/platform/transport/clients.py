"""Clients and tokens of a provider: OAuth 2.0 client credentials with client_secret_jwt (RFC 6749 4.4, RFC 7523).

共通機能標準仕様書 庁内データ連携: client id of 32 letters and digits, secret of 32 characters or more, HS256 assertion,
short-lived bearer tokens without refresh, a token of its own for each provider.
"""

import json
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tasuke.contracts.kit import Caller
from tasuke.platform.crypto.vault import vault_of
from tasuke.platform.transport.models import AccessToken, Client, UsedAssertion

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_LIFE = timedelta(minutes=10)
_LONGEST_ASSERTION = timedelta(minutes=5)
_CLOCK_SKEW = timedelta(seconds=30)
_LETTERS = string.ascii_letters + string.digits
_CONTEXT = "transport-client-secret"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a using system keeps to call a provider. The secret never shows in a representation."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials({self.client_id})"


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and when it ends."""

    value: str
    expires_at: datetime
    scopes: frozenset[str]


class NotAuthenticated(Exception):
    """Why a client or a token is not accepted; the text is for the log of the provider, not for the caller.

    code: for the record. client: whom the assertion names, when we know that client.
    """

    def __init__(self, why: str, *, code: str = "unreadable", client: "Client | None" = None) -> None:
        super().__init__(why)
        self.code = code
        self.client = client


def register_client(
    *, using: str, system: str, scopes: frozenset[str], at: datetime, body: str = "", valid_to: datetime | None = None
) -> Credentials:
    """A new client; its secret is shown this once. Clients of the same system and body stay valid (rotation)."""
    made = Credentials(*("".join(secrets.choice(_LETTERS) for _ in range(length)) for length in (32, 48)))
    Client.objects.using(using).create(
        client_id=made.client_id,
        secret_sealed=vault_of(using).seal(made.secret.encode(), context=_CONTEXT),
        system=system,
        body=body,
        scopes=sorted(scopes),
        valid_from=at,
        valid_to=valid_to,
    )
    return made


def revoke_client(*, using: str, client_id: str, at: datetime) -> None:
    """The client and its tokens are accepted no more."""
    with transaction.atomic(using=using):
        Client.objects.using(using).filter(client_id=client_id, revoked_at__isnull=True).update(revoked_at=at)
        AccessToken.objects.using(using).filter(client__client_id=client_id).delete()


def make_assertion(credentials: Credentials, *, audience: str, at: datetime) -> str:
    """What the client sends to the token end point: a JWT signed with its secret, good for one minute."""
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.client_id,
        "aud": audience,
        "jti": secrets.token_hex(16),
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(minutes=1)).timestamp()),
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(credentials.secret))


def issue_token(*, using: str, assertion: str, audience: str, scope: str, at: datetime) -> Token:
    """Exchange an assertion for a token. scope: space-separated, empty for all of the client's.

    Raises NotAuthenticated: unknown, revoked or expired client, wrong signature, audience, time, an assertion that was
    used before, or a scope that the client does not have.
    """
    client = _client_of(assertion, using, at)
    claims = _verified(assertion, client, using, audience, at)
    wanted = frozenset(scope.split()) or frozenset(client.scopes)
    if not wanted <= frozenset(client.scopes):
        raise NotAuthenticated("scope is not granted", code="scope", client=client)
    value = secrets.token_urlsafe(32)
    try:
        with transaction.atomic(using=using):
            UsedAssertion.objects.using(using).create(
                client=client, jti=str(claims["jti"]), expires_at=at + _LONGEST_ASSERTION
            )
            AccessToken.objects.using(using).create(
                token_hash=sha256(value.encode()).digest(),
                client=client,
                scopes=sorted(wanted),
                expires_at=at + TOKEN_LIFE,
            )
    except IntegrityError:
        raise NotAuthenticated("assertion was used before", code="replayed", client=client) from None
    return Token(value, at + TOKEN_LIFE, wanted)


def caller_of(*, using: str, token: str, at: datetime) -> Caller:
    """Who calls with this token (introspection in the provider's own tables). Raises NotAuthenticated."""
    known = (
        AccessToken.objects.using(using)
        .select_related("client")
        .filter(token_hash=sha256(token.encode()).digest(), expires_at__gt=at)
        .filter(Q(client__valid_to__isnull=True) | Q(client__valid_to__gt=at), client__revoked_at__isnull=True)
        .first()
    )
    if known is None:
        raise NotAuthenticated("token is unknown, expired or revoked", code="token")
    client = known.client
    return Caller(client.client_id, client.system, client.body, frozenset(known.scopes), at)


def forget_expired(*, using: str, at: datetime) -> int:
    """Delete tokens and used assertions that have expired."""
    tokens = AccessToken.objects.using(using).filter(expires_at__lte=at).delete()[0]
    return tokens + UsedAssertion.objects.using(using).filter(expires_at__lte=at).delete()[0]


def _client_of(assertion: str, using: str, at: datetime) -> Client:
    """Whom the assertion names; the signature is checked afterwards with that client's secret."""
    try:
        claimed = json.loads(jws.extract_compact(assertion.encode()).payload)["iss"]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotAuthenticated("assertion cannot be read") from error
    client = (
        Client.objects.using(using).filter(client_id=str(claimed), revoked_at__isnull=True, valid_from__lte=at).first()
    )
    if client is None or (client.valid_to is not None and client.valid_to <= at):
        raise NotAuthenticated("client is unknown, expired or revoked", code="unknown-client", client=client)
    return client


def _verified(assertion: str, client: Client, using: str, audience: str, at: datetime) -> dict[str, Any]:
    secret = vault_of(using).open(bytes(client.secret_sealed), context=_CONTEXT)
    try:
        claims = jwt.decode(assertion, OctKey.import_key(secret), algorithms=["HS256"]).claims
        issued, expires = datetime.fromtimestamp(claims["iat"], UTC), datetime.fromtimestamp(claims["exp"], UTC)
    except (JoseError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise NotAuthenticated("assertion is not signed by the client", code="signature", client=client) from error
    if claims.get("aud") != audience or claims.get("sub") != client.client_id or not claims.get("jti"):
        raise NotAuthenticated("assertion is for somebody else", code="audience", client=client)
    if not issued - _CLOCK_SKEW <= at < expires or expires - issued > _LONGEST_ASSERTION:
        raise NotAuthenticated("assertion is not valid now", code="expired", client=client)
    if len(str(claims["jti"])) > 64:
        raise NotAuthenticated("assertion has no usable id", client=client)
    return claims
