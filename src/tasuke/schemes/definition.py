"""What a 制度 is, as data: one frozen pydantic model per TOML file of the catalogue.

A scheme has dated versions of its eligibility rules (`Version`, by the day that is judged) and dated copayment rules
(`CopaymentRules`, by the day of service). Groups of a version: who, income, funding, certificate, deadline. Every table
of values names its sources; a value that nobody could look up says `unconfirmed = true` with a note (未確認).
"""

import json
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasuke.core.money import Rounding
from tasuke.schemes.copayment.definition import AgePoint, CopaymentRules, Sourced
from tasuke.schemes.vocabulary import (
    Coverage,
    DeductionKind,
    Event,
    ExclusionKind,
    ExtensionCondition,
    Role,
    SchemeKind,
    StartRule,
    Subject,
)

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Amount = Annotated[int, Field(ge=0)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Table):
    """A page, ordinance or book. day: what the page says of its own date, as written."""

    title: str = Field(min_length=1)
    url: str | None = None
    day: str | None = None


class Origin(Sourced):
    """A sourced table that remembers the version in which it was written (a later version may take it over)."""

    origin: str | None = None


class Band(Origin):
    """年齢段. The first band starts at birth, each other where the one before ends. until None: no end."""

    key: Key
    label: str
    until: AgePoint | None = None
    coverage: Coverage = Coverage.BOTH


class Extension(Origin):
    """Children who stay beyond the last band: until an age, while one of the conditions holds."""

    until: AgePoint
    conditions: tuple[ExtensionCondition, ...] = Field(min_length=1)
    coverage: Coverage = Coverage.BOTH
    label: str = "延長"


class Guardians(Origin):
    """父母・養育者 who are recipients themselves, as long as a child qualifies."""

    roles: tuple[Literal[Role.PARENT, Role.CAREGIVER], ...] = Field(min_length=1)
    coverage: Coverage = Coverage.BOTH


class Residence(Origin):
    """住所要件."""

    required: bool = True


class Insurance(Origin):
    """医療保険の要件. excluded_kinds: insurance_kind codes whose members are outside the scheme."""

    required: bool = True
    excluded_kinds: tuple[str, ...] = ()


class SingleParent(Origin):
    """ひとり親等の事由. reasons: the codes 1–9 of the application feed that count."""

    reasons: tuple[Annotated[int, Field(ge=1, le=9)], ...] = Field(min_length=1)
    de_facto_spouse_excluded: bool = True


class DisabilityCriterion(Origin):
    """One way to qualify by a handbook; the one that covers most is taken. Unset fields are not looked at."""

    key: Key
    label: str
    physical_up_to: Annotated[int, Field(ge=1, le=7)] | None = None
    physical_internal: bool = False  # 内部障害 only
    intellectual: tuple[Literal["A", "B"], ...] = ()
    mental_up_to: Annotated[int, Field(ge=1, le=3)] | None = None
    coverage: Coverage = Coverage.BOTH

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.physical_up_to is None and not self.intellectual and self.mental_up_to is None:
            raise ValueError("手帳の等級が一つも書かれていません")
        return self


class Exclusion(Origin):
    """除外: who falls out of the scheme."""

    kind: ExclusionKind


class YieldException(Origin):
    """併給の例外: held together with a scheme to which this one yields otherwise, while in these bands."""

    kind: SchemeKind
    mental_only: bool = True
    grade_from: Annotated[int, Field(ge=1, le=12)]  # school years, 1 = 小1 … 12 = 高3
    grade_to: Annotated[int, Field(ge=1, le=12)]


class Priority(Origin):
    """他制度の優先: who holds one of these loses this scheme."""

    yields_to: tuple[SchemeKind, ...]
    exception: tuple[YieldException, ...] = ()

    @model_validator(mode="after")
    def _exceptions_from_something(self) -> Self:
        if any(e.kind not in self.yields_to for e in self.exception):
            raise ValueError("併給の例外は、yields_to にある制度についてだけ書きます")
        return self


