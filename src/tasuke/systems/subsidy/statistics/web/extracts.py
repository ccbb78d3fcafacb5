"""EUC on screen: choose items, conditions and purpose; another person approves; the file, on record."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, Scope, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.fields import MonthField
from tasuke.platform.ui.site import site
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.statistics.extracts import DATASETS, MOST_ROWS, Dataset, count_rows
from tasuke.systems.subsidy.statistics.models import Extract, ExtractState, SavedChoice
from tasuke.systems.subsidy.statistics.screens import choice_of, choices_list, extract_of, extracts_list
from tasuke.systems.subsidy.statistics.services.decide_extract import ExtractNotOpen, decide_extract
from tasuke.systems.subsidy.statistics.services.request_extract import (
    NothingToExtract,
    TooManyRows,
    request_extract,
)
from tasuke.systems.subsidy.statistics.services.take_extract import DAYS_VALID, ExtractNotReady, take_extract

USING = "subsidy"
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExtractForm(forms.Form):
    """Items, conditions, purpose of one data set."""

    items = forms.MultipleChoiceField(label="項目", widget=forms.CheckboxSelectMultiple)
    scheme = forms.ChoiceField(label="制度", required=False)
    ward = forms.ChoiceField(label="区", required=False)
    first = MonthField(label="期間の始め", required=False)
    last = MonthField(label="期間の終わり", required=False)
    purpose = forms.CharField(
        label="利用目的", max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="何に使うか、だれに渡すかを書いてください。承認する人と監査が見ます。",
    )  # fmt: skip

    name = forms.CharField(
        label="条件の名前", max_length=60, required=False, help_text="住民の氏名や番号は書かないでください。"
    )
    shared = forms.BooleanField(label="データを抽出できるほかの職員にも見せる", required=False)
    overwrite = forms.BooleanField(label="同じ名前の自分の条件を置き換える", required=False)

    def __init__(self, *args: Any, dataset: Dataset, scope: Scope, need: str = "purpose", **kwargs: Any) -> None:
        """need: the field that must be filled in: `purpose` to ask for data, `name` to keep a choice, "" to count."""
        super().__init__(*args, **kwargs)
        for name in ("name", "purpose"):
            self.fields[name].required = need == name
        if not may_share(scope):
            del self.fields["shared"]
        listed = [(key, item.label) for key, item in dataset.items.items()]
        widget = forms.CheckboxSelectMultiple
        self.fields["items"] = forms.MultipleChoiceField(label="項目", choices=listed, widget=widget)
        self.fields["scheme"] = _choice("制度", site().schemes, scope.schemes)
        self.fields["ward"] = _choice("区", site().wards, scope.offices)
        self.fields["ward"].help_text = "区を選ぶと、支援措置の対象者は入りません。"
        self.fields["first"].label = f"{dataset.month_label}の始め"
        self.fields["last"].label = f"{dataset.month_label}の終わり"

    def clean(self) -> dict[str, Any]:
        """A period goes forward."""
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            raise ValidationError("期間の終わりが始めより前です")
        return given

    @property
    def filters(self) -> dict[str, str]:
        """The conditions as they are kept; days in ISO 8601."""
        given = {key: self.cleaned_data[key] for key in ("scheme", "ward", "first", "last")}
        return {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items() if value}


class DecisionForm(forms.Form):
    """Whether data may leave."""

    decision = forms.ChoiceField(
        label="決定", choices=[("approve", "承認する"), ("refuse", "却下する")], widget=forms.RadioSelect
    )
    note = forms.CharField(label="理由", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """A refusal says why."""
        given = super().clean() or {}
        if given.get("decision") == "refuse" and not given.get("note", "").strip():
            self.add_error("note", "却下の理由を入力してください")
        return given


def _choice(label: str, words: Any, limit: frozenset[str] | None) -> forms.ChoiceField:
    listed = [(key, title) for key, title in words.items() if limit is None or key in limit]
    return forms.ChoiceField(label=label, required=False, choices=[("", "すべて"), *listed])


def may_share(scope: Scope) -> bool:
    """Head-office staff share choices: who is limited to wards keeps them to themselves."""
    return scope.offices is None


@screen(Action.EXTRACT_DATA)
def extracts(request: OfficeRequest) -> HttpResponse:
    """What was asked for: one's own, and what waits for an approval."""
    found = extracts_list(using=USING, by=request.actor.personal_id, approver=request.actor.may(Action.APPROVE_EXTRACT))
    choices = choices_list(using=USING, by=request.actor.personal_id)
    context = {"found": found, "datasets": DATASETS, "choices": choices, "me": request.actor.personal_id}
    return render(request, "statistics/extracts.html", context)


