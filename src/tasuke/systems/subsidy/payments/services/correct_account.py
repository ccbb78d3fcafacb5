"""口座訂正 after a failed transfer."""

from datetime import datetime

from django.db import transaction

from tasuke.core.text import Wo, bank_kana
from tasuke.systems.subsidy.payments.models import AccountCorrection, FailedTransfer, Payment


class AlreadyReplaced(Exception):
    """A new payment stands for the failed one: its account cannot be changed any more."""


def correct_account(
    *,
    using: str,
    payment_no: str,
    bank_code: str,
    branch_code: str,
    account_kind: str,
    account_no: str,
    holder_kana: str,
    by: str,
    now: datetime,
    wo: Wo = "reject",
) -> AccountCorrection:
    """Say into which account a failed payment goes with the next pay day. The last correction counts.

    Raises FailedTransfer.DoesNotExist (not a failed payment), AlreadyReplaced, BankKanaError (holder), IntegrityError
    (codes that are not digits). Whether the branch exists is checked on the pay day, like every account.
    """
    bank_kana(holder_kana, wo=wo)
    with transaction.atomic(using=using):
        failure = (
            FailedTransfer.objects.using(using).select_for_update(of=("self",)).get(payment__payment_no=payment_no)
        )
        if Payment.objects.using(using).filter(replaces_id=failure.payment_id).exists():
            raise AlreadyReplaced(f"支払{payment_no}は、再振込の支払がすでにあります")
        return AccountCorrection.objects.using(using).create(
            failure=failure,
            bank_code=bank_code,
            branch_code=branch_code,
            account_kind=account_kind,
            account_no=account_no,
            holder_kana=holder_kana,
            recorded_at=now,
            recorded_by=by,
        )
