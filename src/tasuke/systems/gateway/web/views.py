"""市中間サーバ on screen: the queue, what stands still, masters, conversion tables, flags. No contents of answers."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.gateway import screens
from tasuke.systems.gateway.services.lift_flags import CannotLift, lift_flags
from tasuke.systems.gateway.services.retry_inquiry import NothingToRetry, retry_inquiry
from tasuke.systems.gateway.web.forms import LiftForm, StateFilter

USING = "gateway"
_FEW = 10  # rows of a list beside others


@screen(Action.VIEW_GATEWAY, using=USING)
def overview(request: OfficeRequest) -> HttpResponse:
    """Is 中間サーバー open, how much waits, what needs a person."""
    return render(request, "gateway/overview.html", {"found": screens.overview()})


@screen(Action.LIST_INQUIRIES, purpose="required", using=USING)
def inquiry_list(request: OfficeRequest) -> HttpResponse:
    """Inquiries and their states."""
    form = StateFilter(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    after = request.GET.get("after", "")
    found = screens.inquiries(state=state, after=after, limit=PAGE_ROWS + 1)
    page = page_of(found, key=lambda row: row.pk, after=after)
    request.audit.read([row.atena_no for row in page.rows], "inquiries")
    return render(request, "gateway/inquiries.html", {"page": page, "filter": form, "names": screens.names()})


@require_POST
@screen(Action.RETRY_INQUIRY, purpose="required", using=USING)
def retry(request: OfficeRequest, inquiry_id: int) -> HttpResponse:
    """Send a dead letter again in the next round."""
    try:
        retry_inquiry(using=USING, inquiry_id=inquiry_id, audit=request.audit)
    except NothingToRetry as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "次の送信でもう一度送ります。")
    return HttpResponseRedirect(reverse("gateway:errors"))


@screen(Action.LIST_INQUIRIES, purpose="required", using=USING)
def errors(request: OfficeRequest) -> HttpResponse:
    """What was not taken, what stands still, what could not be provided, each with its reason.

    Of each kind the first few; one kind alone (`?kind=`) in pieces.
    """
    kind, after = request.GET.get("kind", ""), request.GET.get("after", "")
    kinds, rows = ([kind], PAGE_ROWS) if kind in screens.ERRORS else (list(screens.ERRORS), _FEW)
    after = after if len(kinds) == 1 else ""
    lists = []
    for one in kinds:
        found = screens.error_lines(one, after=after, limit=rows + 1)
        page = page_of(found, key=lambda line: line.key, after=after, limit=rows)
        lists.append((one, screens.ERRORS[one], page))
    shown = sorted({line.atena_no for _, _, page in lists for line in page.rows})
    request.audit.read(shown, "gateway-errors")
    return render(request, "gateway/errors.html", {"lists": lists, "alone": len(kinds) == 1})


@screen(Action.LIFT_FLAGS, purpose="required", using=USING)
def flags(request: OfficeRequest) -> HttpResponse:
    """自動応答不可 and 不開示該当 in force; a person lifts those whose 支援措置 has ended."""
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            lift_flags(
                using=USING, atena_no=form.cleaned_data["atena_no"], reason=form.cleaned_data["reason"],
                by=request.actor.personal_id, audit=request.audit, at=request.at,
            )  # fmt: skip
        except CannotLift as refused:
            form.add_error("atena_no", str(refused))
        else:
            messages.success(request, "解除しました。次の送信で中間サーバーに届きます。")
            return HttpResponseRedirect(reverse("gateway:flags"))
    after = request.GET.get("after", "")
    ended = page_of(screens.ended_flags(limit=PAGE_ROWS + 1), key=lambda row: row.pk)
    page = page_of(screens.standing_flags(after=after, limit=PAGE_ROWS + 1), key=lambda row: row.pk, after=after)
    request.audit.read([row.atena_no for row in (*ended.rows, *page.rows)], "flags")
    shown = {"ended": ended, "page": page, "form": form}
    return render(request, "gateway/flags.html", shown, status=422 if form.errors else 200)


@screen(Action.VIEW_GATEWAY, using=USING)
def masters(request: OfficeRequest) -> HttpResponse:
    """配信マスター in force."""
    after = request.GET.get("after", "")
    found = screens.masters(after=after, limit=PAGE_ROWS + 1)
    page = page_of(found.rows, key=lambda row: row.pk, after=after)
    return render(request, "gateway/masters.html", {"found": found, "page": page})


@screen(Action.VIEW_GATEWAY, using=USING)
def bodies(request: OfficeRequest) -> HttpResponse:
    """Bodies that may be asked, or may ask."""
    after = request.GET.get("after", "")
    page = page_of(screens.bodies(after=after, limit=PAGE_ROWS + 1), key=lambda row: row.code, after=after)
    return render(request, "gateway/bodies.html", {"page": page})


@screen(Action.VIEW_GATEWAY, using=USING)
def conversion_tables(request: OfficeRequest) -> HttpResponse:
    """変換表 in force today, with sources."""
    return render(
        request, "gateway/tables.html", {"tables": screens.tables_on(request.today), "names": screens.names()}
    )
