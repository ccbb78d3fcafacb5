"""What the environment says about an installation, typed; a value that cannot be meant stops the program at start."""

import ipaddress
import os
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

# a domain name with TLS, or this machine: nothing else may use security keys (WebAuthn)
_ORIGIN = re.compile(r"(https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?|http://localhost(:[1-9][0-9]{0,4})?)")


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
    certificate_header: str  # "": client certificates do not count
    proxies: tuple[str, ...]  # addresses of ours from which that header counts
    webauthn_origin: str  # address under which security keys are used; "": none is named


def read_environment() -> Environment:
    """Read TASUKE_* variables. Raises EnvironmentFault.

    TASUKE_HOSTS (comma-separated), TASUKE_PLAIN_HTTP=1 (loopback only: cookies without `Secure`),
    TASUKE_BEHIND_PROXY=1 (a proxy of ours ends TLS and sets X-Forwarded-Proto), TASUKE_REQUIRE_TERMINAL=0
    (any machine may be used), TASUKE_CLIENT_CERTIFICATE_HEADER (header in which that proxy names the machine's
    client certificate), TASUKE_PROXY_ADDRESSES (of the proxies; default: this machine), TASUKE_IDLE_MINUTES (1–60),
    TASUKE_LOCKOUT_MINUTES (0: until released), TASUKE_WEBAUTHN_ORIGIN (the address under which browsers show the site).
    """
    lockout = _number("TASUKE_LOCKOUT_MINUTES", default=30, least=0, most=24 * 60)
    return Environment(
        hosts=tuple(h for h in os.environ.get("TASUKE_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h),
        plain_http=_flag("TASUKE_PLAIN_HTTP", default=False),
        behind_proxy=_flag("TASUKE_BEHIND_PROXY", default=False),
        require_terminal=_flag("TASUKE_REQUIRE_TERMINAL", default=True),
        idle_minutes=_number("TASUKE_IDLE_MINUTES", default=10, least=1, most=60),
        lockout=timedelta(minutes=lockout) if lockout else None,
        certificate_header=_certificate_header(),
        proxies=_addresses("TASUKE_PROXY_ADDRESSES", default="127.0.0.1,::1"),
        webauthn_origin=_webauthn_origin(),
    )


def _certificate_header() -> str:
    name = os.environ.get("TASUKE_CLIENT_CERTIFICATE_HEADER", "")
    if name and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
        raise EnvironmentFault(f"TASUKE_CLIENT_CERTIFICATE_HEADER は見出しの名前です: {name!r}")
    if name and not _flag("TASUKE_BEHIND_PROXY", default=False):
        raise EnvironmentFault("TASUKE_CLIENT_CERTIFICATE_HEADER は TASUKE_BEHIND_PROXY=1 とともに使います")
    return name


def _webauthn_origin() -> str:
    """As a browser writes it: scheme, host and a port that is not the usual one, in small letters."""
    text = os.environ.get("TASUKE_WEBAUTHN_ORIGIN", "")
    if not text:
        return ""
    if not _ORIGIN.fullmatch(text) or text.endswith(":443"):
        raise EnvironmentFault(
            f"TASUKE_WEBAUTHN_ORIGIN は https://名前 または https://名前:ポート です(小文字、最後に / なし): {text!r}"
        )
    host = urlsplit(text).hostname or ""
    if host.replace(".", "").isdigit():
        raise EnvironmentFault(f"TASUKE_WEBAUTHN_ORIGIN は名前で書きます。数字のアドレスではキーを使えません: {text!r}")
    return text


def _addresses(name: str, *, default: str) -> tuple[str, ...]:
    texts = tuple(text.strip() for text in os.environ.get(name, default).split(",") if text.strip())
    for text in texts:
        try:
            ipaddress.ip_address(text)
        except ValueError as error:
            raise EnvironmentFault(f"{name} は IP アドレスです: {text!r}") from error
    return texts


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
