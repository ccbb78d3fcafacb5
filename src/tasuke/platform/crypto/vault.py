"""Envelope encryption at rest: AES-256-GCM under data keys, which lie wrapped under a master key in a folder of ours.

A blob says which data key opens it, so keys rotate while old rows stay readable. The context (for example
`unified_id.my_number`) is authenticated: a blob that is moved to another column, table or tenant does not open.
Random nonces of 96 bits: a data key must seal fewer than 2^32 blobs (NIST SP 800-38D 8.3); rotate before that.
"""

import hmac
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from tasuke.platform.crypto.files import KeyFileUnusable, keys_folder, read_secret, write_once

_VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_HEAD_BYTES = 5  # version (1), number of the data key (4, big-endian)
OVERHEAD = _HEAD_BYTES + _NONCE_BYTES + 16
"""Bytes that a sealed blob is longer than its content."""


class CannotOpen(Exception):
    """A sealed value does not open: changed, cut, of another context, or of a key that is not here."""


def vault_of(name: str) -> "Vault":
    """The vault of one system or tenant (`midserver/B011002`). One object per process and folder."""
    folder = keys_folder(name).absolute()
    with _LOCK:
        if folder not in _VAULTS:
            _VAULTS[folder] = Vault(folder)
        return _VAULTS[folder]


class Vault:
    """Keys of one folder. Safe for threads; several processes share the folder and see each other's rotation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._ciphers: dict[int, AESGCM] = {}
        self._newest = 0
        self._seen_ns = -1
        self._index_key = b""

    def seal(self, data: bytes, *, context: str) -> bytes:
        """Encrypt. The blob is OVERHEAD bytes longer than the data."""
        return self.seal_many((data,), context=context)[0]

    def open(self, blob: bytes, *, context: str) -> bytes:
        """Decrypt. Raises CannotOpen."""
        return self.open_many((blob,), context=context)[0]

    def seal_many(self, values: Iterable[bytes], *, context: str) -> list[bytes]:
        """Encrypt each value by itself, in order, under the newest data key."""
        self._load()
        head = bytes([_VERSION]) + self._newest.to_bytes(4, "big")
        cipher, bound = self._ciphers[self._newest], head + context.encode()
        blobs = []
        for value in values:
            nonce = os.urandom(_NONCE_BYTES)
            blobs.append(head + nonce + cipher.encrypt(nonce, value, bound))
        return blobs

    def open_many(self, blobs: Iterable[bytes], *, context: str) -> list[bytes]:
        """Decrypt each blob, in order. Raises CannotOpen when one of them does not open."""
        self._load()
        bound = context.encode()
        return [self._open(bytes(blob), bound) for blob in blobs]

    def index(self, value: str, *, context: str) -> bytes:
        """Keyed index for a search column: HMAC-SHA256, 32 bytes. Equal values have equal indexes in one context."""
        self._load()
        return hmac.digest(self._index_key, context.encode() + b"\x00" + value.encode(), "sha256")

    def index_many(self, values: Iterable[str], *, context: str) -> list[bytes]:
        """`index` of each value, in order."""
        self._load()
        key, head = self._index_key, context.encode() + b"\x00"
        return [hmac.digest(key, head + value.encode(), "sha256") for value in values]

    def rotate(self) -> int:
        """Start a new data key; the old ones still open. Gives the number of the key that is now in use."""
        with self._lock:
            self._read_keys()
            number = self._newest + 1
            write_once(self._data_file(number), aes_key_wrap(self._master(), os.urandom(_KEY_BYTES)))
            self._read_keys()
            return self._newest

    def key_of(self, blob: bytes) -> int:
        """Number of the data key that sealed this blob (for a job that seals old rows anew). Raises CannotOpen."""
        if len(blob) < OVERHEAD or blob[0] != _VERSION:
            raise CannotOpen("not a sealed value")
        return int.from_bytes(blob[1:_HEAD_BYTES], "big")

    def _open(self, blob: bytes, bound: bytes) -> bytes:
        number = self.key_of(blob)
        if number not in self._ciphers:  # sealed by another process a moment ago
            with self._lock:
                self._read_keys()
        cipher = self._ciphers.get(number)
        if cipher is None:
            raise CannotOpen("sealed with a key that is not here")
        nonce = blob[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, blob[_HEAD_BYTES + _NONCE_BYTES :], blob[:_HEAD_BYTES] + bound)
        except InvalidTag as error:
            raise CannotOpen("the sealed value was changed, or belongs elsewhere") from error

    def _load(self) -> None:
        """Read the keys at first use, and again when another process added one (the folder's time tells)."""
        if self._newest and self._folder.stat().st_mtime_ns == self._seen_ns:
            return
        with self._lock:
            self._read_keys()

    def _read_keys(self) -> None:
        master = self._master()
        if not any(self._folder.glob("data-*.key")):
            write_once(self._data_file(1), aes_key_wrap(master, os.urandom(_KEY_BYTES)))
        if not self._index_key:
            self._index_key = write_once(self._folder / "index.key", os.urandom(_KEY_BYTES))
        seen = self._folder.stat().st_mtime_ns
        ciphers = dict(self._ciphers)
        for path in sorted(self._folder.glob("data-*.key")):
            number = int(path.stem.removeprefix("data-"))
            if number not in ciphers:
                ciphers[number] = AESGCM(_unwrap(master, path))
        self._ciphers, self._newest, self._seen_ns = ciphers, max(ciphers), seen

    def _master(self) -> bytes:
        path = self._folder / "master.key"
        key = read_secret(path) if path.exists() else write_once(path, os.urandom(_KEY_BYTES))
        if len(key) != _KEY_BYTES:
            raise KeyFileUnusable(f"鍵のファイルが壊れています: {path}")
        return key

    def _data_file(self, number: int) -> Path:
        return self._folder / f"data-{number:06}.key"


def _unwrap(master: bytes, path: Path) -> bytes:
    try:
        return aes_key_unwrap(master, read_secret(path))
    except InvalidUnwrap as error:
        raise KeyFileUnusable(f"鍵のファイルがこの主鍵では開きません: {path}") from error


_LOCK = threading.Lock()
_VAULTS: dict[Path, Vault] = {}
