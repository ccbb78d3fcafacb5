"""After 個別の更新: the certificate and the letter, printed while the person waits."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.exchange.archive import fetch
from tasuke.systems.subsidy.certificates.models import Certificate, Notice
from tasuke.systems.subsidy.desk.effects import RECALL, state_of_persons
from tasuke.systems.subsidy.desk.household import Household
from tasuke.systems.subsidy.desk.services.issue_at_counter import NothingToIssue, issue_at_counter
from tasuke.systems.subsidy.desk.services.notify_at_counter import NothingToTell, notify_at_counter
from tasuke.systems.subsidy.desk.web.renewals import USING, household_of, last_single_renewal
from tasuke.systems.subsidy.entitlements.models import Decision


@require_safe
@screen(Action.ASSESS_APPLICATION, purpose="required")
def papers(request: OfficeRequest, atena_no: str, scheme: str) -> HttpResponse:
    """What was decided, which papers it needs, and those that were made of it."""
    household, decision = _renewed(request, atena_no, scheme)
    request.audit.read([atena_no], "renewal-papers")
    made = _certificate_of(decision)
    context = {
        "h": household,
        "scheme": scheme,
        "decision": decision,
        "need": None if made else _need(request, atena_no, scheme),
        "certificate": made,
        "letter": Notice.objects.using(USING).filter(decision_id=decision.pk).first(),
    }
    return render(request, "desk/renewed.html", context)


@require_POST
@screen(Action.ISSUE_CERTIFICATE, purpose="required")
def certificate(request: OfficeRequest, atena_no: str, scheme: str) -> HttpResponse:
    """Print the certificate that the renewal made necessary."""
    _renewed(request, atena_no, scheme)
    try:
        made = issue_at_counter(
            using=USING, scheme=scheme, atena_no=atena_no, on=request.today, by=request.actor.personal_id,
            now=request.at,
        )  # fmt: skip
    except NothingToIssue as error:
        messages.error(request, f"{error}。")
    else:
        request.audit.changed([atena_no], "certificate", after={"certificate": made.pk})
        messages.success(request, "受給者証を交付しました。PDFを印刷して、古い証と引き換えに渡してください。")
    return _back(atena_no, scheme)


@require_http_methods(["GET", "HEAD", "POST"])
@screen(Action.PRINT_NOTICE, purpose="required")
def notice(request: OfficeRequest, atena_no: str, scheme: str) -> HttpResponse:
    """POST writes the letter on the renewal; GET gives its PDF."""
    _, decision = _renewed(request, atena_no, scheme)
    if request.method != "POST":
        letter = Notice.objects.using(USING).filter(decision_id=decision.pk, run_id__isnull=True).first()
        if letter is None:
            raise Http404
        request.audit.printed([atena_no, letter.addressee_atena_no], "notice")
        response = HttpResponse(fetch(letter.file_sha256), content_type="application/pdf")
        response.headers["Content-Disposition"] = f'inline; filename="notice-{letter.pk}.pdf"'
        return response
    try:
        made = notify_at_counter(
            using=USING, decision_id=decision.pk, on=request.today, by=request.actor.personal_id, now=request.at
        )
    except NothingToTell as error:
        messages.error(request, f"{error}。")
    else:
        request.audit.changed([atena_no, made.addressee_atena_no], "notice", after={"notice": made.pk})
        messages.success(request, "通知書を作りました。PDFを印刷してください。")
    return _back(atena_no, scheme)


def _renewed(request: OfficeRequest, atena_no: str, scheme: str) -> tuple[Household, Decision]:
    """The person within the limits and the last 個別の更新; 404 where there was none."""
    household = household_of(request, atena_no, scheme)
    decision = last_single_renewal(atena_no, scheme)
    if decision is None:
        raise Http404
    return household, decision


def _certificate_of(decision: Decision) -> Certificate | None:
    """The certificate that was printed at a counter since the renewal and is still in hand."""
    held = Certificate.objects.using(USING).live().filter(scheme=decision.scheme, atena_no=decision.atena_no)
    return held.filter(run_id__isnull=True, issued_on__gte=decision.decided_on).order_by("-pk").first()


def _need(request: OfficeRequest, atena_no: str, scheme: str) -> Mapping[str, Any] | None:
    """What the person's certificate needs today; None: that in hand is right, or is only to be given back."""
    state = state_of_persons(using=USING, people=[atena_no], on=request.today)
    need = state.papers.get((scheme, atena_no))
    return None if need is None or need["act"] == RECALL else need


def _back(atena_no: str, scheme: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("persons:renewed", args=[atena_no, scheme]))
