"""本人確認 by 個人番号 at the counter, and 単件検索 by one. The number stays in the request's memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from tasuke.contracts.kit import Refused, Unreachable
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.systems.subsidy.desk.checks import look_up_person
from tasuke.systems.subsidy.desk.household import NotInScope, show_household
from tasuke.systems.subsidy.desk.identity import checks_of_application, checks_of_person
from tasuke.systems.subsidy.desk.links import find_by_my_number
from tasuke.systems.subsidy.desk.models import IdentityDocument, IdentityResult
from tasuke.systems.subsidy.desk.rows import Row
from tasuke.systems.subsidy.desk.services.check_identity import NotCompared, Shown, check_identity
from tasuke.systems.subsidy.desk.typed_number import MyNumberField
from tasuke.systems.subsidy.desk.web.applications import find

USING = "subsidy"
_NO_LINK = "団体内統合宛名につながりません。入力した番号は残していません。しばらくしてから、もう一度入力してください"
_REFUSED = "団体内統合宛名が受け付けませんでした。入力した番号は残していません。システムの担当に知らせてください"
_ANSWERS = {
    IdentityResult.SAME: "同じ人です。本人確認を記録しました。",
    IdentityResult.DIFFERENT: "違います。この人の番号ではありません。結果を記録しました。",
    IdentityResult.UNREGISTERED: "番号が登録されていません。照合できないことを記録しました。",
}


class IdentityForm(forms.Form):
    """Whose number, from which document, and the number itself, which never comes back."""

    person = forms.ChoiceField(label="確認する人")
    document = forms.ChoiceField(label="確認書類", choices=IdentityDocument.choices)
    number = MyNumberField(
        label="個人番号", help_text="カードを見て12けたを入力します。照合だけに使い、どこにも残しません"
    )

    def __init__(self, *args: Any, people: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = forms.ChoiceField(label="確認する人", choices=list(people.items()))


class FindForm(forms.Form):
    """One number."""

    number = MyNumberField(
        label="個人番号", help_text="カードを見て12けたを入力します。探すことだけに使い、どこにも残しません"
    )


@dataclass(frozen=True, slots=True)
class _About:
    """Which people may be compared (宛名番号 → name), for which application, where the page leads back."""

    people: Mapping[str, str]
    application_id: int | None
    ward_code: str
    heading: str
    back: str
    checks: Sequence[Row]


@never_cache
@sensitive_post_parameters("number")
@require_http_methods(["GET", "POST"])
@screen(Action.CHECK_IDENTITY, purpose="required")
def of_application(request: OfficeRequest, application_id: int) -> HttpResponse:
    """The applicant or the recipient of an application."""
    shown, _ = find(request, application_id)
    people = {shown["applicant_atena_no"]: shown["applicant_name"] or shown["applicant_atena_no"]}
    people.setdefault(shown["atena_no"], shown["name"])
    return _compare(
        request,
        _About(
            people=people,
            application_id=application_id,
            ward_code=shown["ward_code"],
            heading=f"{shown['name']}の申請",
            back=reverse("applications:application", args=[application_id]),
            checks=checks_of_application(using=USING, application_id=application_id),
        ),
    )


@never_cache
@sensitive_post_parameters("number")
@require_http_methods(["GET", "POST"])
@screen(Action.CHECK_IDENTITY, purpose="required")
def of_person(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Somebody of a household, without an application."""
    try:
        household = show_household(using=USING, atena_no=atena_no, on=request.today, scope=request.scope, whole=False)
    except NotInScope as error:
        raise Http404 from error
    people = {household.person["atena_no"]: household.person["name"]}
    people |= {member["atena_no"]: member["name"] for member in household.members}
    return _compare(
        request,
        _About(
            people=people,
            application_id=None,
            ward_code=household.person["ward_code"],
            heading=f"{household.person['name']}の世帯",
            back=reverse("persons:household", args=[atena_no]),
            checks=checks_of_person(using=USING, atena_no=atena_no),
        ),
    )


