"""申請, 決定, 受給資格, 受給者番号."""

from datetime import date
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import Q

from tasuke.systems.subsidy.registry.models import no_overlap


class ApplicationState(models.TextChoices):
    """Life of an application."""

    RECEIVED = "received", "受付"
    HELD = "held", "保留"
    DECIDED = "decided", "決定済み"
    APPLIED = "applied", "届出反映済み"
    WITHDRAWN = "withdrawn", "取下げ"
    TAKEN_OVER = "taken_over", "移行前に処理済み"


class Application(models.Model):
    """申請・届出, one row per person and scheme it concerns."""

    application_no = models.CharField("受付番号", max_length=30)
    scheme = models.CharField("制度", max_length=40)
    kind = models.CharField("種別", max_length=1)  # 1 新規 2 保険 3 口座 4 喪失 5 生計維持者等
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    applicant_atena_no = models.CharField("申請者宛名番号", max_length=15)
    role = models.CharField("区分", max_length=1)  # 1 児童 2 父または母 3 養育者 4 本人
    received_on = models.DateField("受付日")
    channel = models.CharField("受付方法", max_length=1)
    reason = models.CharField("事由", max_length=1)
    event_date = models.DateField("事由発生日")
    loss_reason = models.CharField("喪失事由", max_length=200, blank=True)
    missing_documents = models.CharField("不足書類", max_length=800, blank=True)
    state = models.CharField("状態", max_length=10, choices=ApplicationState.choices)
    file_id = models.BigIntegerField("取込ファイル", null=True)
    line = models.PositiveIntegerField("行", null=True)

    class Meta:
        db_table = "subsidy_application"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application_no", "scheme", "atena_no", "kind"], name="subsidy_application_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_application_person"),
            models.Index(fields=["scheme", "state"], name="subsidy_application_state"),
        ]

    def __str__(self) -> str:
        return self.application_no


class RecipientNumber(models.Model):
    """受給者番号: one per person and scheme, for life, numbered by order of application."""

    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("宛名番号", max_length=15)
    recipient_no = models.CharField("受給者番号", max_length=30)

    class Meta:
        db_table = "subsidy_recipient_number"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scheme", "atena_no"], name="subsidy_recipient_once"),
            models.UniqueConstraint(fields=["scheme", "recipient_no"], name="subsidy_recipient_no_once"),
        ]

    def __str__(self) -> str:
        return self.recipient_no


class DecisionKind(models.TextChoices):
    """What made us decide."""

    APPLICATION = "application", "申請"
    RENEWAL = "renewal", "一斉更新"
    AGE = "age", "年齢到達"
    CHANGE = "change", "異動・届出"
    CORRECTION = "correction", "訂正"
    RESTORED = "restored", "資格の回復(再認定)"
    TAKE_OVER = "take_over", "移行"


