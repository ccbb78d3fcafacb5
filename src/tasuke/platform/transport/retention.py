"""How long replies and keys of calls are kept, and refused calls are counted; the round that lets them go on record.

A call that is sent again is never done twice, however old it is:
- within reply_days it gets the stored reply;
- within key_days its key is still known: it is refused (410), and whoever asked must look what became of it;
- after that nothing sends it: the outbox gives a message that it has tried to a person after resend_days, which end
  before key_days.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from django.db import connections, transaction

from tasuke.platform.transport.clients import forget_expired
from tasuke.platform.transport.models import Removed

_ZONE = ZoneInfo("Asia/Tokyo")
_AT_ONCE = 10_000
_ERASE = """
UPDATE transport_answered SET reply = '', erased_at = %(now)s
WHERE id IN (SELECT id FROM transport_answered WHERE erased_at IS NULL AND at < %(before)s LIMIT %(most)s)
"""
_FORGET = """
DELETE FROM transport_answered
WHERE id IN (SELECT id FROM transport_answered WHERE erased_at IS NOT NULL AND at < %(before)s LIMIT %(most)s)
"""
_FORGET_SENT = """
DELETE FROM transport_outgoing
WHERE id IN (SELECT id FROM transport_outgoing WHERE state = 'delivered' AND ended_at < %(before)s LIMIT %(most)s)
"""
_FORGET_REJECTED = """
DELETE FROM transport_rejection
WHERE id IN (SELECT id FROM transport_rejection WHERE last_at < %(before)s LIMIT %(most)s)
"""


class RetentionUnusable(ValueError):
    """The rules say something that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule from its day on."""

    valid_from: date
    reply: timedelta
    key: timedelta
    resend: timedelta
    rejection: timedelta
    source: str


def rule_on(day: date) -> Rule:
    """The rule in force. Raises LookupError before the first one."""
    found = [rule for rule in _rules() if rule.valid_from <= day]
    if not found:
        raise LookupError(f"no rule of retention on {day}")
    return found[-1]


def rule_at(at: datetime) -> Rule:
    """The rule in force on the day in Japan."""
    return rule_on(at.astimezone(_ZONE).date())


def tidy(*, using: str, at: datetime) -> dict[str, int]:
    """Erase replies, forget keys, messages and counts of refused calls whose time has passed, in small transactions,
    each with its record.

    Gives replies_erased, keys_forgotten, sent_forgotten, rejections_forgotten, tokens_forgotten. May be run at any time
    and be killed.
    """
    rule = rule_at(at)
    return {
        "replies_erased": _sweep("replies", _ERASE, using=using, at=at, before=at - rule.reply),
        "keys_forgotten": _sweep("keys", _FORGET, using=using, at=at, before=at - rule.key),
        "sent_forgotten": _sweep("sent", _FORGET_SENT, using=using, at=at, before=at - rule.key),
        "rejections_forgotten": _sweep("rejections", _FORGET_REJECTED, using=using, at=at, before=at - rule.rejection),
        "tokens_forgotten": forget_expired(using=using, at=at),
    }


def read_rules(text: str) -> tuple[Rule, ...]:
    """Rules by their day. Raises RetentionUnusable."""
    try:
        rules = tuple(_rule(raw) for raw in tomllib.loads(text)["rule"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise RetentionUnusable(f"保管の定めを読めません: {error}") from error
    days = [rule.valid_from for rule in rules]
    if not rules or len(set(days)) != len(days):
        raise RetentionUnusable("保管の定めがないか、同じ日に二つあります")
    return tuple(sorted(rules, key=lambda rule: rule.valid_from))


def _rule(raw: Mapping[str, object]) -> Rule:
    reply, key, resend, rejection = (_days(raw[f"{name}_days"]) for name in ("reply", "key", "resend", "rejection"))
    rule = Rule(_day(raw["valid_from"]), reply, key, resend, rejection, str(raw["source"]))
    if not rule.source or not timedelta(0) < rule.reply < rule.key or not timedelta(0) < rule.resend < rule.key:
        raise RetentionUnusable("鍵は、返答より長く、再送の限度より長く残します。出典も要ります")
    if rule.rejection <= timedelta(0):
        raise RetentionUnusable("断った呼出しの件数を残す日数が要ります")
    return rule


def _days(value: object) -> timedelta:
    if not isinstance(value, int):
        raise RetentionUnusable("日数は整数です")
    return timedelta(days=value)


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise RetentionUnusable("valid_from は日付です")
    return value


@cache
def _rules() -> tuple[Rule, ...]:
    return read_rules((resources.files("tasuke.platform.transport") / "retention.toml").read_text("utf-8"))


def _sweep(what: str, statement: str, *, using: str, at: datetime, before: datetime) -> int:
    total = 0
    while True:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(statement, {"now": at, "before": before, "most": _AT_ONCE})
            rows = int(cursor.rowcount)
            if rows:
                Removed.objects.using(using).create(at=at, what=what, before=before, rows=rows)
        total += rows
        if rows < _AT_ONCE:
            return total
