"""Where this system meets the others: changes of theirs that were not taken, as a list of work."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.paging import page_of
from tasuke.platform.ui.reason import reason_refused
from tasuke.systems.subsidy.desk.change_problems import change_problem, change_problems
from tasuke.systems.subsidy.desk.web.text_field import TypedText
from tasuke.systems.subsidy.registry.services.settle_change_problem import settle_change_problem

USING = "subsidy"
_KEY_DIGITS = 19  # of a bigint that certainly fits
_KINDS = {
    "person": "住民",
    "nonresident": "住登外者",
    "tax": "税",
    "account": "口座",
    "mailing": "送付先",
    "merge": "名寄せ",
}


class ReasonForm(forms.Form):
    """How it was dealt with."""

    reason = TypedText(
        label="処理の内容", max_length=200, error_messages={"required": "何をして処理済みにしたかを入力してください"}
    )


@require_safe
@screen(Action.LIST_CHANGE_PROBLEMS, purpose="required", using=USING)
def listed(request: OfficeRequest) -> HttpResponse:
    """Changes that wait for a person, the oldest first; `?state=settled`: those that were dealt with."""
    settled = request.GET.get("state") == "settled"
    after = request.GET.get("after", "")
    key = int(after) if after.isascii() and after.isdigit() and len(after) < _KEY_DIGITS else None
    found = change_problems(using=USING, scope=request.scope, on=request.today, settled=settled, after=key)
    rows = [{**row, "kind_label": _KINDS.get(row["kind"], row["kind"])} for row in found]
    page = page_of(rows, key=lambda row: row["id"], after=after)
    request.audit.read([row["atena_no"] for row in page.rows], "change-problems")
    return render(request, "desk/linkage.html", {"page": page, "settled": settled})


@require_POST
@screen(Action.LIST_CHANGE_PROBLEMS, purpose="required", using=USING)
def settle(request: OfficeRequest, problem_id: int) -> HttpResponse:
    """Somebody has dealt with it, and says how."""
    row = change_problem(using=USING, scope=request.scope, on=request.today, problem_id=problem_id)
    if row is None:
        raise Http404
    form = ReasonForm(request.POST)
    back = reverse("linkage:list")
    if not form.is_valid():
        title, about = "変更を処理済みにする", f"連番{row['sequence']}の変更"
        return reason_refused(request, form=form, title=title, button="処理済みにする", back=back, about=about)
    settle_change_problem(
        using=USING, problem_id=problem_id, reason=form.cleaned_data["reason"], by=request.actor.personal_id,
        at=request.at,
    )  # fmt: skip
    request.audit.changed([row["atena_no"]], "change-problem", after={"state": "settled"})
    messages.success(request, "処理済みにしました。")
    return HttpResponseRedirect(back)
