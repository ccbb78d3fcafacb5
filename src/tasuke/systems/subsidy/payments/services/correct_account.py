"""口座訂正 after a failed transfer."""

from datetime import datetime

from django.db import transaction

from tasuke.core.text import Wo, bank_kana
from tasuke.platform.accounts.staff import staff_name
from tasuke.systems.subsidy.payments.models import AccountCorrection, FailedTransfer, Payment


class CorrectedMeanwhile(Exception):
    """Somebody else corrected the account after the form was opened. theirs: their correction, which stands."""

    def __init__(self, theirs: AccountCorrection) -> None:
        super().__init__(
            f"{staff_name(theirs.recorded_by)} が先に口座を訂正しています({theirs.bank_code}-{theirs.branch_code} "
            f"口座番号の下3けた {theirs.account_no[-3:]})。"
            "入力は残してあります。それでも直すときは、もう一度記録してください"
        )
        self.theirs = theirs


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
    seen: int | None = None,
) -> AccountCorrection:
    """Say into which account a failed payment goes with the next pay day. The last correction counts.

    seen: the last correction (0: none) when the form was opened; None: whoever asks has seen none and overrules all.
    Raises CorrectedMeanwhile, FailedTransfer.DoesNotExist (not a failed payment), AlreadyReplaced, BankKanaError
    (holder), IntegrityError (codes that are not digits). Whether the branch exists is checked on the pay day, like
    every account.
    """
    bank_kana(holder_kana, wo=wo)
    with transaction.atomic(using=using):
        failure = (
            FailedTransfer.objects.using(using).select_for_update(of=("self",)).get(payment__payment_no=payment_no)
        )
        if Payment.objects.using(using).filter(replaces_id=failure.payment_id).exists():
            raise AlreadyReplaced(f"支払{payment_no}は、再振込の支払がすでにあります")
        last = AccountCorrection.objects.using(using).filter(failure=failure).order_by("-pk").first()
        if last is not None and seen is not None and last.pk > seen:
            raise CorrectedMeanwhile(last)
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
