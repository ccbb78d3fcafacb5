"""What the environment says about an installation, typed; a value that cannot be meant stops the program at start."""

import os
from dataclasses import dataclass
from datetime import timedelta


class EnvironmentFault(ValueError):
    """An environment variable has a value that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Environment:
    """hosts: names under which browsers may call us. lockout: None = until an administrator releases it."""

    hosts: tuple[str, ...]
    plain_http: bool
    behind_proxy: bool
    require_terminal: bool
    idle_minutes: int
    lockout: timedelta | None


def read_environment() -> Environment:
    """Read TASUKE_* variables. Raises EnvironmentFault.

    TASUKE_HOSTS (comma-separated), TASUKE_PLAIN_HTTP=1 (loopback only: cookies without `Secure`),
    TASUKE_BEHIND_PROXY=1 (a proxy of ours ends TLS and sets X-Forwarded-Proto), TASUKE_REQUIRE_TERMINAL=0
    (any machine may be used), TASUKE_IDLE_MINUTES (1–60), TASUKE_LOCKOUT_MINUTES (0: until released).
    """
    lockout = _number("TASUKE_LOCKOUT_MINUTES", default=30, least=0, most=24 * 60)
    return Environment(
        hosts=tuple(h for h in os.environ.get("TASUKE_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h),
        plain_http=_flag("TASUKE_PLAIN_HTTP", default=False),
        behind_proxy=_flag("TASUKE_BEHIND_PROXY", default=False),
        require_terminal=_flag("TASUKE_REQUIRE_TERMINAL", default=True),
        idle_minutes=_number("TASUKE_IDLE_MINUTES", default=10, least=1, most=60),
        lockout=timedelta(minutes=lockout) if lockout else None,
    )


def _flag(name: str, *, default: bool) -> bool:
    text = os.environ.get(name, "1" if default else "0")
    if text not in ("0", "1"):
        raise EnvironmentFault(f"{name} は 0 か 1 です: {text!r}")
    return text == "1"


def _number(name: str, *, default: int, least: int, most: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise EnvironmentFault(f"{name} は {least}〜{most} の整数です: {text!r}")
    return int(text)