@screen(Action.EXTRACT_DATA)
def new_extract(request: OfficeRequest, dataset: str) -> HttpResponse:
    """Choose items and conditions; counted at once, given out after the approval."""
    chosen = DATASETS.get(dataset)
    if chosen is None:
        raise Http404
    initial = _again(request, dataset) or _saved(request, dataset)
    counting = request.POST.get("do") == "count"
    need = "" if counting else "purpose"
    form = ExtractForm(request.POST or None, dataset=chosen, scope=request.scope, need=need, initial=initial)
    if request.method == "POST" and form.is_valid():
        if counting:
            rows = count_rows(using=USING, dataset=dataset, filters=form.filters, scope=request.scope, on=request.today)
            form.fields["purpose"].required = True  # for what comes next
            return choosing(request, dataset, form, counted=rows)
        given = form.cleaned_data
        try:
            extract = request_extract(
                using=USING, dataset=dataset, items=given["items"], filters=form.filters, purpose=given["purpose"],
                scope=request.scope, by=request.actor.personal_id, now=request.at,
            )  # fmt: skip
        except (TooManyRows, NothingToExtract) as refused:
            form.add_error(None, str(refused))
        else:
            request.audit.event(
                "extract-requested", dataset, extract=extract.pk, rows=extract.rows, items=extract.items
            )
            return HttpResponseRedirect(reverse("statistics:extract", args=[extract.pk]))
    return choosing(request, dataset, form, dropped=[] if form.is_bound else _beyond(form))


@screen(Action.EXTRACT_DATA)
def one_extract(request: OfficeRequest, extract_id: int) -> HttpResponse:
    """One request: what is wanted, by whom, what for; approval and file."""
    return _extract(request, _of(request, extract_id))


@screen(Action.APPROVE_EXTRACT)
@require_POST
def decide(request: OfficeRequest, extract_id: int) -> HttpResponse:
    """Let data out, or refuse with a reason."""
    extract, form = _of(request, extract_id), DecisionForm(request.POST)
    if form.is_valid():
        approve = form.cleaned_data["decision"] == "approve"
        try:
            decide_extract(
                using=USING, extract_id=extract.pk, approve=approve, note=form.cleaned_data["note"],
                by=request.actor.personal_id, now=request.at,
            )  # fmt: skip
        except ExtractNotOpen as refused:
            form.add_error(None, str(refused))
        else:
            request.audit.event(
                "extract-approved" if approve else "extract-refused", extract.dataset, extract=extract.pk
            )
            messages.success(request, "承認しました。" if approve else "却下しました。")
            return HttpResponseRedirect(reverse("statistics:extract", args=[extract.pk]))
    return _extract(request, extract, deciding=form)


