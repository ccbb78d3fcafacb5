"""Permits on screen: what this city moves to whom, applications, the decision of a second person, the end."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.paging import page_of
from tasuke.schemes.profile import SharingRule
from tasuke.systems.subsidy.sharing.models import PermitState, SharingPermit
from tasuke.systems.subsidy.sharing.queries import agreements, permit_in, permit_in_force, permits
from tasuke.systems.subsidy.sharing.rules import UnknownRule, items_of, labels, rule_in, rules_in
from tasuke.systems.subsidy.sharing.services.apply_permit import CannotApply, apply_permit
from tasuke.systems.subsidy.sharing.services.decide_permit import CannotDecide, decide_permit
from tasuke.systems.subsidy.sharing.services.end_permit import CannotEnd, end_permit
from tasuke.systems.subsidy.sharing.web.forms import DecisionForm, EndForm, PermitForm

USING = "subsidy"
_KEY_DIGITS = 19  # of a bigint that certainly fits


@require_safe
@screen(Action.VIEW_SHARING)
def overview(request: OfficeRequest) -> HttpResponse:
    """To whom this city moves what, or that it moves nothing; every application."""
    rules = rules_in(request.scope)
    after = request.GET.get("after", "")
    found = permits(using=USING, scope=request.scope, before=key_of(after))
    waiting = agreements(using=USING, scope=request.scope, waiting=True)
    context = {
        "rules": [_rule(rule, request.today) for rule in rules],
        "page": page_of(found, key=lambda row: row.pk, after=after),
        "today": request.today,
        "waiting": waiting.count() if request.actor.may(Action.AGREE_SHARING) else 0,
    }
    return render(request, "sharing/overview.html", context)


@require_http_methods(["GET", "POST"])
@screen(Action.REQUEST_SHARING)
def new_permit(request: OfficeRequest, rule: str) -> HttpResponse:
    """Take down what a department applies for."""
    chosen = find_rule(request, rule)
    form = PermitForm(request.POST or None, items=items_of(chosen), initial={"first": request.today})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = apply_permit(
                using=USING, rule=chosen, applicant=given["applicant"], purpose=given["purpose"], items=given["items"],
                first=given["first"], last=given["last"], by=request.actor.personal_id, at=request.at,
            )  # fmt: skip
        except CannotApply as error:
            form.add_error(None, str(error))
        else:
            request.audit.event(EventKind.SETTING_CHANGED, "庁内移転の利用申請", permit=made.pk, items=made.items)
            messages.success(request, "申請を受け付けました。別の人の許可を待ちます。")
            return HttpResponseRedirect(reverse("sharing:permit", args=[made.pk]))
    context = {"form": form, **_rule(chosen, request.today)}
    return render(request, "sharing/new_permit.html", context, status=422 if form.errors else 200)


@require_safe
@screen(Action.VIEW_SHARING)
def one_permit(request: OfficeRequest, permit_id: int) -> HttpResponse:
    """One application, and what can be done about it."""
    return _permit(request, _find(request, permit_id))


@require_POST
@screen(Action.APPROVE_SHARING)
def decide(request: OfficeRequest, permit_id: int) -> HttpResponse:
    """Permit or not; never by who took the application down."""
    found, form = _find(request, permit_id), DecisionForm(request.POST)
    if form.is_valid():
        permit = form.cleaned_data["decision"] == "yes"
        try:
            decide_permit(
                using=USING, permit_id=found.pk, permit=permit, note=form.cleaned_data["note"],
                by=request.actor.personal_id, at=request.at,
            )  # fmt: skip
        except CannotDecide as error:
            form.add_error(None, str(error))
        else:
            request.audit.event(EventKind.SETTING_CHANGED, "庁内移転の許可", permit=found.pk, permitted=permit)
            messages.success(request, "許可しました。" if permit else "許可しないことにしました。")
            return HttpResponseRedirect(reverse("sharing:permit", args=[found.pk]))
    return _permit(request, found, deciding=form)


@require_POST
@screen(Action.REQUEST_SHARING)
def end(request: OfficeRequest, permit_id: int) -> HttpResponse:
    """End at once, or withdraw."""
    found, form = _find(request, permit_id), EndForm(request.POST)
    if form.is_valid():
        try:
            ended = end_permit(
                using=USING, permit_id=found.pk, reason=form.cleaned_data["reason"], by=request.actor.personal_id,
                at=request.at,
            )  # fmt: skip
        except CannotEnd as error:
            form.add_error(None, str(error))
        else:
            word = ended.get_state_display()
            request.audit.event(EventKind.SETTING_CHANGED, f"庁内移転の許可の{word}", permit=found.pk)
            messages.success(request, f"{word}としました。この許可では、もう移転できません。")
            return HttpResponseRedirect(reverse("sharing:permit", args=[found.pk]))
    return _permit(request, found, ending=form)


def find_rule(request: OfficeRequest, key: str) -> SharingRule:
    """A 移転 of one's own schemes. Raises Http404."""
    try:
        return rule_in(key, scope=request.scope)
    except UnknownRule as error:
        raise Http404 from error


def key_of(text: str) -> int | None:
    """A key from behind the question mark, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _KEY_DIGITS else None


def _find(request: OfficeRequest, permit_id: int) -> SharingPermit:
    try:
        return permit_in(min(permit_id, 2**62), using=USING, scope=request.scope)
    except SharingPermit.DoesNotExist as error:
        raise Http404 from error


def _rule(rule: SharingRule, today: date) -> dict[str, Any]:
    return {
        "rule": rule,
        "items": labels(rule.items),
        "in_force": permit_in_force(rule.key, using=USING, on=today),
    }


def _permit(
    request: OfficeRequest,
    permit: SharingPermit,
    *,
    deciding: DecisionForm | None = None,
    ending: EndForm | None = None,
) -> HttpResponse:
    rule = next((one for one in rules_in(request.scope) if one.key == permit.rule), None)
    context = {
        "permit": permit,
        "rule": rule,
        "items": labels(permit.items),
        "own": permit.requested_by == request.actor.personal_id,
        "open": permit.state == PermitState.REQUESTED,
        "in_force": permit.state == PermitState.PERMITTED and request.today in permit.valid,
        "over": permit.state == PermitState.PERMITTED and request.today not in permit.valid,
        "deciding": deciding or DecisionForm(),
        "ending": ending or EndForm(),
    }
    return render(request, "sharing/permit.html", context, status=422 if deciding or ending else 200)
