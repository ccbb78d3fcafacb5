"""Tables of the national side's stand-in. No name, no address, no 個人番号 in clear, no content of an answer.

Bodies, their keys and counters; permissions; persons (a keyed index only) and their codes per body; what came in, what
lies in mailboxes; permits; refusals; records of 番号法23条, which the database itself refuses to change.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Body(models.Model):
    """機関: who takes part. Each one here is played by a program."""

    code = models.CharField("機関コード", max_length=16, unique=True)
    name = models.CharField("名称", max_length=100)
    kind = models.CharField("種別", max_length=30)
    municipality_code = models.CharField("団体コード", max_length=6, null=True)
    valid_from = models.DateField("参加日")
    valid_to = models.DateField("終了日", null=True)
    last_in = models.BigIntegerField("受付番号", default=0)  # sequence taken last; its row is the lock of the sender
    enrolled_at = models.DateTimeField("登録日時")

    class Meta:
        verbose_name = "機関"
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="nis_body_period"
            ),
        )


class Mailbox(models.Model):
    """Counter of a body's mailbox. A table of its own: senders' locks and receivers' locks never cross."""

    receiver = models.CharField("機関コード", max_length=16, unique=True)
    last_out = models.BigIntegerField("送付番号", default=0)
    confirmed = models.BigIntegerField("受領確認", default=0)

    class Meta:
        verbose_name = "私書箱"


class Mail(models.Model):
    """A message for a body until it confirms it: sealed under our vault, put into an envelope when fetched."""

    receiver = models.CharField("機関コード", max_length=16)
    sequence = models.BigIntegerField("番号")
    message_id = models.CharField("電文ID", max_length=40, unique=True)
    kind = models.CharField("種類", max_length=30)
    items = models.IntegerField("件数")
    content_sealed = models.BinaryField("内容(封緘)")
    created_at = models.DateTimeField("作成日時")

    class Meta:
        verbose_name = "私書箱の電文"
        constraints = (models.UniqueConstraint(fields=("receiver", "sequence"), name="nis_mail_sequence"),)


class DirectoryKey(models.Model):
    """A public key of a body (or of CORE) as the directory distributes it."""

    body = models.CharField("機関コード", max_length=16)
    kid = models.CharField("鍵ID", max_length=100, unique=True)
    use = models.CharField("用途", max_length=3)
    jwk = models.JSONField("公開鍵")
    certificate = models.TextField("証明書")
    serial = models.CharField("証明書の番号", max_length=40)
    valid_from = models.DateTimeField("有効開始")
    valid_to = models.DateTimeField("有効終了")
    revoked_at = models.DateTimeField("失効日時", null=True)
    vouched_by = models.CharField("証明した鍵", max_length=100, blank=True)  # empty: given on joining, by the operator
    version = models.BigIntegerField("版", db_index=True)

    class Meta:
        verbose_name = "公開鍵"
        constraints = (
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="nis_key_period"),
            models.CheckConstraint(condition=Q(use__in=("sig", "enc")), name="nis_key_use"),
        )


class Version(models.Model):
    """Version of what is distributed: `keys`, `master`. content_sha256: of the file that the master was read from."""

    name = models.CharField("配信物", max_length=10, unique=True)
    version = models.BigIntegerField("版")
    content_sha256 = models.CharField("ハッシュ", max_length=64, blank=True)
    changed_at = models.DateTimeField("更新日時")

    class Meta:
        verbose_name = "配信物の版"


class Permission(models.Model):
    """One row of 照会許可用照合リスト. Dated, with its source; what is not published is marked unconfirmed."""

    procedure_code = models.CharField("事務手続コード", max_length=16)
    procedure = models.CharField("事務手続", max_length=100)
    requester_kind = models.CharField("照会者の種別", max_length=30)
    information_code = models.CharField("特定個人情報名コード", max_length=16)
    information = models.CharField("特定個人情報名", max_length=100)
    provider_kind = models.CharField("提供者の種別", max_length=30)
    legal_basis = models.CharField("根拠", max_length=200)
    by_year = models.BooleanField("年度指定", default=False)
    valid_from = models.DateField("有効開始")
    valid_to = models.DateField("有効終了", null=True)
    unconfirmed = models.BooleanField("未確認", default=True)
    source = models.CharField("出典", max_length=300)

    class Meta:
        verbose_name = "照会許可用照合リスト"
        constraints = (
            models.UniqueConstraint(
                fields=("procedure_code", "requester_kind", "information_code", "provider_kind", "valid_from"),
                name="nis_permission_row",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="nis_permission_period"
            ),
        )


class Person(models.Model):
    """Somebody with a 個人番号. Only a keyed index of the number is here: it finds, and gives nothing away."""

    number_index = models.BinaryField("番号の索引", unique=True)
    created_at = models.DateTimeField("作成日時")

    class Meta:
        verbose_name = "符号の持ち主"


