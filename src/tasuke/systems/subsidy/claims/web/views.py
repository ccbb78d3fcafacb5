"""Claims on screen: files by month, queries with their reasons, one claim, decisions on one or many."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.accounts.staff import StaffNames, staff_name
from tasuke.platform.exchange.models import InboundState
from tasuke.platform.exchange.services.record_files import NotHeld
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.subsidy.claims.booking import open_months
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE, Claim
from tasuke.systems.subsidy.claims.reasons import ClaimReason
from tasuke.systems.subsidy.claims.screens import (
    AGENCIES,
    CARES,
    STATES,
    ClaimLine,
    ClaimPage,
    chosen_claims,
    claim_files,
    claim_id_of,
    claim_months,
    claim_page,
    claims_list,
    return_reasons,
)
from tasuke.systems.subsidy.claims.services.decide_file import decide_file
from tasuke.systems.subsidy.claims.services.decide_queries import decide_queries
from tasuke.systems.subsidy.claims.services.decide_query import NotAQuery, NotPayable, decide_query
from tasuke.systems.subsidy.claims.services.return_claim import NotAccepted, return_claim
from tasuke.systems.subsidy.claims.web.forms import (
    OUTCOMES,
    ClaimFilter,
    DecideFileForm,
    DecideForm,
    DecideManyForm,
    ReturnForm,
)
from tasuke.systems.subsidy.claims.web.rows import claim_rows
from tasuke.systems.subsidy.registry.wards import seen_by

USING = "subsidy"
MOST_AT_ONCE = 100


@screen(Action.LIST_CLAIMS)
def files(request: OfficeRequest) -> HttpResponse:
    """Files of claims by month, with what is still to be decided."""
    found = claim_files(using=USING, within=seen_by(request.scope, using=USING))
    request.audit.read([], "claim-files")  # counts of files; nobody is shown
    months: dict[date | None, list[Any]] = {}
    for file in found:
        months.setdefault(file.billed_month, []).append(file)
    waiting = sum(file.open_queries for file in found)
    return render(request, "claims/files.html", {"months": months, "waiting": waiting, "whole": _whole(request)})


@screen(Action.DECIDE_CLAIM, purpose="required")
def decide_totals(request: OfficeRequest, file_id: int) -> HttpResponse:
    """A file whose totals differ: what it says, and whether it counts. Only for whoever may see all of the file."""
    found = claim_files(using=USING, within=seen_by(request.scope, using=USING))
    file = next((f for f in found if f.id == file_id and f.state == InboundState.HELD), None)
    if file is None or not _whole(request):
        raise Http404
    request.audit.read([], f"claim-file {file_id}")  # sums of a file; nobody is shown
    form = DecideFileForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        accept = form.cleaned_data["outcome"] == "accept"
        try:
            booked = decide_file(
                using=USING, file_id=file_id, accept=accept, note=form.cleaned_data["note"],
                by=request.actor.personal_id, now=request.at,
            )  # fmt: skip
        except NotHeld as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{booked:,}件を{'支給' if accept else '差戻し'}として記録しました。")
            return HttpResponseRedirect(reverse("claims:files"))
    status = 422 if form.errors else 200
    return render(request, "claims/file.html", {"file": file, "form": form}, status=status)


def _whole(request: OfficeRequest) -> bool:
    return request.scope.offices is None and request.scope.schemes is None


@screen(Action.LIST_CLAIMS, purpose="required")
def queries(request: OfficeRequest) -> HttpResponse:
    """Queries (or claims in another state) with reasons and the values of both sides."""
    return _queries(request, request.GET)


def _queries(request: OfficeRequest, wanted: QueryDict, *, judging: forms.Form | None = None) -> HttpResponse:
    """The list that was asked for; judging: what was typed below it and was not enough."""
    months = claim_months(using=USING)
    asked = wanted.copy()
    if asked.get("state", "open") != "open" and not asked.get("month") and not asked.get("file") and months:
        asked["month"] = f"{months[-1]:%Y-%m}"  # years of decided claims are asked for month by month
    form = ClaimFilter(asked, months=reversed(months))
    form.is_valid()
    chosen = form.cleaned_data  # what could be read; a wrong choice stands at its field
    state = chosen.get("state") or "open"
    month = date.fromisoformat(f"{chosen['month']}-01") if chosen.get("month") else None
    after = _number(asked.get("after", ""))
    lines = claims_list(
        using=USING, within=seen_by(request.scope, using=USING), on=request.today, state=state, month=month,
        file_id=chosen.get("file"),
        reason=chosen.get("reason", ""), scheme=chosen.get("scheme", ""), after=after, limit=PAGE_ROWS + 1,
    )  # fmt: skip
    page = page_of(lines, key=lambda line: line.key, after=str(after) if after else "")
    _read(request, page.rows, "claims")
    context: dict[str, Any] = {"filter": form, "page": page, "state_words": STATES[state], "month": month}
    deciding = state == "open" and request.actor.may(Action.DECIDE_CLAIM)
    context |= {"form": judging or DecideManyForm(), "deciding": deciding, "back": wanted.urlencode()}
    context["rows"] = claim_rows(page.rows, deciding=deciding, ticked=False, staff=StaffNames().told)
    return render(request, "claims/queries.html", context, status=422 if judging else 200)


@screen(Action.DECIDE_CLAIM, purpose="required")
@require_POST
def decide_many(request: OfficeRequest) -> HttpResponse:
    """One judgement for the queries that were ticked."""
    ids = sorted({_number(text) for text in request.POST.getlist("claim")})[:MOST_AT_ONCE]
    lines = chosen_claims(using=USING, within=seen_by(request.scope, using=USING), on=request.today, claim_ids=ids)
    if len(lines) < len(ids):
        raise Http404
    form, back = DecideManyForm(request.POST), QueryDict(request.POST.get("back", ""))
    if not lines:
        form.add_error(None, "レセプトを1件以上選んでください")
        return _queries(request, back, judging=form)
    if form.is_valid():
        return _decide_many(request, ids, form, back)
    _read(request, lines, "claims")
    page = page_of(lines, key=lambda line: line.key, limit=MOST_AT_ONCE)
    context = {
        "form": form,
        "page": page,
        "deciding": True,
        "state_words": "選んだ疑義",
        "back": back.urlencode(),
        "rows": claim_rows(page.rows, deciding=True, ticked=True, staff=StaffNames().told),
    }
    return render(request, "claims/queries.html", context, status=422)


@screen(Action.VIEW_CLAIM, purpose="required")
def one_claim(request: OfficeRequest, file_id: int, line: int) -> HttpResponse:
    """One claim with findings, amounts, history."""
    page = _page(request, file_id, line)
    _read(request, [page.line], f"claim {file_id}:{line}")
    return _claim(request, page)


@screen(Action.DECIDE_CLAIM, purpose="required")
@require_POST
def decide_one(request: OfficeRequest, file_id: int, line: int) -> HttpResponse:
    """Decide a query, with a burden of one's own where the billed one is wrong."""
    page, form = _page(request, file_id, line), DecideForm(request.POST, months=_months(request))
    if form.is_valid():
        given = form.cleaned_data
        try:
            entry = decide_query(
                using=USING, claim_id=page.line.claim.pk, by=request.actor.personal_id, now=request.at,
                outcome=given["outcome"], note=given["note"], burden=given["burden"],
                booked_month=given["booked_month"],
            )  # fmt: skip
        except NotAQuery:
            form.add_error(None, _who_was_first(page))
        except NotPayable as error:
            form.add_error("burden", str(error))
        else:
            _changed(request, page.line, entry.kind, entry.subsidy)
            messages.success(request, f"「{entry.get_kind_display()}」と記録しました。")
            return _back(file_id, line)
    _read(request, [page.line], f"claim {file_id}:{line}")
    return _claim(request, page, deciding=form)


