"""受給者証・医療証: the register of issue (交付簿); 通知書: the register of letters."""

from typing import ClassVar

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q


class CertificateKind(models.TextChoices):
    """Why a certificate was issued."""

    NEW = "new", "新規"
    RENEWAL = "renewal", "更新"
    CHANGE = "change", "変更"
    REISSUE = "reissue", "再交付"
    TAKEN_OVER = "takeover", "移行"  # printed by the system before ours
    RESTORED = "restored", "再認定"  # the entitlement came back: same number, no first paper


class CertificateState(models.TextChoices):
    """Where a certificate is. recall: to be given back, because the entitlement ended early or changed."""

    ISSUED = "issued", "交付済み"
    RECALL = "recall", "返還依頼"
    RETURNED = "returned", "返還済み"
    REPLACED = "replaced", "差替え済み"


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Vocabulary of the register."""

    def live(self) -> "CertificateQuerySet":
        """Certificates that may be used, as far as we know."""
        return self.filter(state=CertificateState.ISSUED)


class Certificate(models.Model):
    """One paper. `content` is what was printed, so that a reprint is the same paper years later."""

    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("宛名番号", max_length=15)
    entitlement_id = models.BigIntegerField("受給資格")
    recipient_no = models.CharField("受給者番号", max_length=30)
    payer_no = models.CharField("公費負担者番号", max_length=8)
    copay_class = models.CharField("負担区分", max_length=20)
    valid = DateRangeField("有効期間")
    kind = models.CharField("交付区分", max_length=8, choices=CertificateKind.choices)
    reason = models.CharField("再交付の理由", max_length=100, blank=True)
    cause = models.CharField("変更の内容", max_length=100, blank=True)
    hand_delivery = models.BooleanField("手渡し", default=False)  # 支援措置: never in the mass mailing
    state = models.CharField("状態", max_length=8, choices=CertificateState.choices, default=CertificateState.ISSUED)
    issued_on = models.DateField("交付日")
    returned_on = models.DateField("返還日", null=True)
    returned_to = models.CharField("返還の受付者", max_length=60, blank=True)
    content = models.JSONField("券面")
    file_sha256 = models.CharField("PDF", max_length=64)
    page = models.PositiveIntegerField("頁")
    run_id = models.BigIntegerField("処理", null=True)
    issued_by = models.CharField("交付者", max_length=60)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_certificate"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scheme", "recipient_no"],
                condition=Q(state="issued"),
                name="subsidy_certificate_one_in_hand",
            ),
            models.CheckConstraint(
                condition=(Q(state="returned", returned_on__isnull=False) & ~Q(returned_to=""))
                | (~Q(state="returned") & Q(returned_on__isnull=True, returned_to="")),
                name="subsidy_certificate_return_pair",
            ),
            models.CheckConstraint(
                condition=(Q(kind="reissue") & ~Q(reason="")) | (~Q(kind="reissue") & Q(reason="")),
                name="subsidy_certificate_reissue_reason",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_certificate_person")]

    def __str__(self) -> str:
        return f"{self.scheme} {self.recipient_no}"


class NoticeKind(models.TextChoices):
    """What a letter says."""

    REJECTION = "rejection", "申請却下通知書"
    NOT_RENEWED = "not_renewed", "不交付決定通知書"
    LOSS = "loss", "受給資格消滅通知書"
    INCOME_UNKNOWN = "income_unknown", "所得確認のご案内"
    INSURANCE_UNKNOWN = "insurance", "医療保険の確認のお願い"
    RESTORED = "restored", "受給資格回復(再認定)通知書"


class Notice(models.Model):
    """One letter on one decision. `content` is what was printed, so that a reprint is the same letter years later."""

    kind = models.CharField("種類", max_length=14, choices=NoticeKind.choices)
    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    decision_id = models.BigIntegerField("決定", unique=True)
    addressee_atena_no = models.CharField("宛先宛名番号", max_length=15)
    hand_delivery = models.BooleanField("手渡し")  # 支援措置: never in the mass mailing
    issued_on = models.DateField("通知日")
    content = models.JSONField("文面")
    file_sha256 = models.CharField("PDF", max_length=64)
    page = models.PositiveIntegerField("頁")
    run_id = models.BigIntegerField("処理", null=True)  # null: printed at the counter
    issued_by = models.CharField("作成者", max_length=60)

    class Meta:
        db_table = "subsidy_notice"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(page__gte=1), name="subsidy_notice_page_from_one"),
            models.CheckConstraint(
                condition=~Q(atena_no="") & ~Q(addressee_atena_no=""), name="subsidy_notice_to_someone"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_notice_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.decision_id}"
