"""Private keys of one owner, numbered, sealed in the owner's vault: the newest is used, older ones stay for reading.

`SealingKeyPair` (X25519) opens what others sealed to us; `SigningKeyPair` (Ed25519) signs. A key id is
`<owner>-<kind>-<number>-<thumbprint>`: the thumbprint part keeps keys of a re-made folder apart from lost ones.
"""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeVar

from joserfc.jwk import OKPKey

from tasuke.platform.crypto.files import keys_folder, read_secret, write_once
from tasuke.platform.crypto.vault import Vault, vault_of

Jwk = dict[str, str]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that signs, with its id."""

    kid: str
    private: OKPKey


class KeyRing:
    """Keys of one kind in one folder. Safe for threads; several processes share the folder."""

    curve: Literal["X25519", "Ed25519"]
    kind: Literal["enc", "sig"]

    def __init__(self, folder: Path, *, owner: str, vault: Vault) -> None:
        self._folder = folder
        self._owner = owner.replace("/", "-")
        self._vault = vault
        self._lock = threading.Lock()
        self._keys: dict[str, OKPKey] = {}
        self._seen_ns = -1

    def public_jwks(self) -> tuple[tuple[str, Jwk], ...]:
        """(kid, public JWK) of each key, the one to use first. The JWK carries its kid too."""
        self._load()
        return tuple((kid, public_jwk(key, kid)) for kid, key in reversed(self._keys.items()))

    def key(self, kid: str) -> OKPKey | None:
        """The private key of this id, if it is ours."""
        self._load()
        if kid not in self._keys:  # made by another process a moment ago
            with self._lock:
                self._read()
        return self._keys.get(kid)

    def newest(self) -> tuple[str, OKPKey]:
        """Id and private key that is in use now."""
        self._load()
        kid = next(reversed(self._keys))
        return kid, self._keys[kid]

    def rotate(self) -> str:
        """Start a new key and give its id. The older ones stay until they are forgotten."""
        with self._lock:
            self._read()
            self._make(1 + max(int(path.stem.split("-")[1]) for path in self._folder.glob(f"{self.kind}-*.jwk")))
            self._read()
            return next(reversed(self._keys))

    def forget(self, kid: str) -> None:
        """Destroy an old key: nothing sealed to it opens any more. Raises ValueError for the key in use."""
        with self._lock:
            self._read()
            if kid == next(reversed(self._keys)):
                raise ValueError("the key in use cannot be forgotten")
            for path in self._folder.glob(f"{self.kind}-*.jwk"):
                if _kid_in(path) == kid:
                    path.unlink()
            self._read()

    def _load(self) -> None:
        if self._keys and self._folder.stat().st_mtime_ns == self._seen_ns:
            return
        with self._lock:
            self._read()

    def _read(self) -> None:
        if not any(self._folder.glob(f"{self.kind}-*.jwk")):
            self._make(1)
        seen = self._folder.stat().st_mtime_ns
        keys = {}
        for path in sorted(self._folder.glob(f"{self.kind}-*.jwk")):
            kid = _kid_in(path)
            keys[kid] = self._keys.get(kid) or self._open(path)
        self._keys, self._seen_ns = keys, seen

    def _make(self, number: int) -> None:
        key = OKPKey.generate_key(self.curve)
        kid = f"{self._owner}-{self.kind}-{number}-{sha256(key.thumbprint().encode()).hexdigest()[:8]}"
        text = json.dumps(key.as_dict(private=True)).encode()
        sealed = self._vault.seal(text, context=f"keyring.{self.kind}")
        write_once(self._folder / f"{self.kind}-{number:06}.jwk", kid.encode() + b"\n" + sealed)

    def _open(self, path: Path) -> OKPKey:
        sealed = read_secret(path).split(b"\n", 1)[1]
        return OKPKey.import_key(json.loads(self._vault.open(sealed, context=f"keyring.{self.kind}")))


class SealingKeyPair(KeyRing):
    """X25519 keys: others seal to the newest, and each of them opens what was sealed to it."""

    curve = "X25519"
    kind = "enc"


class SigningKeyPair(KeyRing):
    """Ed25519 keys: the newest signs."""

    curve = "Ed25519"
    kind = "sig"

    def current(self) -> SigningKey:
        """The key that signs now."""
        return SigningKey(*self.newest())


def keypair_of(name: str) -> SealingKeyPair:
    """The sealing keys of one system or tenant, made at first use."""
    return _ring(SealingKeyPair, name)


def signing_of(name: str) -> SigningKeyPair:
    """The signing keys of one system or tenant, made at first use."""
    return _ring(SigningKeyPair, name)


def public_jwk(key: OKPKey, kid: str) -> Jwk:
    """The public half as plain text values: kty, crv, x, kid."""
    parts = key.as_dict(private=False)
    return {"kty": "OKP", "crv": str(parts["crv"]), "x": str(parts["x"]), "kid": kid}


def public_key(jwk: Jwk) -> OKPKey:
    """The key that a public JWK describes. Raises ValueError for anything but a public X25519 or Ed25519 key."""
    if not is_public(jwk):
        raise ValueError("not a public X25519 or Ed25519 key")
    return _import(jwk["crv"], jwk["x"])


def is_public(jwk: Mapping[str, object]) -> bool:
    """Whether it has the form of a public key of ours: 32 bytes, and no private part."""
    known = jwk.get("kty") == "OKP" and jwk.get("crv") in ("X25519", "Ed25519") and "d" not in jwk
    return known and re.fullmatch(r"[A-Za-z0-9_-]{43}", str(jwk.get("x"))) is not None


@lru_cache(maxsize=4_096)
def _import(curve: str, x: str) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": curve, "x": x})


_Ring = TypeVar("_Ring", bound=KeyRing)
_LOCK = threading.Lock()
_RINGS: dict[tuple[type[KeyRing], Path], KeyRing] = {}


def _ring(kind: type[_Ring], name: str) -> _Ring:
    folder = keys_folder(name).absolute()
    vault = vault_of(name)
    with _LOCK:
        ring = _RINGS.setdefault((kind, folder), kind(folder, owner=name, vault=vault))
    assert isinstance(ring, kind)
    return ring


def _kid_in(path: Path) -> str:
    return read_secret(path).split(b"\n", 1)[0].decode("ascii")
