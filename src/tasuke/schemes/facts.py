"""The JSON that `tasuke assess` reads: one person and the incomes that count, in the words of the persons and incomes
frames. The visits of `tasuke copay` are `Visits` of the copayment room."""

from datetime import date
from typing import Annotated, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasuke.core.problems import Problem, Severity
from tasuke.schemes.frames import (
    INCOME_COLUMNS,
    PERSON_COLUMNS,
    MissingColumns,
    empty_incomes,
    normalise_incomes,
    normalise_persons,
)
from tasuke.schemes.toml_messages import message_of
from tasuke.schemes.vocabulary import Event, Role, SchemeKind, Subject

__all__ = [
    "Facts",
    "IncomeFacts",
    "MissingColumns",
    "PersonFacts",
    "empty_incomes",
    "normalise_incomes",
    "normalise_persons",
    "parse_facts",
    "to_frames",
]

Count = Annotated[int, Field(ge=0, le=99)]
Yen = Annotated[int, Field(ge=0, lt=10**12)]
SignedYen = Annotated[int, Field(gt=-(10**12), lt=10**12)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonFacts(_Part):
    """One row of the persons frame."""

    id: str = Field(default="1", description="任意の番号(宛名番号など)")
    birth_date: date | None = Field(description="生年月日。分からないときは null")
    role: Role = Field(description="child 児童 / parent 父または母 / caregiver 養育者 / self 本人")
    resident_from: date | None = Field(default=None, description="住民となった日")
    resident_to: date | None = Field(default=None, description="住民でなくなった日(この日は含まない)")
    insured_from: date | None = Field(default=None, description="医療保険の資格取得日")
    insured_to: date | None = Field(default=None, description="医療保険の資格喪失日(この日は含まない)")
    insurance_kind: str | None = Field(default=None, description="保険の種類(国保・後期資格の連携ファイルのコード)")
    public_assistance: bool = Field(default=False, description="生活保護")
    facility: Literal["institution", "foster"] | None = Field(default=None, description="施設措置 / 里親等への委託")
    held_kinds: list[SchemeKind] = Field(default_factory=list, description="受けている他の医療費助成")
    judo_mental_only: bool = Field(default=False, description="重度は精神障害によるもの")
    single_parent_reason: Annotated[int, Field(ge=1, le=9)] | None = Field(
        default=None, description="ひとり親の事由 1〜9"
    )
    single_parent_from: date | None = Field(default=None, description="ひとり親の事由の発生日")
    de_facto_spouse: bool = Field(default=False, description="事実婚の相手がいる")
    child_birth_date: date | None = Field(default=None, description="父母・養育者: 対象となる末子の生年月日")
    has_child: bool | None = Field(default=None, description="父母・養育者: 対象となる児童がいる")
    disability_middle: bool = Field(default=False, description="中程度以上の障害(父母・養育者では末子のこと)")
    in_school: bool = Field(default=False, description="高校等に在学(同上)")
    dependent: bool = Field(default=False, description="扶養されている(同上)")
    physical_grade: Annotated[int, Field(ge=1, le=7)] | None = Field(default=None, description="身体障害者手帳の級")
    physical_internal: bool = Field(default=False, description="内部障害")
    intellectual: Literal["A", "B"] | None = Field(default=None, description="療育手帳")
    mental_grade: Annotated[int, Field(ge=1, le=3)] | None = Field(
        default=None, description="精神障害者保健福祉手帳の級"
    )
    application_date: date | None = Field(default=None, description="申請日")
    event: Event | None = Field(default=None, description="申請の契機")
    event_date: date | None = Field(default=None, description="事由の発生日")


class IncomeFacts(_Part):
    """One row of the incomes frame. income_year null: the subject is known, the tax is not."""

    subject: Subject = Field(description="所得を見る人の区分")
    subject_id: str | None = None
    income_year: int | None = Field(default=None, ge=1989, le=2200, description="所得の年(令和6年中 = 2024)")
    status_code: Annotated[int, Field(ge=1, le=4)] | None = Field(
        default=None, description="1 非課税 2 均等割のみ 3 課税 4 未申告"
    )
    total_income: Annotated[int, Field(gt=-(10**12), lt=10**12)] | None = Field(
        default=None, description="総所得金額等"
    )
    salary_income: Yen | None = Field(default=None, description="給与所得")
    pension_income: Yen | None = Field(default=None, description="公的年金等に係る雑所得")
    deduction_casualty: Yen | None = Field(default=None, description="雑損控除")
    deduction_medical: Yen | None = Field(default=None, description="医療費控除")
    deduction_small_business: Yen | None = Field(default=None, description="小規模企業共済等掛金控除")
    deduction_spouse_special: Yen | None = Field(default=None, description="配偶者特別控除")
    disabled_count: Count | None = Field(default=None, description="障害者控除の人数(特別障害者を除く)")
    special_disabled_count: Count | None = Field(default=None, description="特別障害者控除の人数")
    widow: bool | None = Field(default=None, description="寡婦控除")
    single_parent: bool | None = Field(default=None, description="ひとり親控除")
    working_student: bool | None = Field(default=None, description="勤労学生控除")
    dependents: Count | None = Field(default=None, description="扶養親族等の数(同一生計配偶者を含む)")
    dependents_elderly: Count | None = Field(default=None, description="うち70歳以上(同一生計配偶者を含む)")
    elderly_spouse: bool | None = Field(default=None, description="70歳以上の同一生計配偶者がいる")
    dependents_specific: Count | None = Field(default=None, description="うち特定扶養親族(19〜22歳)")
    dependents_16_18: Count | None = Field(default=None, description="うち16〜18歳")
    income_levy: Yen | None = Field(default=None, description="市民税所得割額")
    child_support: Yen | None = Field(default=None, description="養育費(年額)")
    source: str | None = Field(
        default=None,
        max_length=20,
        description="把握方法(tax_feed 税情報、inquiry 情報照会、certificate 所得課税証明書)",
    )


class Facts(_Part):
    """What is known of one person and of those whose income counts."""

    person: PersonFacts
    incomes: list[IncomeFacts] = Field(default_factory=list)


def parse_facts(data: bytes, file: str) -> tuple[Facts | None, list[Problem]]:
    """Read the JSON. Every fault at once, with its path in `field`."""
    try:
        return Facts.model_validate_json(data), []
    except ValidationError as error:
        return None, [
            Problem(
                f"facts.{e['type']}",
                message_of(e),
                field=".".join(str(p) for p in e["loc"]) or None,
                value=None if e["type"] in ("missing", "json_invalid") else repr(e["input"])[:80],
                severity=Severity.FATAL,
                file=file,
            )
            for e in error.errors()
        ]


def to_frames(facts: Facts) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The persons frame (one row) and the incomes frame of the facts."""
    person = facts.person.model_dump()
    if person["has_child"] is None:
        person["has_child"] = person["child_birth_date"] is not None
    person["held_kinds"] = [str(k) for k in facts.person.held_kinds]
    rows = [{"person_id": facts.person.id, **row.model_dump()} for row in facts.incomes]
    people = pl.DataFrame([person], schema=dict(PERSON_COLUMNS))
    return people, pl.DataFrame(rows, schema=dict(INCOME_COLUMNS))
