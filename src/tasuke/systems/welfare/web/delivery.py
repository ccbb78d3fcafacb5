"""Who takes changes and how far they are; business numbers that 団体内統合宛名 would not take."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.platform.ui.reason import reason_refused
from tasuke.systems.welfare.models import Change, NumberNotice, Subscriber
from tasuke.systems.welfare.queries import delivery_records, number_notices, subscribers
from tasuke.systems.welfare.services.subscribe import (
    CannotSubscribe,
    apply_for_changes,
    decide_subscription,
    end_subscription,
)
from tasuke.systems.welfare.services.take_events import position_seen
from tasuke.systems.welfare.services.tell_again import tell_again
from tasuke.systems.welfare.web.forms import ReasonForm, SubscriptionForm

USING = "welfare"
_WHAT = {"approve": "承認する", "reject": "承認しない", "end": "終了する"}


@screen(Action.VIEW_WELFARE_DELIVERY, using=USING)
def delivery_page(request: OfficeRequest) -> HttpResponse:
    """How far we are with residents' events, how far the businesses are with our changes; nobody is named."""
    after = _after(request)
    found = delivery_records(using=USING, before=after, limit=PAGE_ROWS + 1)
    lines = [
        (s, s.last_sequence - s.confirmed, s.requested_by == request.actor.personal_id, _labels(s.kinds), _lacking(s))
        for s in subscribers(using=USING)
    ]
    context = {
        "position": position_seen(using=USING),
        "subscribers": lines,
        "page": page_of(found, key=lambda row: row.pk, after=str(after or "")),
    }
    return render(request, "welfare/delivery.html", context)


def _after(request: OfficeRequest) -> int | None:
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _labels(kinds: list[str]) -> list[str]:
    return [Change.Kind(kind).label for kind in kinds]


def _lacking(subscriber: Subscriber) -> list[str]:
    """Kinds that an approval in force does not have: a business may have learnt them since."""
    if subscriber.state != Subscriber.State.APPROVED:
        return []
    return _labels([kind for kind in Change.Kind.values if kind not in subscriber.kinds])


@require_http_methods(["GET", "POST"])
@screen(Action.REQUEST_USAGE, using=USING)
def subscribe(request: OfficeRequest) -> HttpResponse:
    """A business asks for kinds of changes."""
    form = SubscriptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = apply_for_changes(using=USING, by=request.actor.personal_id, at=request.at, **form.cleaned_data)
        except CannotSubscribe as error:
            form.add_error(None, str(error))
        else:
            request.audit.event(EventKind.SETTING_CHANGED, "変更の利用申請", system=made.system)
            messages.success(request, "申請しました。別の人の承認を待ちます。")
            return HttpResponseRedirect(reverse("welfare:delivery"))
    status = 400 if request.method == "POST" else 200
    return render(request, "welfare/subscribe.html", {"form": form}, status=status)


@require_POST
@screen(Action.APPROVE_USAGE, using=USING)
def decide(request: OfficeRequest, subscriber_id: int, what: str) -> HttpResponse:
    """Approve, reject or end, the last two with a reason; never approved by who asked."""
    if what not in _WHAT:
        raise Http404
    form = ReasonForm(request.POST)
    if what != "approve" and not form.is_valid():
        title = "利用を承認しない理由" if what == "reject" else "利用を終了する理由"
        return reason_refused(request, form=form, title=title, button=_WHAT[what], back=reverse("welfare:delivery"))
    given: dict[str, Any] = {
        "using": USING,
        "subscriber_id": subscriber_id,
        "by": request.actor.personal_id,
        "at": request.at,
    }
    try:
        if what == "end":
            end_subscription(**given)
        else:
            decide_subscription(approve=what == "approve", **given)
    except Subscriber.DoesNotExist:
        raise Http404 from None
    except CannotSubscribe as error:
        messages.error(request, str(error))
    else:
        why = "" if what == "approve" else form.cleaned_data["reason"]
        request.audit.event(
            EventKind.SETTING_CHANGED, "変更の利用の決定", subscriber=subscriber_id, decided=what, why=why
        )
        messages.success(request, "記録しました。")
    return HttpResponseRedirect(reverse("welfare:delivery"))


@screen(Action.LIST_WELFARE_FAULTS, using=USING)
def faults_page(request: OfficeRequest) -> HttpResponse:
    """Business numbers that were refused for good."""
    after = _after(request)
    found = number_notices(using=USING, state=NumberNotice.State.DEAD, after=after, limit=PAGE_ROWS + 1)
    page = page_of(found, key=lambda row: row.pk, after=str(after or ""))
    request.audit.read([notice.atena_no for notice in page.rows], "number-notice")
    return render(request, "welfare/faults.html", {"page": page})


@require_POST
@screen(Action.LIST_WELFARE_FAULTS, using=USING)
def again(request: OfficeRequest, notice_id: int) -> HttpResponse:
    """Somebody has found out why: it is told once more."""
    notice = tell_again(using=USING, notice_id=notice_id, at=request.at)
    if notice is None:
        raise Http404
    request.audit.changed([notice.atena_no], "number-notice")
    messages.success(request, "もう一度知らせます。")
    return HttpResponseRedirect(reverse("welfare:faults"))
