"""The auditor's page of today: what happened since the last office day, each number leading to its list."""

import re
from datetime import date, datetime, timedelta

import pytest

from tasuke.deploy.clock import TOKYO
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.platform.audit.queries import last_office_day
from tasuke.platform.database.systems import SYSTEMS

pytestmark = pytest.mark.django_db(databases=list(SYSTEMS))
NOON = datetime(2026, 11, 20, 12, tzinfo=TOKYO)  # Friday; the clock of these rooms stands at Tuesday the 24th, after
# a weekend and 勤労感謝の日


def record(personal_id, persons=(), *, at=NOON, kind="", using="subsidy", office=""):
    recorder = Recorder(Origin(personal_id, at=at, office=office, action="view-household", purpose="counter"))
    if kind:
        recorder.event(kind, "x")
    else:
        recorder.read(persons, "household")
    recorder.flush(using)


def tiles(html):
    """Label → (count, address) of what waits."""
    found = re.findall(
        r'<a href="([^"]+)">\s*<span class="tile-label">([^<]+)</span>\s*<span class="tile-count">([\d,]+)', html
    )
    return {label: (count, address.replace("&amp;", "&")) for address, label, count in found}


def home(client):
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def auditor(people):
    return signed_in("auditor")


def test_what_happened_since_the_last_office_day_waits_for_the_auditor(auditor, at_most):
    record("k-mass", [f"{n:010}" for n in range(200)])
    record("k-busy", [f"{n:010}" for n in range(199)])
    record("k-long-ago", [f"{n:010}" for n in range(200)], at=NOON - timedelta(days=1))
    record("k-night", ["0000000001"], at=datetime(2026, 11, 20, 22, tzinfo=TOKYO))
    record("k-sunday", ["0000000001"], at=datetime(2026, 11, 22, 12, tzinfo=TOKYO))
    record("k-holiday", ["0000000001"], at=datetime(2026, 11, 23, 12, tzinfo=TOKYO))
    record("k-typo", at=NOON, kind=EventKind.SIGN_IN_FAILED, using="accounts")
    record("k-curious", at=NOON, kind=EventKind.REFUSED)
    with at_most(14):
        html = home(auditor)
    found = tiles(html)

    assert {label: count for label, (count, _) in found.items()} == {
        "大量の閲覧と検索": "1", "夜間と休日の利用": "3", "サインインの失敗": "1", "業務の画面での拒否": "1",
        "封印が遅れている記録": found["封印が遅れている記録"][0],
    }  # fmt: skip
    for label, person in (
        ("大量の閲覧と検索", "k-mass"), ("夜間と休日の利用", "k-holiday"), ("サインインの失敗", "k-typo"),
        ("業務の画面での拒否", "k-curious"),
    ):  # fmt: skip
        listed = auditor.get(found[label][1])
        assert listed.status_code == 200
        assert person in listed.content.decode()
        assert "k-long-ago" not in listed.content.decode()
    assert auditor.get(found["封印が遅れている記録"][1]).status_code == 200
    assert "11月20日から" in html


def test_a_quiet_day_waits_for_nothing(auditor):
    html = home(auditor)
    assert "待っている仕事はありません" in html
    assert "封印が遅れている記録" in html.partition("待ちのない仕事")[2]


def test_the_auditor_of_an_office_sees_its_people_only(people):
    record("k-here", at=NOON, kind=EventKind.REFUSED, office="141330")
    record("k-there", at=NOON, kind=EventKind.REFUSED, office="141364")
    assert tiles(home(signed_in("auditor", offices=["141330"])))["業務の画面での拒否"][0] == "1"


def test_nobody_else_is_told(people):
    record("k-curious", at=NOON, kind=EventKind.REFUSED)
    for role in ("clerk", "administrator"):
        assert "業務の画面での拒否" not in home(signed_in(role))


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 11, 25), date(2026, 11, 24)),
        (date(2026, 11, 24), date(2026, 11, 20)),
        (date(2026, 11, 22), date(2026, 11, 20)),
        (date(2027, 1, 4), date(2026, 12, 28)),  # closed from 29 December, unlike banks
    ],
)
def test_the_last_office_day(day, before):
    assert last_office_day(day) == before
