"""People, their one-time codes and security keys, the terminals that they may use. One database per organisation."""

from datetime import date, datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

PERSONAL_ID = r"^[A-Za-z0-9][A-Za-z0-9-]{3,19}$"


class UserQuerySet(models.QuerySet["User"]):
    def active_on(self, day: date) -> "UserQuerySet":
        """People whose period of work holds that day."""
        return self.filter(active__contains=day)

    def by_id(self) -> "UserQuerySet":
        return self.order_by("personal_id")


UserManager = BaseUserManager.from_queryset(UserQuerySet)


class User(AbstractBaseUser):
    """One person, never a desk or a team: the id names a human being, and only one session may be open."""

    personal_id = models.CharField(
        "職員ID",
        max_length=20,
        unique=True,
        validators=[RegexValidator(PERSONAL_ID, "職員IDは半角英数字とハイフンの4〜20文字です")],
    )
    name = models.CharField("氏名", max_length=60)
    office = models.CharField("所属", max_length=6, blank=True)  # ward code; empty: head office
    active = DateRangeField("在職期間")  # end-exclusive
    must_change_pin = models.BooleanField("初回のPIN変更を要する", default=True)
    session_hash = models.CharField(max_length=64, blank=True)  # SHA-256 of the one open session's key
    session_terminal = models.BigIntegerField(null=True)  # the registered terminal on which it is open
    created_at = models.DateTimeField("登録日時")
    created_by = models.CharField("登録者", max_length=20)

    USERNAME_FIELD = "personal_id"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        db_table = "accounts_user"
        verbose_name = "利用者"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(personal_id__regex=PERSONAL_ID), name="accounts_user_personal_id"),
            models.CheckConstraint(condition=~Q(active__isempty=True), name="accounts_user_active_not_empty"),
        ]

    def __str__(self) -> str:
        return self.personal_id

    def works_on(self, day: date) -> bool:
        """Whether this person's period of work holds that day."""
        start, end = self.active.lower, self.active.upper
        return (start is None or start <= day) and (end is None or day < end)


class OneTimeCode(models.Model):
    """The secret of a person's 30-second codes (RFC 6238), sealed; unconfirmed until its first code was typed."""

    user = models.OneToOneField(
        User, on_delete=models.PROTECT, to_field="personal_id", db_column="personal_id", related_name="one_time_code"
    )
    sealed_secret = models.BinaryField()
    last_step = models.BigIntegerField("最後に使った時間", default=-1)  # each code opens once
    confirmed_at = models.DateTimeField("確認日時", null=True)
    created_at = models.DateTimeField("発行日時")
    created_by = models.CharField("発行者", max_length=20)

    class Meta:
        db_table = "accounts_one_time_code"
        verbose_name = "ワンタイムパスワード"

    def __str__(self) -> str:
        return f"{self.user_id}"


class SecurityKeyQuerySet(models.QuerySet["SecurityKey"]):
    def of_person(self, personal_id: str) -> "SecurityKeyQuerySet":
        return self.filter(user_id=personal_id)

    def kept_at(self, moment: datetime) -> "SecurityKeyQuerySet":
        """Keys that nobody has removed: a retirement that lies ahead removes them on its day."""
        return self.filter(Q(removed_at__isnull=True) | Q(removed_at__gt=moment))

    def usable_at(self, moment: datetime) -> "SecurityKeyQuerySet":
        """Keys that open: kept, and never seen with a count that went back."""
        return self.kept_at(moment).filter(copied_at__isnull=True)

    def newest_first(self) -> "SecurityKeyQuerySet":
        return self.order_by("-id")


class SecurityKey(models.Model):
    """A key of one person (WebAuthn): the public half, which is no secret. The private half never leaves the device."""

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, to_field="personal_id", db_column="personal_id", related_name="security_keys"
    )
    label = models.CharField("名前", max_length=40)
    credential_id = models.BinaryField(unique=True)  # chosen by the device; at most 1,023 bytes
    public_key = models.BinaryField()  # COSE
    sign_count = models.BigIntegerField("キーの申告する回数")  # 0 for ever where the device does not count
    transports = ArrayField(models.CharField(max_length=12), verbose_name="つなぎ方")
    aaguid = models.UUIDField("機種")  # as the device says, not attested
    rp_id = models.CharField("登録した先", max_length=253)  # host: a key answers to that one alone
    created_at = models.DateTimeField("登録日時")
    last_used_at = models.DateTimeField("最後に使った日時", null=True)
    copied_at = models.DateTimeField("複製の疑いの日時", null=True)  # its count went back: it opens nothing any more
    removed_at = models.DateTimeField("取消日時", null=True)
    removed_by = models.CharField("取消者", max_length=20, null=True)

    objects = SecurityKeyQuerySet.as_manager()

    class Meta:
        db_table = "accounts_security_key"
        verbose_name = "セキュリティキー"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="accounts_security_key_removed_pair",
            ),
            models.CheckConstraint(condition=Q(sign_count__gte=0), name="accounts_security_key_count"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.pk}"


class KeyQuestion(models.Model):
    """Random bytes that a key is to sign: put to one person in one session, answered once, within three minutes."""

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, to_field="personal_id", db_column="personal_id", related_name="key_questions"
    )
    session_hash = models.CharField(max_length=64)  # SHA-256 of the session's key
    purpose = models.CharField("用途", max_length=10)  # KeyPurpose
    challenge = models.BinaryField()
    label = models.CharField("名前", max_length=40, blank=True)  # of the key that is to be registered
    until = models.DateTimeField("期限")

    class Meta:
        db_table = "accounts_key_question"
        verbose_name = "セキュリティキーへの問い"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session_hash", "purpose"], name="accounts_key_question_one"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.purpose}"


class Terminal(models.Model):
    """A machine that may be used. Its cookie carries the id and a secret of which only the hash is kept."""

    label = models.CharField("端末名", max_length=60)
    office = models.CharField("設置場所", max_length=6, blank=True)
    secret_hash = models.CharField(max_length=64, blank=True)  # empty until the machine has taken its ticket
    ticket_hash = models.CharField(max_length=64, blank=True)  # one-time ticket, typed on the machine itself
    ticket_until = models.DateTimeField("登録番号の期限", null=True)
    registered_at = models.DateTimeField("登録日時", null=True)
    created_at = models.DateTimeField("申請日時")
    created_by = models.CharField("登録者", max_length=20)
    revoked_at = models.DateTimeField("取消日時", null=True)
    revoked_by = models.CharField("取消者", max_length=20, null=True)

    class Meta:
        db_table = "accounts_terminal"
        verbose_name = "端末"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="accounts_terminal_revoked_pair",
            ),
            models.UniqueConstraint(
                fields=["label"], condition=Q(revoked_at__isnull=True), name="accounts_terminal_label"
            ),
        ]

    def __str__(self) -> str:
        return self.label
