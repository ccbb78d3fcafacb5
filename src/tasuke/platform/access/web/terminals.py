"""Terminals: tickets for new ones, the list, revocation."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access.actions import Action
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.screen import screen
from tasuke.platform.access.web.admin_forms import TerminalForm
from tasuke.platform.accounts.models import Terminal
from tasuke.platform.accounts.services.prepare_terminal import TerminalLabelTaken, prepare_terminal
from tasuke.platform.accounts.services.revoke_terminal import revoke_terminal


@require_http_methods(["GET", "POST"])
@screen(Action.MANAGE_TERMINALS, using="accounts")
def index(request: OfficeRequest) -> HttpResponse:
    """All terminals; a new one gets its ticket here, shown once."""
    form = TerminalForm(request.POST or None)
    ticket = ""
    if request.method == "POST" and form.is_valid():
        try:
            terminal, ticket = prepare_terminal(**form.cleaned_data, by=request.actor.personal_id, at=request.at)
        except TerminalLabelTaken as error:
            form.add_error("label", str(error))
        else:
            request.audit.event("terminal-prepared", terminal.label, terminal=terminal.pk)
            form = TerminalForm()
    listed = Terminal.objects.using("accounts").order_by("revoked_at", "label")[:500]
    context = {"form": form, "ticket": ticket, "terminals": listed}
    return render(request, "access/terminals.html", context, status=422 if form.errors else 200)


@require_POST
@screen(Action.MANAGE_TERMINALS, using="accounts")
def revoke(request: OfficeRequest, terminal_id: int) -> HttpResponse:
    """A machine may no longer be used, and nobody goes on working on it."""
    if not revoke_terminal(terminal_id=terminal_id, by=request.actor.personal_id, at=request.at):
        raise Http404
    request.audit.event("terminal-revoked", terminal=terminal_id)
    messages.success(request, "端末の登録を取り消しました。")
    return redirect("accounts_admin:terminals")
