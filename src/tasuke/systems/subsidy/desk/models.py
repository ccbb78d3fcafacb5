"""What the counter writes itself: 受付票, 届出, 応対記録, papers that belong to them; and お知らせ to colleagues."""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q


class SheetState(models.TextChoices):
    """draft: typed, waits for the second person; returned: that person found a mistake; then received or dropped."""

    DRAFT = "draft", "照合待ち"
    RETURNED = "returned", "差戻し"
    RECEIVED = "received", "受付済み"
    DROPPED = "dropped", "取下げ"


class SheetQuerySet(models.QuerySet["Sheet"]):
    """Vocabulary of sheets."""

    def open(self) -> "SheetQuerySet":
        """Those on which somebody still has to work."""
        return self.filter(state__in=[SheetState.DRAFT, SheetState.RETURNED])


class Sheet(models.Model):
    """One paper. content: field of `application_feed` → text as typed; version: grows with every change."""

    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    ward_code = models.CharField(
        "区コード", max_length=6, blank=True
    )  # of the 対象者 when it was typed: for the limits
    content = models.JSONField("記入内容")
    state = models.CharField("状態", max_length=8, choices=SheetState.choices, default=SheetState.DRAFT)
    version = models.PositiveIntegerField("版", default=1)
    changed_at = models.DateTimeField("入力日時")
    changed_by = models.CharField("入力者", max_length=20)
    changed_name = models.CharField("入力者の氏名", max_length=60)
    checked_at = models.DateTimeField("照合日時", null=True)
    checked_by = models.CharField("照合者", max_length=20, blank=True)
    remark = models.CharField("差戻し・取下げの理由", max_length=200, blank=True)
    application_id = models.BigIntegerField("申請", null=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_sheet"
        verbose_name = "受付票"
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="subsidy_sheet_state"),
            models.Index(fields=["atena_no"], name="subsidy_sheet_person"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(checked_at__isnull=True, checked_by="") | Q(checked_at__isnull=False) & ~Q(checked_by=""),
                name="subsidy_sheet_checked_pair",
            ),
            models.CheckConstraint(
                condition=Q(checked_by="") | ~Q(checked_by=F("changed_by")), name="subsidy_sheet_two_people"
            ),
            models.CheckConstraint(
                condition=Q(state="received", application_id__isnull=False)
                | ~Q(state="received") & Q(application_id__isnull=True),
                name="subsidy_sheet_received_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.atena_no}"

    @property
    def number(self) -> str:
        """The number of receipt, unique over all counters."""
        return f"窓{self.pk:09d}"


class NotificationKind(models.TextChoices):
    """What a resident tells us of. Residence itself (住基) is told elsewhere and comes with the feed."""

    MAILING_ADDRESS = "mailing_address", "送付先の変更"
    NAME = "name", "氏名・通称の変更"
    INSURANCE = "insurance", "医療保険の変更"
    FAMILY = "family", "生計維持者・扶養義務者の変更"
    ACCOUNT = "account", "振込口座の変更"
    SINGLE_PARENT = "single_parent", "ひとり親等の状況の変更"
    LOSS = "loss", "資格の喪失"


class Notification(models.Model):
    """届出, written once: what was said (content: field → text as typed) and what it did (effect), as previewed."""

    kind = models.CharField("種別", max_length=16, choices=NotificationKind.choices)
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    ward_code = models.CharField("区コード", max_length=6, blank=True)  # of the person then: for the limits
    received_on = models.DateField("受付日")
    channel = models.CharField("受付方法", max_length=1)
    effective_on = models.DateField("変更日")
    content = models.JSONField("届出の内容")
    effect = models.JSONField("影響")
    recorded_at = models.DateTimeField("記録日時")
    recorded_by = models.CharField("記録者", max_length=20)
    recorded_name = models.CharField("記録者の氏名", max_length=60)
    needs_check = models.BooleanField(
        "二者確認", default=False, db_default=False
    )  # nothing is written until another person has compared

    class Meta:
        db_table = "subsidy_notification"
        verbose_name = "届出"
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_notification_person"),
            models.Index(fields=["id"], condition=models.Q(needs_check=True), name="subsidy_notification_waits"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.atena_no}"

    @property
    def number(self) -> str:
        """The number of receipt, unique over all counters."""
        return f"届{self.pk:09d}"


class NotificationCheck(models.Model):
    """The second person's word on a 届出, written once: it holds from now on, or it is dropped, and why."""

    notification = models.OneToOneField(Notification, models.PROTECT, verbose_name="届出", related_name="check_made")
    accepted = models.BooleanField("紙のとおり")
    remark = models.CharField("取消しの理由", max_length=200, blank=True)
    checked_at = models.DateTimeField("照合日時")
    checked_by = models.CharField("照合者", max_length=20)
    checked_name = models.CharField("照合者の氏名", max_length=60)

    class Meta:
        db_table = "subsidy_notification_check"
        verbose_name = "届出の照合"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(accepted=True, remark="") | models.Q(accepted=False) & ~models.Q(remark=""),
                name="subsidy_notification_check_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.notification_id} {self.accepted}"


class ContactChannel(models.TextChoices):
    """How we spoke with each other."""

    COUNTER = "1", "窓口"
    PHONE = "2", "電話"
    POST = "3", "郵送"
    ONLINE = "4", "電子"
    VISIT = "5", "訪問"
    OFFICE = "6", "庁内"


class ContactKind(models.TextChoices):
    """What it was about."""

    QUESTION = "1", "問合せ・相談"
    PAPERS = "2", "書類の案内・催促"
    COMPLAINT = "3", "苦情・要望"
    CAUTION = "4", "配慮・注意"
    OTHER = "9", "その他"


class ContactNote(models.Model):
    """応対記録, written once. A correction is a new note that names the one it takes the place of."""

    atena_no = models.CharField("宛名番号", max_length=15)
    ward_code = models.CharField("区コード", max_length=6, blank=True)
    contact_on = models.DateField("応対日")
    channel = models.CharField("方法", max_length=1, choices=ContactChannel.choices)
    kind = models.CharField("種別", max_length=1, choices=ContactKind.choices)
    text = models.CharField("内容", max_length=2000)
    follow_up_on = models.DateField("次に連絡する日", null=True)
    corrects = models.OneToOneField("self", models.PROTECT, related_name="correction", null=True)
    recorded_at = models.DateTimeField("記録日時")
    recorded_by = models.CharField("記録者", max_length=20)
    recorded_name = models.CharField("記録者の氏名", max_length=60)

    class Meta:
        db_table = "subsidy_contact_note"
        verbose_name = "応対記録"
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_note_person"),
            models.Index(
                fields=["follow_up_on"], condition=Q(follow_up_on__isnull=False), name="subsidy_note_follow_up"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(text=""), name="subsidy_note_says_something"),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(corrects=F("id")), name="subsidy_note_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.contact_on}"


class AttachmentKind(models.TextChoices):
    """What the bytes are, by the bytes themselves."""

    PDF = "pdf", "PDF"
    JPEG = "jpg", "JPEG"
    PNG = "png", "PNG"


class Attachment(models.Model):
    """添付: a paper that was handed in, kept under its hash in the archive. A withdrawn one keeps its row."""

    sheet = models.ForeignKey(Sheet, models.PROTECT, null=True)
    application_id = models.BigIntegerField("申請", null=True)
    notification = models.ForeignKey(Notification, models.PROTECT, null=True)
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    document = models.CharField("書類", max_length=100)
    name = models.CharField("元のファイル名", max_length=100)
    kind = models.CharField("形式", max_length=3, choices=AttachmentKind.choices)
    size = models.PositiveIntegerField("バイト数")
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField("添付日時")
    added_by = models.CharField("添付者", max_length=20)
    added_name = models.CharField("添付者の氏名", max_length=60)
    withdrawn_at = models.DateTimeField("取下げ日時", null=True)
    withdrawn_by = models.CharField("取下げ者", max_length=20, blank=True)
    withdrawn_reason = models.CharField("取下げの理由", max_length=200, blank=True)

    class Meta:
        db_table = "subsidy_attachment"
        verbose_name = "添付書類"
        indexes: ClassVar = [
            models.Index(fields=["application_id"], name="subsidy_attachment_application"),
            models.Index(fields=["atena_no"], name="subsidy_attachment_person"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(sheet__isnull=False, application_id__isnull=True, notification__isnull=True)
                | Q(sheet__isnull=True, application_id__isnull=False, notification__isnull=True)
                | Q(sheet__isnull=True, application_id__isnull=True, notification__isnull=False),
                name="subsidy_attachment_one_bearer",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by="", withdrawn_reason="")
                | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by="") & ~Q(withdrawn_reason=""),
                name="subsidy_attachment_withdrawal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.atena_no}"


class IdentityDocument(models.TextChoices):
    """From what the number was read."""

    CARD = "card", "個人番号カード"
    NOTICE = "notice", "通知カード"
    CERTIFICATE = "certificate", "個人番号の記載のある住民票"


class IdentityResult(models.TextChoices):
    """What 団体内統合宛名 said of the number and the 宛名番号."""

    SAME = "same", "番号の照合済み"
    DIFFERENT = "different", "番号が違う"
    UNREGISTERED = "unregistered", "番号の登録なし"


class IdentityCheck(models.Model):
    """本人確認: that a number was compared with a person, and what came out, written once. The number is nowhere."""

    atena_no = models.CharField("確認した人の宛名番号", max_length=15)
    application_id = models.BigIntegerField("申請", null=True)
    ward_code = models.CharField("区コード", max_length=6, blank=True)
    document = models.CharField("確認書類", max_length=11, choices=IdentityDocument.choices)
    result = models.CharField("結果", max_length=12, choices=IdentityResult.choices)
    purpose = models.CharField("目的", max_length=20)
    checked_at = models.DateTimeField("照合日時")
    checked_by = models.CharField("照合者", max_length=20)
    checked_name = models.CharField("照合者の氏名", max_length=60)

    class Meta:
        db_table = "subsidy_identity_check"
        verbose_name = "本人確認"
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_identity_person"),
            models.Index(fields=["application_id"], name="subsidy_identity_application"),
        ]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.result}"


