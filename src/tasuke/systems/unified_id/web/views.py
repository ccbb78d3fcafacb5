"""団体内統合宛名 on screen: search, one person, a 個人番号 for ten seconds, faults, counts."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.platform.ui.reason import reason_refused
from tasuke.systems.unified_id import screens
from tasuke.systems.unified_id.models import Merge, Person
from tasuke.systems.unified_id.my_number import MyNumber
from tasuke.systems.unified_id.services.merge_persons import CannotMerge, merge_persons
from tasuke.systems.unified_id.services.request_code_again import NothingToRequest, request_code_again
from tasuke.systems.unified_id.services.show_my_number import NotPermitted, show_my_number
from tasuke.systems.unified_id.services.unmerge_persons import CannotUnmerge, unmerge_persons
from tasuke.systems.unified_id.web.forms import MergeForm, ReasonForm, SearchForm, ShowForm

USING = "unified_id"
SECONDS = 10  # how long a 個人番号 stays on the screen


@screen(Action.SEARCH_NUMBERS, purpose="required", using=USING)
def search(request: OfficeRequest) -> HttpResponse:
    """Find a person by one number; what was typed is neither kept nor logged."""
    form = SearchForm(request.POST or None)
    if not form.is_valid():
        request.audit.searched("none", 0, [])
        context = {"form": form, "found": None}
        return _private(render(request, "unified_id/search.html", context, status=422 if form.errors else 200))
    kind, number = form.cleaned_data["kind"], form.cleaned_data["number"]
    people = _find(kind, number)
    links = screens.links_of_people(people, using=USING)
    request.audit.searched(kind, len(people), [link.atena_no for listed in links.values() for link in listed])
    found = [(one, links[one.pk]) for one in people]
    blank = SearchForm(initial={"kind": kind})  # a 個人番号 is not sent back to the screen
    return _private(render(request, "unified_id/search.html", {"form": blank, "found": found}))


def _find(kind: str, number: str) -> list[Person]:
    if kind == "my_number":
        return screens.find_by_number(MyNumber(number), using=USING)
    if kind == "unified_no":
        return screens.find_by_unified(number, using=USING)
    return screens.find_by_atena(number, using=USING)


@screen(Action.VIEW_NUMBERS, purpose="required", using=USING)
def person(request: OfficeRequest, unified_no: str) -> HttpResponse:
    """One person: facts, links, state of 符号, merges."""
    return _person(request, unified_no)


@require_POST
@screen(Action.SHOW_MY_NUMBER, purpose="required", using=USING)
def show(request: OfficeRequest, unified_no: str) -> HttpResponse:
    """The 個人番号 for ten seconds; the look is on record before the page goes out."""
    page = _page(request, unified_no)
    form = ShowForm(request.POST, businesses=list(page.showable))
    if not form.is_valid():
        return _person(request, unified_no, show_form=form)
    business = form.cleaned_data["business"]
    atena_no = next(link.atena_no for link in page.links if link.business_id == business and link.unlinked_at is None)
    try:
        number = show_my_number(
            using=USING, business_id=business, atena_no=atena_no, personal_id=request.actor.personal_id,
            purpose=form.cleaned_data["purpose"], audit=request.audit, at=request.at,
        )  # fmt: skip
    except NotPermitted as refused:
        form.add_error(None, str(refused))
        return _person(request, unified_no, show_form=form)
    digits = None if number is None else number.reveal()
    parts = None if digits is None else f"{digits[:4]} {digits[4:8]} {digits[8:]}"
    response = render(request, "unified_id/my_number.html", {"page": page, "digits": parts, "seconds": SECONDS})
    response.headers["Refresh"] = f"{SECONDS}; url={reverse('unified_id:person', args=[unified_no])}"
    return _private(response)


@require_POST
@screen(Action.MERGE_NUMBERS, purpose="required", using=USING)
def merge(request: OfficeRequest, unified_no: str) -> HttpResponse:
    """Put this number into another one."""
    form = MergeForm(request.POST)
    if not form.is_valid():
        return _person(request, unified_no, merge_form=form)
    target = form.cleaned_data["target"]
    try:
        merge_persons(
            using=USING, source=unified_no, target=target, reason=form.cleaned_data["reason"],
            by=request.actor.personal_id, audit=request.audit, at=request.at,
        )  # fmt: skip
    except CannotMerge as refused:
        form.add_error("target", str(refused))
        return _person(request, unified_no, merge_form=form)
    messages.success(request, "統合しました。番号は付け直していません。")
    return HttpResponseRedirect(reverse("unified_id:person", args=[target]))


@require_POST
@screen(Action.MERGE_NUMBERS, purpose="required", using=USING)
def unmerge(request: OfficeRequest, merge_id: int) -> HttpResponse:
    """Take a merge back, with a reason."""
    merged = Merge.objects.using(USING).filter(pk=merge_id).first()
    if merged is None:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _unmerge_refused(request, form, merged)
    try:
        done = unmerge_persons(
            using=USING, merge_id=merge_id, reason=form.cleaned_data["reason"], by=request.actor.personal_id,
            audit=request.audit, at=request.at,
        )  # fmt: skip
    except CannotUnmerge as refused:
        form.add_error(None, str(refused))
        return _unmerge_refused(request, form, merged)
    messages.success(request, "分離しました。")
    return HttpResponseRedirect(reverse("unified_id:person", args=[done.source_id]))


def _unmerge_refused(request: OfficeRequest, form: ReasonForm, merged: Merge) -> HttpResponse:
    request.audit.read([], "unmerge")  # nobody is named on it
    back = reverse("unified_id:person", args=[merged.source_id])
    return _private(reason_refused(request, form=form, title="統合の分離", button="分離する", back=back))


@require_POST
@screen(Action.VIEW_NUMBERS, purpose="required", using=USING)
def code_again(request: OfficeRequest, unified_no: str) -> HttpResponse:
    """Ask for a 符号 once more."""
    try:
        request_code_again(using=USING, unified_no=unified_no, audit=request.audit, at=request.at)
    except NothingToRequest as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "符号をもう一度要求します。")
    return HttpResponseRedirect(reverse("unified_id:person", args=[unified_no]))


@screen(Action.LIST_NUMBER_ERRORS, purpose="required", using=USING)
def errors(request: OfficeRequest) -> HttpResponse:
    """Rows that led to no number; whether messages to 住基GW were refused."""
    after = request.GET.get("after", "")
    found = screens.open_faults(using=USING, after=after, limit=PAGE_ROWS + 1)
    page = page_of(found, key=lambda fault: fault.pk, after=after)
    request.audit.read([fault.atena_no for fault in page.rows], "number-faults")
    return render(request, "unified_id/errors.html", {"page": page, "dead": screens.any_dead(using=USING)})


@require_POST
@screen(Action.LIST_NUMBER_ERRORS, purpose="required", using=USING)
def settle(request: OfficeRequest, fault_id: int) -> HttpResponse:
    """A fault that was dealt with at its source leaves the list."""
    fault = screens.settle_fault(fault_id, by=request.actor.personal_id, using=USING, at=request.at)
    if fault is None:
        raise Http404
    request.audit.changed([fault.atena_no], "number-fault", after={"settled": True})
    messages.success(request, "処理済みにしました。")
    return HttpResponseRedirect(reverse("unified_id:errors"))


@screen(Action.VIEW_NUMBER_STATISTICS, using=USING)
def statistics_page(request: OfficeRequest) -> HttpResponse:
    """Counts; nobody is shown."""
    return render(request, "unified_id/statistics.html", {"counts": screens.statistics(using=USING, at=request.at)})


def _person(
    request: OfficeRequest,
    unified_no: str,
    *,
    show_form: ShowForm | None = None,
    merge_form: MergeForm | None = None,
) -> HttpResponse:
    page = _page(request, unified_no)
    request.audit.read(page.atena_nos, "unified-number")
    context = {
        "page": page,
        "show_form": show_form or ShowForm(businesses=list(page.showable)),
        "merge_form": merge_form or MergeForm(),
    }
    failed = show_form is not None or merge_form is not None
    return _private(render(request, "unified_id/person.html", context, status=422 if failed else 200))


def _page(request: OfficeRequest, unified_no: str) -> screens.PersonPage:
    try:
        return screens.person_page(unified_no, personal_id=request.actor.personal_id, on=request.today, using=USING)
    except Person.DoesNotExist:
        raise Http404 from None


def _private(response: HttpResponse) -> HttpResponse:
    """Kept by no browser and no proxy."""
    response.headers["Cache-Control"] = "no-store"
    return response
