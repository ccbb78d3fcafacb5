"""償還払い: the receipts that came in, and what was decided on them.

Receipts and decisions are written once; the database refuses to change or delete decisions (migration 0002). A line
that has to wait (保留) gets a row in `ReceiptHold` for each run that looked at it, and stays open.
"""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Receipt(models.Model):
    """A 償還払いの申請: one receipt with its lines. The payee is the applicant."""

    receipt_no = models.CharField("受付番号", max_length=30, unique=True)
    applicant_atena_no = models.CharField("申請者宛名番号", max_length=15)
    received_on = models.DateField("受付年月日")
    bank_code = models.CharField("金融機関", max_length=4, blank=True)
    branch_code = models.CharField("店舗", max_length=3, blank=True)
    account_kind = models.CharField("預金種目", max_length=1, blank=True)
    account_no = models.CharField("口座番号", max_length=7, blank=True)
    holder_kana = models.CharField("口座名義カナ", max_length=100, blank=True)
    file_id = models.BigIntegerField("取込ファイル")  # exchange.InboundFile

    class Meta:
        db_table = "subsidy_receipt"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(bank_code="", branch_code="", account_kind="", account_no="", holder_kana="")
                | ~(Q(bank_code="") | Q(branch_code="") | Q(account_kind="") | Q(account_no="") | Q(holder_kana="")),
                name="subsidy_receipt_account_whole",
            )
        ]

    def __str__(self) -> str:
        return self.receipt_no


class ReceiptLineQuerySet(models.QuerySet["ReceiptLine"]):
    """Vocabulary of receipt lines."""

    def open(self) -> Self:
        """Lines that nobody has decided yet, held ones too."""
        return self.filter(decision__isnull=True)

    def of_person(self, atena_no: str) -> Self:
        return self.filter(atena_no=atena_no)


class ReceiptLine(models.Model):
    """One line: the care of one person at one institution. Yen."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="lines")
    line_no = models.PositiveSmallIntegerField("明細番号")
    file_line = models.PositiveIntegerField("行")
    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("受診者宛名番号", max_length=15)
    recipient_no = models.CharField("受給者番号", max_length=30, blank=True)
    service_date = models.DateField("診療年月日")
    institution_code = models.CharField("医療機関等コード", max_length=10, blank=True)
    institution_name = models.CharField("医療機関名", max_length=100)
    care = models.CharField("診療種別", max_length=12)
    inpatient = models.BooleanField("入院")
    first_visits = models.SmallIntegerField("初診回数")
    visits = models.SmallIntegerField("受診回数")
    days = models.SmallIntegerField("診療実日数")
    cost = models.BigIntegerField("総医療費")
    benefit_rate = models.SmallIntegerField("給付割合")
    patient_share = models.BigIntegerField("保険分自己負担額")
    high_cost = models.BigIntegerField("高額療養費")
    extra_benefit = models.BigIntegerField("付加給付")
    meals = models.BigIntegerField("食事療養標準負担額")
    public_program = models.CharField("国公費", max_length=2, blank=True)
    public_share = models.BigIntegerField("国公費適用後の患者負担額", null=True)
    paid = models.BigIntegerField("窓口支払額")
    paid_on = models.DateField("支払年月日")
    reason = models.CharField("償還理由", max_length=1)

    objects = ReceiptLineQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_receipt_line"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["receipt", "line_no"], name="subsidy_receipt_line_once"),
            models.CheckConstraint(
                condition=Q(cost__gte=0, patient_share__gte=0, high_cost__gte=0, extra_benefit__gte=0, paid__gte=0),
                name="subsidy_receipt_line_amounts",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["atena_no", "service_date"], name="subsidy_receipt_line_person")]

    def __str__(self) -> str:
        return f"{self.receipt_id}-{self.line_no}"


class Reimbursement(models.Model):
    """支給決定・不支給 of a receipt for one person, scheme and funding: what the notice says and what is paid."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="reimbursements")
    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("受診者宛名番号", max_length=15)
    payee_atena_no = models.CharField("支払先宛名番号", max_length=15)
    recipient_no = models.CharField("受給者番号", max_length=30, blank=True)
    ward_code = models.CharField("区コード", max_length=6, blank=True)
    funding = models.CharField("財源", max_length=12, blank=True)
    outcome = models.CharField("決定", max_length=8, choices=[("granted", "支給"), ("rejected", "不支給")])
    amount = models.BigIntegerField("支給額")
    decided_on = models.DateField("決定日")
    run_id = models.BigIntegerField("処理")
    recorded_at = models.DateTimeField("記録日時")

    class Meta:
        db_table = "subsidy_reimbursement"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["receipt", "scheme", "atena_no", "funding", "outcome", "run_id"],
                name="subsidy_reimbursement_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome="granted", amount__gt=0) | Q(outcome="rejected", amount=0),
                name="subsidy_reimbursement_amount",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["decided_on"], name="subsidy_reimbursement_day"),
            models.Index(fields=["atena_no"], name="subsidy_reimbursement_person"),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id} {self.outcome}"


