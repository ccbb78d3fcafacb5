"""Saved choices of EUC on screen: keep items and conditions under a name, rename, share, throw away.

A choice is opened in the form of an extract (`?choice=`); whoever uses it is held to their own limits there.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, Scope, screen
from tasuke.platform.audit import EventKind
from tasuke.systems.subsidy.statistics.extracts import DATASETS
from tasuke.systems.subsidy.statistics.models import SavedChoice
from tasuke.systems.subsidy.statistics.screens import choice_of
from tasuke.systems.subsidy.statistics.services.delete_choice import delete_choice
from tasuke.systems.subsidy.statistics.services.rename_choice import rename_choice
from tasuke.systems.subsidy.statistics.services.save_choice import NameTaken, TooManyChoices, save_choice
from tasuke.systems.subsidy.statistics.web.extracts import USING, ExtractForm, choosing, may_share


class NameForm(forms.Form):
    """Name of a saved choice, and whether others see it."""

    name = forms.CharField(label="条件の名前", max_length=60, help_text="住民の氏名や番号は書かないでください。")
    shared = forms.BooleanField(label="データを抽出できるほかの職員にも見せる", required=False)

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share(scope):
            del self.fields["shared"]


@screen(Action.EXTRACT_DATA)
@require_POST
def save(request: OfficeRequest, dataset: str) -> HttpResponse:
    """Keep what is chosen in the form of an extract; nothing is counted and nobody's data are touched."""
    if dataset not in DATASETS:
        raise Http404
    form = ExtractForm(request.POST, dataset=DATASETS[dataset], scope=request.scope, need="name")
    if form.is_valid():
        given = form.cleaned_data
        try:
            choice = save_choice(
                using=USING, dataset=dataset, name=given["name"], items=given["items"], filters=form.filters,
                shared=given.get("shared", False), overwrite=given["overwrite"], by=request.actor.personal_id,
                now=request.at,
            )  # fmt: skip
        except (NameTaken, TooManyChoices) as refused:
            form.add_error("name", str(refused))
        else:
            request.audit.event(
                EventKind.CHOICE_SAVED, dataset, choice=choice.pk, items=choice.items, filters=choice.filters,
                shared=choice.shared,
            )  # fmt: skip
            messages.success(request, "条件を保存しました。")
            return HttpResponseRedirect(reverse("statistics:extracts"))
    return choosing(request, dataset, form)


@screen(Action.EXTRACT_DATA)
def rename(request: OfficeRequest, choice_id: int) -> HttpResponse:
    """Another name, shared or no longer; from here it can be thrown away."""
    choice = _own(request, choice_id)
    initial = {"name": choice.name, "shared": choice.shared}
    form = NameForm(request.POST or None, scope=request.scope, initial=initial)
    if request.method == "POST" and form.is_valid():
        shared = form.cleaned_data.get("shared", False)
        try:
            rename_choice(
                using=USING, choice_id=choice.pk, name=form.cleaned_data["name"], shared=shared,
                by=request.actor.personal_id,
            )  # fmt: skip
        except NameTaken as refused:
            form.add_error("name", str(refused))
        else:
            request.audit.event(EventKind.CHOICE_RENAMED, choice.dataset, choice=choice.pk, shared=shared)
            messages.success(request, "変更しました。")
            return HttpResponseRedirect(reverse("statistics:extracts"))
    context = {"form": form, "choice": choice, "chosen": DATASETS[choice.dataset]}
    return render(request, "statistics/choice.html", context, status=422 if form.errors else 200)


@screen(Action.EXTRACT_DATA)
@require_POST
def delete(request: OfficeRequest, choice_id: int) -> HttpResponse:
    """Throw one's own away; requests that were made with it stay."""
    choice = delete_choice(using=USING, choice_id=_own(request, choice_id).pk, by=request.actor.personal_id)
    request.audit.event(EventKind.CHOICE_DELETED, choice.dataset, choice=choice_id)
    messages.success(request, "条件を削除しました。")
    return HttpResponseRedirect(reverse("statistics:extracts"))


def _own(request: OfficeRequest, choice_id: int) -> SavedChoice:
    """One's own choice; what others share is used, not changed."""
    me = request.actor.personal_id
    try:
        choice = choice_of(using=USING, choice_id=min(choice_id, 2**62), by=me)
    except SavedChoice.DoesNotExist:
        raise Http404 from None
    if choice.owner != me:
        raise Http404
    return choice
