"""Claims (併用レセプト) as billed, as decided, and what was booked on them later.

A claim row is written once, by the import that decided it, and never changed: the database refuses UPDATE and DELETE on
all tables of this area (migration 0002). What a person decides afterwards is a new row in `ClaimEntry`: an accepted
query adds its amount, a claim that is returned (過誤) takes it back with a negative row. The ledger is the accepted
claims plus the entries, so nothing is counted twice and every month can be added up again as it stood.
"""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

# claim id = file × 2^32 + line: the business key is the primary key, the same file gives the same ids, and a month of
# claims costs one narrow index instead of two
LINES_PER_FILE = 2**32


class ClaimStateChoices(models.TextChoices):
    """How the import decided."""

    ACCEPTED = "accepted", "決定"
    QUERY = "query", "疑義"
    RETURN = "return", "過誤"


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Vocabulary of claims."""

    def of_person(self, atena_no: str) -> Self:
        return self.filter(atena_no=atena_no)

    def of_file(self, file_id: int) -> Self:
        return self.filter(file_id=file_id)

    def open_queries(self) -> Self:
        """疑義 that nobody has decided yet."""
        return self.filter(state=ClaimStateChoices.QUERY).exclude(entries__isnull=False)


class Claim(models.Model):
    """One receipt: the items that the 審査支払機関 sent, the entitlement it belongs to, and the amounts. Yen.

    Items: 川崎市 特定個人情報保護評価書 別添1 レセプト, and 助成実績. entitlement_id has no foreign key: a file holds
    hundreds of thousands of rows, and entitlements are superseded but never deleted.
    """

    id = models.BigIntegerField(primary_key=True)  # file_id × 2^32 + line
    file_id = models.BigIntegerField("取込ファイル")  # exchange.InboundFile
    line = models.BigIntegerField("行")
    agency = models.CharField("審査支払機関", max_length=1)  # 1 支払基金 2 国保連
    care = models.CharField("診療種別", max_length=12)
    institution_code = models.CharField("医療機関等コード", max_length=10)
    institution_name = models.CharField("医療機関等名", max_length=100, blank=True)
    department = models.CharField("診療科", max_length=20, blank=True)
    prescriber = models.CharField("処方医療機関コード", max_length=10, blank=True)
    billed_month = models.DateField("請求年月")
    service_month = models.DateField("診療年月")
    receipt_type = models.CharField("レセプト種別", max_length=4, blank=True)
    inpatient = models.BooleanField("入院")
    receipt_no = models.BigIntegerField("レセプト番号", null=True)
    search_no = models.CharField("検索番号", max_length=30, blank=True)
    karte_no = models.CharField("カルテ番号等", max_length=20, blank=True)
    name = models.CharField("氏名", max_length=100, blank=True)
    kana = models.CharField("カナ氏名", max_length=100, blank=True)
    sex = models.CharField("性別", max_length=1, blank=True)
    birth_date = models.DateField("生年月日", null=True)
    insurer_no = models.CharField("保険者番号", max_length=8, blank=True)
    symbol = models.CharField("記号", max_length=40, blank=True)
    number = models.CharField("番号", max_length=40, blank=True)
    branch_no = models.CharField("枝番", max_length=2, blank=True)
    care_insurer_no = models.CharField("介護保険者番号", max_length=6, blank=True)
    special_notes = models.CharField("特記事項", max_length=20, blank=True)
    benefit_rate = models.SmallIntegerField(
        "給付割合"
    )  # percent; from the claim, or by 社保・年齢 from the receipt type
    days = models.SmallIntegerField("診療実日数", null=True)
    visit_days = models.BigIntegerField("受診日")  # bit k-1 set = day k
    first_visits = models.SmallIntegerField("初診回数")
    cost = models.BigIntegerField("総医療費(決定金額)")
    insurance_share = models.BigIntegerField("保険の負担金額(記録)", null=True)
    meals_count = models.SmallIntegerField("食事回数", null=True)
    meals_cost = models.BigIntegerField("食事の合計金額", null=True)
    payer_no = models.CharField("公費負担者番号", max_length=8, blank=True)
    recipient_no = models.CharField("受給者番号", max_length=30, blank=True)
    kohi_order = models.SmallIntegerField("公費の順位", null=True)
    kohi_days = models.SmallIntegerField("公費の実日数", null=True)
    kohi_cost = models.BigIntegerField("公費の総額", null=True)
    scheme = models.CharField("制度", max_length=40, blank=True)
    atena_no = models.CharField("宛名番号", max_length=15, blank=True)
    entitlement_id = models.BigIntegerField("受給資格", null=True)
    funding = models.CharField("財源", max_length=12, blank=True)
    band = models.CharField("年齢区分", max_length=20, blank=True)
    copay_class = models.CharField("負担区分", max_length=20, blank=True)
    ward_code = models.CharField("区コード", max_length=6, blank=True)
    patient_share = models.BigIntegerField("自己負担額(保険分)")
    public_share = models.BigIntegerField("国公費適用後の患者負担", null=True)
    basis = models.BigIntegerField("助成対象額")
    burden_low = models.BigIntegerField("一部負担金の下限")
    burden = models.BigIntegerField("一部負担金")
    billed_burden = models.BigIntegerField("窓口負担額(記録)")
    subsidy = models.BigIntegerField("現物給付額")  # what this row adds to the ledger; 0 unless accepted
    meals_subsidy = models.BigIntegerField("食事の助成額")
    expected_subsidy = models.BigIntegerField("計算した助成額")
    expected_meals = models.BigIntegerField("計算した食事の助成額")
    copay_version = models.CharField("負担規則の版", max_length=20, blank=True)
    state = models.CharField("決定", max_length=8, choices=ClaimStateChoices.choices)
    reasons = ArrayField(models.CharField(max_length=40), verbose_name="理由", default=list)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        db_table = "subsidy_claim"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(id=F("file_id") * LINES_PER_FILE + F("line")), name="subsidy_claim_id_is_file_and_line"
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", subsidy=F("expected_subsidy"), meals_subsidy=F("expected_meals"))
                | Q(state__in=["query", "return"], subsidy=0, meals_subsidy=0),
                name="subsidy_claim_paid_only_if_accepted",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | (~Q(atena_no="") & ~Q(scheme="") & Q(entitlement_id__isnull=False)),
                name="subsidy_claim_accepted_is_matched",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted") | Q(reasons__len__gte=1), name="subsidy_claim_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(burden_low__gte=0, burden__gte=F("burden_low"), billed_burden__gte=0, basis__gte=0),
                name="subsidy_claim_amounts",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["atena_no"], name="subsidy_claim_person"),
            models.Index(fields=["billed_month"], name="subsidy_claim_query", condition=Q(state="query")),
            # the list of queries goes on by id: without this it walks over every claim that is none
            models.Index(fields=["id"], name="subsidy_claim_query_id", condition=Q(state="query")),
            # rows arrive month by month: a block index finds a month and costs nothing to keep
            BrinIndex(fields=["service_month", "billed_month"], name="subsidy_claim_months", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line}"


class ClaimKohi(models.Model):
    """A 公費 of a claim besides the one under which the claim is decided: 国公費, other programmes."""

    pk = models.CompositePrimaryKey("claim_id", "order")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="kohi")
    order = models.SmallIntegerField("公費の順位")
    payer_no = models.CharField("公費負担者番号", max_length=8, blank=True)
    recipient_no = models.CharField("受給者番号", max_length=30, blank=True)
    days = models.SmallIntegerField("実日数", null=True)
    cost = models.BigIntegerField("総額", null=True)
    copay = models.BigIntegerField("負担金額", null=True)
    outpatient_copay = models.BigIntegerField("外来一部負担金", null=True)
    inpatient_copay = models.BigIntegerField("入院一部負担金", null=True)
    meals_count = models.SmallIntegerField("食事回数", null=True)
    meals_cost = models.BigIntegerField("食事の合計金額", null=True)

    class Meta:
        db_table = "subsidy_claim_kohi"

    def __str__(self) -> str:
        return f"{self.claim_id} 第{self.order}公費"


class ClaimFinding(models.Model):
    """One reason of one claim with the values of both sides and the rule."""

    pk = models.CompositePrimaryKey("claim_id", "reason")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="findings")
    reason = models.CharField("理由", max_length=40)
    billed = models.CharField("請求の値", max_length=200, blank=True)
    ours = models.CharField("台帳・計算の値", max_length=200, blank=True)
    rule = models.CharField("規則", max_length=200)

    class Meta:
        db_table = "subsidy_claim_finding"

    def __str__(self) -> str:
        return f"{self.claim_id} {self.reason}"


class EntryKind(models.TextChoices):
    """What a person did with a claim after the import."""

    ACCEPT = "accept", "疑義を決定"
    REFUSE = "refuse", "疑義を過誤"
    RETURN = "return", "決定後の過誤"


class ClaimEntry(models.Model):
    """A later booking on a claim. ACCEPT adds what is paid, RETURN takes back what was paid, REFUSE books nothing."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField("種別", max_length=6, choices=EntryKind.choices)
    sign = models.SmallIntegerField("符号")
    booked_month = models.DateField("計上月")
    burden = models.BigIntegerField("一部負担金")  # signed, like all amounts here
    subsidy = models.BigIntegerField("現物給付額")
    meals_subsidy = models.BigIntegerField("食事の助成額")
    reason = models.CharField("理由", max_length=40, blank=True)
    note = models.CharField("判断の内容", max_length=400)
    decided_by = models.CharField("判断者", max_length=60)
    decided_at = models.DateTimeField("判断日時")

    class Meta:
        db_table = "subsidy_claim_entry"
        constraints: ClassVar = [
            # each step of a claim's life at most once: query → accept or refuse; accepted → return
            models.UniqueConstraint(
                fields=["claim"], condition=Q(kind__in=["accept", "refuse"]), name="subsidy_claim_entry_decided_once"
            ),
            models.UniqueConstraint(
                fields=["claim"], condition=Q(kind__in=["refuse", "return"]), name="subsidy_claim_entry_returned_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="accept", sign=1, burden__gte=0, subsidy__gte=0, meals_subsidy__gte=0)
                | Q(kind="refuse", sign=0, burden=0, subsidy=0, meals_subsidy=0)
                | Q(kind="return", sign=-1, burden__lte=0, subsidy__lte=0, meals_subsidy__lte=0),
                name="subsidy_claim_entry_sign",
            ),
            models.CheckConstraint(condition=~Q(note="") & ~Q(decided_by=""), name="subsidy_claim_entry_says_who"),
        ]
        indexes: ClassVar = [models.Index(fields=["booked_month"], name="subsidy_claim_entry_month")]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.kind}"


