"""For whom security keys sign: this site under the address that the browser shows (WebAuthn's relying party)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

_LOOPBACK = "localhost"  # the one host for which browsers let keys sign without TLS; an address in digits never does


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """id: the host, which a key remembers; origin: scheme, host and port, which a browser writes into each answer."""

    id: str
    origin: str


def relying_party(request: HttpRequest) -> RelyingParty | None:
    """None where keys are not offered: the installation names no address, or the browser came by another one.

    The narrowest id is taken, the host itself: another site under the same domain cannot have the key sign.
    """
    here = f"{request.scheme}://{request.get_host().lower()}"
    host = split_domain_port(request.get_host())[0]
    if settings.WEBAUTHN_ORIGIN:
        return RelyingParty(host, here) if here == settings.WEBAUTHN_ORIGIN else None
    if settings.WEBAUTHN_ON_LOCALHOST and host == _LOOPBACK and request.scheme == "http":
        return RelyingParty(host, here)
    return None


def address_for_keys(request: HttpRequest) -> str:
    """Where keys can be used instead, for somebody who came by another address; "" when nowhere."""
    if settings.WEBAUTHN_ORIGIN:
        return f"{settings.WEBAUTHN_ORIGIN}/"
    if settings.WEBAUTHN_ON_LOCALHOST:
        port = urlsplit(f"//{request.get_host()}").port
        return f"http://{_LOOPBACK}:{port}/" if port else f"http://{_LOOPBACK}/"
    return ""