@sensitive_variables("form", "shown")
def _compare(request: OfficeRequest, about: _About) -> HttpResponse:
    form = IdentityForm(request.POST or None, people=about.people, initial={"document": IdentityDocument.CARD})
    if request.method != "POST" or not form.is_valid():
        return _identity_page(request, about, form, 422 if form.errors else 200)
    given = form.cleaned_data
    shown = Shown(
        given["person"], about.application_id, about.ward_code, IdentityDocument(given["document"]), given["number"]
    )
    label = request.purpose.label if request.purpose else ""
    try:
        made = check_identity(
            using=USING, shown=shown, actor=request.actor, purpose=str(request.purpose), label=label, at=request.at
        )
    except NotCompared as refused:
        return _refused(request, about, form, str(refused), 429)
    except Unreachable:
        return _refused(request, about, form, _NO_LINK, 503)
    except Refused:
        return _refused(request, about, form, _REFUSED, 503)
    after = {
        "result": made.get_result_display(),
        "document": made.get_document_display(),
        "application": made.application_id,
    }
    request.audit.changed([made.atena_no], "identity-check", after=after)
    say = messages.success if made.result == IdentityResult.SAME else messages.warning
    say(request, f"{about.people[made.atena_no]}: {_ANSWERS[IdentityResult(made.result)]}")
    return HttpResponseRedirect(about.back)


def _refused(request: OfficeRequest, about: _About, form: IdentityForm, reason: str, status: int) -> HttpResponse:
    """The form again: everything that was typed but the number."""
    request.audit.event(EventKind.REFUSED, "個人番号の照合", reason=reason)
    form.add_error("number", reason)
    return _identity_page(request, about, form, status)


def _identity_page(request: OfficeRequest, about: _About, form: IdentityForm, status: int) -> HttpResponse:
    request.audit.read(list(about.people), "identity-form")
    return render(request, "desk/identity.html", {"about": about, "form": form}, status=status)


@never_cache
@sensitive_post_parameters("number")
@sensitive_variables("form")
@require_http_methods(["GET", "POST"])
@screen(Action.FIND_BY_MY_NUMBER, purpose="required")
def search(request: OfficeRequest) -> HttpResponse:
    """Whose card is it? One person within the limits, or nobody: which of both is why, is not said."""
    form = FindForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        request.audit.searched("none", 0, [])
        return render(request, "desk/by_my_number.html", {"form": form}, status=422 if form.errors else 200)
    label = request.purpose.label if request.purpose else ""
    try:
        reply = find_by_my_number(
            number=form.cleaned_data["number"], personal_id=request.actor.personal_id, purpose=label
        )
    except Unreachable:
        return _not_searched(request, form, _NO_LINK, 503)
    except Refused:
        return _not_searched(request, form, _REFUSED, 503)
    if reply.refused:
        return _not_searched(request, form, reply.refused, 429)
    people = [_seen(request, atena_no) for atena_no in reply.atena_nos]
    found = [person["atena_no"] for person in people if person is not None]
    request.audit.searched("my_number", len(found), found)
    if len(found) == 1:
        return HttpResponseRedirect(reverse("persons:household", args=[found[0]]))
    context = {"form": FindForm(), "asked": True, "people": [person for person in people if person is not None]}
    return render(request, "desk/by_my_number.html", context)


def _seen(request: OfficeRequest, atena_no: str) -> Row | None:
    return look_up_person(using=USING, number=atena_no, scope=request.scope, on=request.today)


def _not_searched(request: OfficeRequest, form: FindForm, reason: str, status: int) -> HttpResponse:
    request.audit.event(EventKind.REFUSED, "個人番号による検索", reason=reason)
    form.add_error("number", reason)
    return render(request, "desk/by_my_number.html", {"form": form}, status=status)
