"""受付票: what was typed at the counter from a paper, until a second person has compared it with the paper."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class SheetState(models.TextChoices):
    """draft: typed, waits for the second person; returned: that person found a mistake; then received or dropped."""

    DRAFT = "draft", "照合待ち"
    RETURNED = "returned", "差戻し"
    RECEIVED = "received", "受付済み"
    DROPPED = "dropped", "取下げ"


class SheetQuerySet(models.QuerySet["Sheet"]):
    """Vocabulary of sheets."""

    def open(self) -> "SheetQuerySet":
        """Those on which somebody still has to work."""
        return self.filter(state__in=[SheetState.DRAFT, SheetState.RETURNED])


class Sheet(models.Model):
    """One paper. content: field of `application_feed` → text as typed; version: grows with every change."""

    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    ward_code = models.CharField(
        "区コード", max_length=6, blank=True
    )  # of the 対象者 when it was typed: for the limits
    content = models.JSONField("記入内容")
    state = models.CharField("状態", max_length=8, choices=SheetState.choices, default=SheetState.DRAFT)
    version = models.PositiveIntegerField("版", default=1)
    changed_at = models.DateTimeField("入力日時")
    changed_by = models.CharField("入力者", max_length=20)
    changed_name = models.CharField("入力者の氏名", max_length=60)
    checked_at = models.DateTimeField("照合日時", null=True)
    checked_by = models.CharField("照合者", max_length=20, blank=True)
    remark = models.CharField("差戻し・取下げの理由", max_length=200, blank=True)
    application_id = models.BigIntegerField("申請", null=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_sheet"
        verbose_name = "受付票"
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="subsidy_sheet_state"),
            models.Index(fields=["atena_no"], name="subsidy_sheet_person"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(checked_at__isnull=True, checked_by="") | Q(checked_at__isnull=False) & ~Q(checked_by=""),
                name="subsidy_sheet_checked_pair",
            ),
            models.CheckConstraint(
                condition=Q(checked_by="") | ~Q(checked_by=F("changed_by")), name="subsidy_sheet_two_people"
            ),
            models.CheckConstraint(
                condition=Q(state="received", application_id__isnull=False)
                | ~Q(state="received") & Q(application_id__isnull=True),
                name="subsidy_sheet_received_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.atena_no}"

    @property
    def number(self) -> str:
        """The number of receipt, unique over all counters."""
        return f"窓{self.pk:09d}"
