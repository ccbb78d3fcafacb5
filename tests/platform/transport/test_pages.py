"""Calls that were turned away, on the screen of each system, for its operators alone; nobody is named."""

from datetime import UTC, datetime

import pytest

from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.transport.models import Rejection
from tasuke.platform.transport.rejections import Knocking, note_rejection
from tasuke.systems.subsidy.profile import set_profile

NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
PLACES = {
    "resident": ("/resident/rejections/", "distribution_official"),
    "welfare": ("/welfare/rejections/", "welfare_official"),
    "unified_id": ("/unified-id/rejections/", "number_supervisor"),
    "gateway": ("/gateway/rejections/", "distribution_official"),
    "midserver": ("/midserver/operation/rejections/", "midserver_operator"),
    "subsidy": ("/linkage/rejections/", "operator"),
    "nis": ("/nis/rejections/", "national_operator"),
}
pytestmark = pytest.mark.django_db(databases=[*PLACES, "accounts"])


def note(using, code, *, operation="api/unified/v1/register", who=None, at=NOW):
    note_rejection(using=using, who=who or Knocking(), operation=operation, code=code, at=at)


@pytest.mark.parametrize("system", PLACES)
def test_each_system_shows_its_own_to_its_operators(system):
    set_profile(open_profile("kawasaki"))
    address, role = PLACES[system]
    note(system, "signature", who=Knocking("c" * 32, "gateway", "B011002"), operation="")
    for _ in range(3):
        note(system, "unknown-client")
    page = signed_in(role, purpose=None).get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert "署名が登録された秘密と合わない" in text
    assert "B011002" in text
    assert "知らない相手" in text
    assert '<td class="number">3</td>' in text
    assert "c" * 32 not in text
    assert signed_in("clerk").get(address).status_code == 403


def test_more_than_a_page_goes_on_below():
    set_profile(open_profile("kawasaki"))
    for day in range(1, 29):
        for code in ("scope", "form"):
            note("resident", code, at=NOW.replace(day=day))
    browser = signed_in("distribution_official")
    first = browser.get("/resident/rejections/").content.decode()
    oldest_shown = Rejection.objects.using("resident").order_by("-id")[49].pk
    assert f"after={oldest_shown}" in first
    assert "R08.06.01" in browser.get(f"/resident/rejections/?after={oldest_shown}").content.decode()
    assert "R08.06.01" not in first
