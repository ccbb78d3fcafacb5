"""Inquiries by 宛名番号, states and answers. No 統合宛名番号, no 符号: the gateway and 中間サーバー know those."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class InquiryState(models.TextChoices):
    """held: about a protected person, a second person must agree before anything leaves the house."""

    HELD = "held", "承認待ち"
    WAITING = "waiting", "送信待ち"
    SENT = "sent", "照会中"
    ANSWERED = "answered", "回答あり"
    REFUSED = "refused", "照会できず"
    CANCELLED = "cancelled", "取りやめ"


class Outcome(models.TextChoices):
    """What the other body said."""

    FOUND = "found", "情報あり"
    NONE = "none", "該当情報なし"
    WITHHELD = "withheld", "提供されず"
    REFUSED = "refused", "照会できず"


OPEN = Q(state__in=("held", "waiting", "sent"))


class Inquiry(models.Model):
    """One question about one person, with the ground that allows it."""

    record_id = models.CharField("照会番号", max_length=36, unique=True)
    atena_no = models.CharField("宛名番号", max_length=15)
    about_atena_no = models.CharField("対象者の宛名番号", max_length=15)  # whose case needs the answer
    scheme = models.CharField("制度", max_length=40)
    ward_code = models.CharField("区コード", max_length=6, blank=True)  # of the office that asks
    procedure_code = models.CharField("事務手続コード", max_length=16)
    procedure = models.CharField("事務手続", max_length=200)
    information_code = models.CharField("特定個人情報コード", max_length=16)
    information = models.CharField("特定個人情報", max_length=200)
    legal_basis = models.CharField("根拠", max_length=400)
    provider = models.CharField("照会先", max_length=16)
    provider_name = models.CharField("照会先の名称", max_length=100)
    year = models.PositiveSmallIntegerField("年度", null=True)
    protected = models.BooleanField("支援措置")
    extra_step = models.CharField("支援措置対象者を照会する理由", max_length=200, blank=True)
    state = models.CharField("状態", max_length=10, choices=InquiryState.choices)
    reason = models.CharField("状態の理由", max_length=400, blank=True)
    asked_by = models.CharField("照会者", max_length=20)
    asked_at = models.DateTimeField("照会日時")
    approved_by = models.CharField("承認者", max_length=20, blank=True)
    approved_at = models.DateTimeField("承認日時", null=True)
    sequence = models.BigIntegerField("回答の連番", null=True, unique=True)
    outcome = models.CharField("回答", max_length=10, choices=Outcome.choices, blank=True)
    items = models.JSONField("回答の項目", null=True)
    answered_at = models.DateTimeField("回答日時", null=True)
    received_at = models.DateTimeField("受領日時", null=True)
    taken_over_by = models.CharField("取込者", max_length=20, blank=True)
    taken_over_at = models.DateTimeField("取込日時", null=True)

    class Meta:
        db_table = "subsidy_inquiry"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["atena_no", "information_code", "provider", "year"],
                condition=OPEN,
                name="subsidy_inquiry_one_open",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(protected=False) | ~Q(extra_step=""), name="subsidy_inquiry_protected_reason"
            ),
            models.CheckConstraint(  # the second person is another one
                condition=Q(approved_at__isnull=True, approved_by="")
                | Q(approved_at__isnull=False) & ~Q(approved_by="") & ~Q(approved_by=models.F("asked_by")),
                name="subsidy_inquiry_approval_pair",
            ),
            models.CheckConstraint(
                condition=Q(protected=False) | Q(state__in=("held", "cancelled")) | Q(approved_at__isnull=False),
                name="subsidy_inquiry_protected_approved",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, outcome="", sequence__isnull=True)
                | Q(answered_at__isnull=False) & ~Q(outcome="") & Q(sequence__isnull=False, received_at__isnull=False),
                name="subsidy_inquiry_answer_pair",
            ),
            models.CheckConstraint(
                condition=Q(taken_over_at__isnull=True, taken_over_by="")
                | Q(taken_over_at__isnull=False) & ~Q(taken_over_by="") & Q(outcome="found"),
                name="subsidy_inquiry_taken_over_pair",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["about_atena_no"], name="subsidy_inquiry_case"),
            models.Index(fields=["atena_no"], name="subsidy_inquiry_person"),
            models.Index(fields=["id"], condition=OPEN, name="subsidy_inquiry_open"),
        ]

    def __str__(self) -> str:
        return self.record_id


class AnswerCursor(models.Model):
    """Up to which of the gateway's answers we have received. One row."""

    last = models.BigIntegerField("受領済みの連番", default=0)

    class Meta:
        db_table = "subsidy_answer_cursor"

    def __str__(self) -> str:
        return str(self.last)
