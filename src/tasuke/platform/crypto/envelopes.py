"""Envelopes between bodies: signed by who made them (JWS, Ed25519), then sealed to who opens them (JWE, X25519).

The claims stand in the protected header of the signature, so the payload stays bytes. Nobody on the way learns the
sender or the claims: they are inside. Replay and order are the receiver's table (`order`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.registry import HeaderParameter

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.keyrings import SealingKeyPair, SigningKey, public_key
from tasuke.platform.crypto.sealed import CannotOpen, KeyNotHere, open_token, seal_token, token_header

CLOCK_SKEW = timedelta(seconds=60)
"""How far ahead a sender's clock may be."""
LONGEST_LIFE = timedelta(days=8)
"""Longest life of an envelope: a week of closed service and a day. It bounds what a stolen old key can do."""
_CONTEXT = "envelope"
_TYPE = "tasuke-envelope"

Senders = Callable[[str], PublicKey | None]
"""The directory: key id → public signing key with its owner and validity."""


class RefusalCode(StrEnum):
    """Why an envelope was refused."""

    TAMPERED = "tampered"
    UNKNOWN_KEY = "unknown-key"
    EXPIRED_KEY = "expired-key"
    REVOKED_KEY = "revoked-key"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_SENDER = "wrong-sender"


class EnvelopeRefused(Exception):
    """An envelope that must not be used. code: for the record; message: Japanese, without anything of the payload."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Claims:
    """What the sender says about an envelope. Moments are timezone-aware, whole seconds travel (rounded down)."""

    issuer: str
    audience: str
    message_id: str
    sequence: int
    issued_at: datetime
    expires_at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified envelope."""

    payload: bytes
    claims: Claims
    signed_with: str


def make(payload: bytes, *, signer: SigningKey, recipient: PublicKey, claims: Claims) -> str:
    """Sign and seal. Raises ValueError for a lifetime over LONGEST_LIFE or an unusable recipient key."""
    if not timedelta(0) < claims.expires_at - claims.issued_at <= LONGEST_LIFE:
        raise ValueError("an envelope lives longer than nothing and at most LONGEST_LIFE")
    header: dict[str, Any] = {
        "alg": "Ed25519",
        "typ": _TYPE,
        "kid": signer.kid,
        "iss": claims.issuer,
        "aud": claims.audience,
        "jti": claims.message_id,
        "seq": claims.sequence,
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
        "knd": claims.kind,
    }
    signed = jws.serialize_compact(header, payload, signer.private, registry=_REGISTRY)
    jwk = {**recipient.jwk, "kid": recipient.kid}
    return seal_token(jwk, signed.encode("ascii"), context=_CONTEXT, header={"cty": "JOSE"})


def read(token: str, *, recipient: SealingKeyPair, senders: Senders, audience: str, at: datetime) -> Opened:
    """Open and verify an envelope. at: the moment of reading. Raises EnvelopeRefused.

    The issuer is the owner of the key that signed, never what the sender writes. A key must have been in force when
    the envelope was issued; after a revocation nothing signed with it is taken any more.
    """
    signed = _unseal(token, recipient)
    key = senders(_kid(signed))
    if key is None or key.use != "sig":
        raise EnvelopeRefused(RefusalCode.UNKNOWN_KEY, "署名した鍵が鍵の一覧にありません")
    try:
        opened = jws.deserialize_compact(signed, public_key(key.jwk), registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        raise EnvelopeRefused(RefusalCode.TAMPERED, "署名が合いません") from error
    claims = _claims(opened.headers())
    _check_key(key, claims, at)
    _check_claims(claims, audience, at)
    return Opened(opened.payload, claims, key.kid)


def _unseal(token: str, recipient: SealingKeyPair) -> str:
    try:
        return open_token(recipient, token, context=_CONTEXT).decode("ascii")
    except KeyNotHere as error:
        raise EnvelopeRefused(RefusalCode.UNKNOWN_KEY, "宛先の鍵がこちらの鍵ではありません") from error
    except (CannotOpen, UnicodeDecodeError) as error:
        raise EnvelopeRefused(RefusalCode.TAMPERED, "封筒が開きません(書き換えの疑い)") from error


def _kid(signed: str) -> str:
    try:
        return str(token_header(signed, parts=3).get("kid", ""))
    except CannotOpen as error:
        raise EnvelopeRefused(RefusalCode.TAMPERED, "署名の形ではありません") from error


def _claims(header: dict[str, Any]) -> Claims:
    if header.get("typ") != _TYPE:
        raise EnvelopeRefused(RefusalCode.TAMPERED, "封筒の種類が違います")
    try:
        return Claims(
            issuer=str(header["iss"]),
            audience=str(header["aud"]),
            message_id=str(header["jti"]),
            sequence=int(header["seq"]),
            issued_at=datetime.fromtimestamp(header["iat"], UTC),
            expires_at=datetime.fromtimestamp(header["exp"], UTC),
            kind=str(header["knd"]),
        )
    except (KeyError, ValueError, TypeError, OverflowError, OSError) as error:
        raise EnvelopeRefused(RefusalCode.TAMPERED, "封筒の項目が足りないか、読めません") from error


def _check_key(key: PublicKey, claims: Claims, at: datetime) -> None:
    if claims.issuer != key.body:
        raise EnvelopeRefused(RefusalCode.WRONG_SENDER, "送り主が署名した鍵の持ち主と違います")
    if key.revoked_at is not None and at >= key.revoked_at:
        raise EnvelopeRefused(RefusalCode.REVOKED_KEY, "署名した鍵は失効しています")
    if not key.valid_from - CLOCK_SKEW <= claims.issued_at < key.valid_to:
        raise EnvelopeRefused(RefusalCode.EXPIRED_KEY, "署名した鍵の有効期間の外で作られています")


def _check_claims(claims: Claims, audience: str, at: datetime) -> None:
    if claims.audience != audience:
        raise EnvelopeRefused(RefusalCode.WRONG_AUDIENCE, "宛先が違います")
    if claims.issued_at > at + CLOCK_SKEW:
        raise EnvelopeRefused(RefusalCode.NOT_YET_VALID, "作られた時刻が先の時刻です")
    if at >= claims.expires_at or claims.expires_at - claims.issued_at > LONGEST_LIFE + CLOCK_SKEW:
        raise EnvelopeRefused(RefusalCode.EXPIRED, "有効期限が過ぎているか、長すぎます")


def _registry() -> jws.JWSRegistry:
    own = {
        name: HeaderParameter(title, kind)
        for name, title, kind in (
            ("iss", "issuer", "str"),
            ("aud", "audience", "str"),
            ("jti", "message id", "str"),
            ("seq", "sequence", "int"),
            ("iat", "issued at", "int"),
            ("exp", "expires at", "int"),
            ("knd", "kind", "str"),
        )
    }
    registry = jws.JWSRegistry(header_registry=own, algorithms=["Ed25519"])
    registry.max_header_length = 1_024
    registry.max_payload_length = 16 * 1024 * 1024
    return registry


_REGISTRY = _registry()
