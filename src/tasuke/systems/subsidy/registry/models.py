"""What the city knows of a person, as history: valid time (`valid`) and recorded time (`recorded_from`, `recorded_to`).

A row that was superseded by a correction keeps its place with `recorded_to` set; the truth of today is
`recorded_to IS NULL`. Nothing in force is overwritten. Persons are known by 宛名番号 (atena_no) only.
"""

from datetime import date
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

CURRENT = Q(recorded_to__isnull=True)


def no_overlap(name: str, *keys: str) -> ExclusionConstraint:
    """No two current rows of one key may hold on the same day. Keys that are person numbers compare as integers.

    A GiST index over text costs 120 µs a row on our machines, over bigint 30 µs, and building it afterwards gains
    little: with integers in front, 2,000,000 residents go in chunk by chunk with the constraint in force all the time.
    宛名番号 are digits, at most 15 (住民情報 layout); anything else is refused by the cast.
    """
    expressions: list[tuple[Any, str]] = [
        (Cast(key, models.BigIntegerField()) if key.endswith("atena_no") else key, RangeOperators.EQUAL) for key in keys
    ]
    return ExclusionConstraint(
        name=name, expressions=[*expressions, ("valid", RangeOperators.OVERLAPS)], condition=CURRENT
    )


class HistoryQuerySet(models.QuerySet[models.Model]):
    """Vocabulary of every history table."""

    def current(self) -> Self:
        """Rows that hold by what we know now."""
        return self.filter(recorded_to__isnull=True)

    def in_force_on(self, day: date) -> Self:
        """Current rows that hold on a day."""
        return self.current().filter(valid__contains=day)

    def of_person(self, atena_no: str) -> Self:
        return self.filter(atena_no=atena_no)


class Recorded(models.Model):
    """Recorded time, and where the row came from: a file's line, an application, or a person's hand."""

    recorded_from = models.DateTimeField("記録日時")
    recorded_to = models.DateTimeField("訂正日時", null=True)
    file_id = models.BigIntegerField("取込ファイル", null=True)  # exchange.InboundFile
    line = models.PositiveIntegerField("行", null=True)

    class Meta:
        abstract = True


class ResidentRecord(Recorded):
    """住民情報: the state of a person from a day on, as the resident register says (or we, for 住登外者)."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("有効期間")
    household_no = models.CharField("世帯番号", max_length=15)
    resident_type = models.CharField("住民種別", max_length=1)  # 1 日本人 2 外国人
    resident_status = models.CharField("住民状態", max_length=1)  # 1 住民 2 転出者 3 死亡者 8 住登外者 9 その他消除者
    name = models.CharField("氏名", max_length=200)  # IVS count as characters here
    name_kana = models.CharField("氏名フリガナ", max_length=400, blank=True)
    kana_status = models.CharField("フリガナ確認状況", max_length=1, blank=True)
    alias = models.CharField("通称", max_length=200, blank=True)
    name_key = models.CharField("氏名検索キー", max_length=400)
    kana_key = models.CharField("カナ検索キー", max_length=400, blank=True)
    sex = models.CharField("性別", max_length=1)
    birth_date = models.DateField("生年月日", null=True)
    birth_text = models.CharField("生年月日不詳表記", max_length=80, blank=True)
    relationship_code = models.CharField("続柄コード", max_length=8, blank=True)
    relationship = models.CharField("続柄", max_length=80, blank=True)
    head_name = models.CharField("世帯主氏名", max_length=200, blank=True)
    postal_code = models.CharField("郵便番号", max_length=7, blank=True)
    municipality_code = models.CharField("市区町村コード", max_length=6)
    ward_code = models.CharField("区コード", max_length=6, blank=True)
    address = models.CharField("住所", max_length=400)
    address_detail = models.CharField("方書", max_length=400, blank=True)
    phone = models.CharField("電話", max_length=60, blank=True)
    resident_since = models.DateField("住民日", null=True)
    event_code = models.CharField("異動事由", max_length=2)
    notified_on = models.DateField("届出日", null=True)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_resident_record"
        constraints: ClassVar = [no_overlap("subsidy_resident_no_overlap", "atena_no")]
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_resident_person"),
            models.Index(fields=["household_no"], name="subsidy_resident_household"),
            # found by the beginning of a key: 髙橋 and 高橋 alike
            models.Index(fields=["name_key"], name="subsidy_resident_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["kana_key"], name="subsidy_resident_kana", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.atena_no


class Protection(models.Model):
    """支援措置 (DV etc.). Never ends by itself: only an explicit act with a name and a reason ends it."""

    atena_no = models.CharField("宛名番号", max_length=15)
    since = models.DateField("開始日")
    source = models.CharField("根拠", max_length=40)
    ended_on = models.DateField("解除日", null=True)
    ended_by = models.CharField("解除者", max_length=60, blank=True)
    ended_reason = models.CharField("解除理由", max_length=200, blank=True)

    class Meta:
        db_table = "subsidy_protection"
        # every list asks it for each of its people; the unique one below knows open protections alone
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_protection_person")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["atena_no"], condition=Q(ended_on__isnull=True), name="subsidy_protection_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_by="", ended_reason="")
                | (Q(ended_on__isnull=False) & ~Q(ended_by="") & ~Q(ended_reason="")),
                name="subsidy_protection_end_pair",
            ),
        ]

    def __str__(self) -> str:
        return self.atena_no


class Insurance(Recorded):
    """医療保険の資格."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("資格期間")
    insurance_kind = models.CharField("保険種別", max_length=1)
    insurer_no = models.CharField("保険者番号", max_length=8)
    symbol = models.CharField("記号", max_length=80, blank=True)
    number = models.CharField("番号", max_length=80)
    branch_no = models.CharField("枝番", max_length=2, blank=True)
    insured_relation = models.CharField("本人家族", max_length=1, blank=True)
    insured_atena_no = models.CharField("被保険者宛名番号", max_length=15, blank=True)
    benefit_rate = models.PositiveSmallIntegerField("給付割合", null=True)  # percent
    limit_class = models.CharField("限度額適用区分", max_length=10, blank=True)
    source = models.CharField("把握方法", max_length=20)  # nhi_feed, application

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_insurance"
        constraints: ClassVar = [no_overlap("subsidy_insurance_no_overlap", "atena_no")]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_insurance_person")]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.insurer_no}"


