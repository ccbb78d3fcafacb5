"""People, their one-time codes and the terminals that they may use. One database per organisation (`accounts`)."""

from datetime import date
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import DateRangeField
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
