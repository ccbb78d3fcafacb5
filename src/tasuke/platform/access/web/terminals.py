"""Terminals: tickets for new ones, the list, revocation."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access.actions import Action
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.screen import screen
from tasuke.platform.access.web.admin_forms import CertificateTerminalForm, TerminalForm
from tasuke.platform.accounts.certificates import FingerprintUnreadable
from tasuke.platform.accounts.models import Terminal
from tasuke.platform.accounts.services.prepare_terminal import (
    CertificateTaken,
    TerminalLabelTaken,
    prepare_terminal,
    register_certificate,
)
from tasuke.platform.accounts.services.revoke_terminal import revoke_terminal


@require_http_methods(["GET", "POST"])
@screen(Action.MANAGE_TERMINALS, using="accounts")
def index(request: OfficeRequest) -> HttpResponse:
    """All terminals; a new one gets its ticket here, shown once."""
    by_certificate = bool(settings.CLIENT_CERTIFICATE_HEADER)
    if by_certificate and "fingerprint" in request.POST:
        return _register(request, CertificateTerminalForm(request.POST, auto_id="certificate_%s"))
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
    return _show(request, form, ticket=ticket)


def _register(request: OfficeRequest, form: CertificateTerminalForm) -> HttpResponse:
    """A machine that shows a certificate is registered here, without a visit to it."""
    if form.is_valid():
        try:
            terminal = register_certificate(**form.cleaned_data, by=request.actor.personal_id, at=request.at)
        except TerminalLabelTaken as error:
            form.add_error("label", str(error))
        except (CertificateTaken, FingerprintUnreadable) as error:
            form.add_error("fingerprint", str(error))
        else:
            request.audit.event("terminal-registered", terminal.label, terminal=terminal.pk)
            messages.success(request, "証明書の端末を登録しました。")
            return redirect("accounts_admin:terminals")
    return _show(request, TerminalForm(), certificate=form)


def _show(
    request: OfficeRequest, form: TerminalForm, *, ticket: str = "", certificate: CertificateTerminalForm | None = None
) -> HttpResponse:
    if certificate is None and settings.CLIENT_CERTIFICATE_HEADER:
        certificate = CertificateTerminalForm(auto_id="certificate_%s")
    listed = Terminal.objects.using("accounts").order_by("revoked_at", "label")[:500]
    context = {"form": form, "certificate": certificate, "ticket": ticket, "terminals": listed}
    faulty = form.errors or (certificate is not None and certificate.errors)
    return render(request, "access/terminals.html", context, status=422 if faulty else 200)


@require_POST
@screen(Action.MANAGE_TERMINALS, using="accounts")
def revoke(request: OfficeRequest, terminal_id: int) -> HttpResponse:
    """A machine may no longer be used, and nobody goes on working on it."""
    if not revoke_terminal(terminal_id=terminal_id, by=request.actor.personal_id, at=request.at):
        raise Http404
    request.audit.event("terminal-revoked", terminal=terminal_id)
    messages.success(request, "端末の登録を取り消しました。")
    return redirect("accounts_admin:terminals")
