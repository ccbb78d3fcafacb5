"""Screens of a municipality's staff. Which municipality is in the address, and must be among one's own."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from tasuke.contracts.interface import Flag, ProvisionRecord
from tasuke.contracts.kit import Refused
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.midserver import queries
from tasuke.systems.midserver.directory import directory
from tasuke.systems.midserver.flags import Kind
from tasuke.systems.midserver.master import NoMaster, permission_list
from tasuke.systems.midserver.models import Tenant
from tasuke.systems.midserver.noting import count, pseudonym
from tasuke.systems.midserver.safe import person_keys
from tasuke.systems.midserver.screens import OUTCOMES, flag_lines, inquiry_lines, waiting_page
from tasuke.systems.midserver.services.answer_manually import answer_manually
from tasuke.systems.midserver.services.set_flags import set_flags
from tasuke.systems.midserver.setting import number
from tasuke.systems.midserver.tenancy import USING, UnknownTenant, inside, tenant_of, tenants
from tasuke.systems.midserver.web.forms import AnswerForm, FlagForm, InquiryFilter, PersonForm, RecordFilter

View = Callable[..., HttpResponse]


def _own(view: View) -> View:
    """Turn the code in the address into a municipality, if a grant names it. A grant without limit names none."""

    @wraps(view)
    def limited(request: OfficeRequest, body: str, **more: str) -> HttpResponse:
        if body not in _bodies(request):
            raise Http404
        try:
            tenant = tenant_of(body)
        except UnknownTenant as error:
            raise Http404 from error
        return view(request, tenant, **more)

    return limited


@screen(Action.LIST_MID_INQUIRIES, using=USING)
def choose(request: OfficeRequest) -> HttpResponse:
    """One's own municipality; whoever works for several chooses."""
    own = [tenant for tenant in tenants() if tenant.body in _bodies(request)]
    request.audit.read([], "midserver-choice")
    if len(own) == 1:
        return HttpResponseRedirect(reverse("midserver:inquiries", args=[own[0].body]))
    return render(request, "midserver/choose.html", {"tenants": own})


