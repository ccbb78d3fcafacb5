"""Fact tables for statistics: one row per cell of the cube, made anew for a month when it is closed."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class BenefitFact(models.Model):
    """Benefits of a settlement month by scheme × band × ward × care × in/out × funding × method × service month."""

    month = models.DateField("支払月")  # month in which the claim was billed or the reimbursement decided
    service_month = models.DateField("診療月")
    scheme = models.CharField("制度", max_length=40)
    band = models.CharField("年齢区分", max_length=20)
    ward_code = models.CharField("区コード", max_length=6)
    care = models.CharField("診療種別", max_length=12)
    inpatient = models.BooleanField("入院")
    funding = models.CharField("財源", max_length=12)
    method = models.CharField("給付方法", max_length=14)  # in_kind reimbursement
    claims = models.BigIntegerField("件数")
    persons = models.BigIntegerField("人数")
    days = models.BigIntegerField("日数")
    cost = models.BigIntegerField("医療費")
    burden = models.BigIntegerField("一部負担金")
    subsidy = models.BigIntegerField("助成額")

    class Meta:
        db_table = "subsidy_benefit_fact"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=[
                    "month", "service_month", "scheme", "band", "ward_code", "care", "inpatient", "funding", "method",
                ],
                name="subsidy_benefit_fact_cell",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.month} {self.scheme}"


class RecipientFact(models.Model):
    """Recipients on the last day of a month."""

    month = models.DateField("月")
    scheme = models.CharField("制度", max_length=40)
    band = models.CharField("年齢区分", max_length=20)
    ward_code = models.CharField("区コード", max_length=6)
    role = models.CharField("区分", max_length=12)
    copay_class = models.CharField("負担区分", max_length=20)
    funding = models.CharField("財源", max_length=12)
    persons = models.BigIntegerField("人数")

    class Meta:
        db_table = "subsidy_recipient_fact"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "scheme", "band", "ward_code", "role", "copay_class", "funding"],
                name="subsidy_recipient_fact_cell",
            )
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.scheme}"


class ExtractState(models.TextChoices):
    """Asked for → approved or refused by another person. What holds nobody's data needs no approval."""

    REQUESTED = "requested", "承認待ち"
    APPROVED = "approved", "承認済み"
    REFUSED = "refused", "却下"


class Extract(models.Model):
    """EUC: which items of which rows somebody wants as a file, what for, and who let it go. Kept, to be asked again."""

    dataset = models.CharField("対象", max_length=20)
    items = ArrayField(models.CharField(max_length=40), verbose_name="項目")
    filters = models.JSONField("条件", default=dict)
    purpose = models.CharField("利用目的", max_length=200)
    rows = models.PositiveIntegerField("件数")  # when it was asked for
    state = models.CharField("状態", max_length=10, choices=ExtractState.choices, default=ExtractState.REQUESTED)
    requested_at = models.DateTimeField("申請日時")
    requested_by = models.CharField("申請者", max_length=60)
    decided_at = models.DateTimeField("決定日時", null=True)
    decided_by = models.CharField("決定者", max_length=60, null=True)
    note = models.CharField("決定の理由", max_length=200, blank=True)
    taken = models.PositiveIntegerField("取出回数", default=0)

    class Meta:
        db_table = "subsidy_extract"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="subsidy_extract_decided_pair",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="subsidy_extract_two_people",
            ),
            models.CheckConstraint(
                condition=Q(items__len__gte=1) & ~Q(purpose=""), name="subsidy_extract_says_what_for"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.requested_by}"


class SavedChoice(models.Model):
    """EUC: items and conditions that somebody named to use again; never rows, never a purpose.

    Limits are not kept: whoever uses the choice is held to their own.
    """

    owner = models.CharField("保存者", max_length=60)
    dataset = models.CharField("対象", max_length=20)
    name = models.CharField("名前", max_length=60)
    items = ArrayField(models.CharField(max_length=40), verbose_name="項目")
    filters = models.JSONField("条件", default=dict)
    shared = models.BooleanField("共有", default=False)
    saved_at = models.DateTimeField("保存日時")

    class Meta:
        db_table = "subsidy_saved_choice"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "dataset", "name"], name="subsidy_saved_choice_name"),
            models.CheckConstraint(condition=Q(items__len__gte=1) & ~Q(name=""), name="subsidy_saved_choice_named"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.owner}"
