"""The municipality that this installation serves. Set once by the composition root; the system only reads it."""

from tasuke.schemes.profile import Profile

_active: list[Profile] = []


class NoProfile(RuntimeError):
    """The composition root has not said which municipality this installation serves."""


def set_profile(profile: Profile) -> None:
    """Say which municipality this installation serves (once, at start; tests and the demo may say it again)."""
    _active[:] = [profile]


def active_profile() -> Profile:
    """The municipality's profile. Raises NoProfile."""
    if not _active:
        raise NoProfile("TASUKE_PROFILE に市のプロファイルを指定してください")
    return _active[0]
