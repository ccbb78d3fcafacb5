"""A page that asks the database once for each row is a way to bring the office down: at most fifteen statements.

COPY counts as well: pages that judge read their frames with it, past Django's list of statements.
"""

from contextlib import ExitStack
from urllib.parse import urljoin, urlsplit

import psycopg
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tasuke.platform.access.roles import roles
from tasuke.platform.access.testing import make_grant, make_user, signed_in
from tasuke.platform.database.systems import SYSTEMS

pytestmark = [pytest.mark.django_db(databases=list(SYSTEMS)), pytest.mark.slow]
MOST, MOST_PAGES = 15, 60
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@pytest.fixture
def crowd(city):
    """Enough people with grants that a statement for each of them would show."""
    from tasuke.deploy.clock import now

    for place in range(30):
        user = make_user(f"k-{place:05}", at=now())
        make_grant(user, "clerk", at=now(), offices=["141313"])


@pytest.fixture
def copied(monkeypatch):
    """Statements that were sent as COPY."""
    sent, copy = [], psycopg.Cursor.copy

    def counted(self, statement, *args, **named):
        sent.append("COPY")
        return copy(self, statement, *args, **named)

    monkeypatch.setattr(psycopg.Cursor, "copy", counted)
    return sent


@pytest.mark.parametrize("role", sorted(roles()))
def test_every_page_that_a_role_can_reach_takes_few_statements(crowd, read_page, copied, role):
    browser = signed_in(role)
    seen, waiting, measured = set(), ["/"], {}
    while waiting and len(measured) < MOST_PAGES:
        path = waiting.pop(0)
        shape = "".join("0" if c.isdigit() else c for c in urlsplit(path).path)
        if shape in seen:
            continue
        seen.add(shape)
        with ExitStack() as stack:
            captured = [stack.enter_context(CaptureQueriesContext(connections[system])) for system in SYSTEMS]
            copied.clear()
            answer = browser.get(path)
        asked = [q["sql"] for one in captured for q in one.captured_queries] + copied
        measured[path] = len([text for text in asked if not text.lstrip().startswith(FRAME)])
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            waiting += [there for link in read_page(answer).links if (there := urljoin(path, link)).startswith("/")]
    assert {path: count for path, count in measured.items() if count > MOST} == {}
