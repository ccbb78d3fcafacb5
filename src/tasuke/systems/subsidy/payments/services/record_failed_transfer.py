"""振込不能・組戻し: the bank sent a payment's money back."""

from datetime import date, datetime

from django.db import transaction

from tasuke.core.wareki import to_wareki
from tasuke.systems.subsidy.payments.models import FailedTransfer, FailureReason, Payment, PaymentState


class NotTransferred(Exception):
    """The payment has not gone to the bank, or has come back already. by: who recorded that, "" for nobody."""

    def __init__(self, message: str, *, by: str = "") -> None:
        super().__init__(message)
        self.by = by


class ReturnedOnImpossible(ValueError):
    """Money comes back between the pay day and today."""


class ReturnedAmountDiffers(ValueError):
    """A bank sends back the whole amount or nothing: a fee is another line."""


def record_failed_transfer(
    *,
    using: str,
    payment_no: str,
    returned_on: date,
    reason: FailureReason,
    returned_amount: int,
    by: str,
    now: datetime,
    fee: int = 0,
) -> FailedTransfer:
    """Record the failure; what the payment paid for is owed again, once an account is corrected.

    returned_amount, fee: yen. Raises Payment.DoesNotExist, NotTransferred, ReturnedAmountDiffers,
    ReturnedOnImpossible.
    """
    with transaction.atomic(using=using):
        found = Payment.objects.using(using).select_related("batch").select_for_update(of=("self",))
        payment = found.get(payment_no=payment_no)
        if payment.state not in (PaymentState.SENT, PaymentState.PAID):
            first = FailedTransfer.objects.using(using).filter(payment=payment).first()
            raise NotTransferred(
                f"支払{payment_no}は{payment.get_state_display()}です。振込不能は記録できません",
                by=first.recorded_by if first else "",
            )
        if not payment.batch.downloads.using(using).exists():
            raise NotTransferred("振込データをまだ取り出していません。振込不能は記録できません")
        if not payment.batch.pay_on <= returned_on <= now.date():
            raise ReturnedOnImpossible(f"返金日は、支払日({to_wareki(payment.batch.pay_on)})から今日までの日です")
        if returned_amount != payment.amount:
            raise ReturnedAmountDiffers(
                f"支払{payment_no}は{payment.amount:,}円です。返金額{returned_amount:,}円と合いません"
            )
        failure = FailedTransfer.objects.using(using).create(
            payment=payment,
            returned_on=returned_on,
            reason=reason,
            returned_amount=returned_amount,
            fee=fee,
            recorded_at=now,
            recorded_by=by,
        )
        payment.items.using(using).update(returned=True)
        payment.state = PaymentState.FAILED
        payment.save(using=using, update_fields=["state"])
    return failure