class ReturnOutcome(models.TextChoices):
    """What a record of a returned file led to."""

    RETURNED = "returned", "過誤(戻入れ)"
    REFUSED = "refused", "疑義を過誤"
    ALREADY = "already", "既に過誤"
    UNCHANGED = "unchanged", "原審どおり"
    REDECIDED = "redecided", "点数変更(戻入れと再計算)"
    NOT_FOUND = "not_found", "該当なし"
    AMBIGUOUS = "ambiguous", "複数が該当"


class ClaimReturn(models.Model):
    """One record of a 返戻 (HEN) or 再審査等 (SAH) file, the claim that it means, and what was booked on it.

    What it changes is a ClaimEntry: the claim itself stays as it was imported. A receipt whose points changed comes in
    as a new claim of this file.
    """

    id = models.BigIntegerField(primary_key=True)  # file_id × 2^32 + line of the record
    file_id = models.BigIntegerField("取込ファイル")  # exchange.InboundFile
    line = models.BigIntegerField("行")
    record = models.CharField("レコード", max_length=2)  # HR 返戻理由 MK 再審査結果
    processed_month = models.DateField("処理年月", null=True)
    return_class = models.CharField("返戻区分", max_length=2, blank=True)
    reason_code = models.CharField("事由コード", max_length=4, blank=True)
    reason = models.TextField("理由", blank=True)
    note = models.TextField("補足・連絡", blank=True)
    search_no = models.CharField("検索番号", max_length=30, blank=True)
    receipt_no = models.BigIntegerField("レセプト番号", null=True)
    institution_code = models.CharField("医療機関等コード", max_length=10, blank=True)
    service_month = models.DateField("診療年月", null=True)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, null=True, related_name="returns")
    entry = models.ForeignKey(ClaimEntry, on_delete=models.PROTECT, null=True, related_name="returns")
    outcome = models.CharField("結果", max_length=10, choices=ReturnOutcome.choices)

    class Meta:
        db_table = "subsidy_claim_return"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(id=F("file_id") * LINES_PER_FILE + F("line")), name="subsidy_claim_return_id"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["not_found", "ambiguous"], claim__isnull=True)
                | Q(outcome__in=["returned", "refused", "already", "unchanged", "redecided"], claim__isnull=False),
                name="subsidy_claim_return_names_a_claim",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line} {self.record}"