class Decision(models.Model):
    """決定: what was decided on which facts by which rules. Append-only: it can be re-run and reprinted years later."""

    kind = models.CharField("契機", max_length=12, choices=DecisionKind.choices)
    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("宛名番号", max_length=15)
    application_id = models.BigIntegerField("申請", null=True)
    judged_on = models.DateField("判定日")
    decided_on = models.DateField("決定日")
    outcome = models.CharField("結果", max_length=10)  # eligible rejected pending lost
    reasons = ArrayField(models.CharField(max_length=60), verbose_name="理由コード", default=list)
    start = models.DateField("開始日", null=True)
    end = models.DateField("終了日の翌日", null=True)
    band = models.CharField("年齢区分", max_length=20, blank=True)
    coverage = models.CharField("助成範囲", max_length=20, blank=True)
    copay_class = models.CharField("負担区分", max_length=20, blank=True)
    funding = models.CharField("財源", max_length=12, blank=True)
    income_year = models.PositiveSmallIntegerField("所得の年", null=True)
    deciding_subject = models.CharField("判定した人の宛名番号", max_length=15, blank=True)
    net_income = models.BigIntegerField("控除後所得", null=True)
    income_limit = models.BigIntegerField("限度額", null=True)
    version = models.CharField("版", max_length=20)
    version_hash = models.CharField("版のハッシュ", max_length=64)
    facts = models.JSONField("事実")  # the person row and the income rows that were judged
    run_id = models.BigIntegerField("処理", null=True)
    recorded_at = models.DateTimeField("記録日時")

    class Meta:
        db_table = "subsidy_decision"
        indexes: ClassVar = [
            models.Index(fields=["atena_no", "scheme"], name="subsidy_decision_person"),
            models.Index(fields=["application_id"], name="subsidy_decision_application"),
            models.Index(fields=["run_id"], name="subsidy_decision_run"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(start__isnull=True) | Q(end__isnull=True) | Q(end__gt=models.F("start")),
                name="subsidy_decision_period",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.atena_no} {self.outcome}"


class EntitlementQuerySet(models.QuerySet["Entitlement"]):
    """Vocabulary of entitlements."""

    def current(self) -> Self:
        return self.filter(recorded_to__isnull=True)

    def in_force_on(self, day: date) -> Self:
        return self.current().filter(valid__contains=day)

    def of_scheme(self, scheme: str) -> Self:
        return self.filter(scheme=scheme)

    def of_person(self, atena_no: str) -> Self:
        return self.filter(atena_no=atena_no)


class Entitlement(models.Model):
    """受給資格. A loss or a correction supersedes the row (recorded_to) and adds a new one with the right period."""

    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("宛名番号", max_length=15)
    recipient_no = models.CharField("受給者番号", max_length=30)
    payer_no = models.CharField("公費負担者番号", max_length=8)
    valid = DateRangeField("資格期間")
    role = models.CharField("区分", max_length=12)  # child parent caregiver self
    band = models.CharField("年齢区分", max_length=20, blank=True)
    coverage = models.CharField("助成範囲", max_length=20)
    copay_class = models.CharField("負担区分", max_length=20)
    funding = models.CharField("財源", max_length=12)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="entitlements")
    loss_reason = models.CharField("喪失事由", max_length=60, blank=True)
    recorded_from = models.DateTimeField("記録日時")
    recorded_to = models.DateTimeField("訂正日時", null=True)

    objects = EntitlementQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_entitlement"
        constraints: ClassVar = [
            no_overlap("subsidy_entitlement_no_overlap", "atena_no", "scheme"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_entitlement_person"),
            models.Index(fields=["recipient_no"], name="subsidy_entitlement_number"),
            models.Index(fields=["scheme"], name="subsidy_entitlement_scheme", condition=Q(recorded_to__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.recipient_no}"


class CheckResult(models.TextChoices):
    """How a check of the insurance ended."""

    CONTINUED = "continued", "新しい保険を確認(資格は継続)"
    RETURNED = "returned", "空白の後に新しい保険を確認(資格を回復)"
    LOST = "lost", "期限までに確認できず喪失"
    OTHER = "other", "ほかの事由で喪失"


class InsuranceCheck(models.Model):
    """保険確認中: the insurance ended, the next one is not known yet, and the family is asked. One open per scheme."""

    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("宛名番号", max_length=15)
    missing_from = models.DateField("保険の切れた日")  # first day without
    opened_on = models.DateField("確認を始めた日")
    due_on = models.DateField("確認の期限", null=True)  # null: the city has confirmed no grace, the question stays
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+", verbose_name="保留の決定")
    closed_on = models.DateField("確認を終えた日", null=True)
    result = models.CharField("結果", max_length=10, choices=CheckResult.choices, blank=True)

    class Meta:
        db_table = "subsidy_insurance_check"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scheme", "atena_no"], condition=Q(closed_on__isnull=True), name="subsidy_check_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True, result="") | (Q(closed_on__isnull=False) & ~Q(result="")),
                name="subsidy_check_close_pair",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_check_person")]

    def __str__(self) -> str:
        return f"{self.scheme} {self.atena_no} {self.missing_from}"


class TakenOver(models.Model):
    """移行した資格: a row of the old system's file as it came, and what our rules said of it. Never changed."""

    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("宛名番号", max_length=15)
    recipient_no = models.CharField("受給者番号", max_length=30)
    taken_on = models.DateField("移行日")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+", verbose_name="移行の決定")
    row = models.JSONField("移行ファイルの行")
    our_outcome = models.CharField("移行日の判定", max_length=10)
    our_reasons = ArrayField(models.CharField(max_length=60), verbose_name="判定の理由コード", default=list)
    run_id = models.BigIntegerField("処理")
    file_id = models.BigIntegerField("取込ファイル")
    line = models.PositiveIntegerField("行")

    class Meta:
        db_table = "subsidy_taken_over"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file_id", "line"], name="subsidy_taken_over_line_once")
        ]
        indexes: ClassVar = [models.Index(fields=["scheme", "atena_no"], name="subsidy_taken_over_person")]

    def __str__(self) -> str:
        return f"{self.scheme} {self.recipient_no}"
