"""A run, its finished chunks, and the rows that it could not take, in the database of the system that it serves."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tasuke.core.problems import Severity


class RunState(models.TextChoices):
    """Life of a run: planned → (approved) → applying → done; or cancelled. A killed one stays `applying`."""

    PLANNED = "planned", "計画済み"
    APPROVED = "approved", "承認済み"
    APPLYING = "applying", "反映中"
    DONE = "done", "完了"
    FAILED = "failed", "異常終了"
    CANCELLED = "cancelled", "取消"


LIVE_STATES = (RunState.PLANNED, RunState.APPROVED, RunState.APPLYING, RunState.FAILED, RunState.DONE)


class RunQuerySet(models.QuerySet["Run"]):
    def of_job(self, job: str) -> "RunQuerySet":
        return self.filter(job=job)

    def live(self) -> "RunQuerySet":
        """Every run that counts: all but the cancelled ones."""
        return self.exclude(state=RunState.CANCELLED)

    def newest_first(self) -> "RunQuerySet":
        return self.order_by("-id")


class Run(models.Model):
    """One execution of a job for one target (a file's hash, a month, a scheme and year): at most one that counts."""

    job = models.CharField("処理", max_length=60)
    target = models.CharField("対象", max_length=200)
    parameters = models.JSONField("条件", default=dict)
    state = models.CharField("状態", max_length=10, choices=RunState.choices, default=RunState.PLANNED)
    needs_approval = models.BooleanField("承認を要する", default=False)
    plan = models.JSONField("計画", default=dict)  # counts of what would change
    comparison = models.JSONField("照合", default=list)  # [{label, now, before, difference}]
    counts = models.JSONField("結果", default=dict)
    chunks_total = models.PositiveIntegerField("分割数", default=0)
    chunks_done = models.PositiveIntegerField("済み", default=0)
    planned_at = models.DateTimeField("計画日時")
    planned_by = models.CharField("計画者", max_length=60)
    approved_at = models.DateTimeField("承認日時", null=True)
    approved_by = models.CharField("承認者", max_length=60, null=True)
    started_at = models.DateTimeField("開始日時", null=True)
    finished_at = models.DateTimeField("終了日時", null=True)
    failure = models.TextField("異常の内容", blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "batch_run"
        verbose_name = "処理"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["job", "target"], condition=~Q(state="cancelled"), name="batch_run_one_that_counts"
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="batch_run_approval_pair",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("planned_by")), name="batch_run_two_people"
            ),
            models.CheckConstraint(
                condition=Q(needs_approval=False)
                | Q(approved_at__isnull=False)
                | Q(state__in=["planned", "cancelled"]),
                name="batch_run_approved_before_apply",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.target}"


class RunChunk(models.Model):
    """A chunk that is committed: the row stands in the same transaction as what the chunk changed."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    committed_at = models.DateTimeField()

    class Meta:
        db_table = "batch_run_chunk"
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "number"], name="batch_chunk_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class RunProblem(models.Model):
    """A row that the run could not take, or took with a warning."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="problems")
    chunk = models.PositiveIntegerField(null=True)
    file = models.CharField("ファイル", max_length=255, blank=True)
    line = models.PositiveIntegerField("行", null=True)
    column = models.PositiveIntegerField("列", null=True)
    field = models.CharField("項目", max_length=120, blank=True)
    code = models.CharField("コード", max_length=60)
    severity = models.CharField("程度", max_length=10, choices=[(s.value, s.value) for s in Severity])
    message = models.TextField("内容")
    value = models.CharField("値", max_length=200, blank=True)
    subject = models.CharField("対象者等", max_length=40, blank=True)  # 宛名番号 or another business key

    class Meta:
        db_table = "batch_run_problem"
        indexes: ClassVar = [models.Index(fields=["run", "id"], name="batch_problem_run")]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.code}"
