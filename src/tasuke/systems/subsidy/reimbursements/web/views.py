"""Reimbursements on screen: receipts with how far they are, one receipt with its lines and reasons."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.platform.ui.site import site
from tasuke.systems.subsidy.reimbursements.models import Receipt
from tasuke.systems.subsidy.reimbursements.screens import CARES, CAUSES, STATES, receipt_page, receipts_list

USING = "subsidy"


class ReceiptFilter(forms.Form):
    """Which receipts a list shows."""

    number = forms.CharField(label="受付番号・宛名番号", max_length=30, required=False)
    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), *STATES.items()])
    scheme = forms.ChoiceField(label="制度", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schemes = [("", "すべて"), *site().schemes.items()]
        self.fields["scheme"] = forms.ChoiceField(label="制度", required=False, choices=schemes)


@screen(Action.LIST_REIMBURSEMENTS, purpose="required")
def receipts(request: OfficeRequest) -> HttpResponse:
    """Receipts, newest first."""
    form = ReceiptFilter(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    text = request.GET.get("after", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    found = receipts_list(
        using=USING, scope=request.scope, on=request.today, state=chosen.get("state", ""),
        scheme=chosen.get("scheme", ""), number=chosen.get("number", ""), before=before, limit=PAGE_ROWS + 1,
    )  # fmt: skip
    page = page_of(found, key=lambda view: view.key, after=text if before else "")
    request.audit.read([no for view in page.rows for no in view.persons], "receipts")
    return render(request, "reimbursements/list.html", {"form": form, "page": page})


@screen(Action.VIEW_REIMBURSEMENT, purpose="required")
def one_receipt(request: OfficeRequest, receipt_id: int) -> HttpResponse:
    """One receipt: lines, amounts step by step, decision, reasons."""
    try:
        view = receipt_page(using=USING, scope=request.scope, on=request.today, receipt_id=min(receipt_id, 2**62))
    except Receipt.DoesNotExist:
        raise Http404 from None
    request.audit.read(view.persons, f"receipt {view.receipt.pk}")
    return render(request, "reimbursements/receipt.html", {"view": view, "cares": CARES, "causes": CAUSES})
