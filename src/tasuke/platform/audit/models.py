"""Rows of the trail. Written by `Recorder` and `seal` only; made by SQL (see the migration), read through these."""

from typing import ClassVar

from django.db import models

from tasuke.platform.audit.events import kind_label


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def of_person(self, atena_no: str) -> "AuditEventQuerySet":
        return self.filter(atena_no=atena_no)

    def by_person(self, personal_id: str) -> "AuditEventQuerySet":
        return self.filter(personal_id=personal_id)

    def newest_first(self) -> "AuditEventQuerySet":
        return self.order_by("-id")


class AuditEvent(models.Model):
    """One thing that somebody did, or one person that somebody saw. No relation to anything that lives."""

    id = models.BigAutoField(primary_key=True)
    xid = models.BigIntegerField("取引", editable=False)  # the transaction, given by the database
    at = models.DateTimeField("日時")
    personal_id = models.TextField("個人ID")
    office = models.TextField("所属")
    terminal = models.TextField("端末")
    session = models.TextField("セッション")
    action = models.TextField("操作")
    screen = models.TextField("画面")
    purpose = models.TextField("目的")
    kind = models.TextField("種類")
    atena_no = models.TextField("宛名番号")
    detail = models.TextField("内容")  # compact JSON, or empty

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        # not managed: the table's rights, its triggers and its transaction column are SQL; Django never empties it
        managed = False
        db_table = "audit_event"
        verbose_name = "証跡"

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"

    @property
    def kind_label(self) -> str:
        """The kind in Japanese."""
        return kind_label(self.kind)


class AuditBlock(models.Model):
    """Events that were sealed together. What each column means, byte for byte, is told in docs/audit.md."""

    number = models.BigIntegerField("番号", primary_key=True)
    snapshot = models.TextField("対象の取引")
    rows = models.BigIntegerField("件数")
    rows_sha256 = models.BinaryField()
    row_index = models.BinaryField()  # per row: id (8 bytes) and the first 16 bytes of its SHA-256
    sealed_at = models.DateTimeField("封印日時")
    previous = models.BinaryField()
    hash = models.BinaryField()
    key_id = models.TextField("鍵")
    signature = models.BinaryField()

    class Meta:
        managed = False
        db_table = "audit_block"
        verbose_name = "証跡の封印"
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return str(self.number)
