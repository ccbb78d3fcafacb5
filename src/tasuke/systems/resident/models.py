"""States of residents as they came, who may have which items, and what was delivered to whom. No 個人番号 is stored."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q


class ResidentState(models.Model):
    """One event: the full state of a person from `event_date` on. Append-only; `id` is the order in which they came."""

    event_id = models.UUIDField("異動ID", unique=True)
    atena_no = models.CharField("宛名番号", max_length=15)
    household_no = models.CharField("世帯番号", max_length=15)
    event_code = models.CharField("異動事由", max_length=2)
    event_date = models.DateField("異動年月日")
    recorded_at = models.DateTimeField("受領日時")
    items = models.JSONField("項目")  # field names of the 住民情報 layout → value, dates as ISO text
    digest = models.BinaryField("内容のハッシュ")
    protection = models.BooleanField("支援措置")
    file_id = models.BigIntegerField("取込ファイル", null=True)
    line = models.PositiveIntegerField("行", null=True)

    class Meta:
        db_table = "resident_state"
        indexes: ClassVar = [
            models.Index(fields=["atena_no", "-event_date", "-id"], name="resident_state_person"),
            models.Index(fields=["household_no"], name="resident_state_household"),
        ]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.event_date}"


class Consumer(models.Model):
    """A system that uses residents' data, and how far it has been served."""

    system = models.CharField("システム", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    business_id = models.CharField("業務ID", max_length=3)
    last_sequence = models.BigIntegerField("最終の連番", default=0)  # given to the newest event of this consumer
    confirmed = models.BigIntegerField("受領済みの連番", default=0)
    delivered_at = models.DateTimeField("最終の配信", null=True)

    class Meta:
        db_table = "resident_consumer"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(confirmed__lte=F("last_sequence")), name="resident_consumer_confirmed")
        ]

    def __str__(self) -> str:
        return self.system


class UsageApplication(models.Model):
    """利用申請: which items a system may have, on what ground, for how long. Nothing flows before the approval."""

    class State(models.TextChoices):
        REQUESTED = "requested", "申請中"
        APPROVED = "approved", "承認"
        REJECTED = "rejected", "不承認"
        ENDED = "ended", "終了"

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT)
    items = ArrayField(models.CharField(max_length=40), verbose_name="項目")
    with_my_number = models.BooleanField("個人番号", default=False)
    legal_basis = models.CharField("根拠", max_length=400)
    purpose = models.CharField("利用目的", max_length=400)
    valid = DateRangeField("期間")
    state = models.CharField("状態", max_length=10, choices=State.choices, default=State.REQUESTED)
    requested_by = models.CharField("申請者", max_length=20)
    requested_at = models.DateTimeField("申請日時")
    decided_by = models.CharField("承認者", max_length=20, blank=True)
    decided_at = models.DateTimeField("承認日時", null=True)
    note = models.CharField("備考", max_length=400, blank=True)

    class Meta:
        db_table = "resident_usage_application"
        constraints: ClassVar = [
            ExclusionConstraint(  # one approval at a time; the next one may stand before it begins
                name="resident_usage_one_in_force",
                expressions=[("consumer", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(state="approved"),
            ),
            models.CheckConstraint(  # decided by another person
                condition=Q(state="requested", decided_at__isnull=True, decided_by="")
                | ~Q(state="requested")
                & Q(decided_at__isnull=False)
                & ~Q(decided_by="")
                & ~Q(decided_by=F("requested_by")),
                name="resident_usage_decided_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consumer_id} {self.state}"


class Delivery(models.Model):
    """One event for one consumer. The sequence has no gaps: who misses a number knows that something is missing."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT)
    sequence = models.BigIntegerField("連番")
    state = models.ForeignKey(ResidentState, on_delete=models.PROTECT)

    class Meta:
        db_table = "resident_delivery"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["consumer", "sequence"], name="resident_delivery_sequence"),
            models.UniqueConstraint(fields=["consumer", "state"], name="resident_delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer_id} {self.sequence}"


class DeliveryRecord(models.Model):
    """情報連携記録: what was handed to whom, when, how, under which approval. Append-only."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT)
    usage = models.ForeignKey(UsageApplication, on_delete=models.PROTECT)
    at = models.DateTimeField("日時")
    way = models.CharField("方法", max_length=10)  # push, pull, snapshot, numbers
    first_sequence = models.BigIntegerField("最初の連番", null=True)
    last_sequence = models.BigIntegerField("最後の連番", null=True)
    events = models.PositiveIntegerField("件数")
    persons_sha256 = models.BinaryField("対象者のハッシュ")  # proves which persons without listing them here

    class Meta:
        db_table = "resident_delivery_record"
        indexes: ClassVar = [models.Index(fields=["consumer", "-id"], name="resident_delivery_record_of")]

    def __str__(self) -> str:
        return f"{self.consumer_id} {self.at}"


class HouseholdRecord(models.Model):
    """情報連携記録 of 世帯情報 to 市中間サーバ (RES-3): one message, by its key in the outbox. Append-only."""

    message_key = models.CharField("電文の鍵", max_length=100, unique=True)
    at = models.DateTimeField("日時")
    households = models.PositiveIntegerField("世帯数")
    members = models.PositiveIntegerField("人数")
    persons_sha256 = models.BinaryField("対象者のハッシュ")  # proves which persons without listing them here

    class Meta:
        db_table = "resident_household_record"

    def __str__(self) -> str:
        return self.message_key


class IntakePosition(models.Model):
    """How far the events that 住民記録 sends at once are in; last: the highest sequence that it has told of."""

    sender = models.CharField("送信元", max_length=30, primary_key=True)
    applied = models.BigIntegerField("受領済みの連番", default=0)
    last = models.BigIntegerField("送信元の最後の連番", default=0)
    duplicates = models.BigIntegerField("重複", default=0)  # events that came again
    gaps = models.BigIntegerField("欠番", default=0)  # calls that showed a gap
    changed_at = models.DateTimeField("最終の受領", null=True)

    class Meta:
        db_table = "resident_intake_position"

    def __str__(self) -> str:
        return f"{self.sender} {self.applied}"


class IntakeFault(models.Model):
    """An event of 住民記録 that cannot be used, or only with a doubt: the others went on, a person looks at it."""

    sender = models.CharField("送信元", max_length=30)
    sequence = models.BigIntegerField("連番")
    atena_no = models.CharField("宛名番号", max_length=15)
    taken = models.BooleanField("受領した")  # True: used all the same, somebody should look
    code = models.CharField("誤り", max_length=40)
    field = models.CharField("項目", max_length=60, blank=True)
    message = models.CharField("内容", max_length=300)
    at = models.DateTimeField("日時")

    class Meta:
        db_table = "resident_intake_fault"

    def __str__(self) -> str:
        return f"{self.sender} {self.sequence}"


class Refusal(models.Model):
    """A delivery that a consumer was not given: no approval in force, or a confirmation that cannot be right."""

    system = models.CharField("システム", max_length=30)
    at = models.DateTimeField("日時")
    reason = models.CharField("理由", max_length=200)

    class Meta:
        db_table = "resident_refusal"

    def __str__(self) -> str:
        return f"{self.system} {self.at}"