class Income(Recorded):
    """所得 of one person and 課税年度 (income of the year before). A correction (更正) is a new recorded row. Yen."""

    atena_no = models.CharField("宛名番号", max_length=15)
    tax_year = models.PositiveSmallIntegerField("課税年度")
    status_code = models.CharField("課税区分", max_length=1)  # 1 非課税 2 均等割のみ 3 課税 4 未申告
    gross_income = models.BigIntegerField("収入額", null=True)
    total_income = models.BigIntegerField("総所得金額等", null=True)
    salary_income = models.BigIntegerField("給与所得", null=True)
    pension_income = models.BigIntegerField("公的年金等所得", null=True)
    deduction_casualty = models.BigIntegerField("雑損控除", null=True)
    deduction_medical = models.BigIntegerField("医療費控除", null=True)
    deduction_small_business = models.BigIntegerField("小規模企業共済等掛金控除", null=True)
    deduction_spouse_special = models.BigIntegerField("配偶者特別控除", null=True)
    disabled_count = models.PositiveSmallIntegerField("障害者控除人数", null=True)
    special_disabled_count = models.PositiveSmallIntegerField("特別障害者控除人数", null=True)
    widow = models.BooleanField("寡婦控除", null=True)
    single_parent = models.BooleanField("ひとり親控除", null=True)
    working_student = models.BooleanField("勤労学生控除", null=True)
    dependents = models.PositiveSmallIntegerField("扶養親族等の数", null=True)
    dependents_elderly = models.PositiveSmallIntegerField("老人扶養", null=True)
    elderly_spouse = models.BooleanField("老人控除対象配偶者", null=True)
    dependents_specific = models.PositiveSmallIntegerField("特定扶養", null=True)
    dependents_16_18 = models.PositiveSmallIntegerField("16〜18歳扶養", null=True)
    income_levy = models.BigIntegerField("所得割額", null=True)
    per_capita_levy = models.BigIntegerField("均等割額", null=True)
    jan1_municipality = models.CharField("1月1日住所", max_length=6, blank=True)
    declared_on = models.DateField("申告日", null=True)
    corrected = models.BooleanField("更正", default=False)
    corrected_on = models.DateField("更正日", null=True)
    source = models.CharField("把握方法", max_length=20)  # tax_feed, certificate, inquiry

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_income"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["atena_no", "tax_year"], condition=CURRENT, name="subsidy_income_current")
        ]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.tax_year}"


class WelfareFact(Recorded):
    """福祉情報: 生活保護, 措置, 手帳, 児童扶養手当, 障害, 在学, 被扶養. Codes as in the welfare feed."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("期間")
    fact_code = models.CharField("区分", max_length=2)
    grade = models.CharField("等級", max_length=4, blank=True)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_welfare_fact"
        constraints: ClassVar = [no_overlap("subsidy_welfare_no_overlap", "atena_no", "fact_code")]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_welfare_person")]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.fact_code}"


class Account(Recorded):
    """口座 of a payee."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("有効期間")
    bank_code = models.CharField("金融機関", max_length=4)
    branch_code = models.CharField("店舗", max_length=3)
    account_kind = models.CharField("預金種目", max_length=1)
    account_no = models.CharField("口座番号", max_length=7)
    holder_kana = models.CharField("口座名義カナ", max_length=200)  # as applied for; bank kana is made at payment
    public_account = models.BooleanField("公金受取口座", default=False)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_account"
        constraints: ClassVar = [no_overlap("subsidy_account_no_overlap", "atena_no")]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_account_person")]

    def __str__(self) -> str:
        return self.atena_no


class RelationKind(models.TextChoices):
    """Who someone is to the recipient of a scheme."""

    BREADWINNER = "breadwinner", "主たる生計維持者"
    SPOUSE = "spouse", "配偶者"
    SUPPORTER = "supporter", "扶養義務者"
    APPLICANT = "applicant", "申請者"
    CHILD = "child", "養育する児童"


