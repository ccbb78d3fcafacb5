"""申請書の記載: the name, birthday, address and 続柄 that stand on a paper, typed from it for the 突合."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.fields import DayField
from tasuke.systems.subsidy.desk.matching_people import FormPerson, people_of_form
from tasuke.systems.subsidy.desk.services.state_people import Stated, state_people
from tasuke.systems.subsidy.desk.web.applications import find
from tasuke.systems.subsidy.desk.web.text_field import TypedText

USING = "subsidy"


class StatedForm(forms.Form):
    """One person. The register's values do not stand in it: whoever copies them compares nothing."""

    name = TypedText(label="氏名", max_length=200, required=False)
    birth_date = DayField(label="生年月日", required=False, help_text="")
    address = TypedText(label="住所", max_length=400, required=False)
    relationship = TypedText(label="世帯主との続柄", max_length=40, required=False)

    def __init__(self, *args: Any, protected: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if protected:  # the next who opens the page must not read where the person lives
            del self.fields["address"]

    def clean(self) -> dict[str, Any]:
        """Something about a person without the name is about nobody."""
        given = super().clean() or {}
        if not given.get("name") and any(given.get(field) for field in ("birth_date", "address", "relationship")):
            self.add_error("name", "氏名を入力してください")
        return given


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@screen(Action.RECEIVE_APPLICATION, purpose="required")
def stated(request: OfficeRequest, application_id: int) -> HttpResponse:
    """What the paper says of each person on the form; typed again, it takes the place of what was typed before."""
    shown, _ = find(request, application_id)
    if shown["state"] not in ("received", "held") or shown["kind"] != "1":
        raise Http404
    people = people_of_form(using=USING, application_id=application_id, on=request.today)
    forms_of = [(person, _form(request, person)) for person in people]
    faulty = [form for _, form in forms_of if form.is_bound and not form.is_valid()]
    if request.method == "POST" and not faulty:
        typed = [_stated(person, form) for person, form in forms_of]
        made = state_people(
            using=USING, application_id=application_id, people=typed, actor=request.actor, at=request.at
        )
        named = [row.atena_no for row in made] or [shown["atena_no"]]
        request.audit.changed(named, "stated-people", after={"application": application_id})
        messages.success(request, "申請書の記載を保存し、住基と比べました。")
        return HttpResponseRedirect(reverse("applications:application", args=[application_id]) + "#matching")
    request.audit.read([person.atena_no for person in people], "stated-people")
    context = {"a": shown, "people": forms_of, "faulty": faulty[0] if faulty else None}
    return render(request, "desk/stated.html", context, status=422 if faulty else 200)


def _form(request: OfficeRequest, person: FormPerson) -> StatedForm:
    first = {
        "name": person.said_name,
        "birth_date": person.said_birth,
        "address": person.said_home,
        "relationship": person.said_relationship,
    }
    return StatedForm(request.POST or None, initial=first, prefix=f"p{person.atena_no}", protected=person.protected)


def _stated(person: FormPerson, form: StatedForm) -> Stated:
    given = form.cleaned_data
    return Stated(person.atena_no, given["name"], given["birth_date"], given.get("address", ""), given["relationship"])
