"""Grants: who may act in which role, where, on which procedures, for how long, on whose word and whose approval."""

from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, Q

from tasuke.platform.access.roles import role_label
from tasuke.platform.access.scope import Limit
from tasuke.platform.accounts.models import User


class GrantState(models.TextChoices):
    """Asked for → approved or refused; an approved one may be revoked before its period ends."""

    REQUESTED = "requested", "承認待ち"
    APPROVED = "approved", "承認済み"
    REFUSED = "refused", "却下"
    REVOKED = "revoked", "取消"


class GrantQuerySet(models.QuerySet["Grant"]):
    def approved(self) -> "GrantQuerySet":
        return self.filter(state=GrantState.APPROVED)

    def waiting(self) -> "GrantQuerySet":
        return self.filter(state=GrantState.REQUESTED)

    def in_force_on(self, day: date) -> "GrantQuerySet":
        """Approved, not revoked, and within their period that day."""
        return self.approved().filter(valid__contains=day)

    def of_person(self, personal_id: str) -> "GrantQuerySet":
        return self.filter(user_id=personal_id)

    def newest_first(self) -> "GrantQuerySet":
        return self.order_by("-id")


class Grant(models.Model):
    """One role of one person. offices and schemes: null means all of them."""

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, to_field="personal_id", db_column="personal_id", related_name="grants"
    )
    role = models.CharField("役割", max_length=40)
    offices = ArrayField(models.CharField(max_length=6), verbose_name="区", null=True)
    schemes = ArrayField(models.CharField(max_length=40), verbose_name="制度", null=True)
    valid = DateRangeField("期間")  # end-exclusive
    state = models.CharField("状態", max_length=10, choices=GrantState.choices, default=GrantState.REQUESTED)
    reason = models.CharField("理由", max_length=200)
    requested_at = models.DateTimeField("申請日時")
    requested_by = models.CharField("申請者", max_length=20)
    decided_at = models.DateTimeField("決定日時", null=True)
    decided_by = models.CharField("決定者", max_length=20, null=True)
    revoked_at = models.DateTimeField("取消日時", null=True)
    revoked_by = models.CharField("取消者", max_length=20, null=True)
    revoke_reason = models.CharField("取消の理由", max_length=200, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        db_table = "access_grant"
        verbose_name = "権限"
        indexes: ClassVar = [models.Index(fields=["user", "state"], name="access_grant_person")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, state="requested")
                | Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(state="requested"),
                name="access_grant_decided_pair",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | (~Q(decided_by=F("requested_by")) & ~Q(decided_by=F("user"))),
                name="access_grant_two_people",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True) & ~Q(state="revoked")
                | Q(revoked_at__isnull=False, revoked_by__isnull=False, state="revoked"),
                name="access_grant_revoked_pair",
            ),
            models.CheckConstraint(condition=~Q(valid__isempty=True), name="access_grant_valid_not_empty"),
            models.CheckConstraint(
                condition=(Q(offices__isnull=True) | Q(offices__len__gt=0))
                & (Q(schemes__isnull=True) | Q(schemes__len__gt=0)),
                name="access_grant_limits_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"

    @property
    def limits(self) -> tuple[Limit, Limit]:
        """Offices and schemes as `Scope` takes them."""
        offices = None if self.offices is None else frozenset(self.offices)
        return offices, None if self.schemes is None else frozenset(self.schemes)

    @property
    def role_label(self) -> str:
        """The role in Japanese."""
        return role_label(self.role)
