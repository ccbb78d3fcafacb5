"""One-time secrets are sealed before they are stored: a copy of the database alone gives no codes."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE_BYTES = 12  # 96 bits, what GCM is made for
_VERSION = b"\x01"  # first byte of every sealed value, so that the way of sealing can change


def seal(secret: bytes, *, owner: str) -> bytes:
    """AES-256-GCM under a key of the installation; owner: the personal id, so that a row cannot be moved to another."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(_key()).encrypt(nonce, secret, owner.encode())


def unseal(sealed: bytes | memoryview, *, owner: str) -> bytes:
    """The secret. Raises cryptography.exceptions.InvalidTag when the key, the owner or a byte differs."""
    data = bytes(sealed)
    nonce, text = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
    return AESGCM(_key()).decrypt(nonce, text, owner.encode())


def _key() -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"tasuke one-time codes").derive(settings.SECRET_KEY.encode())
