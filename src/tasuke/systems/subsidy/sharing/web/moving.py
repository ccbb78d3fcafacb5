"""Move on request: one person or a list; and agree, or not, for who is under 支援措置."""

from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tasuke.contracts.sharing import WITHHELD_WHEN_PROTECTED
from tasuke.core.problems import Problem, Severity
from tasuke.core.shared_items import SharedItem
from tasuke.formats import sharing_list
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.accounts.staff import StaffNames
from tasuke.platform.exchange.services.record_files import receive_file, record_outbound
from tasuke.platform.ui.paging import PAGE_ROWS
from tasuke.schemes.profile import SharingRule
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.names import person_names
from tasuke.systems.subsidy.sharing.models import Means, SharingAgreement
from tasuke.systems.subsidy.sharing.queries import (
    FILE_KIND,
    LIST_KIND,
    agreement_in,
    agreements,
    permit_in_force,
    who,
)
from tasuke.systems.subsidy.sharing.rules import items_of, labels
from tasuke.systems.subsidy.sharing.services.decide_agreement import CannotAgree, decide_agreement
from tasuke.systems.subsidy.sharing.services.share_persons import (
    DAYS_AGREED,
    Asked,
    ItemsNotPermitted,
    NotPermitted,
    Shared,
    share_persons,
)
from tasuke.systems.subsidy.sharing.sheet import sheet_of
from tasuke.systems.subsidy.sharing.web.forms import AgreementForm, MoveForm
from tasuke.systems.subsidy.sharing.web.permits import USING, find_rule

_PROBLEMS_SHOWN = 100


@require_http_methods(["GET", "POST"])
@screen(Action.SHARE_DATA, purpose="by_form")
def move(request: OfficeRequest, rule: str) -> HttpResponse:
    """Ask for one person or a list; what went over, and what did not, stands in the record that follows."""
    chosen = find_rule(request, rule)
    permit = permit_in_force(chosen.key, using=USING, on=request.today)
    if permit is None:
        request.audit.read([], "sharing-form")
        return render(request, "sharing/move.html", {"rule": chosen}, status=409 if request.method == "POST" else 200)
    allowed: list[SharedItem] = [item for item in items_of(chosen) if item in permit.items]
    form = MoveForm(request.POST or None, request.FILES or None, items=allowed, initial={"purpose": permit.purpose})
    problems: Sequence[Problem] = ()
    if request.method == "POST" and form.is_valid():
        numbers, file_id, problems = _numbers(request, form)
        if not numbers:
            form.add_error("file", "読める宛名番号がありません")
        else:
            record_id = _moved(request, chosen, form, numbers, file_id, problems)
            if record_id is not None:
                return HttpResponseRedirect(reverse("sharing:record", args=[record_id]))
    request.audit.read([], "sharing-form")
    context = {"rule": chosen, "permit": permit, "form": form, "problems": problems[:_PROBLEMS_SHOWN]}
    return render(request, "sharing/move.html", context, status=422 if form.errors else 200)


@require_safe
@screen(Action.AGREE_SHARING, purpose="required")
def agreements_page(request: OfficeRequest) -> HttpResponse:
    """Persons under 支援措置 who were asked for: what waits, and what was decided."""
    waiting = list(agreements(using=USING, scope=request.scope, waiting=True)[: PAGE_ROWS + 1])
    return _agreements(request, waiting[:PAGE_ROWS], more=len(waiting) > PAGE_ROWS)


@require_POST
@screen(Action.AGREE_SHARING, purpose="required")
def agree(request: OfficeRequest, agreement_id: int) -> HttpResponse:
    """Agree or not; never by who asked."""
    try:
        one = agreement_in(min(agreement_id, 2**62), using=USING, scope=request.scope)
    except SharingAgreement.DoesNotExist as error:
        raise Http404 from error
    form = AgreementForm(request.POST)
    if form.is_valid():
        yes = form.cleaned_data["decision"] == "yes"
        try:
            decide_agreement(
                using=USING, agreement_id=one.pk, agree=yes, note=form.cleaned_data["note"],
                by=request.actor.personal_id, at=request.at,
            )  # fmt: skip
        except CannotAgree as error:
            form.add_error(None, str(error))
        else:
            request.audit.changed([one.atena_no], "sharing-agreement", after={"agree": yes})
            told = f"同意しました。{DAYS_AGREED}日の間、もう一度求めると移転できます。"
            messages.success(request, told if yes else "同意しないことにしました。移転しません。")
            return HttpResponseRedirect(reverse("sharing:agreements"))
    return _agreements(request, [one], form=form)


