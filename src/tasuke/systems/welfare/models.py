"""Persons and corporations of 社会保障宛名: states, own numbers, tax, accounts, and who gets the changes."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, Q

CURRENT = Q(recorded_to__isnull=True)


class Position(models.Model):
    """How far the events of a provider are applied, and how far its first load has come."""

    provider = models.CharField("提供システム", max_length=30, primary_key=True)
    applied = models.BigIntegerField("適用済みの連番", default=0)
    last = models.BigIntegerField("知っている最終の連番", default=0)
    duplicates = models.BigIntegerField("重複", default=0)  # events that came again
    gaps = models.BigIntegerField("欠番", default=0)  # pages that showed a gap
    loaded_upto = models.CharField("初期取込の宛名番号", max_length=15, blank=True)
    loaded_at = models.DateTimeField("初期取込の完了", null=True)
    changed_at = models.DateTimeField("最終の受信", null=True)

    class Meta:
        db_table = "welfare_position"

    def __str__(self) -> str:
        return self.provider


class PersonState(models.Model):
    """The state of a person or corporation from `valid_from` on. Append-only.

    The state that holds is the one with the greatest (valid_from, place, id). place: sequence of the provider, by
    which a snapshot and events that overlap keep their order; 0 for what is kept here.
    """

    class Source(models.TextChoices):
        RESIDENT = "resident", "住民記録"
        NONRESIDENT = "nonresident", "住登外者"
        CORPORATION = "corporation", "法人"

    event_id = models.UUIDField("異動ID", unique=True)
    source = models.CharField("区分", max_length=12, choices=Source.choices)
    atena_no = models.CharField("宛名番号", max_length=15)
    valid_from = models.DateField("異動年月日")
    place = models.BigIntegerField("順")
    event_code = models.CharField("異動事由", max_length=2)
    recorded_at = models.DateTimeField("記録日時")
    recorded_by = models.CharField("記録者", max_length=20)
    items = models.JSONField("項目")  # field names of the 住民情報 layout → value, dates as ISO text
    protection = models.BooleanField("支援措置")
    # search keys, made from the items
    name_key = models.CharField("氏名検索キー", max_length=400)
    kana_key = models.CharField("カナ検索キー", max_length=400, blank=True)
    alias_key = models.CharField("通称検索キー", max_length=400, blank=True)
    address_key = models.CharField("住所検索キー", max_length=1000, blank=True)
    birth_date = models.DateField("生年月日", null=True)
    sex = models.CharField("性別", max_length=1, blank=True)

    class Meta:
        db_table = "welfare_person_state"
        indexes: ClassVar = [
            models.Index(fields=["atena_no", "-valid_from", "-place", "-id"], name="welfare_state_person"),
            models.Index(fields=["name_key"], name="welfare_state_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["kana_key"], name="welfare_state_kana", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["alias_key"], name="welfare_state_alias", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["address_key"], name="welfare_state_address", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["birth_date"], name="welfare_state_birth"),
        ]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.valid_from}"


class Protection(models.Model):
    """支援措置: opened by a state that says so, ended by a named person with a reason alone."""

    atena_no = models.CharField("宛名番号", max_length=15)
    since = models.DateField("開始日")
    ended_at = models.DateTimeField("解除日時", null=True)
    ended_by = models.CharField("解除者", max_length=20, blank=True)
    ended_reason = models.CharField("解除理由", max_length=200, blank=True)

    class Meta:
        db_table = "welfare_protection"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["atena_no"], condition=Q(ended_at__isnull=True), name="welfare_protection_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="", ended_reason="")
                | (Q(ended_at__isnull=False) & ~Q(ended_by="") & ~Q(ended_reason="")),
                name="welfare_protection_end_pair",
            ),
        ]

    def __str__(self) -> str:
        return self.atena_no


class Serial(models.Model):
    """The last serial that was used for a number of our own."""

    name = models.CharField(max_length=20, primary_key=True)
    last = models.BigIntegerField()

    class Meta:
        db_table = "welfare_serial"

    def __str__(self) -> str:
        return f"{self.name} {self.last}"


class IssuedNumber(models.Model):
    """A 宛名番号 that is kept here: of a 住登外者 (業務 031) or of a corporation. It is never given anew."""

    class Kind(models.TextChoices):
        PERSON = "person", "住登外者"
        CORPORATION = "corporation", "法人"

    atena_no = models.CharField("宛名番号", max_length=15, unique=True)
    kind = models.CharField("種別", max_length=12, choices=Kind.choices)
    corporate_no = models.CharField("法人番号", max_length=13, null=True, unique=True)
    business_id = models.CharField("業務ID", max_length=3)  # who asked for it
    taken_over = models.BooleanField("既存番号の引継ぎ", default=False)
    hidden = models.BooleanField("他業務参照不可", default=False)
    revisions = models.PositiveIntegerField("履歴番号", default=1)
    issued_by = models.CharField("付番者", max_length=20)
    issued_at = models.DateTimeField("付番日時")
    ended_on = models.DateField("終了日", null=True)
    ended_reason = models.CharField("終了理由", max_length=200, blank=True)
    resident_atena_no = models.CharField("住民としての宛名番号", max_length=15, blank=True)

    class Meta:
        db_table = "welfare_issued_number"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="person", corporate_no__isnull=True) | Q(kind="corporation"),
                name="welfare_issued_corporate",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_reason="", resident_atena_no="")
                | (Q(ended_on__isnull=False) & ~Q(ended_reason="")),
                name="welfare_issued_end_pair",
            ),
        ]

    def __str__(self) -> str:
        return self.atena_no


class Merge(models.Model):
    """名寄せ: two numbers are one person. Both numbers stay as they are; undoing it leaves the row."""

    atena_no = models.CharField("宛名番号", max_length=15)
    into_atena_no = models.CharField("名寄せ先の宛名番号", max_length=15)
    reason = models.CharField("理由", max_length=200)
    merged_by = models.CharField("名寄せした人", max_length=20)
    merged_at = models.DateTimeField("名寄せ日時")
    undone_by = models.CharField("解除した人", max_length=20, blank=True)
    undone_at = models.DateTimeField("解除日時", null=True)
    undone_reason = models.CharField("解除理由", max_length=200, blank=True)

    class Meta:
        db_table = "welfare_merge"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["atena_no"], condition=Q(undone_at__isnull=True), name="welfare_merge_one_open"
            ),
            models.CheckConstraint(condition=~Q(atena_no=F("into_atena_no")), name="welfare_merge_two_numbers"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by="", undone_reason="")
                | (Q(undone_at__isnull=False) & ~Q(undone_by="") & ~Q(undone_reason="")),
                name="welfare_merge_undone_pair",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["into_atena_no"], name="welfare_merge_into")]

    def __str__(self) -> str:
        return f"{self.atena_no} → {self.into_atena_no}"


class Recorded(models.Model):
    """Recorded time: a row that was replaced keeps its place with `recorded_to` set."""

    recorded_from = models.DateTimeField("記録日時")
    recorded_to = models.DateTimeField("訂正日時", null=True)
    recorded_by = models.CharField("記録者", max_length=20)

    class Meta:
        abstract = True


class TaxFigure(Recorded):
    """税情報 of one person and 課税年度. items: field names of the 税情報 layout; amounts in yen."""

    atena_no = models.CharField("宛名番号", max_length=15)
    tax_year = models.PositiveSmallIntegerField("課税年度")
    status_code = models.CharField("課税区分", max_length=1)
    corrected = models.BooleanField("更正")
    corrected_on = models.DateField("更正年月日", null=True)
    items = models.JSONField("項目")
    digest = models.BinaryField("内容のハッシュ")
    file_id = models.BigIntegerField("取込ファイル", null=True)
    line = models.PositiveIntegerField("行", null=True)

    class Meta:
        db_table = "welfare_tax_figure"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["atena_no", "tax_year"], condition=CURRENT, name="welfare_tax_current")
        ]
        indexes: ClassVar = [models.Index(fields=["atena_no", "-tax_year", "-id"], name="welfare_tax_person")]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.tax_year}"


class Account(Recorded):
    """口座 of a person or corporation, from a day until the next one."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("有効期間")
    bank_code = models.CharField("金融機関", max_length=4)
    branch_code = models.CharField("店舗", max_length=3)
    account_kind = models.CharField("預金種目", max_length=1)
    account_no = models.CharField("口座番号", max_length=7)
    holder_kana = models.CharField("口座名義カナ", max_length=200)
    public_account = models.BooleanField("公金受取口座", default=False)

    class Meta:
        db_table = "welfare_account"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["atena_no", "valid"], condition=CURRENT, name="welfare_account_current")
        ]

    def __str__(self) -> str:
        return self.atena_no


