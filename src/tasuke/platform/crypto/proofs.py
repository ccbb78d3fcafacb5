"""Proof that a new public key is its owner's: a signature with the owner's key that is in force."""

import json
from datetime import datetime

from joserfc import jws
from joserfc.errors import JoseError

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.envelopes import Senders
from tasuke.platform.crypto.keyrings import SigningKey, public_key
from tasuke.platform.crypto.sealed import CannotOpen, token_header

_REGISTRY = jws.JWSRegistry(algorithms=["Ed25519"])
_TYPE = "tasuke-key"


class NotProven(Exception):
    """Why a key is not taken (Japanese: an operator reads it)."""


def prove_key(key: PublicKey, *, signer: SigningKey) -> str:
    """Sign what the directory shall say about a new key: body, kid, use, jwk and validity."""
    header = {"alg": "Ed25519", "typ": _TYPE, "kid": signer.kid}
    return jws.serialize_compact(header, _statement(key), signer.private, registry=_REGISTRY)


def check_proof(proof: str, *, key: PublicKey, senders: Senders, at: datetime) -> str:
    """Id of the key that vouches for `key`. Raises NotProven unless it is the same body's and in force at `at`."""
    try:
        voucher = senders(str(token_header(proof, parts=3).get("kid", "")))
    except CannotOpen as error:
        raise NotProven("証明の形ではありません") from error
    if voucher is None or voucher.use != "sig" or voucher.body != key.body:
        raise NotProven("証明した鍵がその機関の署名鍵ではありません")
    if not voucher.valid_from <= at < voucher.valid_to or (voucher.revoked_at is not None and at >= voucher.revoked_at):
        raise NotProven("証明した鍵は有効ではありません")
    try:
        signed = jws.deserialize_compact(proof, public_key(voucher.jwk), registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        raise NotProven("証明の署名が合いません") from error
    if signed.payload != _statement(key) or signed.headers().get("typ") != _TYPE:
        raise NotProven("証明した内容が鍵と違います")
    return voucher.kid


def _statement(key: PublicKey) -> bytes:
    said = {
        "body": key.body,
        "kid": key.kid,
        "use": key.use,
        "jwk": {name: key.jwk.get(name, "") for name in ("kty", "crv", "x")},
        "valid_from": int(key.valid_from.timestamp()),
        "valid_to": int(key.valid_to.timestamp()),
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
