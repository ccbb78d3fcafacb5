"""支払: batches, payments to payees, what each payment pays for, and the banks that there are."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast


class PaymentState(models.TextChoices):
    """Life of a payment. failed: the bank could not credit it (振込不能); a new payment follows after correction."""

    SELECTED = "selected", "抽出済み"
    SENT = "sent", "振込依頼済み"
    PAID = "paid", "振込済み"
    FAILED = "failed", "振込不能"


class PaymentBatch(models.Model):
    """All payments of one pay day. The approval stands with the run that selected them."""

    pay_on = models.DateField("支払日", unique=True)
    run_id = models.BigIntegerField("処理")
    payments = models.PositiveIntegerField("件数", default=0)
    total = models.BigIntegerField("金額", default=0)  # yen
    file_sha256 = models.CharField("振込ファイル", max_length=64, blank=True)
    sent_at = models.DateTimeField("作成日時", null=True)

    class Meta:
        db_table = "subsidy_payment_batch"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, file_sha256="") | (Q(sent_at__isnull=False) & ~Q(file_sha256="")),
                name="subsidy_payment_batch_sent_pair",
            )
        ]

    def __str__(self) -> str:
        return str(self.pay_on)


class Payment(models.Model):
    """One transfer to one payee. payment_no: 10 digits, 顧客コード1 of the file: a failed transfer comes back by it."""

    batch = models.ForeignKey(PaymentBatch, on_delete=models.PROTECT, related_name="rows")
    payment_no = models.CharField("支払番号", max_length=10, unique=True)
    payee_atena_no = models.CharField("支払先宛名番号", max_length=15)
    amount = models.BigIntegerField("金額")
    bank_code = models.CharField("金融機関", max_length=4)
    branch_code = models.CharField("店舗", max_length=3)
    account_kind = models.CharField("預金種目", max_length=1)
    account_no = models.CharField("口座番号", max_length=7)
    holder = models.CharField("口座名義", max_length=30)  # bank kana, as sent
    public_account = models.BooleanField("公金受取口座", default=False)
    ward_code = models.CharField("区コード", max_length=6, blank=True)
    state = models.CharField("状態", max_length=8, choices=PaymentState.choices, default=PaymentState.SELECTED)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")

    class Meta:
        db_table = "subsidy_payment"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="subsidy_payment_positive"),
            models.CheckConstraint(condition=Q(payment_no__regex=r"^\d{10}$"), name="subsidy_payment_no_digits"),
        ]
        indexes: ClassVar = [models.Index(fields=["payee_atena_no"], name="subsidy_payment_payee")]

    def __str__(self) -> str:
        return self.payment_no


class PaymentItem(models.Model):
    """What a payment pays for. A source is paid once: only when its money has come back may another payment pay it."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="items")
    source = models.CharField("根拠の種類", max_length=20)  # reimbursement
    source_id = models.BigIntegerField("根拠")
    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    receipt_no = models.CharField("受付番号", max_length=30, blank=True)
    funding = models.CharField("財源", max_length=12, blank=True)
    amount = models.BigIntegerField("金額")
    returned = models.BooleanField("戻入済み", default=False)  # 振込不能: the money is with the city again

    class Meta:
        db_table = "subsidy_payment_item"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "source_id"], condition=Q(returned=False), name="subsidy_payment_item_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="subsidy_payment_item_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"


class FailureReason(models.TextChoices):
    """Why a transfer failed; banks word it in their own way."""

    NO_ACCOUNT = "no_account", "口座なし"
    NAME_DIFFERS = "name_differs", "名義相違"
    CLOSED = "closed", "解約"
    KIND_DIFFERS = "kind_differs", "種目相違"
    BRANCH_DIFFERS = "branch_differs", "店番号相違"
    PAYEE = "payee", "受取人都合"
    RECALLED = "recalled", "組戻し"
    OTHER = "other", "その他"


