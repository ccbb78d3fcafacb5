"""Screens: staff see their own municipality and nobody else's; the operator sees no person."""

import pytest
from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string
from tests.systems.midserver.conftest import OTARU, SAPPORO, World, inquiry, installed, unified
from tests.systems.midserver.test_walk import flag, records, register, results
from tests.systems.midserver.test_walk import waiting as waiting_at_otaru

from tasuke.contracts import interface as i
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.systems.midserver.models import RoundState, Setting
from tasuke.systems.midserver.tenancy import inside
from tasuke.systems.subsidy.profile import set_profile

pytestmark = [
    pytest.mark.django_db(databases=["midserver", "nis", "accounts", "subsidy"]),
    pytest.mark.urls("tests.systems.midserver.site"),
]


@pytest.fixture
def world(joined):
    set_profile(open_profile("sapporo"))
    with installed(World(now=import_string(settings.OFFICE_CLOCK)())) as made:
        yield made


@pytest.fixture
def waiting(asked):
    """A request about a flagged person waits at Otaru."""
    flag(asked, i.SET_MANUAL, unified(90))
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    return asked


def staff(body=OTARU):
    return signed_in("midserver_staff", offices=[body[1:]], personal_id=f"staff-{body}")


def text_of(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def trail():
    with connections["midserver"].cursor() as cursor:
        cursor.execute("SELECT kind, action, atena_no FROM audit_event WHERE personal_id LIKE 'staff-%' ORDER BY id")
        return cursor.fetchall()


def test_staff_are_led_to_their_own_municipality(asked):
    assert staff().get("/midserver/").url == f"/midserver/{OTARU}/inquiries/"


@pytest.mark.parametrize("page", ["inquiries", "provisions", "records", "flags", "provisions/V0000000000001"])
def test_staff_get_no_page_of_another_municipality_and_without_limit_none_at_all(waiting, page):
    assert staff(SAPPORO).get(f"/midserver/{OTARU}/{page}/").status_code == 404
    everywhere = signed_in("midserver_staff", offices=None)
    assert everywhere.get(f"/midserver/{OTARU}/{page}/").status_code == 404
    assert "団体が付いていません" in text_of(everywhere.get("/midserver/"))
    assert signed_in("midserver_operator").get(f"/midserver/{OTARU}/{page}/").status_code == 403


def test_inquiries_stand_with_state_and_without_answers(asked):
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    page = text_of(staff(SAPPORO).get(f"/midserver/{SAPPORO}/inquiries/"))
    assert "900-2026-00000001" in page
    assert unified(17) in page
    assert "提供あり" in page
    assert "3120001" not in page
    with inside(SAPPORO) as room:
        key = bytes(room.value("SELECT person_key FROM inquiry")).hex()[:32]
    assert ("read", "list-mid-inquiries", f"{SAPPORO}:{key}") in trail()
    assert "照会はありません" in text_of(staff(SAPPORO).get(f"/midserver/{SAPPORO}/inquiries/?state=cancelled"))


def test_an_official_answers_by_hand_and_it_is_on_record(waiting):
    browser = staff()
    assert "1 件" in text_of(browser.get(f"/midserver/{OTARU}/inquiries/"))
    assert "自動応答不可" in text_of(browser.get(f"/midserver/{OTARU}/provisions/"))
    (request,) = waiting_at_otaru(waiting)
    address = f"/midserver/{OTARU}/provisions/{request.provision_id}/"
    assert all(word in text_of(browser.get(address)) for word in ("総所得金額等", "3,120,001円"))
    assert "入力" in text_of(browser.post(address, {"send": "no", "reason": ""}))
    assert browser.post(address, {"send": "no", "reason": "支援措置対象者のため"}).status_code == 302
    assert browser.post(address, {"send": "yes", "reason": "もう一度"}).status_code == 404
    waiting.walk()
    assert [r.outcome for r in results(waiting)] == ["withheld"]
    assert [r.outcome for r in records(waiting, OTARU, **days(waiting))] == ["withheld"]
    assert "changed" in {kind for kind, *_ in trail()}
    page = text_of(browser.get(f"/midserver/{OTARU}/records/"))
    assert "提供しない" in page
    assert "札幌市(代役) → 小樽市(代役)" in page


def days(world):
    return {"date_from": world.now.date().replace(day=1), "date_to": world.now.date().replace(year=2099)}


def test_flags_are_seen_set_and_lifted(asked):
    browser = staff()
    address = f"/midserver/{OTARU}/flags/"
    facts = {"unified_no": unified(90), "kind": "manual", "information_code": "", "on": "yes", "reason": "支援措置"}
    assert browser.post(address, facts).url.endswith(unified(90))
    assert "支援措置" in text_of(browser.get(f"{address}?unified_no={unified(90)}"))
    assert browser.post(address, facts | {"on": "no"}).status_code == 302
    assert "設定はありません" in text_of(browser.get(f"{address}?unified_no={unified(90)}"))


@pytest.fixture
def operator():
    return signed_in("midserver_operator")


def test_the_operator_sees_counts_and_trouble(waiting, operator):
    RoundState.objects.using("midserver").filter(tenant=OTARU).update(error="国に届きません", failures=3)
    page = text_of(operator.get("/midserver/operation/"))
    assert all(word in page for word in (SAPPORO, "照会の登録", "手動回答待ち", "国に届きません", "3回"))
    own = text_of(operator.get(f"/midserver/operation/tenants/{OTARU}/"))
    assert ("手動回答待ち" in own, "照会の登録" in own) == (True, False)
    assert operator.get("/midserver/operation/tenants/B999999/").status_code == 404
    assert staff().get("/midserver/operation/").status_code == 403


OPERATOR_PAGES = (
    "", "?after=B0", f"tenants/{SAPPORO}/", f"tenants/{OTARU}/", "notices/", "settings/record_years/",
)  # fmt: skip


@pytest.mark.parametrize("address", OPERATOR_PAGES)
def test_no_page_of_the_operator_shows_a_person(waiting, operator, address):
    register(waiting, inquiry(2, unified(17)))
    waiting.walk()
    codes, keys = [], []
    for body in (SAPPORO, OTARU):
        with inside(body) as room:
            keys += [bytes(row[0]).hex()[:32] for row in room.rows("SELECT person_key FROM inquiry")]
            codes += [row[0] for row in room.rows("SELECT record_id FROM inquiry")]
    page = text_of(operator.get(f"/midserver/operation/{address}"))
    for secret in (unified(17), unified(90), "3120001", "3,120,001", *codes, *keys):
        assert secret not in page


def test_the_operator_plans_a_stop_and_takes_it_back(asked):
    browser = signed_in("midserver_operator")
    facts = {"text": "保守", "start": "2020-01-01 00:00", "end": "2099-01-01 00:00", "stop": "on"}
    assert browser.post("/midserver/operation/notices/", facts).status_code == 302
    page = text_of(browser.get("/midserver/operation/"))
    assert "停止中" in page
    number = page.split("/notices/")[-1].split("/withdraw")[0]
    again = browser.post("/midserver/operation/notices/", facts)
    assert (again.status_code, "別の停止" in again.content.decode()) == (422, True)
    assert browser.post(f"/midserver/operation/notices/{number}/withdraw/").status_code == 302
    assert "稼動中" in text_of(browser.get("/midserver/operation/"))


def test_a_setting_is_confirmed_with_its_ground(asked):
    browser = signed_in("midserver_operator")
    assert "未確認" in text_of(browser.get("/midserver/operation/settings/record_years/"))
    facts = {"value": "7", "source": "施行令29条を確認"}
    assert browser.post("/midserver/operation/settings/record_years/", facts).status_code == 302
    assert "施行令29条を確認" in text_of(browser.get("/midserver/operation/"))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("record_years", 6, "7年より短く"), ("key_days", 30, "90 から 365"), ("key_days", 366, "90 から 365")],
)
def test_a_setting_that_would_undo_a_guard_is_refused_with_the_reason(asked, name, value, why):
    browser = signed_in("midserver_operator")
    page = browser.post(f"/midserver/operation/settings/{name}/", {"value": str(value), "source": "短くしたい"})
    assert page.status_code == 422
    assert why in page.content.decode()
    assert not Setting.objects.using("midserver").exists()
