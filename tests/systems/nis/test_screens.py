"""Screens of the stand-in: each says what it is, none shows anything of a person."""

import pytest
from django.test import Client
from tests.systems.nis.stations import NUMBER, TAX

from tasuke.contracts.mediation import CodesRemoved
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.systems.nis.models import Code, ServiceSwitch
from tasuke.systems.nis.opening import is_down
from tasuke.systems.nis.settings_holder import vault
from tasuke.systems.subsidy.profile import set_profile

pytestmark = [
    pytest.mark.django_db(databases=["nis", "accounts", "subsidy"]),
    pytest.mark.urls("tests.systems.nis.office_urls"),
]
PAGES = ("", "bodies/", "permissions/", "records/", "refusals/")


@pytest.fixture(autouse=True)
def city():
    set_profile(open_profile("kawasaki"))


@pytest.fixture
def traffic(sapporo, otaru):
    """One inquiry answered, one refused, one replay."""
    otaru.code_of()
    envelope = sapporo.envelope(CodesRemoved(codes=("F1",)))
    sapporo.send(envelope)
    sapporo.send(envelope.model_copy(update={"message_id": "M-other"}))
    sapporo.send_asks(sapporo.ask(otaru), sapporo.ask(otaru, procedure_code="JT00000000000999"))
    permit = otaru.fetch()[0]["items"][0]["permit"]["permit_id"]
    otaru.send_answers(otaru.answer(permit))


def page(address, role="national_operator"):
    return signed_in(role).get(f"/nis/{address}")


@pytest.mark.parametrize("address", PAGES)
def test_every_page_says_that_it_is_a_stand_in_and_shows_nothing_of_a_person(traffic, sapporo, otaru, address):
    text = page(address).content.decode()
    assert "これは代役です" in text
    assert NUMBER not in text
    for code in Code.objects.using("nis").all():
        assert vault().open(bytes(code.code_sealed), context=f"nis.code.{code.body}").decode() not in text


@pytest.mark.parametrize("address", PAGES)
def test_others_see_nothing(network, address):
    assert page(address, role="clerk").status_code == 403
    assert Client().get(f"/nis/{address}").status_code == 302


def test_pages_show_what_happened(traffic, sapporo, otaru):
    assert "許可証" in page("").content.decode()
    bodies = page("bodies/").content.decode()
    assert sapporo.signing.current().kid in bodies
    assert "手渡し" in bodies
    assert TAX in page("permissions/").content.decode()
    records = page("records/").content.decode()
    assert "照合リストにない組合せ" in records
    assert all(word in records for word in ("総所得金額等", "B012033(代役)", "地方税関係情報"))
    assert "書き換えの疑い" in page("refusals/").content.decode()
    assert "書き換えの疑い" not in page("refusals/?body=B012033").content.decode()


@pytest.mark.parametrize("query", ["?after=x", "?after=99999999999999999999", "?after=²", "?body=" + "x" * 99])
def test_lists_take_any_nonsense(traffic, query):
    assert [page(address + query).status_code for address in ("records/", "refusals/")] == [200, 200]


def test_the_operator_stops_and_starts_the_service(network):
    browser = signed_in("national_operator")
    answer = browser.post("/nis/switch/", {"down": "1", "note": "試験のため"}, follow=True)
    assert "停止中" in answer.content.decode()
    assert is_down(using="nis")
    again = browser.post("/nis/switch/", {"down": "1", "note": "もう一度"}, follow=True)
    assert "すでに停止しています" in again.content.decode()
    assert browser.post("/nis/switch/", {"down": "0", "note": ""}).status_code == 400
    assert browser.get("/nis/switch/").status_code == 405
    browser.post("/nis/switch/", {"down": "0", "note": "終わり"})
    assert not is_down(using="nis")
    assert ServiceSwitch.objects.using("nis").count() == 2


def test_who_only_looks_cannot_stop_it(network):
    assert signed_in("clerk").post("/nis/switch/", {"down": "1", "note": "x"}).status_code == 403
    assert not is_down(using="nis")