class FailedTransfer(models.Model):
    """振込不能・組戻し: the money came back."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="failure")
    returned_on = models.DateField("返金日")
    reason = models.CharField("理由", max_length=14, choices=FailureReason.choices)
    returned_amount = models.BigIntegerField("返金額")
    fee = models.BigIntegerField("手数料", default=0)
    recorded_at = models.DateTimeField("記録日時")
    recorded_by = models.CharField("記録者", max_length=60)

    class Meta:
        db_table = "subsidy_failed_transfer"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(returned_amount__gt=0, fee__gte=0), name="subsidy_failed_transfer_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.reason}"


class AccountCorrection(models.Model):
    """口座訂正 after a failed transfer: into which account the money goes next time. The last one counts."""

    failure = models.ForeignKey(FailedTransfer, on_delete=models.PROTECT, related_name="corrections")
    bank_code = models.CharField("金融機関", max_length=4)
    branch_code = models.CharField("店舗", max_length=3)
    account_kind = models.CharField("預金種目", max_length=1)
    account_no = models.CharField("口座番号", max_length=7)
    holder_kana = models.CharField("口座名義カナ", max_length=100)
    recorded_at = models.DateTimeField("記録日時")
    recorded_by = models.CharField("記録者", max_length=60)

    class Meta:
        db_table = "subsidy_account_correction"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(bank_code__regex=r"^\d{4}$", branch_code__regex=r"^\d{3}$", account_no__regex=r"^\d{7}$")
                & Q(account_kind__in=["1", "2", "4", "9"])
                & ~Q(holder_kana=""),
                name="subsidy_account_correction_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.failure_id}"


class TransferDownload(models.Model):
    """Each time that somebody took the transfer file out: once without a word, after that only with a reason."""

    batch = models.ForeignKey(PaymentBatch, on_delete=models.PROTECT, related_name="downloads")
    file_sha256 = models.CharField("振込ファイル", max_length=64)
    reason = models.CharField("再度取り出す理由", max_length=200, blank=True)
    downloaded_at = models.DateTimeField("取出日時")
    downloaded_by = models.CharField("取出者", max_length=60)

    class Meta:
        db_table = "subsidy_transfer_download"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch"], condition=Q(reason=""), name="subsidy_transfer_download_first_once"
            ),
            models.CheckConstraint(condition=~Q(downloaded_by=""), name="subsidy_transfer_download_says_who"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.downloaded_by}"


class BankData(models.Model):
    """One loading of the bank master: what was known of all banks on a day, also when nothing had changed."""

    data_on = models.DateField("データの日", unique=True)
    source = models.CharField("出所", max_length=200)
    sha256 = models.CharField("内容のハッシュ", max_length=64)
    branches = models.PositiveIntegerField("店舗数")
    run_id = models.BigIntegerField("処理")

    class Meta:
        db_table = "subsidy_bank_data"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(branches__gt=0), name="subsidy_bank_data_not_empty"),
        ]

    def __str__(self) -> str:
        return str(self.data_on)


class BankBranch(models.Model):
    """A branch of a bank under its names, for as long as it has them. valid: end-exclusive.

    The lower bound of what the first data held is open: since when those branches exist, nobody has said.
    """

    bank_code = models.CharField("金融機関コード", max_length=4)
    bank_name = models.CharField("金融機関名", max_length=60)
    bank_kana = models.CharField("金融機関名カナ", max_length=15, blank=True)  # bank kana, as in the transfer file
    branch_code = models.CharField("店舗コード", max_length=3)
    branch_name = models.CharField("店舗名", max_length=60)
    branch_kana = models.CharField("店舗名カナ", max_length=15, blank=True)
    valid = DateRangeField("有効期間")
    data = models.ForeignKey(BankData, on_delete=models.PROTECT, related_name="opened")  # by which data it was opened

    class Meta:
        db_table = "subsidy_bank_branch"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(bank_code__regex=r"^\d{4}$", branch_code__regex=r"^\d{3}$"),
                name="subsidy_bank_branch_digits",
            ),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="subsidy_bank_branch_some_day"),
            # codes as integers: a GiST index over text costs four times as much a row
            ExclusionConstraint(
                name="subsidy_bank_branch_no_overlap",
                expressions=[
                    (Cast("bank_code", models.IntegerField()), RangeOperators.EQUAL),
                    (Cast("branch_code", models.IntegerField()), RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank_code}-{self.branch_code}"
