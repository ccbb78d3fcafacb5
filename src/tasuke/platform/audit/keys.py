"""The key that signs checkpoints: Ed25519, in a file of its own that only the program's user can read."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class KeyUnusable(Exception):
    """Why the key file cannot be used."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. id: first 16 hexadecimal digits of the SHA-256 of the public key's 32 bytes."""

    id: str
    private: Ed25519PrivateKey

    def sign(self, text: bytes) -> bytes:
        """Signature of 64 bytes."""
        return self.private.sign(text)


Trust = dict[str, Ed25519PublicKey]  # key id → public key


def open_key(path: Path) -> SigningKey:
    """The key in this file; made, with its public half beside it (`.pub`), when there is none.

    Raises KeyUnusable when others may read the file, or when it holds no Ed25519 key.
    """
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"証跡の署名鍵を他の利用者が読める状態です。chmod 600 {path} を実行してください")
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise KeyUnusable(f"証跡の署名鍵を読めません: {path}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnusable(f"証跡の署名鍵が Ed25519 ではありません: {path}")
    return SigningKey(key_id(private.public_key()), private)


def trusted_keys(folder: Path) -> Trust:
    """Public keys (`*.pub`) of a folder: that of today, and those of former times."""
    return dict(_public(path) for path in sorted(folder.glob("*.pub")))


def public_key(path: Path) -> Trust:
    """One public key from a file that was kept elsewhere. Raises KeyUnusable."""
    return dict([_public(path)])


def signature_holds(trusted: Trust, *, key: str, signature: bytes, text: bytes) -> bool:
    """Whether a trusted key of this id made this signature."""
    if key not in trusted:
        return False
    try:
        trusted[key].verify(signature, text)
    except InvalidSignature:
        return False
    return True


def key_id(public: Ed25519PublicKey) -> str:
    """The id of a public key."""
    return sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _public(path: Path) -> tuple[str, Ed25519PublicKey]:
    try:
        public = load_pem_public_key(path.read_bytes())
    except ValueError as error:
        raise KeyUnusable(f"公開鍵を読めません: {path}") from error
    if not isinstance(public, Ed25519PublicKey):
        raise KeyUnusable(f"公開鍵が Ed25519 ではありません: {path}")
    return key_id(public), public


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process made it in this moment
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_name(f"{path.name}.pub").write_bytes(public)