class ReimbursementLine(models.Model):
    """The decision on one receipt line: a line is decided once. Yen; subsidy + meals_subsidy is what is paid."""

    receipt_line = models.OneToOneField(ReceiptLine, on_delete=models.PROTECT, related_name="decision")
    reimbursement = models.ForeignKey(Reimbursement, on_delete=models.PROTECT, related_name="lines")
    outcome = models.CharField("決定", max_length=8, choices=[("granted", "支給"), ("rejected", "不支給")])
    reasons = ArrayField(models.CharField(max_length=40), verbose_name="理由", default=list)
    entitlement_id = models.BigIntegerField("受給資格", null=True)
    band = models.CharField("年齢区分", max_length=20, blank=True)
    basis = models.BigIntegerField("助成対象額")
    burden = models.BigIntegerField("一部負担金")
    subsidy = models.BigIntegerField("助成額")
    meals_subsidy = models.BigIntegerField("食事の助成額")
    copay_version = models.CharField("負担規則の版", max_length=20, blank=True)

    class Meta:
        db_table = "subsidy_reimbursement_line"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="granted", subsidy__gte=0, meals_subsidy__gte=0)
                | Q(outcome="rejected", subsidy=0, meals_subsidy=0, reasons__len__gte=1),
                name="subsidy_reimbursement_line_amount",
            )
        ]

    def __str__(self) -> str:
        return f"{self.receipt_line_id} {self.outcome}"


class ReceiptHold(models.Model):
    """保留: why a line could not be decided by a run."""

    receipt_line = models.ForeignKey(ReceiptLine, on_delete=models.PROTECT, related_name="holds")
    run_id = models.BigIntegerField("処理")
    held_on = models.DateField("判断日")
    reasons = ArrayField(models.CharField(max_length=40), verbose_name="理由")

    class Meta:
        db_table = "subsidy_receipt_hold"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["receipt_line", "run_id"], name="subsidy_receipt_hold_once"),
            models.CheckConstraint(condition=Q(reasons__len__gte=1), name="subsidy_receipt_hold_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_line_id} {self.held_on}"


class ReimbursementNotice(models.Model):
    """支給・不支給決定通知書: one letter on one decision. `content` is what was printed, for the same letter again."""

    reimbursement = models.OneToOneField(Reimbursement, on_delete=models.PROTECT, related_name="notice")
    addressee_atena_no = models.CharField("宛先宛名番号", max_length=15)
    hand_delivery = models.BooleanField("手渡し")  # 支援措置: never in the mass mailing
    issued_on = models.DateField("通知日")
    content = models.JSONField("文面")
    file_sha256 = models.CharField("PDF", max_length=64)
    page = models.PositiveIntegerField("頁")  # the letter's first
    run_id = models.BigIntegerField("処理")
    issued_by = models.CharField("作成者", max_length=60)

    class Meta:
        db_table = "subsidy_reimbursement_notice"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(page__gte=1), name="subsidy_reimbursement_notice_page_from_one"),
            models.CheckConstraint(condition=~Q(addressee_atena_no=""), name="subsidy_reimbursement_notice_to_someone"),
        ]

    def __str__(self) -> str:
        return f"{self.reimbursement_id}"