@screen(Action.DOWNLOAD_EXTRACT)
@require_POST
def take(request: OfficeRequest, extract_id: int, form: str) -> HttpResponse:
    """The file; everybody in it is on record with the purpose that was approved."""
    if form not in _TYPES:
        raise Http404
    extract = _of(request, extract_id)
    try:
        taken = take_extract(
            using=USING, extract_id=extract.pk, form="csv" if form == "csv" else "xlsx", scope=request.scope,
            profile=active_profile(), by=request.actor.personal_id, now=request.at,
        )  # fmt: skip
    except ExtractNotReady as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("statistics:extract", args=[extract.pk]))
    what = f"extract {extract.pk} {extract.dataset}"
    request.audit.because(extract.purpose[:60])
    if taken.persons:
        request.audit.exported(taken.persons, what, rows=taken.rows, purpose=extract.purpose)
    else:
        request.audit.event(EventKind.EXPORTED, what, rows=taken.rows, purpose=extract.purpose)
    response = HttpResponse(taken.data, content_type=_TYPES[form])
    name = f"{DATASETS[extract.dataset].title}_{request.today:%Y%m%d}_{extract.pk}.{form}"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def choosing(
    request: OfficeRequest,
    dataset: str,
    form: ExtractForm,
    *,
    dropped: Sequence[str] = (),
    counted: int | None = None,
) -> HttpResponse:
    """The page with items and conditions. dropped: labels of kept conditions that this person may not use; counted:
    how many rows the conditions have."""
    context = {
        "form": form,
        "dataset": dataset,
        "chosen": DATASETS[dataset],
        "limit": MOST_ROWS,
        "dropped": dropped,
        "counted": counted,
    }
    return render(request, "statistics/extract_new.html", context, status=422 if form.errors else 200)


def _extract(request: OfficeRequest, extract: Extract, *, deciding: forms.Form | None = None) -> HttpResponse:
    chosen = DATASETS[extract.dataset]
    months = {key: date.fromisoformat(extract.filters[key]) for key in ("first", "last") if key in extract.filters}
    context = {
        "extract": extract,
        "chosen": chosen,
        "items": [chosen.items[key].label for key in extract.items if key in chosen.items],
        "months": months,
        "own": extract.requested_by == request.actor.personal_id,
        "open": extract.state == ExtractState.REQUESTED,
        "ready": extract.state == ExtractState.APPROVED,
        "deciding": deciding or DecisionForm(),
        "days_valid": DAYS_VALID,
    }
    return render(request, "statistics/extract.html", context, status=422 if deciding else 200)


def _of(request: OfficeRequest, extract_id: int) -> Extract:
    """One's own request, or anybody's for who may approve."""
    try:
        return extract_of(
            using=USING, extract_id=min(extract_id, 2**62), by=request.actor.personal_id,
            approver=request.actor.may(Action.APPROVE_EXTRACT),
        )  # fmt: skip
    except Extract.DoesNotExist:
        raise Http404 from None


def _again(request: OfficeRequest, dataset: str) -> dict[str, Any]:
    """The conditions of an earlier request, to ask for the same again."""
    text = request.GET.get("from", "")
    if not (text.isascii() and text.isdigit()):
        return {}
    extract = _of(request, int(text))
    if extract.dataset != dataset:
        return {}
    months = {key: date.fromisoformat(extract.filters[key]) for key in ("first", "last") if key in extract.filters}
    return {**extract.filters, **months, "items": extract.items, "purpose": extract.purpose}


def _saved(request: OfficeRequest, dataset: str) -> dict[str, Any]:
    """What a saved choice puts into the form; an item that is offered no longer falls away."""
    text = request.GET.get("choice", "")
    if not (text.isascii() and text.isdigit()):
        return {}
    try:
        choice = choice_of(using=USING, choice_id=min(int(text), 2**62), by=request.actor.personal_id)
    except SavedChoice.DoesNotExist:
        raise Http404 from None
    if choice.dataset != dataset:
        return {}
    months = {key: date.fromisoformat(choice.filters[key]) for key in ("first", "last") if key in choice.filters}
    name = {"name": choice.name, "shared": choice.shared} if choice.owner == request.actor.personal_id else {}
    return {**choice.filters, **months, **name, "items": choice.items}


def _beyond(form: ExtractForm) -> list[str]:
    """Kept conditions that are not offered to this person: the field would silently stand at "all that I may see"."""
    kept = {key: form.initial[key] for key in ("scheme", "ward") if form.initial.get(key)}
    return [str(form[key].label) for key, value in kept.items() if not _offered(form.fields[key], value)]


def _offered(field: forms.Field, value: str) -> bool:
    return isinstance(field, forms.ChoiceField) and field.valid_value(value)
