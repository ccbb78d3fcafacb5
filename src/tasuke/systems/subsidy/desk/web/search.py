"""Search: one box. What was typed stays in the session, never in an address, a log or a history."""

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.subsidy.desk.people import LIMIT, search_people
from tasuke.systems.subsidy.desk.question import MyNumberTyped, understand

USING = "subsidy"
SESSION_KEY = "search"


class SearchForm(forms.Form):
    """The box."""

    q = forms.CharField(
        label="氏名・カナ・生年月日・番号・電話・住所",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_q(self) -> str:
        """No 個人番号: it is refused before it is kept anywhere."""
        text: str = self.cleaned_data["q"]
        try:
            understand(text)
        except MyNumberTyped as error:
            raise forms.ValidationError("個人番号では探せません。氏名か宛名番号で探してください") from error
        return text


@sensitive_post_parameters("q")
@require_http_methods(["GET", "POST"])
@screen(Action.SEARCH_PERSON, purpose="required")
def search(request: OfficeRequest) -> HttpResponse:
    """POST takes the question, GET shows who fits the one asked last."""
    if request.method == "POST":
        form = SearchForm(request.POST)
        if form.is_valid():
            request.session[SESSION_KEY] = form.cleaned_data["q"]
            return HttpResponseRedirect(reverse("persons:search"))
        empty = SearchForm({"q": ""}, initial={})  # the number itself is not shown again
        empty.errors["q"] = form.errors["q"]
        return render(request, "desk/search.html", {"form": empty, "limit": LIMIT}, status=422)
    text = request.session.get(SESSION_KEY, "")
    question = understand(text)
    found = search_people(using=USING, question=question, scope=request.scope, on=request.today)
    request.audit.searched(question.kind, len(found.people), found.atena_nos)
    context = {
        "form": SearchForm(initial={"q": text}),
        "asked": not question.is_empty,
        "question": question,
        "found": found,
        "limit": LIMIT,
    }
    return render(request, "desk/search.html", context)
