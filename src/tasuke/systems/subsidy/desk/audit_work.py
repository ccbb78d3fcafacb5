"""What an auditor looks through each morning: what happened since the last day on which the office was open.

The questions, their usual limits and their lists are those of the auditor's screens; here they are only counted.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from tasuke.core.period import Period
from tasuke.platform.audit.queries import failures, last_office_day, mass_use, off_hours, trail_state
from tasuke.platform.audit.web.forms import MassForm, OffHoursForm
from tasuke.systems.subsidy.desk.tasks import CEILING, Task

_LATE = timedelta(minutes=1)  # events are sealed within ten seconds; some grace for a restart


def audit_work(*, using: str, offices: frozenset[str] | None, now: datetime) -> list[Task]:
    """Mass use, nights and holidays, failed sign-ins, refusals since the last office day; how far sealing lags.

    using: the database of the work. offices: whose acts the auditor may inspect, None for all. now: in Tokyo.
    Eight statements, whatever is found.
    """
    today = now.date()
    period = Period(last_office_day(today), today + timedelta(days=1))
    hours, least = OffHoursForm.preset(), MassForm.preset()["least"]
    opens, closes = _clock(hours["opens"]), _clock(hours["closes"])
    asked: dict[str, Any] = {"period": period, "offices": offices}
    mass = mass_use(using=using, **asked, least=int(least), limit=CEILING)
    nights = off_hours(using=using, **asked, opens=opens, closes=closes, after="", limit=CEILING)
    sign_ins = failures(using="accounts", **asked, after=None, limit=CEILING)
    refused = failures(using=using, **asked, after=None, limit=CEILING)
    days = {"first": period.start.isoformat(), "last": today.isoformat()}
    since = f"{_day(period.start)}から"
    return [
        Task("大量の閲覧と検索", "audit:mass", urlencode({**days, "least": least}), len(mass), "件",
                 f"{since}、1日に{least}人以上を見たか、{least}回以上探した職員", True),
        Task("夜間と休日の利用", "audit:nights", urlencode({**days, **hours}), len(nights), "件",
                 f"{since}、{hours['opens']}より前、{hours['closes']}以後、閉庁日に使った職員", True),
        Task("サインインの失敗", "audit:failed", urlencode({**days, "system": "accounts"}), len(sign_ins), "件",
                 f"{since}の失敗、ロック、拒否", True),
        Task("業務の画面での拒否", "audit:failed", urlencode({**days, "system": using}), len(refused), "件",
                 f"{since}、権限の外の画面や記録を開こうとしたもの", False),
        Task("封印が遅れている記録", "audit:index", "", min(_late(using, now), CEILING), "件",
                 "1分を過ぎても封印されていないもの。運用担当に確かめてください", True),
    ]  # fmt: skip


def _late(using: str, now: datetime) -> int:
    """Rows of trails that have waited too long."""
    # those that this office works in; the others stand on the auditor's page, and their own processes seal them
    states = [trail_state(using=system) for system in (using, "accounts")]
    return sum(state.pending for state in states if state.oldest and now - state.oldest > _LATE)


def _clock(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"
