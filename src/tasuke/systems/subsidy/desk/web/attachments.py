"""添付 of sheets, applications and 届出: put in, looked at, withdrawn."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.ui.reason import reason_refused
from tasuke.systems.subsidy.desk.applications import show_application
from tasuke.systems.subsidy.desk.attachments import LARGEST, content_type, download_name
from tasuke.systems.subsidy.desk.household import NotInScope, show_household
from tasuke.systems.subsidy.desk.models import Attachment, Sheet
from tasuke.systems.subsidy.desk.notifications import show_notification
from tasuke.systems.subsidy.desk.services.attach_file import Bearer, NotTaken, attach_file
from tasuke.systems.subsidy.desk.services.withdraw_attachment import AlreadyWithdrawn, withdraw_attachment
from tasuke.systems.subsidy.desk.web.text_field import TypedText

USING = "subsidy"
# nothing in it may run or load anything, even when a browser is made to show it
_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


class AttachmentForm(forms.Form):
    """A paper and what it is."""

    document = TypedText(
        label="書類の名前",
        max_length=100,
        help_text="不足書類から選ぶか、入力します",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "missing-papers"}),
    )
    file = forms.FileField(label="ファイル", help_text=f"PDF、JPEG、PNG({LARGEST // 2**20}MBまで)")


class WithdrawalForm(forms.Form):
    """Why it is withdrawn."""

    reason = TypedText(
        label="取下げの理由", max_length=200, error_messages={"required": "取下げの理由を入力してください"}
    )


@require_POST
@screen(Action.RECEIVE_APPLICATION, purpose="required")
def add(request: OfficeRequest, bearer: str, bearer_id: int) -> HttpResponse:
    """Attach a file to a sheet, an application or a 届出."""
    found = _bearer(request, bearer, bearer_id)
    form = AttachmentForm(request.POST, request.FILES)
    target = _page_of(found)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.size > LARGEST:
                raise NotTaken(f"ファイルが大きすぎます({LARGEST // 2**20}MBまで)")
            made = attach_file(
                using=USING,
                bearer=found,
                document=form.cleaned_data["document"],
                name=file.name,
                data=file.read(),
                actor=request.actor,
                now=request.at,
            )
        except NotTaken as error:
            form.add_error("file", str(error))
        else:
            request.audit.changed([found.atena_no], "attachment", after={"attachment": made.pk, "size": made.size})
            messages.success(request, f"「{made.document}」を添付しました。")
            return HttpResponseRedirect(target)
    request.audit.read([found.atena_no], "attachment-form")
    return render(request, "desk/attach.html", {"form": form, "target": target}, status=422)


@require_safe
@screen(Action.VIEW_APPLICATION, purpose="required")
def view(request: OfficeRequest, attachment_id: int) -> HttpResponse:
    """The bytes, to be saved or opened by a program of the office; never shown inside a page of ours."""
    attachment = _attachment(request, attachment_id)
    if attachment.withdrawn_at is not None:
        raise Http404
    request.audit.read([attachment.atena_no], f"attachment {attachment.pk}")
    response = HttpResponse(fetch(attachment.sha256), content_type=content_type(attachment.kind))
    response.headers["Content-Disposition"] = f'attachment; filename="{download_name(attachment)}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _SANDBOX
    return response


@require_POST
@screen(Action.RECEIVE_APPLICATION, purpose="required")
def withdraw(request: OfficeRequest, attachment_id: int) -> HttpResponse:
    """Withdraw with a reason."""
    attachment = _attachment(request, attachment_id)
    target = _page_of(_bearer_of(attachment))
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        request.audit.read([attachment.atena_no], "attachment-form")
        return reason_refused(
            request, form=form, title="添付の取下げ", button="取り下げる", about=attachment.document, back=target
        )
    try:
        withdraw_attachment(
            using=USING,
            attachment_id=attachment_id,
            reason=form.cleaned_data["reason"],
            actor=request.actor,
            now=request.at,
        )
    except AlreadyWithdrawn as error:
        messages.error(request, f"{error}。")
    else:
        request.audit.changed([attachment.atena_no], "attachment-withdrawn", after={"attachment": attachment_id})
        messages.success(request, "添付を取り下げました。")
    return HttpResponseRedirect(target)


def _attachment(request: OfficeRequest, attachment_id: int) -> Attachment:
    """Within the limits of what it is attached to; 404 otherwise."""
    attachment = Attachment.objects.using(USING).filter(pk=attachment_id).first()
    if attachment is None:
        raise Http404
    for bearer, number in (
        ("sheet", attachment.sheet_id),
        ("application", attachment.application_id),
        ("notification", attachment.notification_id),
    ):
        if number is not None:
            _bearer(request, bearer, number)
    return attachment


def _bearer_of(attachment: Attachment) -> Bearer:
    return Bearer(
        atena_no=attachment.atena_no,
        sheet_id=attachment.sheet_id,
        application_id=attachment.application_id,
        notification_id=attachment.notification_id,
    )


def _bearer(request: OfficeRequest, bearer: str, bearer_id: int) -> Bearer:
    """What the file belongs to, within the limits of the person who asks; 404 otherwise."""
    on, scope = request.today, request.scope
    try:
        if bearer == "application":
            shown, _ = show_application(using=USING, application_id=bearer_id, scope=scope, on=on)
            return Bearer(atena_no=shown["atena_no"], application_id=bearer_id)
        if bearer == "notification":
            told = show_notification(using=USING, notification_id=bearer_id, scope=scope, on=on)
            return Bearer(atena_no=told["atena_no"], notification_id=bearer_id)
        sheet = Sheet.objects.using(USING).filter(pk=bearer_id).first() if bearer == "sheet" else None
        if sheet is None:
            raise Http404
        household = show_household(using=USING, atena_no=sheet.atena_no, on=on, scope=scope, whole=False)
        if not scope.allows(ward=household.person["ward_code"], scheme=sheet.scheme):
            raise Http404
        return Bearer(atena_no=sheet.atena_no, sheet_id=sheet.pk)
    except NotInScope as error:
        raise Http404 from error


def _page_of(bearer: Bearer) -> str:
    if bearer.application_id is not None:
        return reverse("applications:application", args=[bearer.application_id])
    if bearer.notification_id is not None:
        return reverse("notifications:notification", args=[bearer.notification_id])
    return reverse("applications:check", args=[bearer.sheet_id])
