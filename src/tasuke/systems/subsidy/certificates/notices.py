"""Which letters go out on decisions, to whom, and how: pure, frames in, letters and problems out."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from tasuke.core.calendar_columns import age_on_expr
from tasuke.core.problems import Problem
from tasuke.schemes.reasons import PENDING, ReasonCode
from tasuke.systems.subsidy.certificates.models import NoticeKind

# a question that the family can answer by telling us of an income
_ASKED = [str(c) for c in PENDING if c is not ReasonCode.BIRTH_DATE_UNKNOWN]
_ADULT = 18  # 民法4条
_DEAD = "3"
_PERSON = (
    "name", "birth_date", "birth_text", "postal_code", "printed_address", "resident_status", "household_no",
    "ward_code", "protection",
)  # fmt: skip
# what one letter can tell together
LETTER_KEY = ("hand", "notice_kind", "scheme", "to_atena_no", "decided_on")
_UNDECLARED = "4"
SUBJECTS = {"breadwinner": "主たる生計維持者", "parent": "父または母", "supporter": "扶養義務者", "self": "ご本人"}
_SOMEONE = "所得を確認する方"


@dataclass(frozen=True, slots=True)
class Letters:
    """letters: one row per decision with `notice_kind`, the addressee (`to_…`), `hand`, and `letter`: the number of
    the letter that tells it, from 0 in the order of printing; held: decisions whose letter cannot be written now, one
    problem each; overtaken: decisions that a later one made needless to tell."""

    letters: pl.DataFrame
    held: pl.DataFrame
    overtaken: pl.DataFrame
    problems: list[Problem]


def addressees(decisions: pl.DataFrame, relations: pl.DataFrame, persons: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """The decisions with `to_atena_no`: who applied; else who is registered as applicant or breadwinner; else the
    person, when of age. Null when there is nobody.

    relations: as `registry.queries.relations_frame`; persons: atena_no, birth_date.
    """
    on_day = (pl.col("valid_from") <= on) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > on))
    known = (
        relations.filter(on_day & pl.col("kind").is_in(["applicant", "breadwinner"]))
        .sort("kind", "valid_from", descending=[False, True])
        .unique(["atena_no", "scheme"], keep="first", maintain_order=True)
        .select("atena_no", "scheme", registered="other_atena_no")
    )
    grown = persons.filter(age_on_expr(pl.col("birth_date"), on) >= _ADULT).select("atena_no", grown="atena_no")
    return (
        decisions.join(known, on=["atena_no", "scheme"], how="left", maintain_order="left")
        .join(grown, on="atena_no", how="left", maintain_order="left")
        .with_columns(to_atena_no=pl.coalesce(pl.col("applicant_atena_no").replace("", None), "registered", "grown"))
        .drop("registered", "grown")
    )


def select_letters(decisions: pl.DataFrame, persons: pl.DataFrame) -> Letters:
    """Every decision ends as a letter, held with a problem, or overtaken.

    decisions: as `addressees` gives them; persons: the persons_frame of all who are named, with `printed_address`.
    """
    told = ~pl.col("overtaken")
    rows = _with_persons(decisions.filter(told), persons).with_columns(notice_kind=_kind())
    fault, message = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for condition, code, words in reversed(_FAULTS):
        hit = condition.fill_null(value=False)
        fault = pl.when(hit).then(pl.lit(code)).otherwise(fault)
        message = pl.when(hit).then(pl.lit(words)).otherwise(message)
    rows = rows.with_columns(fault=fault, message=message)
    held = rows.filter(pl.col("fault").is_not_null())
    problems = [
        Problem(code, words, field="宛名番号", value=no)
        for no, code, words in held.select("atena_no", "fault", "message").iter_rows()
    ]
    letters = (
        rows.filter(pl.col("fault").is_null())
        .with_columns(hand=_by_hand(rows.filter(pl.col("fault").is_null()), persons))
        # one letter goes one way: with one protected child its brothers and sisters are told by hand, too
        .with_columns(hand=pl.col("hand").any().over(LETTER_KEY[1:]))
        .with_columns(first=pl.col("decision_id").min().over(LETTER_KEY))
        .sort("hand", "notice_kind", "to_postal_code", "first", "decision_id")
        .with_columns(letter=pl.col("first").rle_id().cast(pl.Int64))
        .drop("fault", "message", "first")
    )
    letters = letters.with_columns(pl.Series("income_of", _income_of(letters, persons), dtype=pl.List(pl.String)))
    return Letters(letters, held, decisions.filter(~told), problems)


def _by_hand(rows: pl.DataFrame, persons: pl.DataFrame) -> pl.Series:
    """Whether the person, the addressee or anybody whose income the letter is about is under 支援措置, or lives with
    somebody who is. A person whom the register does not know counts as such."""
    careful = set(persons.filter("protection")["atena_no"])
    own = rows.select(
        pl.col("protection").fill_null(value=True) | pl.col("to_protection").fill_null(value=True)
    ).to_series()
    subjects = [any(no in careful for no in _subjects(row)) for row in rows.iter_rows(named=True)]
    return own | pl.Series(subjects, dtype=pl.Boolean)


def _income_of(letters: pl.DataFrame, persons: pl.DataFrame) -> list[list[str]]:
    """Of each decision whose income it was about: by relation and name, as the addressee may read it."""
    people = {row["atena_no"]: row for row in persons.select("atena_no", *_PERSON).iter_rows(named=True)}
    return [[_named(row, no, people.get(no)) for no in _subjects(row)] for row in letters.iter_rows(named=True)]


def _subjects(row: dict[str, Any]) -> list[str]:
    """The person on whom it hung, then whoever else has declared nothing for the year."""
    undeclared = [
        no
        for no, _, status, year in (s.split(":") for s in row["subjects"] or [] if s.count(":") == 3)
        if row["outcome"] == "pending" and status == _UNDECLARED and year == str(row["income_year"])
    ]
    return list(dict.fromkeys([*filter(None, [row["deciding_subject"]]), *undeclared]))


def _named(row: dict[str, Any], subject: str, person: dict[str, Any] | None) -> str:
    """主たる生計維持者 髙橋 太郎さん. A person under 支援措置 of another household is never named."""
    roles = [s.split(":")[1] for s in row["subjects"] or [] if s.startswith(f"{subject}:") and s.count(":") == 3]
    role = next((SUBJECTS[r] for r in SUBJECTS if r in roles), _SOMEONE)
    if person is None:
        return role
    together = subject == row["to_atena_no"] or person["household_no"] == row["to_household_no"]
    if person["protection"] and not together:
        return f"{role}(お名前は区役所でお尋ねください)"
    return f"{role} {person['name']}さん"


def _kind() -> pl.Expr:
    asks = pl.col("reasons").list.eval(pl.element().is_in(_ASKED)).list.any()
    renewal = pl.col("kind") == "renewal"
    insurance = pl.col("reasons").list.contains(str(ReasonCode.NOT_INSURED))
    return (
        pl.when(pl.col("outcome") == "eligible")
        .then(pl.lit(NoticeKind.RESTORED.value))
        .when((pl.col("outcome") == "pending") & insurance)
        .then(pl.lit(NoticeKind.INSURANCE_UNKNOWN.value))
        .when((pl.col("outcome") == "pending") & asks)
        .then(pl.lit(NoticeKind.INCOME_UNKNOWN.value))
        .when(pl.col("outcome") == "pending")
        .then(None)
        .when(renewal)
        .then(pl.lit(NoticeKind.NOT_RENEWED.value))
        .when(pl.col("outcome") == "lost")
        .then(pl.lit(NoticeKind.LOSS.value))
        .otherwise(pl.lit(NoticeKind.REJECTION.value))
    )


def _with_persons(rows: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    people = persons.select("atena_no", *_PERSON)
    to = people.rename({c: f"to_{c}" for c in people.columns})
    subject = persons.select(
        deciding_subject="atena_no", subject_household="household_no", subject_protection="protection"
    )
    return (
        rows.join(people, on="atena_no", how="left", maintain_order="left")
        .join(to, on="to_atena_no", how="left", maintain_order="left")
        .join(subject, on="deciding_subject", how="left", maintain_order="left")
    )


# why a letter cannot be written now; the first that applies is told
_FAULTS: tuple[tuple[pl.Expr, str, str], ...] = (
    (
        pl.col("notice_kind").is_null(),
        "notice.no_form",
        "生年月日の確認は通知の様式がありません。窓口で確認してください",
    ),
    (pl.col("name").is_null(), "notice.person_unknown", "住民情報に対象者がいないため、通知を作れません"),
    (pl.col("to_atena_no").is_null(), "notice.no_addressee", "申請者も保護者も登録されていないため、宛先がありません"),
    (pl.col("to_name").is_null(), "notice.addressee_unknown", "宛先の人が住民情報にいないため、通知を作れません"),
    (
        pl.col("to_resident_status") == _DEAD,
        "notice.addressee_dead",
        "宛先の人が亡くなっています。受け取る人を登録してください",
    ),
    (pl.col("to_printed_address").fill_null("") == "", "notice.no_address", "宛先の住所が分かりません"),
)