class Relation(Recorded):
    """Who a person depends on (or raises), as applied for: breadwinner, spouse, supporters, applicant, children."""

    atena_no = models.CharField("宛名番号", max_length=15)
    scheme = models.CharField("制度", max_length=40)
    kind = models.CharField("関係", max_length=12, choices=RelationKind.choices)
    other_atena_no = models.CharField("相手の宛名番号", max_length=15)
    valid = DateRangeField("期間")

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_relation"
        constraints: ClassVar = [
            no_overlap("subsidy_relation_no_overlap", "atena_no", "other_atena_no", "scheme", "kind")
        ]
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_relation_person"),
            models.Index(fields=["other_atena_no"], name="subsidy_relation_other"),  # whose cases somebody touches
        ]

    def __str__(self) -> str:
        return f"{self.atena_no} {self.kind}"


class SingleParentStatus(Recorded):
    """ひとり親の状況 of a recipient (child, parent or caregiver)."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("期間")
    reason = models.CharField("ひとり親理由", max_length=1)  # 1–9: schemes.md B-2
    since = models.DateField("事由発生年月日", null=True)
    de_facto_spouse = models.BooleanField("事実婚", default=False)
    child_support = models.BigIntegerField("養育費(年額)", null=True)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_single_parent_status"
        constraints: ClassVar = [no_overlap("subsidy_single_parent_no_overlap", "atena_no")]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_single_parent_person")]

    def __str__(self) -> str:
        return self.atena_no


class MailingAddress(Recorded):
    """送付先: where letters to a person go instead of the address of the resident register, as notified."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("期間")
    relation = models.CharField("送付先の区分", max_length=1)  # 1 本人 2 施設 3 成年後見人等 4 代理人 9 その他
    addressee = models.CharField("送付先の宛名", max_length=200, blank=True)  # "": the person
    postal_code = models.CharField("郵便番号", max_length=7)
    address = models.CharField("住所", max_length=400)
    address_detail = models.CharField("方書", max_length=400, blank=True)
    reason = models.CharField("理由", max_length=200, blank=True)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_mailing_address"
        constraints: ClassVar = [no_overlap("subsidy_mailing_no_overlap", "atena_no")]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_mailing_person")]

    def __str__(self) -> str:
        return self.atena_no


class NameOnPapers(Recorded):
    """通称の使用: the name that certificates and letters carry instead of the registered one, as notified."""

    atena_no = models.CharField("宛名番号", max_length=15)
    valid = DateRangeField("期間")
    name = models.CharField("券面の氏名", max_length=200)
    name_kana = models.CharField("券面の氏名フリガナ", max_length=400, blank=True)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_name_on_papers"
        constraints: ClassVar = [no_overlap("subsidy_name_on_papers_no_overlap", "atena_no")]
        indexes: ClassVar = [models.Index(fields=["atena_no"], name="subsidy_name_on_papers_person")]

    def __str__(self) -> str:
        return self.atena_no


class ChangeCursor(models.Model):
    """How far the changes of another system are taken over; moves in the transaction of the rows."""

    provider = models.CharField("提供システム", max_length=30, primary_key=True)
    last = models.BigIntegerField("受領済みの連番", default=0)
    received_at = models.DateTimeField("最終の受領", null=True)

    class Meta:
        db_table = "subsidy_change_cursor"

    def __str__(self) -> str:
        return f"{self.provider} {self.last}"


class ChangeProblem(models.Model):
    """What was wrong with a change that another system told: it was not taken, or taken with a warning.

    A person settles it with a reason; a later change of the same matter that was taken settles one that was not.
    """

    provider = models.CharField("提供システム", max_length=30)
    sequence = models.BigIntegerField("連番")
    kind = models.CharField("種類", max_length=12)
    atena_no = models.CharField("宛名番号", max_length=15)
    valid_from = models.DateField("異動年月日", null=True)  # null: kept before this column was
    tax_year = models.CharField("課税年度", max_length=10, blank=True, default="", db_default="")  # as it was told
    taken = models.BooleanField("反映済み")
    code = models.CharField("コード", max_length=40)
    field = models.CharField("項目", max_length=60, blank=True)
    message = models.CharField("内容", max_length=300)
    at = models.DateTimeField("日時")
    settled_at = models.DateTimeField("処理済みにした日時", null=True)
    # a person, or the provider whose later change settled it
    settled_by = models.CharField("処理済みにした人", max_length=30, blank=True, default="", db_default="")
    settled_reason = models.CharField("理由", max_length=200, blank=True, default="", db_default="")

    class Meta:
        db_table = "subsidy_change_problem"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by="", settled_reason="")
                | (Q(settled_at__isnull=False) & ~Q(settled_by="") & ~Q(settled_reason="")),
                name="subsidy_change_problem_settled_pair",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "sequence"], name="subsidy_change_problem_of"),
            models.Index(fields=["id"], condition=Q(settled_at__isnull=True), name="subsidy_change_problem_open"),
            models.Index(
                fields=["atena_no"], condition=Q(settled_at__isnull=True), name="subsidy_change_problem_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.sequence} {self.code}"
