"""Send a sheet back to who typed it, or drop it because the applicant took the paper back."""

from django.db import transaction

from tasuke.systems.subsidy.desk.models import Sheet, SheetState
from tasuke.systems.subsidy.desk.services.save_sheet import SheetClosed


def close_sheet(*, using: str, sheet_id: int, state: SheetState, remark: str) -> Sheet:
    """RETURNED or DROPPED, with the reason. Raises SheetClosed."""
    with transaction.atomic(using=using):
        sheet = Sheet.objects.using(using).select_for_update(of=("self",)).get(pk=sheet_id)
        if sheet.state not in (SheetState.DRAFT, SheetState.RETURNED):
            raise SheetClosed(f"受付番号{sheet.number}は{sheet.get_state_display()}です")
        sheet.state, sheet.remark, sheet.version = state, remark, sheet.version + 1
        sheet.save(using=using)
    return sheet