class Code(models.Model):
    """符号: what one body calls a person. Random, so that two bodies cannot tell that they mean the same person."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    body = models.CharField("機関コード", max_length=16)
    code_index = models.BinaryField("符号の索引", unique=True)
    code_sealed = models.BinaryField("符号(封緘)")
    issued_at = models.DateTimeField("発行日時")
    removed_at = models.DateTimeField("削除日時", null=True)

    class Meta:
        verbose_name = "符号"
        constraints = (
            models.UniqueConstraint(
                fields=("body", "person"), condition=Q(removed_at__isnull=True), name="nis_code_one_per_body"
            ),
        )


class CodeWish(models.Model):
    """A 処理通番 that came through the 住基 side, and what became of it."""

    body = models.CharField("機関コード", max_length=16)
    processing_no = models.CharField("処理通番", max_length=40)
    error = models.CharField("誤り", max_length=40, blank=True)
    at = models.DateTimeField("受付日時")

    class Meta:
        verbose_name = "符号の要求"
        constraints = (models.UniqueConstraint(fields=("body", "processing_no"), name="nis_wish_once"),)


class Received(models.Model):
    """An envelope that was taken: its number and id are used up."""

    sender = models.CharField("機関コード", max_length=16)
    message_id = models.CharField("電文ID", max_length=100)
    sequence = models.BigIntegerField("番号")
    kind = models.CharField("種類", max_length=30)
    items = models.IntegerField("件数")
    token_sha256 = models.BinaryField("電文のハッシュ")
    payload_index = models.BinaryField("内容の索引")
    at = models.DateTimeField("受付日時")

    class Meta:
        verbose_name = "受け付けた電文"
        constraints = (
            models.UniqueConstraint(fields=("sender", "message_id"), name="nis_received_id"),
            models.UniqueConstraint(fields=("sender", "sequence"), name="nis_received_sequence"),
        )
        indexes = (models.Index(fields=("at",), name="nis_received_at"),)


class PermitState(models.TextChoices):
    """Life of a permit."""

    OPEN = "open", "提供待ち"
    USED = "used", "提供済み"
    EXPIRED = "expired", "期限切れ"


class IssuedPermit(models.Model):
    """情報提供許可証: used once, before it expires."""

    permit_id = models.CharField("許可証ID", max_length=40, unique=True)
    request_id = models.CharField("照会ID", max_length=100)
    requester = models.CharField("照会者", max_length=16)
    provider = models.CharField("提供者", max_length=16)
    procedure_code = models.CharField("事務手続コード", max_length=16)
    information_code = models.CharField("特定個人情報名コード", max_length=16)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    undisclosed = models.BooleanField("不開示該当", default=False)
    issued_at = models.DateTimeField("発行日時")
    expires_at = models.DateTimeField("有効期限")
    state = models.CharField("状態", max_length=8, choices=PermitState.choices, default=PermitState.OPEN)
    closed_at = models.DateTimeField("終了日時", null=True)

    class Meta:
        verbose_name = "情報提供許可証"
        constraints = (
            models.UniqueConstraint(fields=("requester", "request_id"), name="nis_permit_request"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="nis_permit_period"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | ~Q(state="open") & Q(closed_at__isnull=False),
                name="nis_permit_closed",
            ),
        )
        indexes = (
            models.Index(fields=("expires_at",), condition=Q(state="open"), name="nis_permit_open"),
            models.Index(fields=("closed_at",), condition=~Q(state="open"), name="nis_permit_over"),
        )


class RecordEvent(models.TextChoices):
    """What a record says happened."""

    ASKED = "asked", "照会"
    PROVIDED = "provided", "提供"
    REFUSED = "refused", "拒否"
    EXPIRED = "expired", "期限切れ"


class Record(models.Model):
    """情報提供等の記録 (番号法23条): who asked whom, when asked, when provided, which items. Append-only.

    Made by SQL (0002): the trigger and the rights refuse every change, and removal before keep_until has passed.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField("日時")
    event = models.CharField("種類", max_length=8, choices=RecordEvent.choices)
    permit_id = models.CharField("許可証ID", max_length=40, blank=True)
    person_id = models.BigIntegerField("符号の持ち主", null=True)
    requester = models.CharField("照会者", max_length=16)
    provider = models.CharField("提供者", max_length=16)
    procedure_code = models.CharField("事務手続コード", max_length=16)
    information_code = models.CharField("特定個人情報名コード", max_length=16)
    asked_at = models.DateTimeField("照会日時")
    provided_at = models.DateTimeField("提供日時", null=True)
    outcome = models.CharField("結果", max_length=10, blank=True)
    reason = models.CharField("理由", max_length=40, blank=True)
    items = ArrayField(models.CharField(max_length=100), verbose_name="項目", default=list)
    undisclosed = models.BooleanField("不開示該当", default=False)
    stand_in = models.BooleanField("代役の記録", default=True)
    keep_until = models.DateTimeField("保存期限")

    class Meta:
        managed = False  # Django never empties it
        db_table = "nis_record"
        verbose_name = "情報提供等の記録"


class Refusal(models.Model):
    """Something that was not taken: by whom it came, why, never what was in it."""

    at = models.DateTimeField("日時")
    body = models.CharField("持ってきた機関", max_length=16)
    sender = models.CharField("名乗った送り主", max_length=16, blank=True)
    message_id = models.CharField("電文ID", max_length=100, blank=True)
    sequence = models.BigIntegerField("番号", null=True)
    code = models.CharField("理由", max_length=30)
    detail = models.CharField("内容", max_length=200, blank=True)

    class Meta:
        verbose_name = "拒否の記録"
        ordering: ClassVar = ["-id"]
        indexes = (models.Index(fields=("at",), name="nis_refusal_at"),)


class ServiceSwitch(models.Model):
    """An operator stopped or started the service; the newest row counts."""

    at = models.DateTimeField("日時")
    by = models.CharField("操作した人", max_length=50)
    down = models.BooleanField("停止")
    note = models.CharField("理由", max_length=200, blank=True)

    class Meta:
        verbose_name = "停止と再開"


class Removal(models.Model):
    """What was deleted because its time had passed."""

    at = models.DateTimeField("日時")
    what = models.CharField("対象", max_length=30)
    upto = models.DateTimeField("保存期限がこの日時まで")
    rows = models.IntegerField("件数")

    class Meta:
        verbose_name = "期限切れの削除"
