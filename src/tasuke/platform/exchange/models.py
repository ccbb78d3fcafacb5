"""Rows for files. The bytes lie in the archive folder under their hash; the row says what they were."""

from typing import ClassVar

from django.db import models


class InboundFile(models.Model):
    """A file that came in. One row per kind and content: the same bytes again are the same file."""

    kind = models.CharField("種類", max_length=40)
    name = models.CharField("名前", max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField("大きさ")
    rows = models.BigIntegerField("行数", default=0)
    accepted = models.BigIntegerField("取込件数", default=0)
    rejected = models.BigIntegerField("エラー件数", default=0)
    totals = models.JSONField("合計", default=dict)
    received_at = models.DateTimeField("受領日時")
    received_by = models.CharField("受領者", max_length=60)
    run_id = models.BigIntegerField("処理", null=True)

    class Meta:
        db_table = "exchange_inbound_file"
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "sha256"], name="exchange_inbound_once")]

    def __str__(self) -> str:
        return self.name


class OutboundFile(models.Model):
    """A file that we made. One row per kind and business key; a second one needs a reason."""

    kind = models.CharField("種類", max_length=40)
    key = models.CharField("対象", max_length=200)
    name = models.CharField("名前", max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField("大きさ")
    rows = models.BigIntegerField("件数", default=0)
    totals = models.JSONField("合計", default=dict)
    made_at = models.DateTimeField("作成日時")
    made_by = models.CharField("作成者", max_length=60)
    reason = models.CharField("再作成の理由", max_length=200, blank=True)
    run_id = models.BigIntegerField("処理", null=True)

    class Meta:
        db_table = "exchange_outbound_file"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key", "reason"], name="exchange_outbound_once")
        ]

    def __str__(self) -> str:
        return self.name
