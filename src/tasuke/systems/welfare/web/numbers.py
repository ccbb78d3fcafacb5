"""住登外者 and corporations on screen: search first, then a number; 名寄せ and its undoing."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.welfare.queries import may_have_moved_in
from tasuke.systems.welfare.search import Criteria, Hit, search
from tasuke.systems.welfare.services.issue_nonresident import (
    CannotIssue,
    end_nonresident,
    issue_nonresident,
    revise_nonresident,
)
from tasuke.systems.welfare.services.merge_numbers import CannotMerge, merge_numbers, unmerge_numbers
from tasuke.systems.welfare.services.register_corporation import CannotRegister, register_corporation
from tasuke.systems.welfare.web.forms import CorporationForm, EndForm, IssueForm, MergeForm, ReasonForm, ReviseForm
from tasuke.systems.welfare.web.persons import USING, form_page, found

_CANDIDATES = 20
_MOVED_IN_YEARS = 5


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@screen(Action.EDIT_WELFARE, purpose="required", using=USING)
def issue(request: OfficeRequest) -> HttpResponse:
    """Give a number. Whoever may be the same person is shown first, and must have been looked at."""
    form = IssueForm(request.POST or None)
    candidates: list[Hit] = []
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        candidates = _candidates(form)
        if candidates and not cleaned["checked"] and not cleaned["atena_no"]:
            form.add_error("checked", "同じ人かもしれない人がいます。上の候補を確かめてください")
        else:
            try:
                issued = issue_nonresident(
                    using=USING,
                    facts=form.facts(),
                    business_id=cleaned["business_id"],
                    hidden=cleaned["hidden"],
                    atena_no=cleaned["atena_no"],
                    same_person_checked=cleaned["checked"],
                    **_who(request),
                )
            except CannotIssue as error:
                form.add_error(None, str(error))
            else:
                request.audit.changed([issued.atena_no], "nonresident")
                messages.success(request, f"宛名番号 {issued.atena_no} を付けました。")
                onward = "my-number" if request.POST.get("onward") == "my-number" else "person"
                return HttpResponseRedirect(reverse(f"welfare:{onward}", args=[issued.atena_no]))
    request.audit.searched("nonresident-candidates", len(candidates), [hit.now.atena_no for hit in candidates])
    context = {
        "form": form,
        "candidates": candidates,
        "addresses": request.actor.may(Action.VIEW_WELFARE_PROTECTED),
    }
    return render(request, "welfare/issue.html", context, status=400 if request.method == "POST" else 200)


def _candidates(form: IssueForm) -> list[Hit]:
    """Somebody of the same name, or born on the same day with the same sex."""
    cleaned = form.cleaned_data
    by_name, _ = search(using=USING, criteria=Criteria(name=cleaned["name"]), business_id=None, limit=_CANDIDATES)
    if cleaned["birth_date"] is None:
        return by_name
    same = Criteria(birth_date=cleaned["birth_date"], sex=cleaned["sex"], address=cleaned["address"])
    by_birth, _ = search(using=USING, criteria=same, business_id=None, limit=_CANDIDATES)
    return list({hit.now.atena_no: hit for hit in (*by_name, *by_birth)}.values())


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@screen(Action.EDIT_WELFARE, purpose="required", using=USING)
def revise(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Changed 4 information of a 住登外者."""
    one = found(request, atena_no)
    if one.issued is None or one.issued.kind != "person" or one.issued.ended_on is not None:
        raise Http404
    if one.protection is not None and not request.actor.may(Action.VIEW_WELFARE_PROTECTED):
        messages.error(request, "支援措置の対象者です。内容の変更は管理者が行います。")
        return HttpResponseRedirect(reverse("welfare:person", args=[atena_no]))
    initial = {**one.now.items, "revision": one.issued.revisions, "protection": one.protection is not None}
    initial["birth_date"] = parse_date(str(initial.get("birth_date", "")))
    form = ReviseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            revise_nonresident(
                using=USING,
                atena_no=atena_no,
                facts=form.facts(),
                revision=form.cleaned_data["revision"],
                **_who(request),
            )
        except CannotIssue as error:
            form.add_error(None, str(error))
        else:
            return _done(request, atena_no, "nonresident", "変更を記録しました。")
    return form_page(request, one, form, "住登外者の変更")


