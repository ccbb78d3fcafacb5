"""振込済み: the pay day is over and what did not come back has arrived."""

from datetime import date

from django.db import transaction

from tasuke.core.wareki import to_wareki
from tasuke.systems.subsidy.payments.models import Payment, PaymentBatch, PaymentState


class PayDayNotOver(Exception):
    """Money arrives on the pay day at the earliest."""


class FileNotTaken(Exception):
    """Nobody has taken the transfer file to the bank: no money can have moved."""


def confirm_transfers(*, using: str, pay_on: date, on: date) -> int:
    """Mark the payments of a pay day that were sent and have not failed as paid; gives their number.

    A transfer may still come back afterwards (組戻し). Raises PaymentBatch.DoesNotExist, PayDayNotOver, FileNotTaken.
    """
    if on < pay_on:
        raise PayDayNotOver(f"支払日({to_wareki(pay_on)})より前に振込済みにはできません")
    with transaction.atomic(using=using):
        batch = PaymentBatch.objects.using(using).select_for_update(of=("self",)).get(pay_on=pay_on)
        if not batch.downloads.using(using).exists():
            raise FileNotTaken("振込データをまだ取り出していません。銀行に送ってから記録してください")
        sent = Payment.objects.using(using).filter(batch=batch, state=PaymentState.SENT)
        return sent.update(state=PaymentState.PAID)
