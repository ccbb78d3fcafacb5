"""A machine registers itself with the ticket of an administrator."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tasuke.platform.access.recording import record_sign_in
from tasuke.platform.access.screen import public
from tasuke.platform.access.web.forms import TicketForm
from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.services.register_terminal import TicketRefused, register_terminal
from tasuke.platform.accounts.terminals import issue_cookie


@public("登録前の端末からは誰もサインインできない")
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Type the ticket on the machine itself."""
    form = TicketForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            terminal, secret = register_terminal(ticket=form.cleaned_data["ticket"], at=moment_of(request))
        except TicketRefused as error:
            record_sign_in(request, personal_id="", kind="terminal-refused")
            form.add_error("ticket", str(error))
        else:
            response = redirect("accounts:signin")
            issue_cookie(request, response, terminal_id=terminal.pk, secret=secret)
            record_sign_in(request, personal_id=terminal.created_by, kind="terminal-registered", what=terminal.label)
            return response
    return render(request, "access/terminal.html", {"form": form}, status=422 if form.errors else 200)
