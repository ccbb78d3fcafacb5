"""The first page of a process without 医療費助成: it leads to the first room that the person may enter."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.navigation import links_for


@require_safe
@screen(Action.VIEW_HOME, using="accounts")
def front(request: OfficeRequest) -> HttpResponse:
    """Go on to the first entry of the bar; without one, say what is missing."""
    links = links_for(request.actor, request.path)
    if links:
        return HttpResponseRedirect(links[0].url)
    return render(request, "access/refused.html", {"action": request.action, "needed": []}, status=403)
