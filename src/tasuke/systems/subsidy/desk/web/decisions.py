"""Assess, decide, hold, withdraw, and print the certificate at once."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.exchange.archive import fetch
from tasuke.systems.subsidy.certificates.models import Certificate, Notice
from tasuke.systems.subsidy.desk.rows import Row
from tasuke.systems.subsidy.desk.services.hold_application import HELD, HeldMeanwhile, hold_application
from tasuke.systems.subsidy.desk.services.issue_at_counter import NothingToIssue, issue_at_counter
from tasuke.systems.subsidy.desk.services.notify_at_counter import NothingToTell, notify_at_counter
from tasuke.systems.subsidy.desk.services.withdraw_application import withdraw_application
from tasuke.systems.subsidy.desk.web.applications import find
from tasuke.systems.subsidy.desk.web.text_field import TypedText
from tasuke.systems.subsidy.entitlements.services.decide_one import NotWaiting, decide_one

USING = "subsidy"
_OUTCOMES = {
    "eligible": "該当として決定しました。",
    "rejected": "非該当として決定しました。",
    "pending": "保留にしました。",
}


class HoldForm(forms.Form):
    """Which papers are missing."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=800)
    missing = TypedText(label="不足書類・保留の理由", max_length=400)


@require_safe
@screen(Action.ASSESS_APPLICATION, purpose="required")
def assess(request: OfficeRequest, application_id: int) -> HttpResponse:
    """試算 with its explanation, by the register and the rules of today; nothing is written."""
    shown, _ = find(request, application_id)
    request.audit.read([shown["atena_no"]], "assessment")
    try:
        trial = decide_one(using=USING, application_id=application_id, on=request.today, now=request.at, trial=True)
    except NotWaiting as error:
        messages.error(request, f"審査できません({error})。")
        return HttpResponseRedirect(reverse("applications:application", args=[application_id]))
    hold_form = HoldForm(initial={"seen": shown["missing_documents"], "missing": shown["missing_documents"]})
    return render(request, "desk/assess.html", {"a": shown, "trial": trial, "hold": hold_form})


@require_POST
@screen(Action.DECIDE_APPLICATION, purpose="required")
def decide(request: OfficeRequest, application_id: int) -> HttpResponse:
    """決定: what the assessment showed. When the register has changed since, that is told and nothing is decided."""
    shown, _ = find(request, application_id)
    target = reverse("applications:application", args=[application_id])
    try:
        trial = decide_one(using=USING, application_id=application_id, on=request.today, now=request.at, trial=True)
        if trial.outcome != request.POST.get("outcome"):
            messages.error(request, "審査の画面を開いた後に、台帳の内容が変わりました。もう一度確かめてください。")
            return HttpResponseRedirect(reverse("applications:assess", args=[application_id]))
        done = decide_one(using=USING, application_id=application_id, on=request.today, now=request.at)
    except NotWaiting as error:
        messages.error(request, f"決定できません({error})。")
        return HttpResponseRedirect(target)
    after = {"outcome": done.outcome, "reasons": list(done.reasons), "decision": done.decision_id}
    request.audit.changed([shown["atena_no"]], "decision", after=after)
    messages.success(request, _OUTCOMES.get(done.outcome, "決定しました。"))
    return HttpResponseRedirect(target)


@require_POST
@screen(Action.ASSESS_APPLICATION, purpose="required")
def hold(request: OfficeRequest, application_id: int) -> HttpResponse:
    """保留."""
    shown, _ = find(request, application_id)
    form = HoldForm(request.POST)
    target = reverse("applications:application", args=[application_id])
    if not form.is_valid():
        return _hold_again(request, shown, form, status=422)
    given = form.cleaned_data
    try:
        hold_application(using=USING, application_id=application_id, missing=given["missing"], seen=given["seen"])
    except HeldMeanwhile as change:
        return _hold_again(request, shown, form, status=409, change=change)
    except NotWaiting as error:
        messages.error(request, f"保留にできません({error})。入力した内容: {given['missing']}")
        return HttpResponseRedirect(target)
    request.audit.changed([shown["atena_no"]], f"{HELD} {application_id}")
    messages.success(request, "保留にしました。")
    return HttpResponseRedirect(target)


