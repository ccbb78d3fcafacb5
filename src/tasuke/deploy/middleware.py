"""Around every request: the clock, the headers that tie a browser down, and the counters of /metrics."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from tasuke.deploy.errors import bad_request, wrong_method
from tasuke.deploy.metrics import METRICS

# Everything comes from this server, nothing is written inline; a page cannot be framed nor send a form elsewhere.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def _told(request: HttpRequest, refused: HttpResponseBase) -> HttpResponseBase:
    """The same refusal with words: a browser shows an empty one as a fault of its own."""
    page = wrong_method(request)
    page.headers["Allow"] = refused.headers.get("Allow", "POST")
    return page


class ServerSide:
    """Outermost: reads the clock once, and sets what Django's own middleware does not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        moment = import_string(settings.OFFICE_CLOCK)()
        request.at, request.today = moment, moment.date()  # type: ignore[attr-defined]
        # no name, word or number holds NUL and PostgreSQL takes none: whoever sends one in an address probes
        probing = "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")
        response = bad_request(request, None) if probing else self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            response = _told(request, response)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", _NO_DEVICES)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path_info.startswith(settings.STATIC_URL):
            # residents' data stay in no cache, neither the browser's nor one in between
            response.headers.setdefault("Cache-Control", "no-store")
        METRICS.count(status=response.status_code, seconds=time.perf_counter() - began)
        return response
