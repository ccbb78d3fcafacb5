"""団体内統合宛名: persons with their unified number, their 個人番号 (sealed), business numbers, and what went wrong."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from tasuke.contracts.words import business_title


class PersonState(models.TextChoices):
    """in_use; merged: another number stands for the same person; removed: no business uses the number any more."""

    IN_USE = "in_use", "使用中"
    MERGED = "merged", "統合済み"
    REMOVED = "removed", "削除済み"


class LinkageState(models.TextChoices):
    """取得状況 of the 符号 at 中間サーバー. The 符号 itself is never here."""

    NONE = "none", "未要求"
    REQUESTED = "requested", "処理通番を受領"
    SENT = "sent", "住基GWへ送信済み"
    ACQUIRED = "acquired", "取得済み"
    FAILED = "failed", "取得できず"


class Person(models.Model):
    """One person as the municipality knows them: 統合宛名番号 and 基本4情報 of whoever has priority (住基 first)."""

    unified_no = models.CharField("団体内統合宛名番号", max_length=15, primary_key=True)
    resident = models.BooleanField("住登者")
    name = models.CharField("氏名", max_length=100)
    birth_date = models.CharField("生年月日", max_length=10, blank=True)  # ISO 8601, or as far as it is known
    sex = models.CharField("性別", max_length=1, blank=True)
    address = models.CharField("住所", max_length=400, blank=True)
    facts_of = models.CharField("4情報の業務", max_length=3)
    state = models.CharField("状態", max_length=8, choices=PersonState.choices, default=PersonState.IN_USE)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged")
    issued_at = models.DateTimeField("付番日時")
    ended_at = models.DateTimeField("終了日時", null=True)
    told_at = models.DateTimeField("削除の通知日時", null=True)  # when 中間サーバー had taken the number out
    linkage_state = models.CharField(
        "符号の取得状況", max_length=9, choices=LinkageState.choices, default=LinkageState.NONE
    )
    processing_no = models.CharField("処理通番", max_length=40, blank=True)
    linkage_error = models.CharField("符号の誤り", max_length=200, blank=True)
    linkage_at = models.DateTimeField("取得状況の日時", null=True)
    # 中間サーバー still holds the 符号 of a 個人番号 that is this person's no more: it is taken out before a new one
    code_stale = models.BooleanField("符号の取り直し", default=False, db_default=False)

    class Meta:
        db_table = "unified_id_person"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(unified_no__regex=r"^\d{15}$"), name="unified_id_person_no"),
            models.CheckConstraint(
                condition=Q(state="in_use", ended_at__isnull=True) | (~Q(state="in_use") & Q(ended_at__isnull=False)),
                name="unified_id_person_ended",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="unified_id_person_merged",
            ),
            models.CheckConstraint(
                condition=Q(linkage_state="none", processing_no="")
                | Q(linkage_state="failed")
                | (~Q(linkage_state="none") & ~Q(processing_no="")),
                name="unified_id_person_processing_no",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["unified_no"],
                condition=Q(state="in_use", linkage_state="none"),
                name="unified_id_person_pending",
            ),
            models.Index(
                fields=["linkage_at"], condition=Q(linkage_state="requested"), name="unified_id_person_requested"
            ),
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False, told_at__isnull=True),
                name="unified_id_person_to_tell",
            ),
            models.Index(fields=["processing_no"], condition=~Q(processing_no=""), name="unified_id_person_proc"),
            models.Index(fields=["unified_no"], condition=Q(code_stale=True), name="unified_id_person_stale"),
        ]

    def __str__(self) -> str:
        return str(self.unified_no)


class CodeRequest(models.Model):
    """A request to 住基GW: the 処理通番 that went with a person's 個人番号, and the message that carried it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    processing_no = models.CharField("処理通番", max_length=40)
    message_key = models.CharField("電文", max_length=100)
    posted_at = models.DateTimeField("登録日時")

    class Meta:
        db_table = "unified_id_code_request"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "processing_no"], name="unified_id_code_request_once")
        ]

    def __str__(self) -> str:
        return str(self.processing_no)


