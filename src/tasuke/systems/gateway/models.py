"""市中間サーバ: the queue of inquiries, answers on their way, codes, provision information, master, service state.

No 個人番号 and no 符号 is here. Contents of answers are sealed under the gateway's vault and erased after a time.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class InquiryState(models.TextChoices):
    """waiting: number not converted yet; ready: to be sent; held: the answer is here and a table does not fit it;
    stuck: 中間サーバー refuses the message as a whole, a person must look."""

    WAITING = "waiting", "受付(番号変換待ち)"
    READY = "ready", "送信待ち"
    SENT = "sent", "照会中"
    CANCELLING = "cancelling", "取りやめ中"
    HELD = "held", "変換できず保留"
    STUCK = "stuck", "送信できず停止"
    ANSWERED = "answered", "回答済み"
    REFUSED = "refused", "照会不可"
    CANCELLED = "cancelled", "取りやめ"


ENDED = (InquiryState.ANSWERED, InquiryState.REFUSED, InquiryState.CANCELLED)


class Inquiry(models.Model):
    """One inquiry of a business, from the asking to the answer. In order of id, each sent once."""

    business_id = models.CharField("業務ID", max_length=3)
    record_id = models.CharField("レコード識別番号", max_length=36)
    mid_record_id = models.CharField("中間サーバーの識別番号", max_length=40, unique=True)
    system = models.CharField("照会したシステム", max_length=30)
    atena_no = models.CharField("宛名番号", max_length=15)
    unified_no = models.CharField("団体内統合宛名番号", max_length=15, blank=True)
    procedure_code = models.CharField("事務手続コード", max_length=16)
    information_code = models.CharField("特定個人情報名コード", max_length=16)
    provider = models.CharField("照会先", max_length=16)
    year = models.PositiveSmallIntegerField("年度", null=True)
    valid_from = models.DateField("開始日", null=True)
    valid_to = models.DateField("終了日", null=True)
    department = models.CharField("部署", max_length=17)
    personal_id = models.CharField("照会者", max_length=20)
    protected = models.BooleanField("支援措置")
    extra_step = models.CharField("追加の確認", max_length=200, blank=True)
    undisclosed = models.BooleanField("不開示該当")
    digest = models.BinaryField("内容の要約")
    state = models.CharField("状態", max_length=10, choices=InquiryState.choices, default=InquiryState.WAITING)
    reason = models.CharField("理由", max_length=300, blank=True)
    asked_at = models.DateTimeField("受付日時")
    sent_at = models.DateTimeField("送信日時", null=True)
    ended_at = models.DateTimeField("終了日時", null=True)

    class Meta:
        db_table = "gateway_inquiry"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business_id", "record_id"], name="gateway_inquiry_once"),
            models.CheckConstraint(
                condition=Q(state__in=["answered", "refused", "cancelled"], ended_at__isnull=False)
                | (~Q(state__in=["answered", "refused", "cancelled"]) & Q(ended_at__isnull=True)),
                name="gateway_inquiry_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "sent", "cancelling", "held"]) | ~Q(unified_no=""),
                name="gateway_inquiry_converted",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["state", "id"],
                condition=~Q(state__in=["answered", "refused", "cancelled"]),
                name="gateway_inquiry_open",
            ),
            models.Index(fields=["atena_no"], name="gateway_inquiry_person"),
        ]

    def __str__(self) -> str:
        return str(self.mid_record_id)


class Answer(models.Model):
    """What goes to the business, in the order of its sequence. sealed: items as JSON, under the vault; erased later."""

    inquiry = models.OneToOneField(Inquiry, on_delete=models.PROTECT, related_name="answer")
    business_id = models.CharField("業務ID", max_length=3)
    sequence = models.BigIntegerField("番号")
    outcome = models.CharField("結果", max_length=8)
    reason = models.CharField("理由", max_length=300, blank=True)
    sealed = models.BinaryField("内容(暗号化)")
    answered_at = models.DateTimeField("回答日時")
    at = models.DateTimeField("登録日時")
    erased_at = models.DateTimeField("消去日時", null=True)

    class Meta:
        db_table = "gateway_answer"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business_id", "sequence"], name="gateway_answer_sequence")
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], condition=Q(erased_at__isnull=True), name="gateway_answer_kept")
        ]

    def __str__(self) -> str:
        return f"{self.business_id} {self.sequence}"


class HeldResult(models.Model):
    """A result as it came, sealed, that the tables could not convert; it waits for the table and a person."""

    inquiry = models.OneToOneField(Inquiry, on_delete=models.PROTECT, related_name="held")
    sealed = models.BinaryField("結果(暗号化)")
    problem = models.CharField("変換できない理由", max_length=300)
    at = models.DateTimeField("受信日時")

    class Meta:
        db_table = "gateway_held_result"

    def __str__(self) -> str:
        return str(self.pk)


class AskError(models.Model):
    """A row of a business that was not taken as an inquiry, with the reason."""

    at = models.DateTimeField("日時")
    system = models.CharField("システム", max_length=30)
    business_id = models.CharField("業務ID", max_length=3)
    record_id = models.CharField("レコード識別番号", max_length=36)
    atena_no = models.CharField("宛名番号", max_length=15)
    code = models.CharField("誤り", max_length=5)
    message = models.CharField("内容", max_length=300)

    class Meta:
        db_table = "gateway_ask_error"
        indexes: ClassVar = [models.Index(fields=["business_id", "record_id"], name="gateway_ask_error_record")]

    def __str__(self) -> str:
        return f"{self.code} {self.record_id}"


class Counter(models.Model):
    """A number that only rises, locked while it is used: sequences of answers, position in 中間サーバー's results."""

    name = models.CharField("名前", max_length=30, primary_key=True)
    value = models.BigIntegerField("値", default=0)

    class Meta:
        db_table = "gateway_counter"

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class NumberCode(models.Model):
    """A request for a 符号 by 統合宛名番号 and 処理通番; the 符号 never comes here. reported: unified_id knows."""

    unified_no = models.CharField("団体内統合宛名番号", max_length=15, primary_key=True)
    processing_no = models.CharField("処理通番", max_length=40, db_index=True)
    state = models.CharField("状態", max_length=9)
    error = models.CharField("誤り", max_length=200, blank=True)
    attempt = models.PositiveIntegerField("回", default=1)
    reported = models.BooleanField("統合宛名へ通知済み", default=False)
    changed_at = models.DateTimeField("日時")

    class Meta:
        db_table = "gateway_number_code"
        indexes: ClassVar = [
            models.Index(fields=["changed_at"], condition=Q(state__in=["requested", "sent"]), name="gateway_code_open"),
            models.Index(fields=["unified_no"], condition=Q(reported=False), name="gateway_code_unreported"),
        ]

    def __str__(self) -> str:
        return str(self.processing_no)


