"""Client certificates as registered terminals: the proxy that ends TLS says which certificate the machine has shown.

The header counts only when it comes from a proxy of ours: anybody can write a header. The proxy must remove it from
what browsers send, verify the machine's key in the handshake, and name the certificate itself (docs/accounts.md).
"""

import base64
import binascii
import hashlib
import ipaddress
import re
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(?P<body>[A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_LONGEST = 16_000  # characters of a header that we read


class FingerprintUnreadable(ValueError):
    """What was typed is no SHA-256 fingerprint."""


def certificate_secret(request: HttpRequest) -> str:
    """What stands for the certificate of this machine where a cookie's secret would stand; "" without one."""
    name = settings.CLIENT_CERTIFICATE_HEADER
    if not name or not _from_proxy(request):
        return ""
    data = _der(request.headers.get(name, "")[:_LONGEST])
    return secret_of_fingerprint(hashlib.sha256(data).hexdigest()) if data else ""


def secret_of_fingerprint(fingerprint: str) -> str:
    """The same for a fingerprint in hex."""
    return f"certificate:{fingerprint}"


def read_fingerprint(typed: str) -> str:
    """SHA-256 of a certificate as openssl prints it, with or without colons. Raises FingerprintUnreadable."""
    text = typed.rpartition("=")[2].replace(":", "").replace(" ", "").strip().lower()
    if not _FINGERPRINT.fullmatch(text):
        raise FingerprintUnreadable("SHA-256 の指紋(16進数64文字)を入力してください")
    return text


def _from_proxy(request: HttpRequest) -> bool:
    try:
        peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(peer == ipaddress.ip_address(known) for known in settings.PROXY_ADDRESSES)


def _der(text: str) -> bytes:
    """The certificate of a header: `:base64:` (RFC 9440), or PEM with percent signs (nginx). b"" for anything else."""
    if len(text) > 2 and text.startswith(":") and text.endswith(":"):
        body = text[1:-1]
    else:
        found = _PEM.fullmatch(unquote(text))
        body = "".join(found["body"].split()) if found else ""
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return b""
