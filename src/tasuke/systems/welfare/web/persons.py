"""Search and the page of one person: history, accounts, notes; tax and protected addresses by permission alone."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.formats import tax_feed
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.welfare.queries import Person, current_state, person, protected_of, tax_figures
from tasuke.systems.welfare.search import Hit, search
from tasuke.systems.welfare.services.add_note import add_note
from tasuke.systems.welfare.services.end_protection import NotProtected, end_protection
from tasuke.systems.welfare.services.set_payee import CannotSet, set_account, set_mailing_address
from tasuke.systems.welfare.web.forms import AccountForm, MailingForm, NoteForm, ReasonForm, SearchForm, criteria_of

USING = "welfare"
_SESSION_KEY = "welfare-search"
_HITS = 50
_TAX_LABELS = {f.name: f.label for f in tax_feed.LAYOUT.fields if f.name not in ("seq", "atena_no", "tax_year")}


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@screen(Action.SEARCH_WELFARE, purpose="required", using=USING)
def search_page(request: OfficeRequest) -> HttpResponse:
    """POST takes the question, GET shows who fits the one asked last; it stands in no address."""
    if request.method == "POST":
        form = SearchForm(request.POST)
        if not form.is_valid():
            return render(request, "welfare/search.html", {"form": form}, status=422)
        request.session[_SESSION_KEY] = {name: request.POST.get(name, "") for name in SearchForm.base_fields}
        return HttpResponseRedirect(reverse("welfare:search"))
    asked = request.session.get(_SESSION_KEY)
    form = SearchForm(asked)
    hits, more = _hits(form.cleaned_data) if asked and form.is_valid() else ([], False)
    shown = [hit for hit in hits if request.scope.allows(ward=hit.now.items.get("ward_code"))]
    request.audit.searched("four-info" if asked else "none", len(shown), [hit.now.atena_no for hit in shown])
    context = {
        "form": SearchForm(initial=asked) if not asked else form,
        "asked": bool(asked),
        "hits": shown,
        "more": more,
        "addresses": request.actor.may(Action.VIEW_WELFARE_PROTECTED),
    }
    return render(request, "welfare/search.html", context)


def _hits(cleaned: dict[str, Any]) -> tuple[list[Hit], bool]:
    number = cleaned.get("atena_no")
    if number:
        state = current_state(using=USING, atena_no=number)
        kept = protected_of(using=USING, atena_nos=[number])
        return ([Hit(state, current=True, protected=bool(kept))] if state else []), False
    return search(using=USING, criteria=criteria_of(cleaned), business_id=None, limit=_HITS)


@screen(Action.VIEW_WELFARE, purpose="required", using=USING)
def person_page(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """One person or corporation."""
    return show_person(request, found(request, atena_no))


def found(request: OfficeRequest, atena_no: str) -> Person:
    """The person, if within the limits of who asks. Raises Http404."""
    one = person(using=USING, atena_no=atena_no)
    if one is None or not request.scope.allows(ward=one.now.items.get("ward_code")):
        raise Http404
    return one


def show_person(
    request: OfficeRequest, one: Person, *, note_form: NoteForm | None = None, status: int = 200
) -> HttpResponse:
    """The page, on record."""
    request.audit.read([one.atena_no], "welfare-person")
    context = {
        "person": one,
        "addresses": one.protection is None or request.actor.may(Action.VIEW_WELFARE_PROTECTED),
        "note_form": note_form or NoteForm(),
        "reason_form": ReasonForm(),
    }
    return render(request, "welfare/person.html", context, status=status)


@screen(Action.VIEW_WELFARE_TAX, purpose="required", using=USING)
def tax_page(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Tax figures by year, with what corrections have replaced."""
    state = current_state(using=USING, atena_no=atena_no)
    if state is None or not request.scope.allows(ward=state.items.get("ward_code")):
        raise Http404
    figures = tax_figures(using=USING, atena_no=atena_no)
    request.audit.read([atena_no], "welfare-tax")
    lines = [
        (
            row,
            [(name, label, row.items[name]) for name, label in _TAX_LABELS.items() if row.items.get(name) is not None],
        )
        for row in figures
    ]
    return render(request, "welfare/tax.html", {"state": state, "figures": lines})


@require_POST
@screen(Action.EDIT_WELFARE, purpose="required", using=USING)
def note(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Add a contact note."""
    one = found(request, atena_no)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return show_person(request, one, note_form=form, status=400)
    add_note(
        using=USING,
        atena_no=atena_no,
        by=request.actor.personal_id,
        office=request.actor.office,
        at=request.at,
        **form.cleaned_data,
    )
    request.audit.changed([atena_no], "contact-note")
    messages.success(request, "応対を記録しました。")
    return HttpResponseRedirect(reverse("welfare:person", args=[atena_no]))


@require_http_methods(["GET", "POST"])
@screen(Action.EDIT_WELFARE, purpose="required", using=USING)
def account(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """A new account from a day on."""
    one = found(request, atena_no)
    form = AccountForm(request.POST or None, initial={"start": request.today})
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        given = {"start": facts.pop("start"), "by": request.actor.personal_id, "at": request.at}
        try:
            set_account(using=USING, atena_no=atena_no, facts=facts, **given)
        except CannotSet as error:
            form.add_error(None, str(error))
        else:
            return _kept(request, atena_no, "account", "口座を記録しました。")
    return form_page(request, one, form, "口座")


@require_http_methods(["GET", "POST"])
@screen(Action.EDIT_WELFARE, purpose="required", using=USING)
def mailing(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """A mailing address for a time."""
    one = found(request, atena_no)
    form = MailingForm(request.POST or None, initial={"start": request.today})
    if request.method == "POST" and form.is_valid():
        facts, start, end = form.facts()
        given = {"start": start, "end": end, "by": request.actor.personal_id, "at": request.at}
        try:
            set_mailing_address(using=USING, atena_no=atena_no, facts=facts, **given)
        except CannotSet as error:
            form.add_error(None, str(error))
        else:
            return _kept(request, atena_no, "mailing-address", "送付先を記録しました。")
    return form_page(request, one, form, "送付先")


@require_POST
@screen(Action.END_WELFARE_PROTECTION, purpose="required", using=USING)
def protection(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """End 支援措置, with a reason."""
    one = found(request, atena_no)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return form_page(request, one, form, "支援措置の解除")
    try:
        end_protection(using=USING, atena_no=atena_no, by=request.actor.personal_id, at=request.at, **form.cleaned_data)
    except NotProtected as error:
        form.add_error(None, str(error))
        return form_page(request, one, form, "支援措置の解除")
    return _kept(request, atena_no, "protection-ended", "支援措置の解除を記録しました。業務ごとの解除は別に行います。")


def form_page(request: OfficeRequest, one: Person, form: forms.Form, title: str) -> HttpResponse:
    """A form about one person."""
    request.audit.read([one.atena_no], "welfare-person")
    status = 400 if request.method == "POST" else 200
    return render(request, "welfare/form.html", {"person": one, "form": form, "title": title}, status=status)


def _kept(request: OfficeRequest, atena_no: str, what: str, message: str) -> HttpResponse:
    request.audit.changed([atena_no], what)
    messages.success(request, message)
    return HttpResponseRedirect(reverse("welfare:person", args=[atena_no]))
