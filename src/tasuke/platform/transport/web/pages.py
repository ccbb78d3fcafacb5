"""The same two pages for every system: messages that were refused there, and calls that were turned away here."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.access.actions import Kind
from tasuke.platform.access.screen import PurposeRule
from tasuke.platform.audit import EventKind
from tasuke.platform.transport import outbox
from tasuke.platform.transport.models import Outgoing
from tasuke.platform.transport.rejections import rejections, words_of
from tasuke.platform.ui.paging import PAGE_ROWS, page_of

View = Callable[..., HttpResponseBase]
Page = Callable[[HttpRequest], HttpResponseBase]
_KEY_DIGITS = 19  # of a bigint that certainly fits


@dataclass(frozen=True, slots=True)
class Place:
    """Where a system shows them. using: its database; namespace: of its addresses `letters`, `again`, `rejections`;
    base: the template that they extend; tabs: one to be shown above them; lead: what the messages are about."""

    using: str
    namespace: str
    base: str = "ui/base.html"
    tabs: str = ""
    lead: str = ""


def letters_page(place: Place, *, action: Action, send: Action, purpose: PurposeRule = "none") -> Page:
    """Messages that the other side refused for good, the oldest first. Their contents are not shown: nobody is named.

    send: who may let one go again, by the view of `send_again`.
    """

    @require_safe
    @screen(action, purpose=purpose, using=place.using)
    def letters(request: OfficeRequest) -> HttpResponse:
        after = _after(request)
        rows = outbox.dead_letters(place.using).defer("body")
        found = list((rows.filter(pk__gt=after) if after else rows)[: PAGE_ROWS + 1])
        if action.kind is Kind.PERSON:
            request.audit.read([], "dead-letters")
        context = {
            "place": place,
            "page": page_of(found, key=lambda row: row.pk, after=str(after or "")),
            "again": f"{place.namespace}:again" if request.actor.may(send) else "",
        }
        return render(request, "transport/letters.html", context)

    return letters


def send_again(place: Place, *, action: Action, purpose: PurposeRule = "none") -> View:
    """Somebody has found out why: the message waits again."""

    @require_POST
    @screen(action, purpose=purpose, using=place.using)
    def again(request: OfficeRequest, outgoing_id: int) -> HttpResponse:
        try:
            outbox.send_again(using=place.using, outgoing_id=outgoing_id, at=request.at)
        except Outgoing.DoesNotExist:
            raise Http404 from None
        request.audit.event(EventKind.SETTING_CHANGED, "配達不能の再送", outgoing=outgoing_id)
        messages.success(request, "もう一度送ります。")
        return HttpResponseRedirect(reverse(f"{place.namespace}:letters"))

    return again


def rejections_page(place: Place, *, action: Action) -> Page:
    """Calls that were turned away, counted by day, caller, operation and reason, the newest first; nobody is named."""

    @require_safe
    @screen(action, using=place.using)
    def turned_away(request: OfficeRequest) -> HttpResponse:
        after = _after(request)
        found = rejections(using=place.using, before=after, limit=PAGE_ROWS + 1)
        page = page_of([(row, words_of(row.code)) for row in found], key=lambda p: p[0].pk, after=str(after or ""))
        return render(request, "transport/rejections.html", {"place": place, "page": page})

    return turned_away


def _after(request: OfficeRequest) -> int | None:
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _KEY_DIGITS else None