class Provision(models.Model):
    """世帯情報 of one person for other bodies, as it stands; version rises with each change and is sent once."""

    atena_no = models.CharField("宛名番号", max_length=15, primary_key=True)
    household_no = models.CharField("世帯番号", max_length=15, db_index=True)
    as_of = models.DateField("基準日")
    records = models.JSONField("内容")
    deleted = models.BooleanField("公開終了", default=False)
    version = models.BigIntegerField("版", default=1)
    sent_version = models.BigIntegerField("送信した版", default=0)
    error = models.CharField("誤り", max_length=300, blank=True)
    retry_at = models.DateTimeField("次に送る日時", null=True)  # of a row that could not be sent; empty: at once
    changed_at = models.DateTimeField("日時")

    class Meta:
        db_table = "gateway_provision"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sent_version__lte=F("version")), name="gateway_provision_version")
        ]
        indexes: ClassVar = [
            models.Index(fields=["changed_at"], condition=~Q(sent_version=F("version")), name="gateway_provision_open"),
            models.Index(fields=["retry_at"], condition=~Q(sent_version=F("version")), name="gateway_provision_due"),
            models.Index(fields=["atena_no"], condition=~Q(sent_version=F("version")), name="gateway_provision_next"),
        ]

    def __str__(self) -> str:
        return str(self.atena_no)


