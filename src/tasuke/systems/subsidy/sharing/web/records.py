"""The record on screen: what was moved, without anybody's data; one move with its persons; both as files."""

import polars as pl
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.accounts.staff import StaffNames
from tasuke.platform.audit import EventKind
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.export.tables import to_csv
from tasuke.platform.ui.paging import page_of
from tasuke.systems.subsidy.sharing.models import Means, SharedPersonRecord, SharingRecord
from tasuke.systems.subsidy.sharing.queries import (
    RecordFilter,
    all_records,
    file_of,
    persons_of,
    record_in,
    records,
    who,
)
from tasuke.systems.subsidy.sharing.rules import labels, rules_in
from tasuke.systems.subsidy.sharing.web.forms import RecordForm
from tasuke.systems.subsidy.sharing.web.permits import USING, key_of

DAYS_TO_TAKE = 7  # as of an extract; after that it is asked for again
_CSV = "text/csv; charset=utf-8"


@require_safe
@screen(Action.VIEW_SHARING)
def listed(request: OfficeRequest) -> HttpResponse:
    """Every move, the newest first: who, when, to whom, by which law, how many. Nobody's data."""
    form = RecordForm(request.GET or None, rules=rules_in(request.scope))
    after = request.GET.get("after", "")
    found = records(using=USING, scope=request.scope, by=_filter(form), before=key_of(after))
    page = page_of(found, key=lambda row: row.pk, after=after)
    names = StaffNames()
    lines = [{"record": row, "who": who(row.by, names), "items": labels(row.items)} for row in page.rows]
    query = urlencode({key: request.GET[key] for key in form.fields if key in request.GET})
    context = {"page": page, "lines": lines, "form": form, "query": query}
    return render(request, "sharing/records.html", context, status=422 if form.errors else 200)


@require_safe
@screen(Action.VIEW_SHARING)
def as_csv(request: OfficeRequest) -> HttpResponse:
    """The same list as a file."""
    form = RecordForm(request.GET or None, rules=rules_in(request.scope))
    found = all_records(using=USING, scope=request.scope, by=_filter(form))
    names = StaffNames()
    rows = [_line(record, names) for record in found]
    request.audit.event(EventKind.EXPORTED, "sharing-records", rows=len(rows))
    schema = [
        "記録番号",
        "日時",
        "制度",
        "移転先",
        "移転した人・求めた人",
        "方法",
        "法令上の根拠",
        "許可番号",
        "利用目的",
    ]
    schema += ["項目", "渡した人数", "範囲にない人数", "支援措置で渡さなかった人数"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(schema, pl.String), orient="row")
    return _file(to_csv(frame), f"庁内移転の記録_{request.today:%Y%m%d}.csv")


@require_safe
@screen(Action.SHARE_DATA, purpose="required")
def one_record(request: OfficeRequest, record_id: int) -> HttpResponse:
    """One move with the persons whom it was about."""
    record = _find(request, record_id)
    after = request.GET.get("after", "")
    found = persons_of(record, using=USING, scope=request.scope, after=key_of(after), on=request.today)
    page = page_of(found, key=lambda line: line.key, after=after)
    request.audit.read([line.atena_no for line in page.rows], f"sharing-record {record.pk}")
    context = {
        "record": record,
        "who": who(record.by, StaffNames()),
        "items": labels(record.items),
        "page": page,
        "file": file_of(record, using=USING),
        "takeable": _takeable(request, record),
        "days": DAYS_TO_TAKE,
    }
    return render(request, "sharing/record.html", context)


@require_POST
@screen(Action.SHARE_DATA, purpose="required")
def take_file(request: OfficeRequest, record_id: int) -> HttpResponse:
    """The file for the department; everybody in it is on record each time."""
    record = _find(request, record_id)
    file = file_of(record, using=USING)
    if file is None:
        raise Http404
    if not _takeable(request, record):
        messages.error(
            request, f"取り出せるのは、移転した人が{DAYS_TO_TAKE}日以内に限ります。もう一度移転してください。"
        )
        return HttpResponseRedirect(reverse("sharing:record", args=[record.pk]))
    given = SharedPersonRecord.objects.using(USING).filter(record=record, outcome="given").order_by("pk")
    persons = list(given.values_list("atena_no", flat=True))
    request.audit.exported(persons, f"sharing {record.pk}", rows=file.rows, purpose=record.purpose)
    return _file(fetch(file.sha256), file.name)


def _find(request: OfficeRequest, record_id: int) -> SharingRecord:
    try:
        return record_in(min(record_id, 2**62), using=USING, scope=request.scope)
    except SharingRecord.DoesNotExist as error:
        raise Http404 from error


def _filter(form: RecordForm) -> RecordFilter:
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    return RecordFilter(given.get("rule") or "", given.get("means") or "", given.get("first"), given.get("last"))


def _takeable(request: OfficeRequest, record: SharingRecord) -> bool:
    return record.by == request.actor.personal_id and (request.at - record.at).days < DAYS_TO_TAKE


def _line(record: SharingRecord, names: StaffNames) -> list[str]:
    return [
        str(record.pk),
        f"{localtime(record.at):%Y-%m-%d %H:%M:%S}",
        record.scheme,
        record.recipient,
        who(record.by, names),
        Means(record.means).label,
        record.legal_basis,
        str(record.permit_id),
        record.purpose,
        "、".join(labels(record.items)),
        str(record.given),
        str(record.out_of_range),
        str(record.held),
    ]


def _file(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=_CSV)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response