def _numbers(request: OfficeRequest, form: MoveForm) -> tuple[list[str], int | None, Sequence[Problem]]:
    """宛名番号 to move, the row of the list that came in, and its bad rows."""
    given = form.cleaned_data["file"]
    if given is None:
        return [form.cleaned_data["atena_no"]], None, ()
    data = bytes(given.read())
    frame, problems = sharing_list.parse(data)
    if frame.height > sharing_list.MOST_ROWS:
        return [], None, [Problem("too_many", f"{sharing_list.MOST_ROWS:,}人までに分けてください")]
    numbers: list[str] = frame["atena_no"].to_list()
    if not numbers:
        return [], None, problems
    file, _ = receive_file(
        using=USING, kind=LIST_KIND, name=given.name[:255], data=data, by=request.actor.personal_id, now=request.at
    )
    bad = [problem for problem in problems if problem.severity is not Severity.WARNING]
    file.rows, file.accepted, file.rejected = len(numbers) + len(bad), len(numbers), len(bad)
    file.save(using=USING, update_fields=["rows", "accepted", "rejected"])
    return numbers, file.pk, bad


def _moved(
    request: OfficeRequest,
    rule: SharingRule,
    form: MoveForm,
    numbers: Sequence[str],
    file_id: int | None,
    problems: Sequence[Problem],
) -> int | None:
    """Move, write the file, put every person on record. None: refused, and the form says why."""
    asked = Asked(
        atena_nos=numbers,
        purpose=form.cleaned_data["purpose"],
        means=Means.SCREEN if file_id is None else Means.FILE,
        by=request.actor.personal_id,
        items=cast("list[SharedItem]", form.cleaned_data["items"]),
        file_id=file_id,
        problems=problems,
    )
    try:
        done = share_persons(using=USING, rule=rule, asked=asked, scope=request.scope, on=request.today, at=request.at)
    except (NotPermitted, ItemsNotPermitted) as error:
        form.add_error(None, str(error))
        return None
    record = done.record
    given = done.numbers("given")
    request.audit.because(asked.purpose[:60])
    if given:
        _write(request, rule, done)
        request.audit.exported(given, f"sharing {record.pk}", rows=len(given), purpose=asked.purpose)
    asked_only = [*done.numbers("held"), *done.numbers("out_of_range")]
    if asked_only:
        request.audit.searched("宛名番号", len(given), asked_only)
    return int(record.pk)


def _write(request: OfficeRequest, rule: SharingRule, done: Shared) -> None:
    """The file that the department gets, kept in the archive as every file that leaves."""
    data = sheet_of(done.persons, items=done.items, scheme=rule.scheme, profile=active_profile())
    record_outbound(
        using=USING,
        kind=FILE_KIND,
        key=str(done.record.pk),
        name=f"庁内移転_{rule.key}_{request.today:%Y%m%d}_{done.record.pk}.csv",
        data=data,
        rows=done.record.given,
        totals={},
        by=request.actor.personal_id,
        now=request.at,
    )


def _agreements(
    request: OfficeRequest,
    waiting: Sequence[SharingAgreement],
    *,
    form: AgreementForm | None = None,
    more: bool = False,
) -> HttpResponse:
    """form: the refused decision about the only one in `waiting`."""
    decided = [] if form else list(agreements(using=USING, scope=request.scope, waiting=False)[:PAGE_ROWS])
    numbers = [one.atena_no for one in (*waiting, *decided)]
    request.audit.read(numbers, "sharing-agreement")
    names = person_names(using=USING, atena_nos=numbers, on=request.today)
    me, staff = request.actor.personal_id, StaffNames()
    context = {
        "waiting": [
            {
                "one": one,
                "person": names.get(one.atena_no),
                "items": labels(set(one.permit.items) - set(WITHHELD_WHEN_PROTECTED)),
                "asker": who(one.requested_by, staff),
                "own": one.requested_by == me,
                "form": form or AgreementForm(auto_id=f"id_{one.pk}_%s"),
            }
            for one in waiting
        ],
        "decided": [{"one": one, "person": names.get(one.atena_no)} for one in decided],
        "refused": form,
        "more": more,
        "days": DAYS_AGREED,
    }
    return render(request, "sharing/agreements.html", context, status=422 if form else 200)