class MailingAddress(Recorded):
    """送付先: where letters to a person go instead of the registered address, as notified."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("期間")
    relation = models.CharField("送付先の区分", max_length=1)  # 1 本人 2 施設 3 成年後見人等 4 代理人 9 その他
    addressee = models.CharField("送付先の宛名", max_length=200, blank=True)
    postal_code = models.CharField("郵便番号", max_length=7)
    address = models.CharField("住所", max_length=400)
    address_detail = models.CharField("方書", max_length=400, blank=True)
    reason = models.CharField("理由", max_length=200, blank=True)

    class Meta:
        db_table = "welfare_mailing_address"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["atena_no", "valid"], condition=CURRENT, name="welfare_mailing_current")
        ]

    def __str__(self) -> str:
        return self.atena_no


class ContactNote(models.Model):
    """応対記録: who spoke with whom about what. Append-only."""

    class Channel(models.TextChoices):
        COUNTER = "counter", "窓口"
        PHONE = "phone", "電話"
        LETTER = "letter", "郵便"
        OTHER = "other", "その他"

    atena_no = models.CharField("宛名番号", max_length=15, db_index=True)
    at = models.DateTimeField("日時")
    by = models.CharField("記録者", max_length=20)
    office = models.CharField("所属", max_length=6, blank=True)
    channel = models.CharField("方法", max_length=8, choices=Channel.choices)
    text = models.CharField("内容", max_length=1000)

    class Meta:
        db_table = "welfare_contact_note"

    def __str__(self) -> str:
        return f"{self.atena_no} {self.at}"


class Change(models.Model):
    """One change of one person, for the businesses. Append-only; `id` is the order in which they happened."""

    class Kind(models.TextChoices):
        PERSON = "person", "宛名"
        TAX = "tax", "税"
        ACCOUNT = "account", "口座"
        MAILING = "mailing", "送付先"
        NONRESIDENT = "nonresident", "住登外者"
        MERGE = "merge", "名寄せ"

    kind = models.CharField("種類", max_length=12, choices=Kind.choices)
    atena_no = models.CharField("宛名番号", max_length=15, db_index=True)
    valid_from = models.DateField("異動年月日")
    recorded_at = models.DateTimeField("記録日時")
    items = models.JSONField("項目")
    only_for = models.CharField("参照できる業務ID", max_length=3, blank=True)  # 他業務参照不可

    class Meta:
        db_table = "welfare_change"

    def __str__(self) -> str:
        return f"{self.kind} {self.atena_no}"


class Subscriber(models.Model):
    """A business that takes changes: which kinds, on what ground, approved by a second person, served how far."""

    class State(models.TextChoices):
        REQUESTED = "requested", "申請中"
        APPROVED = "approved", "承認"
        REJECTED = "rejected", "不承認"
        ENDED = "ended", "終了"

    system = models.CharField("システム", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    business_id = models.CharField("業務ID", max_length=3)
    kinds = ArrayField(models.CharField(max_length=12), verbose_name="種類")
    legal_basis = models.CharField("根拠", max_length=400)
    purpose = models.CharField("利用目的", max_length=400)
    state = models.CharField("状態", max_length=10, choices=State.choices, default=State.REQUESTED)
    requested_by = models.CharField("申請者", max_length=20)
    requested_at = models.DateTimeField("申請日時")
    decided_by = models.CharField("承認者", max_length=20, blank=True)
    decided_at = models.DateTimeField("承認日時", null=True)
    ended_by = models.CharField("終了した人", max_length=20, blank=True)
    ended_at = models.DateTimeField("終了日時", null=True)
    last_sequence = models.BigIntegerField("最終の連番", default=0)
    confirmed = models.BigIntegerField("受領済みの連番", default=0)
    delivered_at = models.DateTimeField("最終の配信", null=True)

    class Meta:
        db_table = "welfare_subscriber"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(confirmed__lte=F("last_sequence")), name="welfare_subscriber_confirmed"),
            models.CheckConstraint(  # decided by another person
                condition=Q(state="requested", decided_at__isnull=True, decided_by="")
                | ~Q(state="requested")
                & Q(decided_at__isnull=False)
                & ~Q(decided_by="")
                & ~Q(decided_by=F("requested_by")),
                name="welfare_subscriber_decided_pair",
            ),
        ]

    def __str__(self) -> str:
        return self.system


class Delivery(models.Model):
    """One change for one subscriber. The sequence has no gaps."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT)
    sequence = models.BigIntegerField("連番")
    change = models.ForeignKey(Change, on_delete=models.PROTECT)

    class Meta:
        db_table = "welfare_delivery"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscriber", "sequence"], name="welfare_delivery_sequence"),
            models.UniqueConstraint(fields=["subscriber", "change"], name="welfare_delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id} {self.sequence}"


class DeliveryRecord(models.Model):
    """情報連携記録: which changes were handed to whom, when. Append-only."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT)
    at = models.DateTimeField("日時")
    first_sequence = models.BigIntegerField("最初の連番")
    last_sequence = models.BigIntegerField("最後の連番")
    changes = models.PositiveIntegerField("件数")
    persons_sha256 = models.BinaryField("対象者のハッシュ")

    class Meta:
        db_table = "welfare_delivery_record"
        indexes: ClassVar = [models.Index(fields=["subscriber", "-id"], name="welfare_delivery_record_of")]

    def __str__(self) -> str:
        return f"{self.subscriber_id} {self.at}"


class NumberNotice(models.Model):
    """A business number that 団体内統合宛名 is to know. Its answer is per row, so each row keeps its own state."""

    class State(models.TextChoices):
        WAITING = "waiting", "送信待ち"
        TOLD = "told", "連携済み"
        DEAD = "dead", "連携不能"

    business_id = models.CharField("業務ID", max_length=3)
    atena_no = models.CharField("宛名番号", max_length=15)
    removed = models.BooleanField("削除", default=False)
    # of a 住登外者, sealed by who asked for the number to 団体内統合宛名 alone; gone when it is told
    my_number_sealed = models.TextField("封緘された個人番号", blank=True, default="", db_default="")
    version = models.PositiveIntegerField("版", default=1)  # grows with each change, so that none gets lost on the way
    state = models.CharField("状態", max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("試行", default=0)
    posted_at = models.DateTimeField("登録日時")
    next_at = models.DateTimeField("次の試行")
    told_at = models.DateTimeField("連携日時", null=True)
    error = models.CharField("誤り", max_length=300, blank=True)

    class Meta:
        db_table = "welfare_number_notice"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business_id", "atena_no"], name="welfare_number_notice_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at", "id"], condition=Q(state="waiting"), name="welfare_number_notice_due"),
            models.Index(fields=["id"], condition=Q(state="dead"), name="welfare_number_notice_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.business_id} {self.atena_no}"
