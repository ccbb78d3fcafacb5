"""Ask, see what became of it, take the answer over."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tasuke.contracts.inquiry import Choices
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.paging import page_of
from tasuke.systems.subsidy.inquiries.choices import NotLawful, choices_of, choices_on
from tasuke.systems.subsidy.inquiries.item_words import in_words
from tasuke.systems.subsidy.inquiries.links import gateway_is_there
from tasuke.systems.subsidy.inquiries.models import InquiryState
from tasuke.systems.subsidy.inquiries.needed import Needed, incomes_needed
from tasuke.systems.subsidy.inquiries.screens import (
    PAGE,
    NotInScope,
    Person,
    inquiries_list,
    inquiries_of,
    inquiry_in_scope,
    open_application,
    person_to_ask,
)
from tasuke.systems.subsidy.inquiries.services.approve_inquiry import NotHeld, SamePerson, approve_inquiry
from tasuke.systems.subsidy.inquiries.services.ask_inquiries import Asked, ReasonWanted, ask_inquiries
from tasuke.systems.subsidy.inquiries.services.cancel_inquiry import NotOpen, cancel_inquiry
from tasuke.systems.subsidy.inquiries.services.take_over_answer import TAX_INFORMATION, NotTakable, take_over_answer
from tasuke.systems.subsidy.inquiries.web.forms import AskForm, StateForm

USING = "subsidy"
MOVING = (InquiryState.WAITING, InquiryState.SENT)
_KEY_DIGITS = 19  # of a bigint that certainly fits
NO_OFFICE = "000000"  # department of somebody who works for the whole city


@require_safe
@screen(Action.VIEW_INQUIRY, purpose="required")
def listed(request: OfficeRequest) -> HttpResponse:
    """Inquiries by state: what waits for an approval, for an answer, or to be taken over."""
    form = StateForm(request.GET or None)
    state = (form.cleaned_data["state"] if form.is_bound and form.is_valid() else "") or "open"
    after = request.GET.get("after", "")
    before = int(after) if after.isascii() and after.isdigit() and len(after) < _KEY_DIGITS else None
    wanted = "" if state == "all" else state
    found = inquiries_list(using=USING, scope=request.scope, on=request.today, state=wanted, after=before)
    page = page_of(found, key=lambda row: row["inquiry"].pk, after=after, limit=PAGE)
    request.audit.read([row["inquiry"].atena_no for row in page.rows], "inquiries")
    form = StateForm(initial={"state": state})
    return render(request, "inquiries/list.html", {"rows": page.rows, "page": page, "form": form})


@require_http_methods(["GET", "POST"])
@screen(Action.ASK_INQUIRY, purpose="required")
def ask(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Ask another body about members of a household."""
    try:
        person = person_to_ask(using=USING, atena_no=atena_no, scope=request.scope, on=request.today)
    except NotInScope as error:
        raise Http404 from error
    request.audit.read([no for no, _ in person.household], "inquiry-form")
    earlier = inquiries_of(
        using=USING, scope=request.scope, on=request.today, atena_nos=[no for no, _ in person.household]
    )
    members = [no for no, _ in person.household]
    needed = incomes_needed(using=USING, scope=request.scope, cases=members)
    names = dict(person.household)
    waiting = [(names.get(one.atena_no, ""), one, names.get(one.about, "")) for one in needed]
    context: dict[str, Any] = {"person": person, "earlier": earlier, "waiting": waiting}
    choices = choices_or_why_not(request)
    if isinstance(choices, str):
        return render(request, "inquiries/ask.html", {**context, "closed": choices}, status=503)
    given = request.POST if request.method == "POST" else None
    form = AskForm(given, person=person, choices=choices, needed=needed, on=request.today)
    if form.is_valid() and _asked(request, form, person, needed, choices):
        return HttpResponseRedirect(reverse("inquiries:ask", args=[atena_no]))
    offered = [choice for scheme in person.schemes for choice in choices_of(scheme, choices)]
    bases = list(dict.fromkeys(choice.legal_basis for choice in offered))
    context |= {"form": form, "bases": bases, "unconfirmed": any(choice.unconfirmed for choice in offered)}
    return render(request, "inquiries/ask.html", context, status=422 if form.errors else 200)


@require_safe
@screen(Action.VIEW_INQUIRY, purpose="required")
def inquiry(request: OfficeRequest, inquiry_id: int) -> HttpResponse:
    """One inquiry with its answer."""
    shown = _find(request, inquiry_id)
    request.audit.read([shown["inquiry"].atena_no], "inquiry-answer")
    asked = shown["inquiry"]
    # whoever may not see incomes in the register does not see them here
    readable = asked.information_code != TAX_INFORMATION or request.actor.may(Action.VIEW_INCOME)
    context = {
        **shown,
        "answer": in_words(asked.items) if readable else [],
        "hidden": bool(asked.items) and not readable,
        "own": asked.asked_by == request.actor.personal_id,
        "moving": asked.state in MOVING,
        "takable": asked.information_code == TAX_INFORMATION and asked.outcome == "found" and not asked.taken_over_at,
        "application": open_application(using=USING, inquiry=asked) if asked.taken_over_at else None,
    }
    return render(request, "inquiries/inquiry.html", context)


