"""Leading somebody to another page, also when only a part of a page was asked for."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect


def lead_to(request: HttpRequest, address: str) -> HttpResponse:
    """Redirect; a part that a page asks for by itself takes the whole page along instead of becoming its middle."""
    whole = request.headers.get("HX-Request") != "true"
    return HttpResponseRedirect(address) if whole else HttpResponseClientRedirect(address)


def way_back(request: HttpRequest) -> str:
    """The page to which somebody returns: what was asked for, or the page on which the form or the part stands.

    The address of a form answers to its button alone: whoever came back there would see nothing.
    """
    if request.method in ("GET", "HEAD") and request.headers.get("HX-Request") != "true":
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