class StartCase(Origin):
    """資格開始日の型 for some events. within_days / same_month: how late the application may be; else `otherwise`."""

    key: Key
    events: tuple[Event, ...] = ()  # empty: every event, and none
    rule: StartRule
    within_days: Annotated[int, Field(ge=0)] | None = None  # application on event day + n at the latest
    same_month: bool = False  # application in the month of the event
    otherwise: StartRule | None = None

    @model_validator(mode="after")
    def _late_has_a_rule(self) -> Self:
        limited = self.within_days is not None or self.same_month
        if limited != (self.otherwise is not None):
            raise ValueError("within_days / same_month と otherwise は組で書きます")
        return self


class Who(Origin):
    """対象者."""

    roles: tuple[Role, ...] = Field(min_length=1)
    band: tuple[Band, ...] = Field(min_length=1)
    extension: Extension | None = None
    guardians: Guardians | None = None
    residence: Residence
    insurance: Insurance
    single_parent: SingleParent | None = None
    disability: tuple[DisabilityCriterion, ...] = ()
    exclusion: tuple[Exclusion, ...] = ()
    priority: Priority | None = None
    start: tuple[StartCase, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        keys = [b.key for b in self.band]
        if len(set(keys)) != len(keys):
            raise ValueError("年齢段の key が重複しています")
        if any(b.until is None for b in self.band[:-1]):
            raise ValueError("until を省けるのは最後の年齢段だけです")
        ages = [b.until.age for b in self.band if b.until is not None]
        if ages != sorted(set(ages)):
            raise ValueError("年齢段は若い順に並べます")
        if self.start[-1].events:
            raise ValueError("start の最後の行は events のない行(その他すべて)にします")
        return self


class LimitTable(Sourced):
    """所得限度額表. limits: for 0, 1, 2 … dependents, then `per_additional` each. basis: whether the figures are to be
    compared with the income before or after the flat deduction (一律8万円の控除前・控除後)."""

    limits: tuple[Amount, ...] = Field(min_length=1)
    per_additional: Amount
    elderly: Amount = 0  # 老人扶養 1人につき加算
    elderly_except_one: bool = False  # 他に扶養親族等がなければ1人を除く
    specific: Amount = 0  # 特定扶養・16〜18歳 1人につき加算
    basis: Literal["before_flat", "after_flat"]
    label: str = "所得限度額"


class Deduction(Sourced):
    """One deduction. amount: per head or flat; None: the actual amount of the local tax."""

    kind: DeductionKind
    label: str
    amount: Amount | None = None
    except_subjects: tuple[Subject, ...] = ()
    from_income_year: int | None = None


class DeductionSet(Sourced):
    """控除表."""

    item: tuple[Deduction, ...] = Field(min_length=1)

    def amount_of(self, kind: DeductionKind) -> int:
        """Amount of a deduction, 0 when the set has none of this kind."""
        return next((d.amount or 0 for d in self.item if d.kind is kind), 0)


class Comparison(Origin):
    """比較: eligible when the figure is below the limit (未満), or up to it (以下)."""

    rule: Literal["lt", "le"]


class IncomeSubject(Origin):
    """Whose income is looked at, against which table. table None: looked up for the copay class or funding only."""

    subject: Subject
    table: Key | None = None


class YearSwitch(Origin):
    """判定年度: from this month on the income of `years_back` years ago, before it one year more."""

    month: Annotated[int, Field(ge=1, le=12)]
    years_back: Annotated[int, Field(ge=1, le=3)] = 1


class ChildSupport(Origin):
    """養育費: the part that counts as income."""

    percent: Annotated[int, Field(ge=0, le=100)]
    rounding: Rounding
    subjects: tuple[Subject, ...] = Field(min_length=1)


class CopayClassRule(Origin):
    """負担区分. The first that fits decides."""

    key: Key
    label: str
    when: Literal["untaxed", "levy_zero", "below_table", "otherwise"]
    table: Key | None = None

    @model_validator(mode="after")
    def _table_only_below(self) -> Self:
        if (self.when == "below_table") != (self.table is not None):
            raise ValueError("table は when = below_table のときだけ書きます")
        return self


class LimitScope(Origin):
    """To whom and to which care the limit applies. bands: empty = all; coverage: what falls away above the limit."""

    bands: tuple[Key, ...] = ()
    coverage: Literal[Coverage.BOTH, Coverage.INPATIENT, Coverage.OUTPATIENT] = Coverage.BOTH


class Income(Origin):
    """所得. whose: 'highest' = the one with the highest income decides; 'each' = each against its own table; 'sum' =
    together against the one table (世帯合算). index: the figure that is compared."""

    whose: Literal["highest", "each", "sum"]
    subject: tuple[IncomeSubject, ...] = Field(min_length=1)
    index: Literal["net_income", "income_levy"] = "net_income"
    comparison: Comparison
    deductions: Key
    year_switch: YearSwitch
    child_support: ChildSupport | None = None
    scope: LimitScope | None = None

    @property
    def limited(self) -> bool:
        """True when there is an income limit at all."""
        return any(s.table is not None for s in self.subject)


class CopayClasses(Origin):
    """負担区分の決め方. unknown: the class while the tax is not known."""

    rule: tuple[CopayClassRule, ...] = Field(min_length=1)
    unknown: Key

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.rule[-1].when != "otherwise":
            raise ValueError("最後の負担区分は when = otherwise にします")
        if self.unknown not in {r.key for r in self.rule}:
            raise ValueError(f"unknown の区分 {self.unknown} がありません")
        return self


class PrefecturePart(Origin):
    """The part of a band that the prefecture subsidises."""

    band: str  # key of a band, or "extension", "parent", "caregiver"
    coverage: Coverage = Coverage.BOTH


class Prefecture(Origin):
    """都道府県補助の対象: its own bands and its own income tables, judged apart from the city's decision."""

    part: tuple[PrefecturePart, ...] = Field(min_length=1)
    subject: tuple[IncomeSubject, ...] = ()  # empty: no income limit
    comparison: Comparison | None = None  # None: as in the city's test


class Funding(Origin):
    """財源. prefecture None: not known when unconfirmed, else the city pays all."""

    prefecture: Prefecture | None = None


class Certificate(Origin):
    """受給者証・医療証. validity: until the end of the entitlement, or until the next renewal."""

    title: str
    validity: Literal["entitlement", "renewal"] | None = None
    renewal_month: Annotated[int, Field(ge=1, le=12)] | None = None


class Deadline(Origin):
    """償還払いの申請期限. from_: the day after the receipt's date, or the month after the service month."""

    count_from: Literal["receipt_next_day", "service_next_month"] | None = None
    years: Annotated[int, Field(ge=1, le=10)] | None = None


class ConfirmedUntil(Sourced):
    """From this day on nobody has looked up whether the version still holds."""

    day: date


class Version(Origin):
    """Rules of eligibility for days from `valid_from` until the next version."""

    valid_from: date
    based_on: date | None = None
    label: str
    who: Who
    income: Income | None = None
    copay_class: CopayClasses
    funding: Funding
    certificate: Certificate
    deadline: Deadline
    confirmed_until: ConfirmedUntil | None = None
    tables: dict[Key, LimitTable] = Field(default_factory=dict)  # filled from the scheme: the tables that it uses
    deductions: dict[Key, DeductionSet] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name of the version: its first day."""
        return self.valid_from.isoformat()

    @cached_property
    def hash(self) -> str:
        """sha256 of the version's canonical JSON, tables and deductions included: what a decision keeps."""
        return sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class NoVersionInForce(LookupError):
    """The scheme is asked for a day before its first version."""

    def __init__(self, scheme: str, name: str, day: date, first: date) -> None:
        super().__init__(f"{name}({scheme}): {day} の規則がありません。最初の版は {first} からです。")
        self.scheme = scheme
        self.day = day
        self.first = first


class UnconfirmedValue(_Table):
    """A 未確認 value. key: what a profile confirms by; versions: ids of the versions and copayment blocks with it."""

    key: str
    note: str
    source: str
    versions: tuple[str, ...]


class Scheme(_Table):
    """One 制度 of one municipality."""

    id: Key
    name: str
    kind: SchemeKind
    municipality: str
    law: str
    sources: dict[str, Source]
    table: dict[Key, LimitTable] = Field(default_factory=dict)
    deductions: dict[Key, DeductionSet] = Field(default_factory=dict)
    version: tuple[Version, ...] = Field(min_length=1)
    copayment: tuple[CopaymentRules, ...] = ()

    def version_on(self, day: date) -> Version:
        """The version in force on a day. Raises NoVersionInForce before the first one."""
        found = [v for v in self.version if v.valid_from <= day]
        if not found:
            raise NoVersionInForce(self.id, self.name, day, self.version[0].valid_from)
        return found[-1]

    def copayment_on(self, day: date) -> CopaymentRules:
        """The copayment rules for a day of service. Raises NoVersionInForce when there are none."""
        for rules in self.copayment:
            if rules.in_force_on(day):
                return rules
        first = min((r.valid_from for r in self.copayment), default=self.version[0].valid_from)
        raise NoVersionInForce(self.id, self.name, day, first)

    def sourced(self) -> Iterator[tuple[str, str, Sourced]]:
        """Every sourced table: (version or block id, key path, table). Inherited tables keep their first key."""
        for version in self.version:
            for key, value in walk_version(version):
                yield version.id, key, value
        for rules in self.copayment:
            for key, value in rules.sourced():
                yield rules.id, key, value

    def unconfirmed(self, *, on: date | None = None) -> list[UnconfirmedValue]:
        """The 未確認 values, of the rules in force on a day when one is given."""
        wanted = None if on is None else {self.version_on(on).id, *(r.id for r in self.copayment if r.in_force_on(on))}
        found: dict[str, UnconfirmedValue] = {}
        for owner, key, value in self.sourced():
            if not is_unconfirmed(value, on) or (wanted is not None and owner not in wanted):
                continue
            versions = (*found[key].versions, owner) if key in found else (owner,)
            found[key] = UnconfirmedValue(
                key=key, note=value.note, source=value.source, versions=tuple(dict.fromkeys(versions))
            )
        return list(found.values())


def is_unconfirmed(value: Sourced, on: date | None = None) -> bool:
    """True when the table is 未確認 (a version past its `confirmed_until` day counts from that day on)."""
    if isinstance(value, ConfirmedUntil):
        return on is None or on >= value.day
    return value.unconfirmed


def walk_version(version: Version) -> Iterator[tuple[str, Sourced]]:
    """Every sourced table of a version with its key path; tables and deductions have keys without a version."""
    for name, table in version.tables.items():
        yield f"table.{name}", table
    for name, group in version.deductions.items():
        yield f"deductions.{name}", group
        for item in group.item:
            yield f"deductions.{name}.{item.kind}", item
    yield from _walk(version, version.id, ())


def _walk(value: BaseModel, version_id: str, path: tuple[str, ...]) -> Iterator[tuple[str, Sourced]]:
    if isinstance(value, Sourced):
        origin = value.origin if isinstance(value, Origin) and value.origin else version_id
        yield ".".join(("version", origin, *path)), value
    for name in type(value).model_fields:
        if name in ("tables", "deductions"):
            continue
        part = getattr(value, name)
        if isinstance(part, BaseModel):
            yield from _walk(part, version_id, (*path, name))
        elif isinstance(part, tuple):
            for number, entry in enumerate(part, start=1):
                if isinstance(entry, BaseModel):
                    yield from _walk(entry, version_id, (*path, name, _name_of(entry, number)))


def _name_of(entry: BaseModel, number: int) -> str:
    for field in ("key", "kind", "subject", "band"):
        if field in type(entry).model_fields:
            return str(getattr(entry, field))
    return str(number)
