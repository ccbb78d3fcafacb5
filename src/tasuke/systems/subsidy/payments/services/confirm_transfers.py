"""振込済み: the pay day is over and what did not come back has arrived."""

from datetime import date

from django.db import transaction

from tasuke.systems.subsidy.payments.models import Payment, PaymentBatch, PaymentState


class PayDayNotOver(Exception):
    """Money arrives on the pay day at the earliest."""


def confirm_transfers(*, using: str, pay_on: date, on: date) -> int:
    """Mark the payments of a pay day that were sent and have not failed as paid; gives their number.

    A transfer may still come back afterwards (組戻し). Raises PaymentBatch.DoesNotExist, PayDayNotOver.
    """
    if on < pay_on:
        raise PayDayNotOver(f"支払日{pay_on}より前に振込済みにはできません")
    with transaction.atomic(using=using):
        batch = PaymentBatch.objects.using(using).select_for_update(of=("self",)).get(pay_on=pay_on)
        sent = Payment.objects.using(using).filter(batch=batch, state=PaymentState.SENT)
        return sent.update(state=PaymentState.PAID)
