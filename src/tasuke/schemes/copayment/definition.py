"""The copayment part of a scheme, as data: one `CopaymentRules` per period of service days.

The vocabulary is that of the national master of local programmes (地単公費マスター: 固定額, 割合, 1回/1日/1月上限,
適用上限回数, 初診時のみ, 連続入院, 端数, 食事) and of the municipalities' own rules. All money is whole yen, every
table names its source, and a value that could not be confirmed says `unconfirmed = true` with a note.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasuke.core.money import Rounding


class Care(StrEnum):
    """Kinds of care, as the claim and receipt frames write them."""

    MEDICAL = "medical"
    DENTAL = "dental"
    PHARMACY = "pharmacy"
    NURSING = "nursing"
    JUDO = "judo"
    ACUPUNCTURE = "acupuncture"
    MASSAGE = "massage"
    DEVICE = "device"


class Setting(StrEnum):
    """入院・外来の別."""

    BOTH = "both"
    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"


class Method(StrEnum):
    """How the amount that the patient keeps is found before any cap."""

    NONE = "none"  # 0円
    FIXED = "fixed"  # 定額, `amount` for each occurrence of `per`, never above the real share
    RATE = "rate"  # 定率 (総医療費の1割) or a fraction of the share
    REMAINING_RATE = "remaining_rate"  # 残負担率: what remains with the patient, as a part of the cost
    SHARE = "share"  # the whole share, up to the caps


class Per(StrEnum):
    """What is counted for a fixed amount and for `times_per_month`."""

    FIRST_VISIT = "first_visit"  # 初診
    VISIT = "visit"  # 1回
    DAY = "day"  # 1日
    MONTH = "month"  # 1月(集計単位ごと)


class UnitKey(StrEnum):
    """What sets one counting unit apart from another, besides the person and the month (集計単位)."""

    INSTITUTION = "institution"
    SETTING = "setting"  # 入院と通院は別
    DENTAL = "dental"  # 医科と歯科は別
    CARE = "care"
    DEPARTMENT = "department"  # 診療科
    INSURER = "insurer"


class AgeSwitch(StrEnum):
    """On which day a person of an age changes band (切替日の型)."""

    ATTAIN = "attain"  # 達する日 (the day before the birthday)
    BIRTHDAY = "birthday"
    NEXT_MONTH = "next_month"  # 誕生日の翌月1日、1日生まれは当日
    APRIL = "april"  # 達する日以後最初の3月31日の翌日 (学年の始まり; 4月1日生まれは早生まれ)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sourced(_Table):
    """A table of values with where they come from."""

    source: str = Field(min_length=1)
    unconfirmed: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _unconfirmed_says_why(self) -> Self:
        if self.unconfirmed and not self.note:
            raise ValueError("未確認の値には note(何が未確認か)が要ります")
        return self


class AgePoint(_Table):
    """The day on which a person born on a day passes an age."""

    age: Annotated[int, Field(ge=0, le=120)]
    switch: AgeSwitch = AgeSwitch.APRIL


class Filtered(Sourced):
    """Which rows a rule or a cap looks at. Empty tuples and None mean: all."""

    key: str = Field(min_length=1)
    cares: tuple[Care, ...] = ()
    setting: Setting = Setting.BOTH
    copay_classes: tuple[str, ...] = ()
    levy_zero: bool | None = None  # 所得割非課税
    age_from: AgePoint | None = None  # from this day on
    age_until: AgePoint | None = None  # up to the day before


class CareRule(Filtered):
    """What the patient keeps for some care. The first rule of the list that matches a row decides."""

    method: Method
    amount: Annotated[int, Field(ge=0)] = 0  # fixed: yen for each occurrence
    per: Per = Per.VISIT
    compare: Literal["occurrence", "row"] = "occurrence"  # the real share is compared each time, or in the row's sum
    numerator: Annotated[int, Field(ge=0)] = 0
    denominator: Annotated[int, Field(ge=1)] = 100
    rate_of: Literal["cost", "share"] = "cost"
    rounding: Rounding | None = None  # of a rate; None: as the share is (in_kind.share, or 10 yen where paid)
    times_per_month: Annotated[int, Field(ge=0)] | None = None  # charged at most so often a month and unit, then 0円
    free_from_consecutive_month: Annotated[int, Field(ge=2)] | None = None  # 連続入院 n か月目から0円
    in_kind: bool = True  # False: 償還のみ

    @model_validator(mode="after")
    def _method_has_its_values(self) -> Self:
        if self.method in (Method.RATE, Method.REMAINING_RATE) and self.numerator == 0:
            raise ValueError("定率・残負担率には numerator(割合)が要ります")
        if self.method is Method.FIXED and self.amount == 0:
            raise ValueError("定額には amount が要ります(0円は method = none)")
        if self.numerator > self.denominator:
            raise ValueError("割合が1を超えています")
        return self


class Cap(Filtered):
    """An upper limit on what a person (or household) keeps over a month or a year. Caps work in list order."""

    amount: Annotated[int, Field(ge=0)]
    period: Literal["month", "year"] = "month"
    year_start_month: Annotated[int, Field(ge=1, le=12)] = 8
    scope: Literal["person", "household"] = "person"
    unit: tuple[UnitKey, ...] = ()  # empty: over all institutions
    settle: Literal["window", "refund"] = "window"  # the window stops charging, or the excess is refunded later
    multiple_amount: Annotated[int, Field(ge=0)] | None = None  # 多数回該当
    multiple_from: Annotated[int, Field(ge=2)] = 4  # from the n-th month that reaches the cap within 12 months


class Meals(Filtered):
    """入院時食事療養標準負担額: the subsidised part. The first that matches decides, without one: none."""

    numerator: Annotated[int, Field(ge=0)]
    denominator: Annotated[int, Field(ge=1)] = 1
    rounding: Rounding = Rounding.DOWN_1


class InsurerException(_Table):
    """An insurer that is paid in kind although its kind is excluded."""

    name: str
    insurer_no: str | None = None  # None: not known yet, to be given by the municipality


class ExcludedInsurers(Sourced):
    """Insurers whose members are reimbursed instead of being served in kind."""

    kinds: tuple[str, ...]  # insurance_kind codes of the NHI feed (2 = 国保組合)
    only_outside_prefecture: bool = False  # 県外に事業所のあるものだけ
    exceptions: tuple[InsurerException, ...] = ()


class InKindThreshold(Sourced):
    """A month's share at one unit from which in-kind payment ends, back to the month's first visit (埼玉)."""

    amount: Annotated[int, Field(ge=1)]
    unit: tuple[UnitKey, ...] = (UnitKey.INSTITUTION,)


class Benefit(Sourced):
    """現物給付か償還払いか."""

    prefecture: Annotated[str, Field(pattern=r"^\d{2}$")]
    area: Literal["prefecture", "anywhere", "nowhere"] = "prefecture"
    high_cost_class: str | None = None  # 支払基金あて併用レセプトの高額療養費の区分
    excluded_insurers: tuple[ExcludedInsurers, ...] = ()
    threshold: InKindThreshold | None = None


class InKind(Sourced):
    """Rounding of what is billed in kind (現物給付の端数).

    share: the insurance's share that the programme's part is reckoned from, and what stands in the receipt. What the
    insurer and the programme pay is whole yen; 健康保険法75条 rounds only what a patient pays (一部負担金を支払う場合).
    window: each payment of the patient at the counter.
    """

    share: Rounding
    window: Rounding


class CopaymentRules(Sourced):
    """All copayment rules in force for service days in [valid_from, valid_to)."""

    valid_from: date
    valid_to: date | None = None  # end-exclusive; None: until the next block starts
    unit: tuple[UnitKey, ...] = (UnitKey.INSTITUTION, UnitKey.SETTING, UnitKey.DENTAL)
    pharmacy: Literal["own", "prescriber"] = "own"  # 薬局は処方元の医療機関と合算
    benefit: Benefit
    in_kind: InKind
    rule: tuple[CareRule, ...] = Field(min_length=1)
    cap: tuple[Cap, ...] = ()
    meals: tuple[Meals, ...] = ()

    @property
    def id(self) -> str:
        """Name of this block: its first service day."""
        return self.valid_from.isoformat()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to は valid_from より後の日でなければなりません")
        for tables in (self.rule, self.cap, self.meals):
            keys = [table.key for table in tables]
            doubled = sorted({key for key in keys if keys.count(key) > 1})
            if doubled:
                raise ValueError(f"key が重複しています: {', '.join(doubled)}")
        return self

    def in_force_on(self, day: date) -> bool:
        """True when a service on this day falls under this block."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def sourced(self) -> Iterator[tuple[str, Sourced]]:
        """Every sourced table of the block with its key path, e.g. ("copayment.2025-04-01.rule.nursing", CareRule)."""
        root = f"copayment.{self.id}"
        yield root, self
        yield f"{root}.benefit", self.benefit
        for number, excluded in enumerate(self.benefit.excluded_insurers, start=1):
            yield f"{root}.benefit.excluded_insurers.{number}", excluded
        yield f"{root}.in_kind", self.in_kind
        if self.benefit.threshold is not None:
            yield f"{root}.benefit.threshold", self.benefit.threshold
        for group, tables in (("rule", self.rule), ("cap", self.cap), ("meals", self.meals)):
            for table in tables:
                yield f"{root}.{group}.{table.key}", table