@screen(Action.RETURN_CLAIM, purpose="required")
@require_POST
def return_one(request: OfficeRequest, file_id: int, line: int) -> HttpResponse:
    """Take an accepted claim back."""
    page, form = _page(request, file_id, line), ReturnForm(request.POST, months=_months(request))
    if form.is_valid():
        given = form.cleaned_data
        try:
            entry = return_claim(
                using=USING, claim_id=page.line.claim.pk, reason=ClaimReason(given["reason"]), note=given["note"],
                by=request.actor.personal_id, now=request.at, booked_month=given["booked_month"],
            )  # fmt: skip
        except NotAccepted:
            form.add_error(None, _who_was_first(page))
        else:
            _changed(request, page.line, entry.kind, entry.subsidy)
            messages.success(request, "過誤として記録しました。")
            return _back(file_id, line)
    _read(request, [page.line], f"claim {file_id}:{line}")
    return _claim(request, page, returning=form)


def _decide_many(request: OfficeRequest, ids: list[int], form: DecideManyForm, back: QueryDict) -> HttpResponse:
    done = decide_queries(
        using=USING, claim_ids=ids, outcome=form.cleaned_data["outcome"], note=form.cleaned_data["note"],
        by=request.actor.personal_id, now=request.at, within=seen_by(request.scope, using=USING),
    )  # fmt: skip
    for entry in done.entries:
        _record_change(request, entry.claim, entry.kind, entry.subsidy)
    if done.entries:
        said = dict(OUTCOMES)[form.cleaned_data["outcome"]]
        messages.success(request, f"{len(done.entries)}件を「{said}」と記録しました。")
    for refused in done.refused:
        messages.warning(request, f"{refused.claim.file_id}-{refused.claim.line} は記録していません: {refused.message}")
    return HttpResponseRedirect(f"{reverse('claims:queries')}{'?' if back else ''}{back.urlencode()}")


