"""Certificates on screen: the register, one paper, a second one with its PDF, and its return."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.accounts.staff import staff_name
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.subsidy.certificates.models import Certificate
from tasuke.systems.subsidy.certificates.screens import CertificatePage, certificate_page, certificates_list
from tasuke.systems.subsidy.certificates.services.reissue_certificate import (
    NoCertificate,
    NotEntitled,
    ReasonMissing,
    reissue_certificate,
)
from tasuke.systems.subsidy.certificates.services.return_certificate import (
    AlreadyReturned,
    ReturnedBeforeIssue,
    return_certificate,
)
from tasuke.systems.subsidy.certificates.web.forms import RegisterFilter, ReissueForm, ReturnForm

USING = "subsidy"


@screen(Action.LIST_CERTIFICATES, purpose="required")
def register(request: OfficeRequest) -> HttpResponse:
    """交付簿: papers, newest first."""
    form = RegisterFilter(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    text = request.GET.get("after", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    found = certificates_list(
        using=USING, scope=request.scope, on=request.today, state=chosen.get("state", ""),
        scheme=chosen.get("scheme", ""), number=chosen.get("number", ""), before=before, limit=PAGE_ROWS + 1,
    )  # fmt: skip
    page = page_of(found, key=lambda line: line.key, after=text if before else "")
    request.audit.read([line.certificate.atena_no for line in page.rows], "certificates")
    return render(request, "certificates/list.html", {"form": form, "page": page})


@screen(Action.LIST_CERTIFICATES, purpose="required")
def one_certificate(request: OfficeRequest, certificate_id: int) -> HttpResponse:
    """One paper as it was printed, and those before and after it."""
    return _certificate(request, _page(request, certificate_id))


@screen(Action.REISSUE_CERTIFICATE, purpose="required")
@require_POST
def reissue(request: OfficeRequest, certificate_id: int) -> HttpResponse:
    """A second paper for one that is lost or spoiled, printed at once."""
    page, form = _page(request, certificate_id), ReissueForm(request.POST)
    if form.is_valid():
        old = page.line.certificate
        try:
            new = reissue_certificate(
                using=USING, scheme=old.scheme, recipient_no=old.recipient_no, reason=form.words, on=request.today,
                by=request.actor.personal_id, now=request.at,
            )  # fmt: skip
        except (NoCertificate, NotEntitled, ReasonMissing) as refused:
            form.add_error(None, str(refused))
        else:
            request.audit.changed([new.atena_no], f"certificate {new.pk} reissued", after={"reason": new.reason})
            messages.success(request, "再交付しました。PDFを開いて印刷してください。前の証は差し替えになりました。")
            return HttpResponseRedirect(reverse("certificates:certificate", args=[new.pk]))
    return _certificate(request, page, reissuing=form)


@screen(Action.RETURN_CERTIFICATE, purpose="required")
@require_POST
def take_back(request: OfficeRequest, certificate_id: int) -> HttpResponse:
    """A paper came back to the counter."""
    page, form = _page(request, certificate_id), ReturnForm(request.POST)
    if form.is_valid():
        returned_on = form.cleaned_data["returned_on"]
        if returned_on > request.today:
            form.add_error("returned_on", "今日より後の日は記録できません")
        else:
            try:
                return_certificate(
                    using=USING, certificate_id=certificate_id, returned_on=returned_on, by=request.actor.personal_id
                )
            except AlreadyReturned as refused:
                who = f"({staff_name(refused.by)} が記録しました)" if refused.by else ""
                form.add_error("returned_on", f"{refused}{who}")
            except ReturnedBeforeIssue as refused:
                form.add_error("returned_on", str(refused))
            else:
                certificate = page.line.certificate
                request.audit.changed(
                    [certificate.atena_no], f"certificate {certificate_id} returned",
                    before={"state": certificate.state}, after={"state": "returned", "returned_on": f"{returned_on}"},
                )  # fmt: skip
                messages.success(request, "返還を記録しました。")
                return HttpResponseRedirect(reverse("certificates:certificate", args=[certificate_id]))
    return _certificate(request, page, returning=form)


@screen(Action.ISSUE_CERTIFICATE, purpose="required")
def paper(request: OfficeRequest, certificate_id: int) -> HttpResponse:
    """The PDF of a paper that was printed by itself."""
    page = _page(request, certificate_id)
    if not page.printable:
        raise Http404
    certificate = page.line.certificate
    request.audit.printed([certificate.atena_no], f"certificate {certificate_id}")
    response = HttpResponse(fetch(certificate.file_sha256), content_type="application/pdf")
    name = f"受給者証_{certificate.recipient_no}_{certificate.issued_on:%Y%m%d}.pdf"
    response.headers["Content-Disposition"] = content_disposition_header(False, name) or ""
    return response


def _page(request: OfficeRequest, certificate_id: int) -> CertificatePage:
    try:
        return certificate_page(
            using=USING, scope=request.scope, on=request.today, certificate_id=min(certificate_id, 2**62)
        )
    except Certificate.DoesNotExist:
        raise Http404 from None


def _certificate(
    request: OfficeRequest,
    page: CertificatePage,
    *,
    reissuing: forms.Form | None = None,
    returning: forms.Form | None = None,
) -> HttpResponse:
    certificate = page.line.certificate
    request.audit.read([certificate.atena_no], f"certificate {certificate.pk}")
    protected = page.line.person is None or page.line.person.protected
    context = {
        "page": page,
        "content": certificate.content,
        "hide_address": protected and not request.actor.may(Action.VIEW_PROTECTED),
        "reissuing": reissuing or ReissueForm(),
        "returning": returning or ReturnForm(initial={"returned_on": request.today}),
    }
    return render(request, "certificates/certificate.html", context, status=422 if reissuing or returning else 200)