@require_safe
@screen(Action.VIEW_INQUIRY, purpose="required", poll=True)
def state(request: OfficeRequest, inquiry_id: int) -> HttpResponse:
    """The part of the page that asks again by itself while the inquiry is on its way."""
    shown = _find(request, inquiry_id)
    request.audit.read([shown["inquiry"].atena_no], "inquiry-state")
    moving = shown["inquiry"].state in MOVING
    response = render(request, "inquiries/_state.html", {"inquiry": shown["inquiry"], "moving": moving})
    if not moving:
        response["HX-Refresh"] = "true"  # the answer is there: the whole page has changed
    return response


@require_POST
@screen(Action.APPROVE_INQUIRY, purpose="required")
def approve(request: OfficeRequest, inquiry_id: int) -> HttpResponse:
    """A second person agrees, or does not, that a protected person is asked about."""
    shown = _find(request, inquiry_id)
    agree = request.POST.get("agree") == "1"
    try:
        approve_inquiry(
            using=USING, inquiry_id=inquiry_id, agree=agree, by=request.actor.personal_id,
            department=request.actor.office, at=request.at,
        )  # fmt: skip
    except (NotHeld, SamePerson) as error:
        messages.error(request, f"{error}。")
    else:
        request.audit.changed([shown["inquiry"].atena_no], "inquiry-approval", after={"agree": agree})
        messages.success(request, "承認しました。照会を送ります。" if agree else "照会を取りやめました。")
    return HttpResponseRedirect(reverse("inquiries:inquiry", args=[inquiry_id]))


@require_POST
@screen(Action.ASK_INQUIRY, purpose="required")
def cancel(request: OfficeRequest, inquiry_id: int) -> HttpResponse:
    """取りやめ."""
    shown = _find(request, inquiry_id)
    try:
        cancel_inquiry(using=USING, inquiry_id=inquiry_id, at=request.at)
    except NotOpen as error:
        messages.error(request, f"{error}。")
    else:
        request.audit.changed([shown["inquiry"].atena_no], "inquiry-cancel")
        messages.success(request, "取りやめを受け付けました。")
    return HttpResponseRedirect(reverse("inquiries:inquiry", args=[inquiry_id]))


@require_POST
@screen(Action.TAKE_OVER_ANSWER, purpose="required")
def take_over(request: OfficeRequest, inquiry_id: int) -> HttpResponse:
    """Write the answer into the register of incomes."""
    shown = _find(request, inquiry_id)
    try:
        take_over_answer(using=USING, inquiry_id=inquiry_id, by=request.actor.personal_id, at=request.at)
    except NotTakable as error:
        messages.error(request, f"{error}。")
    else:
        after = {"source": "inquiry", "inquiry": inquiry_id}
        request.audit.changed([shown["inquiry"].atena_no], "income", after=after)
        messages.success(request, "所得として取り込みました。申請を審査し直すと、この所得で判定します。")
    return HttpResponseRedirect(reverse("inquiries:inquiry", args=[inquiry_id]))


def choices_or_why_not(request: OfficeRequest) -> Choices | str:
    """The choices, or why there are none."""
    if not gateway_is_there():
        return "この設置では市中間サーバに接続していません。所得課税証明書などの提出を求めてください。"
    try:
        return choices_on(request.today)
    except Unreachable:
        return "市中間サーバが応答しません(閉局中のことがあります)。しばらくしてからやり直してください。"
    except Refused as error:
        return f"市中間サーバが断りました({error.title})。"


def _asked(request: OfficeRequest, form: AskForm, person: Person, needed: Sequence[Needed], choices: Choices) -> bool:
    questions = form.questions()
    cases = {one.atena_no: one.about for one in needed if one.scheme == form.scheme}
    try:
        done = ask_inquiries(
            using=USING,
            questions=questions,
            about={question.atena_no: cases.get(question.atena_no, person.atena_no) for question in questions},
            scheme=form.scheme,
            ward_code=person.ward_code,
            choices=choices,
            by=request.actor.personal_id,
            department=request.actor.office or NO_OFFICE,
            at=request.at,
            extra_step=form.cleaned_data.get("extra_step", ""),
        )
    except NotLawful as error:
        form.add_error("provider", str(error))
        return False
    except ReasonWanted as error:
        form.add_error("extra_step", str(error))
        return False
    tell_asked(request, done)
    return True


def tell_asked(request: OfficeRequest, done: Asked) -> None:
    """On record, and in words on the next page."""
    for made in done.inquiries:
        facts = {"information": made.information_code, "provider": made.provider, "year": made.year}
        request.audit.changed([made.atena_no], "inquiry", after=facts)
    if done.inquiries:
        held = any(made.state == "held" for made in done.inquiries)
        became = "記録しました。別の職員の承認を待ちます" if held else "受け付けました"
        messages.success(request, f"{len(done.inquiries)}件の照会を{became}。")
    if done.open_already:
        messages.warning(request, f"{len(done.open_already)}件は、同じ照会がまだ回答待ちのため送りませんでした。")


def _find(request: OfficeRequest, inquiry_id: int) -> dict[str, Any]:
    try:
        return inquiry_in_scope(using=USING, inquiry_id=inquiry_id, scope=request.scope, on=request.today)
    except NotInScope as error:
        raise Http404 from error
