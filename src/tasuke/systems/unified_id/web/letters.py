"""Messages to 住基GW that were refused: a person sees them and lets them go once more. Their contents are not shown."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.transport import outbox
from tasuke.platform.transport.models import Outgoing
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.unified_id import screens

USING = "unified_id"


@screen(Action.LIST_NUMBER_ERRORS, purpose="required", using=USING)
def letters_page(request: OfficeRequest) -> HttpResponse:
    """What could not be delivered; nobody is named."""
    after = request.GET.get("after", "")
    found = screens.dead_requests(using=USING, after=after, limit=PAGE_ROWS + 1)
    request.audit.read([], "dead-letters")
    page = page_of(found, key=lambda row: row.pk, after=after)
    return render(request, "unified_id/letters.html", {"page": page})


@require_POST
@screen(Action.LIST_NUMBER_ERRORS, purpose="required", using=USING)
def send_again(request: OfficeRequest, outgoing_id: int) -> HttpResponse:
    """Somebody has found out why: the message waits again."""
    try:
        outbox.send_again(using=USING, outgoing_id=outgoing_id, at=request.at)
    except Outgoing.DoesNotExist:
        raise Http404 from None
    request.audit.event(EventKind.SETTING_CHANGED, "配達不能の再送", outgoing=outgoing_id)
    messages.success(request, "もう一度送ります。")
    return HttpResponseRedirect(reverse("unified_id:letters"))
