"""One value sealed to one receiver: JWE compact, ECDH-ES on X25519 with A256GCM (RFC 7516, 7518, 8037).

The context stands in `apv`, goes into the derived key, and is compared: a token opens only where it was meant for.
"""

import base64
import json
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError

from tasuke.platform.crypto.keyrings import Jwk, SealingKeyPair, is_public, keypair_of, public_key
from tasuke.platform.crypto.vault import CannotOpen

__all__ = ["CannotOpen", "KeyNotHere", "SealingKeyPair", "keypair_of", "open_with", "seal_for"]

_MOST_BYTES = 16 * 1024 * 1024  # 1,000 inquiries of an envelope need about 2 MB; the library's own limit is 64 KB


class KeyNotHere(CannotOpen):
    """The value was sealed to a key that is not ours, or no longer."""


def seal_for(jwk: Jwk, data: bytes, *, context: str) -> str:
    """Seal to a public key (a JWK that carries its `kid`). Raises ValueError for a key that is not public X25519."""
    if jwk.get("crv") != "X25519" or not jwk.get("kid"):
        raise ValueError("only an X25519 key with its kid can be sealed to")
    return seal_token(jwk, data, context=context, header={})


def open_with(pair: SealingKeyPair, token: str, *, context: str) -> bytes:
    """Open what was sealed to one of our keys. Raises CannotOpen."""
    return open_token(pair, token, context=context)


def seal_token(jwk: Jwk, data: bytes, *, context: str, header: dict[str, str]) -> str:
    """`seal_for` with more protected header fields (cty)."""
    protected: dict[str, Any] = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": jwk["kid"], **header, "apv": _b64(context)}
    return jwe.encrypt_compact(protected, data, public_key(jwk), registry=_REGISTRY)


def open_token(pair: SealingKeyPair, token: str, *, context: str) -> bytes:
    """Open a token of `seal_token`. Raises CannotOpen."""
    header = token_header(token, parts=5)
    key = pair.key(str(header.get("kid", "")))
    if key is None:
        raise KeyNotHere("sealed to a key that is not here")
    if header.get("apv") != _b64(context):
        raise CannotOpen("sealed for another purpose")
    if not header.keys() <= _FIELDS or not _is_public_x25519(header.get("epk")):
        raise CannotOpen("not a token of ours")
    try:
        opened = jwe.decrypt_compact(token, key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        raise CannotOpen("the sealed value was changed") from error
    if opened.plaintext is None:
        raise CannotOpen("the sealed value is empty")
    return opened.plaintext


def token_header(token: str, *, parts: int) -> dict[str, Any]:
    """Protected header of a compact token, unverified. Raises CannotOpen unless it is spelt in the one canonical way.

    Base64 leaves unused bits at the end of a part, and lax decoders skip strange characters: without this check, a
    changed token could still open.
    """
    pieces = token.split(".")
    if len(pieces) != parts or not all(_canonical(piece) for piece in pieces):
        raise CannotOpen("not a token, or one that was changed")
    try:
        header = json.loads(_decode(pieces[0]))
    except ValueError as error:
        raise CannotOpen("not a token") from error
    if not isinstance(header, dict) or "zip" in header or "crit" in header:
        raise CannotOpen("not a token of ours")
    return header


def _is_public_x25519(epk: object) -> bool:
    """The sender's one-time key, in the one form that we write: the library does not expect others."""
    if not isinstance(epk, dict) or epk.keys() != {"kty", "crv", "x"}:
        return False
    return epk["crv"] == "X25519" and is_public(epk)


def _canonical(piece: str) -> bool:
    """Base64url without padding, whose unused last bits are zero."""
    over = len(piece) % 4
    if over == 1 or not piece.isascii() or piece.encode("ascii").translate(None, _ALPHABET):
        return False
    tail = piece[len(piece) - over :]
    return not over or base64.urlsafe_b64encode(_decode(tail)).rstrip(b"=") == tail.encode("ascii")


def _decode(piece: str) -> bytes:
    return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode("ascii")


def _registry() -> jwe.JWERegistry:
    registry = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM"])
    registry.max_ciphertext_length = _MOST_BYTES
    registry.max_protected_header_length = 2_048
    return registry


_FIELDS = {"alg", "enc", "kid", "cty", "apv", "epk"}
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_REGISTRY = _registry()