@require_http_methods(["GET", "POST"])
@screen(Action.MERGE_WELFARE, purpose="required", using=USING)
def end(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """End the 住登外 side of somebody who has become a resident, or is no more."""
    one = found(request, atena_no)
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            end_nonresident(using=USING, atena_no=atena_no, **form.cleaned_data, **_who(request))
        except CannotIssue as error:
            form.add_error(None, str(error))
        else:
            return _done(request, atena_no, "nonresident-ended", "住登外者を終了しました。履歴は残ります。")
    return form_page(request, one, form, "住登外者の終了")


@require_http_methods(["GET", "POST"])
@screen(Action.MERGE_WELFARE, purpose="required", using=USING)
def merge(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Say that two numbers are one person."""
    one = found(request, atena_no)
    form = MergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            merge_numbers(using=USING, atena_no=atena_no, **form.cleaned_data, **_who(request))
        except CannotMerge as error:
            form.add_error(None, str(error))
        else:
            request.audit.changed([form.cleaned_data["into"]], "merge")
            return _done(request, atena_no, "merge", "名寄せをしました。番号は変わりません。")
    return form_page(request, one, form, "名寄せ")


@require_POST
@screen(Action.MERGE_WELFARE, purpose="required", using=USING)
def unmerge(request: OfficeRequest, atena_no: str, merge_id: int) -> HttpResponse:
    """Take two numbers apart again."""
    one = found(request, atena_no)
    if merge_id not in {m.pk for m in one.merges}:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return form_page(request, one, form, "名寄せの解除")
    try:
        undone = unmerge_numbers(using=USING, merge_id=merge_id, **form.cleaned_data, **_who(request))
    except CannotMerge as error:
        form.add_error(None, str(error))
        return form_page(request, one, form, "名寄せの解除")
    request.audit.changed([undone.atena_no, undone.into_atena_no], "unmerge")
    messages.success(request, "名寄せを解除しました。")
    return HttpResponseRedirect(reverse("welfare:person", args=[atena_no]))


@screen(Action.VIEW_WELFARE, purpose="required", using=USING)
def moved_in(request: OfficeRequest) -> HttpResponse:
    """住登外者 who may have become residents: a person looks at each pair."""
    since = request.today.replace(year=request.today.year - _MOVED_IN_YEARS, day=1)
    pairs = may_have_moved_in(using=USING, on=since, limit=_CANDIDATES)
    shown = [pair for pair in pairs if request.scope.allows(ward=pair[1].items.get("ward_code"))]
    request.audit.read([no for issued, state in shown for no in (issued.atena_no, state.atena_no)], "moved-in")
    return render(request, "welfare/moved_in.html", {"pairs": shown, "more": len(pairs) == _CANDIDATES})


@require_http_methods(["GET", "POST"])
@screen(Action.EDIT_WELFARE, purpose="required", using=USING)
def corporation(request: OfficeRequest) -> HttpResponse:
    """Register a corporation."""
    form = CorporationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = register_corporation(using=USING, business_id="020", **form.cleaned_data, **_who(request))
        except CannotRegister as error:
            form.add_error(None, str(error))
        else:
            return _done(request, made.atena_no, "corporation", f"宛名番号 {made.atena_no} を付けました。")
    request.audit.read([], "corporation-form")
    status = 400 if request.method == "POST" else 200
    return render(request, "welfare/form.html", {"form": form, "title": "法人の登録"}, status=status)


def _who(request: OfficeRequest) -> dict[str, Any]:
    return {"by": request.actor.personal_id, "on": request.today, "at": request.at}


def _done(request: OfficeRequest, atena_no: str, what: str, message: str) -> HttpResponse:
    request.audit.changed([atena_no], what)
    messages.success(request, message)
    return HttpResponseRedirect(reverse("welfare:person", args=[atena_no]))
