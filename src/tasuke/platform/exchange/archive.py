"""Keep the bytes of every file that came in or went out, under their hash."""

import hashlib
import os
from pathlib import Path

from tasuke.platform.database.embedded import data_folder


def archive_folder() -> Path:
    """TASUKE_ARCHIVE, or `files` in the data folder."""
    return Path(os.environ.get("TASUKE_ARCHIVE", data_folder() / "files"))


def sha256_of(data: bytes) -> str:
    """Hash of a file's content, lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def keep(data: bytes) -> str:
    """Store the bytes once, durably; give their hash."""
    digest = sha256_of(data)
    target = archive_folder() / digest[:2] / digest
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}.part")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    return digest


def fetch(digest: str) -> bytes:
    """The bytes with this hash. Raises FileNotFoundError."""
    return (archive_folder() / digest[:2] / digest).read_bytes()
