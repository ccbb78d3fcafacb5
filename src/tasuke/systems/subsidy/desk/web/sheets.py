"""受付票: type a paper at the counter with its assessment beside it; a second person compares and accepts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tasuke.core.wareki import to_wareki
from tasuke.formats.csv_layout import Kind
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.schemes.definition import NoVersionInForce
from tasuke.systems.subsidy.desk.applications import unknown_people
from tasuke.systems.subsidy.desk.attachments import attachments_of, missing_papers
from tasuke.systems.subsidy.desk.filing import FIELDS, faults_by_field, file_paper, persons_named, warnings_of
from tasuke.systems.subsidy.desk.household import Household, NotInScope, schemes_in, show_household
from tasuke.systems.subsidy.desk.models import Sheet, SheetState
from tasuke.systems.subsidy.desk.services.accept_sheet import NotOpen, SamePerson, SheetFaulty, accept_sheet
from tasuke.systems.subsidy.desk.services.close_sheet import close_sheet
from tasuke.systems.subsidy.desk.services.preview_sheet import preview_sheet
from tasuke.systems.subsidy.desk.services.save_sheet import ChangedMeanwhile, SheetClosed, save_sheet
from tasuke.systems.subsidy.desk.web.attachments import AttachmentForm
from tasuke.systems.subsidy.desk.web.paper_form import PaperForm, initial_of
from tasuke.systems.subsidy.profile import active_profile

USING = "subsidy"


class RemarkForm(forms.Form):
    """Why a sheet goes back, or is dropped."""

    remark = forms.CharField(label="差戻しの理由", max_length=200)


@dataclass(frozen=True, slots=True)
class _Page:
    """What both pages of typing share. theirs: who saved in between, and which fields they changed."""

    household: Household
    form: PaperForm
    sheet: Sheet | None = None
    trial: Any = None
    warnings: tuple[str, ...] = ()
    theirs: ChangedMeanwhile | None = None


@require_http_methods(["GET", "POST"])
@screen(Action.RECEIVE_APPLICATION, purpose="required")
def receive(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """A new paper for a person."""
    household = _household(request, atena_no)
    schemes = _schemes(request, household)
    if request.method == "GET":
        form = PaperForm(initial=_first_values(request, household), schemes=schemes)
        return _show(request, _Page(household, form))
    form = PaperForm(request.POST, schemes=schemes)
    sheet = Sheet(atena_no=atena_no, ward_code=household.person["ward_code"])
    return _typed(request, _Page(household, form, sheet))


@require_http_methods(["GET", "POST"])
@screen(Action.RECEIVE_APPLICATION, purpose="required")
def edit(request: OfficeRequest, sheet_id: int) -> HttpResponse:
    """Go on with a sheet that was saved or sent back."""
    sheet, household = _open_sheet(request, sheet_id)
    schemes = _schemes(request, household)
    if request.method == "GET":
        form = PaperForm(initial={**initial_of(sheet.content), "version": sheet.version}, schemes=schemes)
        return _show(request, _Page(household, form, sheet))
    return _typed(request, _Page(household, PaperForm(request.POST, schemes=schemes), sheet))


@require_http_methods(["GET", "POST"])
@screen(Action.CHECK_APPLICATION, purpose="required")
def check(request: OfficeRequest, sheet_id: int) -> HttpResponse:
    """二者確認: compare what was typed with the paper, then accept or send back."""
    sheet, household = _open_sheet(request, sheet_id)
    form = RemarkForm(request.POST if "back" in request.POST else None)
    if request.method == "POST":
        if "back" not in request.POST:
            return _accept(request, sheet)
        if form.is_valid():
            close_sheet(using=USING, sheet_id=sheet_id, state=SheetState.RETURNED, remark=form.cleaned_data["remark"])
            request.audit.changed([sheet.atena_no], "sheet-returned")
            messages.success(request, "差し戻しました。")
            return HttpResponseRedirect(reverse("applications:list"))
    request.audit.read(household.atena_nos, "sheet")
    names = {m["atena_no"]: m["name"] for m in household.members}
    files = attachments_of(using=USING, sheet_id=sheet.pk)
    context = {
        "sheet": sheet,
        "h": household,
        "files": files,
        "missing": missing_papers(sheet.content.get("missing_documents", ""), files),
        "attach": AttachmentForm(),
        "lines": _lines(sheet.content, names),
        "form": form,
        "warnings": warnings_of(file_paper(sheet.content, number=sheet.number)[1]),
        "own": sheet.changed_by == request.actor.personal_id and active_profile().processing.second_check,
    }
    return render(request, "desk/check.html", context, status=422 if form.errors else 200)


def _typed(request: OfficeRequest, page: _Page) -> HttpResponse:
    """Somebody pressed 試算 or 保存."""
    form, sheet = page.form, page.sheet
    assert sheet is not None
    if not form.is_valid():
        return _show(request, page, status=422)
    content = form.content(sheet.atena_no)
    _, problems = file_paper(content, number="確認")
    form.add_faults({**faults_by_field(problems), **_unknown(content)})
    if form.errors:
        return _show(request, page, status=422)
    warnings = tuple(warnings_of(problems))
    if "preview" in request.POST:
        try:
            trial = preview_sheet(using=USING, content=content, on=request.today, now=request.at)
        except NoVersionInForce as error:
            form.add_error("event_date", str(error))
            return _show(request, page, status=422)
        return _show(request, _Page(page.household, form, sheet, trial, warnings))
    try:
        saved = save_sheet(
            using=USING,
            sheet=sheet,
            content=content,
            seen_version=form.cleaned_data["version"] or 0,
            actor=request.actor,
            now=request.at,
        )
    except ChangedMeanwhile as change:
        return _show(request, _Page(page.household, form, change.theirs, None, warnings, change), status=409)
    except SheetClosed as error:
        messages.error(request, f"保存できません。{error}")
        return HttpResponseRedirect(reverse("applications:list"))
    request.audit.changed([sheet.atena_no], "sheet", after={"sheet": saved.pk, "version": saved.version})
    messages.success(request, f"受付番号{saved.number}で保存しました。")
    return HttpResponseRedirect(reverse("applications:check", args=[saved.pk]))


def _accept(request: OfficeRequest, sheet: Sheet) -> HttpResponse:
    text = request.POST.get("version", "")
    try:
        application = accept_sheet(
            using=USING,
            sheet_id=sheet.pk,
            seen_version=int(text) if text.isascii() and text.isdigit() else 0,
            by=request.actor.personal_id,
            now=request.at,
            profile=active_profile(),
        )
    except (SamePerson, NotOpen, SheetFaulty) as error:
        messages.error(request, f"受け付けられません。{error}")
        return HttpResponseRedirect(reverse("applications:check", args=[sheet.pk]))
    request.audit.changed([sheet.atena_no], "received", after={"application": application.pk})
    messages.success(request, "照合して受け付けました。")
    return HttpResponseRedirect(reverse("applications:application", args=[application.pk]))


def _show(request: OfficeRequest, page: _Page, *, status: int = 200) -> HttpResponse:
    request.audit.read(page.household.atena_nos, "sheet")
    theirs = page.theirs
    context = {
        "h": page.household,
        "form": page.form,
        "sheet": page.sheet if page.sheet is not None and page.sheet.pk else None,
        "version": theirs.theirs.version if theirs else page.form["version"].value() or "",
        "trial": page.trial,
        "warnings": page.warnings,
        "theirs": theirs.theirs if theirs else None,
        "their_fields": _theirs(page),
        "second_check": active_profile().processing.second_check,
    }
    return render(request, "desk/paper.html", context, status=status)


def _theirs(page: _Page) -> list[tuple[str, str]]:
    """What the other person saved in the fields that differ, by label."""
    if page.theirs is None:
        return []
    saved, fields = page.theirs.theirs.content, page.form.fields
    return [
        (str(page.form[f].label), _in_words(f, saved[f]) if saved.get(f) else "")
        for f in page.theirs.fields
        if f in fields
    ]


def _household(request: OfficeRequest, atena_no: str) -> Household:
    try:
        return show_household(using=USING, atena_no=atena_no, on=request.today, scope=request.scope, whole=False)
    except NotInScope as error:
        raise Http404 from error


def _open_sheet(request: OfficeRequest, sheet_id: int) -> tuple[Sheet, Household]:
    sheet = Sheet.objects.using(USING).open().filter(pk=sheet_id).first()
    if sheet is None:
        raise Http404
    household = _household(request, sheet.atena_no)
    if not request.scope.allows(ward=household.person["ward_code"], scheme=sheet.scheme):
        raise Http404
    return sheet, household


def _schemes(request: OfficeRequest, household: Household) -> list[str]:
    allowed = schemes_in(request.scope, household.person["ward_code"])
    return [s for s in active_profile().schemes if allowed is None or s in allowed]


def _first_values(request: OfficeRequest, household: Household) -> dict[str, Any]:
    """What the register knows already stands in the form."""
    head = next((m for m in household.members if m["relationship_code"] == "02"), household.person)
    mine = [i for i in household.histories.get("insurance", []) if i["atena_no"] == household.person["atena_no"]]
    insurance = {}
    if mine:
        copied = ("insurance_kind", "insurer_no", "symbol", "number", "branch_no", "insured_relation")
        insurance = {name: mine[0][name] for name in copied} | {"insured_on": mine[0]["since"]}
        insurance["benefit_rate"] = str(mine[0]["benefit_rate"] or "")
    return {
        "received_on": request.today,
        "kind": "1",
        "channel": "1",
        "role": "1",
        "applicant_atena_no": head["atena_no"],
        "breadwinner_atena_no": head["atena_no"],
        **insurance,
    }


def _unknown(content: Mapping[str, str]) -> dict[str, list[str]]:
    named = persons_named(content)
    unknown = unknown_people(using=USING, atena_nos=[n for numbers in named.values() for n in numbers])
    return {
        name: [f"宛名番号{n}の人は住民情報にいません" for n in numbers if n in unknown]
        for name, numbers in named.items()
        if unknown & set(numbers)
    }


def _lines(content: Mapping[str, str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Label and value as on the paper: days in 和暦, codes in words, numbers with the name beside them."""
    form = PaperForm(schemes=[])
    lines = []
    for name in form.fields:
        value = content.get(name, "")
        if not value:
            continue
        known = "、".join(names[n] for n in value.split(";") if n in names)
        words = _in_words(name, value)
        lines.append((str(form[name].label), f"{words}({known})" if known else words))
    return lines


def _in_words(name: str, value: str) -> str:
    field = FIELDS[name]
    if name == "scheme":
        return scheme_title(value)
    if field.kind is Kind.DATE:
        return to_wareki(date.fromisoformat(value))
    if field.kind is Kind.FLAG:
        return "はい"
    return field.codes.get(value, value) if field.codes else value
