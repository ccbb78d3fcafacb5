"""Profiles that ship with the program, both fictitious in their numbers: TASUKE_PROFILE names one, or a file."""

import os
from importlib import resources
from pathlib import Path

from tasuke.schemes.profile import Profile, load_profile


class UnknownProfile(LookupError):
    """Neither a shipped profile nor a file."""


def shipped() -> list[str]:
    """Ids of the shipped profiles."""
    folder = resources.files("tasuke.deploy.profiles")
    return sorted(Path(f.name).stem for f in folder.iterdir() if f.name.endswith(".toml"))


def open_profile(name: str | None = None) -> Profile:
    """The profile named by the argument or TASUKE_PROFILE: a shipped id or the path of a TOML file.

    Raises UnknownProfile and ProfileInvalid.
    """
    wanted = name or os.environ.get("TASUKE_PROFILE", "")
    if wanted in shipped():
        return load_profile(Path(str(resources.files("tasuke.deploy.profiles") / f"{wanted}.toml")))
    path = Path(wanted)
    if not wanted or not path.is_file():
        raise UnknownProfile(
            f"プロファイル「{wanted}」がありません。{', '.join(shipped())} か TOML ファイルを指定してください"
        )
    return load_profile(path)
