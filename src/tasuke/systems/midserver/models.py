"""What the installation itself keeps: who takes part, the national directory, hours, counts. Nothing about persons.

Tables of a municipality are not here: they lie in its own schema, made from `sql/` (see `tenancy`).
"""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

BODY_CODE = r"^[A-Z][0-9A-Z]{1,11}$"


class Tenant(models.Model):
    """A municipality (or another body) that uses this 中間サーバー, with a schema, a role and keys of its own."""

    body = models.CharField("機関コード", max_length=12, primary_key=True, validators=[RegexValidator(BODY_CODE)])
    name = models.CharField("名称", max_length=60)
    template = models.PositiveIntegerField("表の版", default=0)
    joined_at = models.DateTimeField("利用開始日時")
    joined_by = models.CharField("登録者", max_length=60)
    left_at = models.DateTimeField("利用終了日時", null=True)

    class Meta:
        db_table = "midserver_tenant"
        verbose_name = "利用団体"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(body__regex=BODY_CODE), name="midserver_tenant_body"),
        ]

    def __str__(self) -> str:
        return self.body


class MasterVersion(models.Model):
    """A version of the national master (配信マスター) as it was received; the newest is in force."""

    version = models.PositiveIntegerField("版", primary_key=True)
    content = models.JSONField("内容")
    received_at = models.DateTimeField("受領日時")

    class Meta:
        db_table = "midserver_master_version"
        verbose_name = "配信マスター"

    def __str__(self) -> str:
        return str(self.version)


class DirectoryKey(models.Model):
    """A body's public key as the national side distributes it."""

    kid = models.CharField("鍵", max_length=80, primary_key=True)
    body = models.CharField("機関コード", max_length=12, db_index=True)
    use = models.CharField("用途", max_length=3, choices=[("sig", "署名"), ("enc", "封緘")])
    jwk = models.JSONField("公開鍵")
    certificate = models.TextField("証明書", blank=True)
    valid_from = models.DateTimeField("有効開始")
    valid_to = models.DateTimeField("有効終了")
    revoked_at = models.DateTimeField("失効日時", null=True)

    class Meta:
        db_table = "midserver_directory_key"
        verbose_name = "公開鍵"

    def __str__(self) -> str:
        return self.kid


class DirectoryVersion(models.Model):
    """Up to which version the directory of keys is known: one row."""

    one = models.BooleanField(primary_key=True, default=True)
    version = models.PositiveIntegerField("版")
    read_at = models.DateTimeField("確認日時")

    class Meta:
        db_table = "midserver_directory_version"
        verbose_name = "公開鍵の版"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(one=True), name="midserver_directory_version_one")]

    def __str__(self) -> str:
        return str(self.version)


class Hours(models.Model):
    """When the service is open on a weekday (0 Monday). No row at all: always open. The real hours are unpublished."""

    weekday = models.PositiveSmallIntegerField("曜日", primary_key=True)
    opens = models.TimeField("開始")
    closes = models.TimeField("終了")
    changed_at = models.DateTimeField("変更日時")
    changed_by = models.CharField("変更者", max_length=60)

    class Meta:
        db_table = "midserver_hours"
        verbose_name = "稼動時間"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="midserver_hours_weekday"),
            models.CheckConstraint(condition=Q(opens__lt=models.F("closes")), name="midserver_hours_order"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}-{self.closes}"


class Notice(models.Model):
    """What the operator tells all municipalities: a planned stop, or a plain notice."""

    during = DateTimeRangeField("期間")  # end-exclusive
    stop = models.BooleanField("停止")
    text = models.CharField("内容", max_length=200)
    made_at = models.DateTimeField("登録日時")
    made_by = models.CharField("登録者", max_length=60)
    withdrawn_at = models.DateTimeField("取消日時", null=True)

    class Meta:
        db_table = "midserver_notice"
        verbose_name = "お知らせ"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(during__isempty=False), name="midserver_notice_during"),
            ExclusionConstraint(
                name="midserver_notice_one_stop",
                expressions=[("during", RangeOperators.OVERLAPS)],
                condition=Q(stop=True, withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Setting(models.Model):
    """A value that the operator has set in place of the default (`settings.toml`), with its ground."""

    name = models.CharField("名前", max_length=40, primary_key=True)
    value = models.PositiveIntegerField("値")
    source = models.CharField("根拠", max_length=200)
    changed_at = models.DateTimeField("変更日時")
    changed_by = models.CharField("変更者", max_length=60)

    class Meta:
        db_table = "midserver_setting"
        verbose_name = "設定値"

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class RoundState(models.Model):
    """バッチ状況: the last run of a round for a municipality. counts: numbers only."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_column="body", verbose_name="団体")
    name = models.CharField("処理", max_length=20)
    at = models.DateTimeField("実行日時")
    done_at = models.DateTimeField("最後に正常に終わった日時", null=True)
    counts = models.JSONField("件数", default=dict)
    error = models.CharField("異常", max_length=200, blank=True)
    failures = models.PositiveIntegerField("続けて失敗した回数", default=0)

    class Meta:
        db_table = "midserver_round_state"
        verbose_name = "バッチ状況"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="midserver_round_state_once"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.name}"


class DailyCount(models.Model):
    """業務統計: how many of what a municipality did on a day."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_column="body", verbose_name="団体")
    day = models.DateField("日")
    what = models.CharField("項目", max_length=30)
    count = models.BigIntegerField("件数")

    class Meta:
        db_table = "midserver_daily_count"
        verbose_name = "業務統計"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "day", "what"], name="midserver_daily_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.day} {self.what}"


class DeletionRecord(models.Model):
    """Expired data were deleted: what, up to when, how many rows. The municipality keeps the same beside its data."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_column="body", verbose_name="団体")
    at = models.DateTimeField("実行日時")
    by = models.CharField("実行者", max_length=60)
    what = models.CharField("対象", max_length=30)
    before = models.DateTimeField("この日時より前")
    rows = models.BigIntegerField("件数")

    class Meta:
        db_table = "midserver_deletion_record"
        verbose_name = "削除の記録"

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.what} {self.rows}"
