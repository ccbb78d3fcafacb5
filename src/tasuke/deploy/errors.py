"""Pages for what went wrong: plain, in Japanese, without a word of what is inside."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tasuke.platform.access import public


@public("誰にでも同じ、中身のない案内")
def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours, or whose page has grown too old."""
    return render(request, "access/forged.html", status=403)


@public("誰にでも同じ、中身のない案内")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page."""
    return render(request, "access/not_found.html", status=404)


@public("誰にでも同じ、中身のない案内")
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that no page of ours sends."""
    return render(request, "access/bad_request.html", status=400)


@public("誰にでも同じ、中身のない案内")
def wrong_method(request: HttpRequest) -> HttpResponse:
    """The address of a button, opened like a page."""
    return render(request, "access/wrong_method.html", status=405)


@public("誰にでも同じ、中身のない案内")
def failed(request: HttpRequest) -> HttpResponse:
    """A fault of the program; nothing was changed, because the transaction was rolled back."""
    return render(request, "access/failed.html", status=500)
