"""The key that signs sessions and terminals and seals one-time secrets: from the environment, or a file of ours."""

import os
import secrets
from pathlib import Path

from tasuke.platform.database.embedded import data_folder

_BYTES = 48


def secret_key() -> str:
    """TASUKE_SECRET_KEY, or the content of `secret-key` in the data folder, which is made at the first start.

    The file is readable by its owner only. Losing it means: everybody signs in again, terminals are registered again
    and one-time codes are issued again. It is kept apart from the database on purpose: a stolen copy of the database
    opens nothing.
    """
    given = os.environ.get("TASUKE_SECRET_KEY")
    if given:
        return given
    file = data_folder() / "secret-key"
    if not file.exists():
        _write_once(file, secrets.token_urlsafe(_BYTES))
    return file.read_text("ascii").strip()


def _write_once(file: Path, text: str) -> None:
    """Write a file that appears whole or not at all, even when several processes start at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text + "\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        draft.unlink()