class PersonFlag(models.Model):
    """自動応答不可 and 不開示該当 of a person: set by the residents' feed, lifted by a person alone."""

    atena_no = models.CharField("宛名番号", max_length=15, primary_key=True)
    on = models.BooleanField("設定中", default=True)
    reason = models.CharField("理由", max_length=200)
    told = models.BooleanField("配信元の支援措置", default=True)  # what the feed says now; False asks a person to look
    version = models.BigIntegerField("版", default=1)
    sent_version = models.BigIntegerField("送信した版", default=0)
    error = models.CharField("誤り", max_length=300, blank=True)
    retry_at = models.DateTimeField("次に送る日時", null=True)  # of a flag that could not be sent; empty: at once
    changed_at = models.DateTimeField("日時")
    changed_by = models.CharField("変えた人", max_length=20, blank=True)

    class Meta:
        db_table = "gateway_person_flag"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sent_version__lte=F("version")), name="gateway_flag_version"),
            models.CheckConstraint(condition=Q(on=True) | ~Q(changed_by=""), name="gateway_flag_lifted_by_a_person"),
        ]

    def __str__(self) -> str:
        return str(self.atena_no)


class MasterRow(models.Model):
    """A row of the permission list in the newest 配信マスター. Period end-exclusive."""

    procedure_code = models.CharField("事務手続コード", max_length=16)
    procedure = models.CharField("事務手続", max_length=200)
    requester_kind = models.CharField("照会者の種類", max_length=20)
    information_code = models.CharField("特定個人情報名コード", max_length=16)
    information = models.CharField("特定個人情報名", max_length=200)
    provider_kind = models.CharField("提供者の種類", max_length=20)
    legal_basis = models.CharField("根拠", max_length=300)
    by_year = models.BooleanField("年度ごと")
    valid_from = models.DateField("開始日")
    valid_to = models.DateField("終了日", null=True)
    unconfirmed = models.BooleanField("未確認")

    class Meta:
        db_table = "gateway_master_row"

    def __str__(self) -> str:
        return f"{self.procedure_code} {self.information_code}"


class MasterBody(models.Model):
    """A body in the newest 配信マスター."""

    code = models.CharField("機関コード", max_length=16)
    name = models.CharField("機関", max_length=100)
    kind = models.CharField("種類", max_length=20)
    municipality_code = models.CharField("団体コード", max_length=6, blank=True)
    valid_from = models.DateField("開始日")
    valid_to = models.DateField("終了日", null=True)

    class Meta:
        db_table = "gateway_master_body"

    def __str__(self) -> str:
        return str(self.code)


class MasterVersion(models.Model):
    """Versions of the master that came, the newest in force."""

    version = models.BigIntegerField("版", primary_key=True)
    at = models.DateTimeField("受信日時")
    rows = models.PositiveIntegerField("組合せの件数")
    bodies = models.PositiveIntegerField("機関の件数")

    class Meta:
        db_table = "gateway_master_version"

    def __str__(self) -> str:
        return str(self.version)


class ServiceWindow(models.Model):
    """What 中間サーバー said of itself last. One row."""

    name = models.CharField("名前", max_length=20, primary_key=True)
    open = models.BooleanField("稼動")
    reachable = models.BooleanField("応答")
    opens_at = models.DateTimeField("再開", null=True)
    note = models.CharField("知らせ", max_length=300, blank=True)
    checked_at = models.DateTimeField("確かめた日時")
    since = models.DateTimeField("この状態になった日時")

    class Meta:
        db_table = "gateway_service_window"

    def __str__(self) -> str:
        return str(self.name)