class NumberRow(models.Model):
    """A 個人番号 of a person, sealed under the vault. A changed number ends; it is kept, and it is found by search."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="numbers")
    sealed = models.BinaryField("個人番号(暗号化)")
    keyed_index = models.BinaryField("検索用の値")
    since = models.DateTimeField("登録日時")
    ended_at = models.DateTimeField("終了日時", null=True)
    business_id = models.CharField("届けた業務", max_length=3)

    class Meta:
        db_table = "unified_id_number"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["keyed_index"], condition=Q(ended_at__isnull=True), name="unified_id_number_one_person"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at__isnull=True), name="unified_id_person_one_number"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["keyed_index"], name="unified_id_number_index")]

    def __str__(self) -> str:
        return str(self.pk)


class BusinessNumber(models.Model):
    """宛名番号 of a business (業務ID) and the person behind it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="links")
    business_id = models.CharField("業務ID", max_length=3)
    atena_no = models.CharField("宛名番号", max_length=15)
    linked_at = models.DateTimeField("紐付け日時")
    unlinked_at = models.DateTimeField("解除日時", null=True)

    class Meta:
        db_table = "unified_id_business_number"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["atena_no", "business_id"],
                condition=Q(unlinked_at__isnull=True),
                name="unified_id_link_one_person",
            ),
            models.CheckConstraint(
                condition=Q(unlinked_at__isnull=True) | Q(unlinked_at__gte=F("linked_at")),
                name="unified_id_link_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_id}-{self.atena_no}"

    @property
    def business_label(self) -> str:
        """The business by id and name."""
        return business_title(self.business_id)


class Merge(models.Model):
    """That two numbers stood for one person: which links and which 個人番号 moved, so that it can be undone."""

    source = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    moved_links = models.JSONField("移した紐付け")
    ended_number = models.BigIntegerField("終えた個人番号", null=True)
    reason = models.CharField("理由", max_length=200)
    at = models.DateTimeField("統合日時")
    by = models.CharField("統合した人", max_length=20)
    undone_at = models.DateTimeField("分離日時", null=True)
    undone_by = models.CharField("分離した人", max_length=20, blank=True)

    class Meta:
        db_table = "unified_id_merge"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(source=F("target")), name="unified_id_merge_two"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by="") | (Q(undone_at__isnull=False) & ~Q(undone_by="")),
                name="unified_id_merge_undone",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class MyNumberPermit(models.Model):
    """Who may see a 個人番号 for which business, on what ground; asked for by one person, approved by another."""

    business_id = models.CharField("業務ID", max_length=3)
    personal_id = models.CharField("個人ID", max_length=20)
    legal_basis = models.CharField("根拠", max_length=200)
    valid = DateRangeField("有効期間")
    requested_by = models.CharField("申請した人", max_length=20)
    requested_at = models.DateTimeField("申請日時")
    approved_by = models.CharField("承認した人", max_length=20, blank=True)
    approved_at = models.DateTimeField("承認日時", null=True)

    class Meta:
        db_table = "unified_id_my_number_permit"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(approved_by="", approved_at__isnull=True)
                | (~Q(approved_by="") & Q(approved_at__isnull=False)),
                name="unified_id_permit_approved",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("requested_by")) & ~Q(approved_by=F("personal_id")),
                name="unified_id_permit_two_people",
            ),
            ExclusionConstraint(
                name="unified_id_permit_no_overlap",
                expressions=[
                    ("business_id", RangeOperators.EQUAL),
                    ("personal_id", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_id} {self.personal_id}"


class RowFault(models.Model):
    """A row that led to no number or link; the good rows beside it went on. source: register, or event."""

    at = models.DateTimeField("日時")
    system = models.CharField("送ったシステム", max_length=30)
    source = models.CharField("経路", max_length=8)
    business_id = models.CharField("業務ID", max_length=3)
    atena_no = models.CharField("宛名番号", max_length=15)
    code = models.CharField("誤り", max_length=5)
    message = models.CharField("内容", max_length=200)
    settled_at = models.DateTimeField("処理日時", null=True)
    settled_by = models.CharField("処理した人", max_length=20, blank=True)

    class Meta:
        db_table = "unified_id_row_fault"
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(settled_at__isnull=True), name="unified_id_fault_open"),
            models.Index(
                fields=["business_id", "atena_no"],
                condition=Q(settled_at__isnull=True),
                name="unified_id_fault_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.atena_no}"


class Traffic(models.Model):
    """連携記録 (UID-5): one call of a system, or one batch of events, with its counts."""

    at = models.DateTimeField("日時")
    system = models.CharField("システム", max_length=30)
    operation = models.CharField("操作", max_length=30)
    business_id = models.CharField("業務ID", max_length=3, blank=True)
    rows = models.PositiveIntegerField("件数")
    done = models.PositiveIntegerField("処理した件数")
    faults = models.PositiveIntegerField("誤りの件数", default=0)

    class Meta:
        db_table = "unified_id_traffic"
        indexes: ClassVar = [models.Index(fields=["at"], name="unified_id_traffic_at")]

    def __str__(self) -> str:
        return f"{self.operation} {self.at}"


class NumberQuestion(models.Model):
    """One question by 個人番号 of a person at a counter, without the number: what limits guessing is counted here."""

    class Kind(models.TextChoices):
        """match: does it belong to this 宛名番号; find: whose is it."""

        MATCH = "match", "照合"
        FIND = "find", "検索"

    class Outcome(models.TextChoices):
        """What was answered."""

        FOUND = "found", "一致"
        NONE = "none", "不一致"
        REFUSED = "refused", "拒否"

    at = models.DateTimeField("日時")
    kind = models.CharField("種別", max_length=5, choices=Kind.choices)
    system = models.CharField("システム", max_length=30)
    business_id = models.CharField("業務ID", max_length=3, blank=True)
    personal_id = models.CharField("職員ID", max_length=20)
    outcome = models.CharField("結果", max_length=7, choices=Outcome.choices)

    class Meta:
        db_table = "unified_id_number_question"
        indexes: ClassVar = [models.Index(fields=["system", "personal_id", "at"], name="unified_id_question_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.personal_id} {self.at}"


class Position(models.Model):
    """How far events of a provider are applied; last: the highest sequence that the provider has told of."""

    provider = models.CharField("配信元", max_length=30, primary_key=True)
    applied = models.BigIntegerField("反映した番号", default=0)
    last = models.BigIntegerField("配信元の最後の番号", default=0)
    changed_at = models.DateTimeField("日時", null=True)
    confirmed = models.BigIntegerField("確認を返した番号", default=0)

    class Meta:
        db_table = "unified_id_position"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(confirmed__lte=F("applied")), name="unified_id_position_confirmed")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.applied}"


class Serial(models.Model):
    """Where the next unified number comes from: one row, locked while numbers are taken."""

    name = models.CharField("名前", max_length=20, primary_key=True)
    next = models.BigIntegerField("次の番号")

    class Meta:
        db_table = "unified_id_serial"

    def __str__(self) -> str:
        return f"{self.name} {self.next}"
