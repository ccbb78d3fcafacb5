"""Secret files: made once, whole or not at all, readable by their owner only."""

import os
import re
from pathlib import Path

from tasuke.platform.database.embedded import data_folder

_NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


class KeyFileUnusable(Exception):
    """Why a key file cannot be used (Japanese: an operator reads it). Never holds the content of the file."""


def keys_folder(name: str) -> Path:
    """Folder of the keys of one system or tenant: `keys/<name>` in the data folder. Raises ValueError for odd names."""
    if not _NAME.fullmatch(name):
        raise ValueError("a key folder is named with letters, digits, - and _; parts are separated by /")
    return data_folder() / "keys" / name


def write_once(path: Path, data: bytes) -> bytes:
    """Make a secret file and give its content; if another process was faster, give that one's content.

    The folder's time always moves: by it other processes notice that there is something new.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = path.parent.stat().st_mtime_ns
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path)
    except FileExistsError:
        return read_secret(path)
    finally:
        draft.unlink()
    now = path.parent.stat()
    if now.st_mtime_ns <= before:  # two changes within one tick of the file system's clock
        os.utime(path.parent, ns=(now.st_atime_ns, before + 1))
    return data


def read_secret(path: Path) -> bytes:
    """Content of a secret file. Raises KeyFileUnusable when it is missing or when others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileUnusable(f"鍵のファイルを他の利用者が読める状態です。chmod 600 {path} を実行してください")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise KeyFileUnusable(f"鍵のファイルがありません: {path}") from error
