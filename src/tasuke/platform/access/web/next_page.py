"""Where a page leads back to."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_page(request: HttpRequest) -> str:
    """The `next` of the form or the address: a page of ours, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    ours = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, ours, require_https=request.is_secure()) else "/"
