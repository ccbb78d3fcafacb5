"""Permits (利用の許可), what was moved under them (append-only), and who agreed for whom under 支援措置."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q


class PermitState(models.TextChoices):
    """Applied for → permitted or refused by another person; or withdrawn before that, or ended after it."""

    REQUESTED = "requested", "申請中"
    PERMITTED = "permitted", "許可"
    REFUSED = "refused", "不許可"
    WITHDRAWN = "withdrawn", "取下げ"
    ENDED = "ended", "終了"


class SharingPermit(models.Model):
    """利用申請 of a department and its 許可: which items, what for, how long. What was applied for never changes.

    Recipient, law and use are copied from the profile on the day of the application.
    """

    rule = models.CharField("移転の種類", max_length=40)
    scheme = models.CharField("制度", max_length=40)
    recipient = models.CharField("移転先", max_length=100)
    system = models.CharField("移転先のシステム", max_length=30)
    legal_basis = models.CharField("法令上の根拠", max_length=200)
    use = models.CharField("移転先における用途", max_length=400)
    applicant = models.CharField("申請者(移転先)", max_length=60)
    purpose = models.CharField("利用目的", max_length=200)
    items = ArrayField(models.CharField(max_length=20), verbose_name="項目")
    valid = DateRangeField("許可の期間")
    state = models.CharField("状態", max_length=10, choices=PermitState.choices, default=PermitState.REQUESTED)
    requested_by = models.CharField("受付者", max_length=60)
    requested_at = models.DateTimeField("受付日時")
    decided_by = models.CharField("決定者", max_length=60, blank=True)
    decided_at = models.DateTimeField("決定日時", null=True)
    note = models.CharField("確認した内容・理由", max_length=200, blank=True)
    ended_by = models.CharField("終了者", max_length=60, blank=True)
    ended_at = models.DateTimeField("終了日時", null=True)
    end_reason = models.CharField("終了・取下げの理由", max_length=200, blank=True)

    class Meta:
        db_table = "subsidy_sharing_permit"
        constraints: ClassVar = [
            ExclusionConstraint(
                name="subsidy_sharing_permit_one_in_force",
                expressions=[("rule", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(state="permitted"),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "withdrawn"], decided_at__isnull=True, decided_by="")
                | Q(state__in=["permitted", "refused", "ended"], decided_at__isnull=False) & ~Q(decided_by=""),
                name="subsidy_sharing_permit_decided_pair",
            ),
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("requested_by")), name="subsidy_sharing_permit_two_people"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["withdrawn", "ended"], ended_at__isnull=False)
                & ~Q(ended_by="")
                & ~Q(end_reason="")
                | Q(state__in=["requested", "permitted", "refused"], ended_at__isnull=True, ended_by="", end_reason=""),
                name="subsidy_sharing_permit_ended_pair",
            ),
            models.CheckConstraint(
                condition=Q(items__len__gte=1) & ~Q(purpose="") & Q(valid__upper_inf=False, valid__lower_inf=False),
                name="subsidy_sharing_permit_limited",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.pk}"


class Means(models.TextChoices):
    """How data went over."""

    SCREEN = "screen", "画面(一人)"
    FILE = "file", "ファイル"
    API = "api", "システム連携"


class SharingRecord(models.Model):
    """One move: who, when, to whom, by which law and permit, which items, how many. Append-only."""

    permit = models.ForeignKey(SharingPermit, on_delete=models.PROTECT)
    at = models.DateTimeField("日時")
    by = models.CharField("移転した人・求めた人", max_length=60)
    means = models.CharField("方法", max_length=10, choices=Means.choices)
    scheme = models.CharField("制度", max_length=40)
    recipient = models.CharField("移転先", max_length=100)
    legal_basis = models.CharField("法令上の根拠", max_length=200)
    purpose = models.CharField("利用目的", max_length=200)
    items = ArrayField(models.CharField(max_length=20), verbose_name="項目")
    given = models.PositiveIntegerField("渡した人数")
    out_of_range = models.PositiveIntegerField("範囲にない人数")
    held = models.PositiveIntegerField("支援措置で渡さなかった人数")
    file_id = models.BigIntegerField("受領ファイル", null=True)  # exchange.InboundFile: the list
    problems = models.JSONField("読めない行", default=list)  # line, field, message; never the value

    class Meta:
        db_table = "subsidy_sharing_record"
        indexes: ClassVar = [models.Index(fields=["permit", "-id"], name="subsidy_sharing_record_permit")]

    def __str__(self) -> str:
        return f"{self.recipient} {self.at}"


class SharedPersonRecord(models.Model):
    """Whom a move was about, and what became of it. Append-only."""

    record = models.ForeignKey(SharingRecord, on_delete=models.PROTECT, related_name="persons")
    atena_no = models.CharField("宛名番号", max_length=15)
    outcome = models.CharField("結果", max_length=12)  # contracts.sharing.Outcome
    withheld = ArrayField(models.CharField(max_length=20), verbose_name="渡さなかった項目", default=list)

    class Meta:
        db_table = "subsidy_sharing_person"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "atena_no"], name="subsidy_sharing_person_once")
        ]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_sharing_person_no")]

    def __str__(self) -> str:
        return f"{self.record_id} {self.atena_no}"


class AgreementState(models.TextChoices):
    """Waits for a second person, who agrees or does not."""

    WAITING = "waiting", "同意待ち"
    AGREED = "agreed", "同意"
    REFUSED = "refused", "同意しない"


class SharingAgreement(models.Model):
    """A person under 支援措置 was asked for: nothing goes over until somebody else agrees, for a few days."""

    permit = models.ForeignKey(SharingPermit, on_delete=models.PROTECT)
    atena_no = models.CharField("宛名番号", max_length=15)
    purpose = models.CharField("利用目的", max_length=200)
    state = models.CharField("状態", max_length=10, choices=AgreementState.choices, default=AgreementState.WAITING)
    requested_by = models.CharField("求めた人", max_length=60)
    requested_at = models.DateTimeField("求めた日時")
    decided_by = models.CharField("決定者", max_length=60, blank=True)
    decided_at = models.DateTimeField("決定日時", null=True)
    note = models.CharField("確認した内容・理由", max_length=200, blank=True)

    class Meta:
        db_table = "subsidy_sharing_agreement"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["permit", "atena_no"], condition=Q(state="waiting"), name="subsidy_sharing_agreement_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True, decided_by="", note="")
                | Q(state__in=["agreed", "refused"], decided_at__isnull=False)
                & ~Q(decided_by="")
                & ~Q(decided_by=F("requested_by"))
                & ~Q(note=""),
                name="subsidy_sharing_agreement_two_people",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["permit", "atena_no"], name="subsidy_sharing_agreement_of")]

    def __str__(self) -> str:
        return f"{self.permit_id} {self.state}"