@require_POST
@screen(Action.WITHDRAW_APPLICATION, purpose="required")
def withdraw(request: OfficeRequest, application_id: int) -> HttpResponse:
    """取下げ."""
    shown, _ = find(request, application_id)
    try:
        withdraw_application(using=USING, application_id=application_id)
    except NotWaiting as error:
        messages.error(request, f"取り下げられません({error})。")
    else:
        request.audit.changed([shown["atena_no"]], "withdrawal")
        messages.success(request, "取り下げました。")
    return HttpResponseRedirect(reverse("applications:application", args=[application_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@screen(Action.ISSUE_CERTIFICATE, purpose="required")
def certificate(request: OfficeRequest, application_id: int) -> HttpResponse:
    """POST prints the certificate of a decided application; GET gives the PDF of the one in hand."""
    shown, _ = find(request, application_id)
    if request.method == "POST":
        try:
            made = issue_at_counter(
                using=USING,
                scheme=shown["scheme"],
                atena_no=shown["atena_no"],
                on=request.today,
                by=request.actor.personal_id,
                now=request.at,
            )
        except NothingToIssue as error:
            messages.error(request, f"{error}。")
            return HttpResponseRedirect(reverse("applications:application", args=[application_id]))
        request.audit.changed([shown["atena_no"]], "certificate", after={"certificate": made.pk})
        messages.success(request, "受給者証を交付しました。PDFを印刷して渡してください。")
        return HttpResponseRedirect(reverse("applications:application", args=[application_id]))
    request.audit.printed([shown["atena_no"]], "certificate")
    paper = Certificate.objects.using(USING).filter(pk=shown["certificate_id"], run_id__isnull=True).first()
    if paper is None:
        messages.error(
            request, "窓口で交付した受給者証がありません。まとめて作ったものは受給者証の台帳から開いてください。"
        )
        return HttpResponseRedirect(reverse("applications:application", args=[application_id]))
    return _pdf(paper.file_sha256, f"certificate-{paper.pk}.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@screen(Action.PRINT_NOTICE, purpose="required")
def notice(request: OfficeRequest, application_id: int) -> HttpResponse:
    """POST writes the letter on the latest decision (却下 with 教示文); GET gives its PDF."""
    shown, decisions = find(request, application_id)
    target = reverse("applications:application", args=[application_id])
    latest = decisions[0]["id"] if decisions else 0
    if request.method == "POST":
        try:
            if not latest:
                raise NothingToTell("まだ決定していません")
            made = notify_at_counter(
                using=USING, decision_id=latest, on=request.today, by=request.actor.personal_id, now=request.at
            )
        except NothingToTell as error:
            messages.error(request, f"{error}。")
            return HttpResponseRedirect(target)
        request.audit.changed([shown["atena_no"], made.addressee_atena_no], "notice", after={"notice": made.pk})
        messages.success(request, "通知書を作りました。PDFを印刷してください。")
        return HttpResponseRedirect(target)
    request.audit.printed([shown["atena_no"]], "notice")
    letter = Notice.objects.using(USING).filter(decision_id=latest, run_id__isnull=True).first()
    if letter is None:
        messages.error(request, "窓口で作った通知書がありません。")
        return HttpResponseRedirect(target)
    return _pdf(letter.file_sha256, f"notice-{letter.pk}.pdf")


def _hold_again(
    request: OfficeRequest, shown: Row, form: HoldForm, *, status: int, change: HeldMeanwhile | None = None
) -> HttpResponse:
    """The page of the assessment with what was typed; whoever was first is named with their words."""
    try:
        trial = decide_one(using=USING, application_id=shown["id"], on=request.today, now=request.at, trial=True)
    except NotWaiting as error:
        messages.error(request, f"保留にできません({error})。")
        return HttpResponseRedirect(reverse("applications:application", args=[shown["id"]]))
    request.audit.read([shown["atena_no"]], "assessment")
    seen = change.theirs if change else form["seen"].value()
    context = {"a": shown, "trial": trial, "hold": form, "change": change, "seen": seen}
    return render(request, "desk/assess.html", context, status=status)


def _pdf(digest: str, name: str) -> HttpResponse:
    response = HttpResponse(fetch(digest), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