def _claim(
    request: OfficeRequest, page: ClaimPage, *, deciding: forms.Form | None = None, returning: forms.Form | None = None
) -> HttpResponse:
    months = _months(request)
    preset = {
        "booked_month": min(months, key=lambda month: (month < request.today.replace(day=1), month), default=None)
    }
    context = {
        "page": page,
        "deciding": deciding or DecideForm(initial=preset, months=months),
        "returning": returning or ReturnForm(initial=preset, months=months),
        "cares": CARES,
        "agencies": AGENCIES,
        "reasons": dict(return_reasons()),
    }
    return render(request, "claims/claim.html", context, status=422 if deciding or returning else 200)


def _months(request: OfficeRequest) -> list[date]:
    return open_months(using=USING, today=request.today)


def _page(request: OfficeRequest, file_id: int, line: int) -> ClaimPage:
    if file_id >= 2**31 or line >= LINES_PER_FILE:
        raise Http404
    within, claim_id = seen_by(request.scope, using=USING), claim_id_of(file_id, line)
    try:
        return claim_page(using=USING, within=within, on=request.today, claim_id=claim_id)
    except Claim.DoesNotExist:
        raise Http404 from None


def _who_was_first(page: ClaimPage) -> str:
    last = page.entries[-1] if page.entries else None
    if last is None:
        return f"このレセプトは「{page.line.state}」です。判断できません。入力は残してあります"
    return f"{staff_name(last.decided_by)} が先に「{last.get_kind_display()}」と記録しています。入力は残してあります"


def _read(request: OfficeRequest, lines: Any, what: str) -> None:
    """Whoever is behind the claims; of a claim without a match the name stands there, but nobody's number."""
    request.audit.read([line.claim.atena_no for line in lines if line.claim.atena_no], what)


def _changed(request: OfficeRequest, line: ClaimLine, kind: str, subsidy: int) -> None:
    _record_change(request, line.claim, kind, subsidy)


def _record_change(request: OfficeRequest, claim: Claim, kind: str, subsidy: int) -> None:
    request.audit.changed(
        [claim.atena_no] if claim.atena_no else [], f"claim {claim}", before={"state": claim.state},
        after={"entry": kind, "subsidy": subsidy},
    )  # fmt: skip


def _back(file_id: int, line: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("claims:claim", args=[file_id, line]))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
