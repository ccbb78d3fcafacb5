"""届出 at the counter: typed, its effect looked at, then recorded; after that its papers, while the person waits."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.schemes.definition import NoVersionInForce
from tasuke.systems.subsidy.desk.applications import unknown_people
from tasuke.systems.subsidy.desk.attachments import attachments_of
from tasuke.systems.subsidy.desk.effects import Effect
from tasuke.systems.subsidy.desk.household import Household, NotInScope, schemes_in, show_household
from tasuke.systems.subsidy.desk.models import Notification, NotificationKind
from tasuke.systems.subsidy.desk.notifications import last_notification, show_notification
from tasuke.systems.subsidy.desk.rows import Row
from tasuke.systems.subsidy.desk.services.issue_at_counter import NothingToIssue, issue_at_counter
from tasuke.systems.subsidy.desk.services.notify_at_counter import NothingToTell, notify_at_counter
from tasuke.systems.subsidy.desk.services.preview_notification import preview_notification
from tasuke.systems.subsidy.desk.services.record_notification import (
    EffectChanged,
    ToldMeanwhile,
    record_notification,
)
from tasuke.systems.subsidy.desk.web.attachments import AttachmentForm
from tasuke.systems.subsidy.desk.web.notification_forms import FORMS, Asked, NotificationForm
from tasuke.systems.subsidy.desk.web.notification_values import first_values
from tasuke.systems.subsidy.desk.web.text_field import TypedText
from tasuke.systems.subsidy.profile import active_profile

USING = "subsidy"
_PERSONS = ("notifier_atena_no", "insured_atena_no", "breadwinner_atena_no", "spouse_atena_no", "supporter_atena_nos")


@dataclass(frozen=True, slots=True)
class _Page:
    """The form with what stands beside it. theirs: 届出 that somebody else recorded in between."""

    household: Household
    form: NotificationForm
    effect: Effect | None = None
    theirs: tuple[Notification, ...] = ()
    moved: bool = False


class DropForm(forms.Form):
    """Why a 届出 that waits is dropped."""

    remark = TypedText(
        label="取り消す理由", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "取り消す理由を入力してください"},
    )  # fmt: skip


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@screen(Action.RECORD_NOTIFICATION, purpose="required")
def receive(request: OfficeRequest, atena_no: str, kind: str) -> HttpResponse:
    """A 届出 of one kind: 影響を確かめる shows what it does, このとおり保存する records exactly that."""
    if kind not in set(NotificationKind):
        raise Http404
    household = _household(request, atena_no)
    asked = Asked(household, _schemes(request, household), request.today, USING)
    form_class = FORMS[NotificationKind(kind)]
    if request.method == "GET":
        seen = last_notification(using=USING, people=household.atena_nos)
        form = form_class(initial={**first_values(asked, NotificationKind(kind)), "seen": seen}, asked=asked)
        return _show(request, _Page(household, form))
    form = form_class(request.POST, asked=asked)
    if not form.is_valid() or not _known(form):
        return _show(request, _Page(household, form), status=422)
    try:
        return _save(request, household, form) if "save" in request.POST else _preview(request, household, form)
    except NoVersionInForce as error:
        form.add_error("effective_on", str(error))
        return _show(request, _Page(household, form), status=422)


@require_safe
@screen(Action.RECORD_NOTIFICATION, purpose="required")
def notification(request: OfficeRequest, notification_id: int) -> HttpResponse:
    """One 届出: what was said, what it did, which papers are to be made now."""
    return show_one(request, _find(request, notification_id))


def show_one(request: OfficeRequest, told: Row, *, drop: DropForm | None = None, status: int = 200) -> HttpResponse:
    """The page of one 届出. drop: the reason for dropping it as it was typed, with what is wrong."""
    request.audit.read(
        sorted({told["atena_no"], *(e["atena_no"] for e in told["effect"]["entitlements"])}), "notification"
    )
    if told["protected"] and told["kind"] == NotificationKind.MAILING_ADDRESS and not is_hidden(request, told):
        request.audit.read([told["atena_no"]], "protected-address")
    context = {
        "n": told,
        "effect": told["effect"],
        "kind": NotificationKind(told["kind"]),
        "own": told["recorded_by"] == request.actor.personal_id,
        # who compares has to see every digit; nobody else does
        "typed": told["content"] if told["kind"] == NotificationKind.ACCOUNT and _compares(request, told) else None,
        "hide_facts": is_hidden(request, told),
        "files": attachments_of(using=USING, notification_id=told["id"]),
        "attach": AttachmentForm(),
        "drop": drop or DropForm(),
    }
    return render(request, "desk/notification.html", context, status=status)


@require_POST
@screen(Action.ISSUE_CERTIFICATE, purpose="required")
def certificate(request: OfficeRequest, notification_id: int) -> HttpResponse:
    """Print the certificate that the 届出 made necessary."""
    told = _find(request, notification_id)
    wanted = (request.POST.get("scheme"), request.POST.get("person"))
    need = next((p for p in told["papers"] if (p["scheme"], p["atena_no"]) == wanted), None)
    if need is None:
        raise Http404
    try:
        made = issue_at_counter(
            using=USING,
            scheme=need["scheme"],
            atena_no=need["atena_no"],
            on=request.today,
            by=request.actor.personal_id,
            now=request.at,
        )
    except NothingToIssue as error:
        messages.error(request, f"{error}。")
    else:
        request.audit.changed([need["atena_no"]], "certificate", after={"certificate": made.pk})
        messages.success(request, "受給者証を作りました。PDFを印刷して、古い証と引き換えに渡してください。")
    return _back(notification_id)


@require_POST
@screen(Action.PRINT_NOTICE, purpose="required")
def notice(request: OfficeRequest, notification_id: int) -> HttpResponse:
    """Write the letter on a loss."""
    told = _find(request, notification_id)
    letter = next((row for row in told["letters"] if str(row["id"]) == request.POST.get("decision")), None)
    if letter is None:
        raise Http404
    try:
        made = notify_at_counter(
            using=USING, decision_id=letter["id"], on=request.today, by=request.actor.personal_id, now=request.at
        )
    except NothingToTell as error:
        messages.error(request, f"{error}。")
    else:
        request.audit.changed([letter["atena_no"], made.addressee_atena_no], "notice", after={"notice": made.pk})
        messages.success(request, "通知書を作りました。受給者証の台帳と通知簿に記録しました。")
    return _back(notification_id)


def _preview(request: OfficeRequest, household: Household, form: NotificationForm) -> HttpResponse:
    effect = preview_notification(using=USING, draft=form.draft(), on=request.today, now=request.at)
    return _show(request, _Page(household, form, effect))


def _save(request: OfficeRequest, household: Household, form: NotificationForm) -> HttpResponse:
    draft = form.draft()
    try:
        told = record_notification(
            using=USING,
            draft=draft,
            seen=form.cleaned_data["seen"] or 0,
            digest=form.cleaned_data["digest"],
            actor=request.actor,
            on=request.today,
            now=request.at,
        )
    except ToldMeanwhile as change:
        effect = preview_notification(using=USING, draft=draft, on=request.today, now=request.at)
        return _show(request, _Page(household, form, effect, tuple(change.theirs)), status=409)
    except EffectChanged as change:
        return _show(
            request, _Page(household, form, change.effect, moved=bool(form.cleaned_data["digest"])), status=409
        )
    touched = sorted({*draft.people, *(row["atena_no"] for row in told.effect["entitlements"])})
    request.audit.changed(touched, f"notification {told.kind}", after={"notification": told.pk})
    next_step = "別の職員の照合を待ちます。まだ台帳は変わっていません。" if told.needs_check else ""
    messages.success(request, f"届出を記録しました(受付番号 {told.number})。{next_step}")
    return _back(told.pk)


def _show(request: OfficeRequest, page: _Page, *, status: int = 200) -> HttpResponse:
    request.audit.read(page.household.atena_nos, "notification-form")
    seen = max((n.pk for n in page.theirs), default=None)
    context: dict[str, Any] = {
        "h": page.household,
        "form": page.form,
        "kind": page.form.kind,
        "effect": page.effect,
        "digest": page.effect.digest if page.effect else "",
        "seen": page.form["seen"].value() or 0 if seen is None else seen,
        "theirs": page.theirs,
        "moved": page.moved,
        "kinds": list(NotificationKind),
    }
    return render(request, "desk/notification_form.html", context, status=status)


def _known(form: NotificationForm) -> bool:
    """Everybody who is named is in the register; else the field says so."""
    named = {name: form.cleaned_data.get(name, "") for name in _PERSONS if name in form.fields}
    numbers = {name: [n for n in text.split(";") if n] for name, text in named.items()}
    unknown = unknown_people(using=USING, atena_nos=[n for listed in numbers.values() for n in listed])
    for name, listed in numbers.items():
        for number in listed:
            if number in unknown:
                form.add_error(name, f"宛名番号{number}の人は住民情報にいません")
    return not form.errors


def is_hidden(request: OfficeRequest, told: Row) -> bool:
    """Where letters of a person under 支援措置 go: shown only to whoever compares and may see such addresses."""
    if not told["protected"] or told["kind"] != NotificationKind.MAILING_ADDRESS:
        return False
    return not (_compares(request, told) and request.actor.may(Action.VIEW_PROTECTED))


def _compares(request: OfficeRequest, told: Row) -> bool:
    return bool(told["waiting"]) and request.actor.may(Action.CHECK_APPLICATION)


def _household(request: OfficeRequest, atena_no: str) -> Household:
    try:
        return show_household(using=USING, atena_no=atena_no, on=request.today, scope=request.scope, whole=False)
    except NotInScope as error:
        raise Http404 from error


def _schemes(request: OfficeRequest, household: Household) -> list[str]:
    allowed = schemes_in(request.scope, household.person["ward_code"])
    return [s for s in active_profile().schemes if allowed is None or s in allowed]


def _find(request: OfficeRequest, notification_id: int) -> Row:
    try:
        return show_notification(using=USING, notification_id=notification_id, scope=request.scope, on=request.today)
    except NotInScope as error:
        raise Http404 from error


def _back(notification_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("notifications:notification", args=[notification_id]))
