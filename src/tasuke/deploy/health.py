"""/healthz for a load balancer, /metrics for the operator's own collector on the same machine."""

import ipaddress

from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse

from tasuke.deploy.metrics import METRICS
from tasuke.platform.access import public
from tasuke.platform.database.systems import SYSTEMS


@public("動いているかだけを答える")
def healthz(request: HttpRequest) -> HttpResponse:
    """200 `ok` when every database answers; otherwise the exception makes it 500."""
    for system in SYSTEMS:
        with connections[system].cursor() as cursor:
            cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


@public("同じ機械からだけ読める、個人を含まない数")
def metrics(request: HttpRequest) -> HttpResponse:
    """Counters, on the loopback address only; for everybody else this page does not exist."""
    if not _is_loopback(request.META.get("REMOTE_ADDR", "")) or "HTTP_X_FORWARDED_FOR" in request.META:
        raise Http404
    return HttpResponse(METRICS.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
