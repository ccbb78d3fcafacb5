"""Who may ask by 個人番号, and how often: dated rules of `questions.toml`, and the count that enforces them."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from django.db import connections
from django.utils.timezone import localdate

from tasuke.systems.unified_id.models import NumberQuestion


class QuestionsUnusable(ValueError):
    """The rules say something that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many questions of one person of one system within so many minutes, from a day on."""

    valid_from: date
    attempts: int
    minutes: int
    source: str


@dataclass(frozen=True, slots=True)
class Finder:
    """A system that may find a person by 個人番号, for one of its businesses, from a day on."""

    valid_from: date
    system: str
    business_id: str
    source: str


def read_questions(text: str) -> tuple[tuple[Limit, ...], tuple[Finder, ...]]:
    """The rules, by their day. Raises QuestionsUnusable."""
    try:
        raw = tomllib.loads(text)
        limits = tuple(sorted((Limit(**row) for row in raw["limit"]), key=lambda rule: rule.valid_from))
        finders = tuple(Finder(**row) for row in raw["may_find"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise QuestionsUnusable(f"個人番号による照合の定めを読めません: {error}") from error
    if not limits or not all(_meant(rule) for rule in limits) or not all(rule.source for rule in finders):
        raise QuestionsUnusable("上限は1回・1分以上です。出典も要ります")
    if len({rule.valid_from for rule in limits}) != len(limits):
        raise QuestionsUnusable("同じ日からの上限が二つあります")
    return limits, finders


def may_find(*, system: str, business_id: str, at: datetime) -> bool:
    """Whether this system may find people of this business by 個人番号 on the day."""
    day = localdate(at)
    return any(
        rule.valid_from <= day and (rule.system, rule.business_id) == (system, business_id) for rule in _rules()[1]
    )


def too_many(*, using: str, system: str, personal_id: str, at: datetime) -> str:
    """Why this person may not ask now, in words; "" when they may.

    One person's questions wait for each other, so that many at once are counted as well. Refused ones do not count:
    who waits may go on. Must run in the transaction in which the question is written.
    """
    rule = _limit_on(localdate(at))
    if rule is None:
        return "個人番号による照合の上限が、この日について定められていません"
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"my-number {system} {personal_id}"])
    asked = NumberQuestion.objects.using(using).filter(
        system=system, personal_id=personal_id, at__gt=at - timedelta(minutes=rule.minutes)
    )
    if asked.exclude(outcome=NumberQuestion.Outcome.REFUSED).count() < rule.attempts:
        return ""
    return f"個人番号による照合は{rule.minutes}分間に{rule.attempts}回までです。しばらく待ってください"


def _limit_on(day: date) -> Limit | None:
    found = [rule for rule in _rules()[0] if rule.valid_from <= day]
    return found[-1] if found else None


def _meant(rule: Any) -> bool:
    numbers = (rule.attempts, rule.minutes)
    return bool(rule.source) and all(isinstance(number, int) and number > 0 for number in numbers)


@cache
def _rules() -> tuple[tuple[Limit, ...], tuple[Finder, ...]]:
    return read_questions((resources.files("tasuke.systems.unified_id") / "questions.toml").read_text("utf-8"))