class StatedPerson(models.Model):
    """申請書の記載: what the paper of an application says of a person, typed from it, to be compared with the register.

    A correction replaces the row (replaced_at) and adds a new one.
    """

    application_id = models.BigIntegerField("申請")
    atena_no = models.CharField("宛名番号", max_length=15)
    name = models.CharField("氏名", max_length=200)
    name_key = models.CharField("氏名検索キー", max_length=400)
    birth_date = models.DateField("生年月日", null=True)
    address = models.CharField("住所", max_length=800, blank=True)
    relationship = models.CharField("続柄", max_length=80, blank=True)
    stated_at = models.DateTimeField("入力日時")
    stated_by = models.CharField("入力者", max_length=20)
    stated_name = models.CharField("入力者の氏名", max_length=60)
    replaced_at = models.DateTimeField("訂正日時", null=True)

    class Meta:
        db_table = "subsidy_stated_person"
        verbose_name = "申請書の記載"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application_id", "atena_no"],
                condition=Q(replaced_at__isnull=True),
                name="subsidy_stated_person_one",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="subsidy_stated_person_name"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.atena_no}"


class MatchFinding(models.Model):
    """突合の結果: a difference of an open application that the last run of the job found. Made anew by every run."""

    application_id = models.BigIntegerField("申請")
    scheme = models.CharField("制度", max_length=40)
    atena_no = models.CharField("対象者宛名番号", max_length=15)
    kind = models.CharField("種別", max_length=20)
    about_atena_no = models.CharField("相手の宛名番号", max_length=15)
    since = models.DateField("いつから", null=True)
    found_on = models.DateField("突合日")
    run_id = models.BigIntegerField("処理")

    class Meta:
        db_table = "subsidy_match_finding"
        verbose_name = "突合の結果"
        indexes: ClassVar = [
            models.Index(fields=["application_id"], name="subsidy_match_application"),
            models.Index(fields=["kind", "application_id"], name="subsidy_match_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.kind}"


class Announcement(models.Model):
    """お知らせ to colleagues, on the page of today. What it says stands in its versions."""

    posted_at = models.DateTimeField("掲載の登録日時")

    class Meta:
        db_table = "subsidy_announcement"
        verbose_name = "お知らせ"

    def __str__(self) -> str:
        return str(self.pk)


class AnnouncementVersionQuerySet(models.QuerySet["AnnouncementVersion"]):
    """Vocabulary of what お知らせ say."""

    def current(self) -> "AnnouncementVersionQuerySet":
        """The last version of each, withdrawn or not."""
        later = AnnouncementVersion.objects.filter(
            announcement=OuterRef("announcement"), version__gt=OuterRef("version")
        )
        return self.filter(~Exists(later))

    def in_force_on(self, day: date) -> "AnnouncementVersionQuerySet":
        """Those whose days include this one, and that nobody withdrew."""
        return self.filter(during__contains=day, withdrawn_reason="")

    def meant_for(self, *, roles: Iterable[str], wards: Iterable[str] | None) -> "AnnouncementVersionQuerySet":
        """For one of these roles and one of these wards (None: who works for all of them)."""
        found = self.filter(Q(roles__len=0) | Q(roles__overlap=sorted(roles)))
        return found if wards is None else found.filter(Q(wards__len=0) | Q(wards__overlap=sorted(wards)))


class AnnouncementVersion(models.Model):
    """What an お知らせ says, written once. A change or withdrawal is the next version; no roles or wards: all."""

    announcement = models.ForeignKey(Announcement, models.PROTECT, verbose_name="お知らせ", related_name="versions")
    version = models.PositiveIntegerField("版")
    title = models.CharField("題名", max_length=60)
    text = models.CharField("内容", max_length=1000)
    during = DateRangeField("掲載期間")  # end-exclusive
    roles = ArrayField(models.CharField(max_length=30), verbose_name="役割")
    wards = ArrayField(models.CharField(max_length=6), verbose_name="区")
    urgent = models.BooleanField("緊急")
    withdrawn_reason = models.CharField("取下げの理由", max_length=200, blank=True)  # not empty: withdrawn
    recorded_at = models.DateTimeField("記録日時")
    recorded_by = models.CharField("記録者", max_length=20)
    recorded_name = models.CharField("記録者の氏名", max_length=60)

    objects = AnnouncementVersionQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_announcement_version"
        verbose_name = "お知らせの版"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["announcement", "version"], name="subsidy_announcement_one_version"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="subsidy_announcement_says_something"),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
                name="subsidy_announcement_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.announcement_id} {self.version}"
