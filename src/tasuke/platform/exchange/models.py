"""Rows for files. The bytes lie in the archive folder under their hash; the row says what they were."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class InboundState(models.TextChoices):
    """Whether what a file says may be used. HELD: the file contradicts itself, a person has to say what counts."""

    TAKEN = "taken", "取込"
    REFUSED = "refused", "取込不可"
    HELD = "held", "合計不一致"
    ACCEPTED = "accepted", "合計不一致を承認"
    REJECTED = "rejected", "合計不一致で差戻し"


class InboundFile(models.Model):
    """A file that came in. One row per kind and content: the same bytes again are the same file.

    A file that could not be used at all has a row too (REFUSED, with the reason); when the same bytes can be used
    later, because a mapping or the program was mended, its row becomes TAKEN.
    """

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
    state = models.CharField(
        "状態", max_length=8, choices=InboundState.choices, default=InboundState.TAKEN, db_default="taken"
    )
    reason = models.TextField("取込不可・不一致の内容", blank=True, db_default="")
    decided_by = models.CharField("判断者", max_length=60, blank=True, db_default="")
    decided_at = models.DateTimeField("判断日時", null=True)
    note = models.CharField("判断の内容", max_length=400, blank=True, db_default="")

    class Meta:
        db_table = "exchange_inbound_file"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "sha256"], name="exchange_inbound_once"),
            models.CheckConstraint(
                condition=Q(state="taken") | ~Q(reason=""), name="exchange_inbound_trouble_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["accepted", "rejected"], decided_at__isnull=False)
                & ~Q(decided_by="")
                & ~Q(note="")
                | Q(state__in=["taken", "refused", "held"], decided_at__isnull=True, decided_by="", note=""),
                name="exchange_inbound_decision_says_who",
            ),
        ]

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