@screen(Action.LIST_MID_INQUIRIES, purpose="required", using=USING)
@_own
def inquiries(request: OfficeRequest, tenant: Tenant) -> HttpResponse:
    """Inquiries with their states, the newest first; never the answers."""
    form = InquiryFilter(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    after = _number(request)
    with inside(tenant.body) as room:
        lines = inquiry_lines(room, state=state, before=after, limit=PAGE_ROWS + 1)
        waiting = room.value("SELECT count(*) FROM provision WHERE state = 'waiting'")
    page = page_of(lines, key=lambda line: line.number, after=str(after or ""))
    _read(request, tenant, (line.person_key for line in page.rows), "mid-inquiries")
    shown = {"tenant": tenant, "form": form, "page": page, "waiting": waiting, "names": _names()}
    return render(request, "midserver/inquiries.html", shown)


@screen(Action.ANSWER_PROVISION, purpose="required", using=USING)
@_own
def provisions(request: OfficeRequest, tenant: Tenant) -> HttpResponse:
    """Requests that wait for a person, the oldest first."""
    after = _number(request) or 0
    with inside(tenant.body) as room:
        found, _, persons = queries.waiting(room, after=after, limit=PAGE_ROWS + 1)
    page = page_of(found, key=lambda one: one.sequence, after=str(after or ""))
    _read(request, tenant, persons[:PAGE_ROWS], "mid-provisions")
    return render(request, "midserver/provisions.html", {"tenant": tenant, "page": page, "names": _names()})


@screen(Action.ANSWER_PROVISION, purpose="required", using=USING)
@_own
def provision(request: OfficeRequest, tenant: Tenant, provision_id: str) -> HttpResponse:
    """One request with what would be sent; the official decides and says why."""
    form = AnswerForm(request.POST or None)
    with inside(tenant.body) as room:
        shown = waiting_page(room, provision_id)
    if shown is None:
        raise Http404
    if request.method == "POST" and form.is_valid() and _answered(request, tenant, provision_id, form):
        return HttpResponseRedirect(reverse("midserver:provisions", args=[tenant.body]))
    _read(request, tenant, [shown.person_key], "mid-provision")
    facts = {"tenant": tenant, "waiting": shown, "form": form, "names": _names()}
    return render(request, "midserver/provision.html", facts)


@screen(Action.VIEW_PROVISION_RECORDS, purpose="required", using=USING)
@_own
def records(request: OfficeRequest, tenant: Tenant) -> HttpResponse:
    """情報提供等記録 of some days, of one person or all."""
    preset = {"first": request.today - timedelta(days=30), "last": request.today}
    form = RecordFilter(request.GET) if "first" in request.GET else RecordFilter(preset)
    after = _number(request) or 0
    found: list[tuple[ProvisionRecord, str]] = []
    persons: list[bytes] = []
    if form.is_valid():
        with inside(tenant.body) as room:
            listed, _, persons = queries.records(
                room,
                unified_no=form.cleaned_data["unified_no"] or None,
                date_from=form.cleaned_data["first"],
                date_to=form.cleaned_data["last"] + timedelta(days=1),
                after=after,
                limit=PAGE_ROWS + 1,
            )
            found = [(one, OUTCOMES.get(one.outcome, one.outcome)) for one in listed]
    page = page_of(found, key=lambda line: line[0].sequence, after=str(after or ""))
    _read(request, tenant, persons[:PAGE_ROWS], "mid-records")
    return render(request, "midserver/records.html", {"tenant": tenant, "form": form, "page": page, "names": _names()})


@screen(Action.SET_PROVISION_FLAGS, purpose="required", using=USING)
@_own
def flags(request: OfficeRequest, tenant: Tenant) -> HttpResponse:
    """Flags of one person: see, set, lift."""
    information = _information()
    form = FlagForm(request.POST or None, information=list(information.items()))
    if request.method == "POST" and form.is_valid():
        _flag(request, tenant, form)
        return HttpResponseRedirect(
            f"{reverse('midserver:flags', args=[tenant.body])}?unified_no={form.cleaned_data['unified_no']}"
        )
    person = PersonForm(request.GET if "unified_no" in request.GET else None)
    lines, key = [], []
    if person.is_valid():
        with inside(tenant.body) as room:
            key = person_keys(room, [person.cleaned_data["unified_no"]])
            lines = flag_lines(room, person.cleaned_data["unified_no"])
        if not form.is_bound:
            form.initial["unified_no"] = person.cleaned_data["unified_no"]
    _read(request, tenant, key, "mid-flags")
    shown = {"tenant": tenant, "form": form, "person": person, "lines": lines, "information": information}
    return render(request, "midserver/flags.html", shown)


def _answered(request: OfficeRequest, tenant: Tenant, provision_id: str, form: AnswerForm) -> bool:
    send = form.cleaned_data["send"] == "yes"
    keys, years = directory(), number("record_years")
    try:
        with inside(tenant.body) as room:
            person = answer_manually(
                room,
                provision_id=provision_id,
                send=send,
                reason=form.cleaned_data["reason"],
                records=None,
                by=request.actor.personal_id,
                keys=keys,
                record_years=years,
                at=request.at,
            )
    except Refused as refused:
        form.add_error(None, refused.title)
        return False
    request.audit.changed([pseudonym(tenant.body, person)], "mid-provision", after={"send": send})
    count(body=tenant.body, at=request.at, counts={"provided_by_hand": 1})
    messages.success(request, "提供する回答を送信待ちにしました。" if send else "提供しないと回答しました。")
    return True


def _flag(request: OfficeRequest, tenant: Tenant, form: FlagForm) -> None:
    data = form.cleaned_data
    kind: Kind = "manual" if data["kind"] == "manual" else "undisclosed"
    one = Flag(
        unified_no=data["unified_no"],
        information_code=data["information_code"] or None,
        on=data["on"] == "yes",
        reason=data["reason"],
    )
    with inside(tenant.body) as room:
        reply, persons = set_flags(room, kind=kind, flags=[one], by=request.actor.personal_id, at=request.at)
    request.audit.changed(
        [pseudonym(tenant.body, key) for key in persons], "mid-flags", after={"kind": kind, "on": one.on}
    )
    count(body=tenant.body, at=request.at, counts={"flags_changed": reply.accepted})
    words = "設定しました。" if one.on else "解除しました。"
    messages.success(request, words if reply.accepted else "すでにそうなっています。変更はありません。")


def _bodies(request: OfficeRequest) -> frozenset[str]:
    """Codes of the municipalities that one's grants name. No limit means no municipality here, never all of them."""
    return frozenset(f"B{office}" for office in request.scope.offices or ())


def _information() -> dict[str, str]:
    try:
        rows = permission_list().master.permissions
    except NoMaster:
        return {}
    return {row.information_code: row.information for row in rows}


def _names() -> dict[str, str]:
    """What the codes of bodies, procedures and information mean, after the master."""
    try:
        master = permission_list().master
    except NoMaster:
        return {}
    return (
        {body.code: body.name for body in master.bodies}
        | {row.procedure_code: row.procedure for row in master.permissions}
        | {row.information_code: row.information for row in master.permissions}
    )


def _read(request: OfficeRequest, tenant: Tenant, persons: Iterable[bytes], what: str) -> None:
    request.audit.read([pseudonym(tenant.body, key) for key in persons], what)


def _number(request: OfficeRequest) -> int | None:
    after = request.GET.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
