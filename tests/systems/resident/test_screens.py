"""The distribution on screen: two people for an approval, and nothing of a resident anywhere."""

import pytest
from django.test import Client
from tests.systems.resident.test_distribution import NOW, application, approve, receive, row

from tasuke.contracts.distribution import PUT_HOUSEHOLDS, Households
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.transport import outbox
from tasuke.platform.transport.models import Outgoing
from tasuke.systems.resident.models import Refusal, UsageApplication
from tasuke.systems.subsidy.profile import set_profile

pytestmark = pytest.mark.django_db(databases=["resident", "accounts", "subsidy"])
PAGES = ("", "usages/", "records/", "households/", "intake/", "refusals/", "letters/")
FORM = {
    "system": "welfare",
    "name": "社会保障宛名",
    "business_id": "020",
    "items": ["name", "birth_date"],
    "legal_basis": "住民基本台帳法",
    "purpose": "宛名の管理",
    "valid_from": "令和8年4月1日",
    "last_day": "令和9年3月31日",
}


@pytest.fixture(autouse=True)
def city():
    set_profile(open_profile("kawasaki"))


@pytest.mark.parametrize("address", PAGES)
def test_pages_show_how_it_stands_and_no_resident(address, django_assert_max_num_queries):
    approve(application())
    receive(row("1"), row("2"))
    Refusal.objects.using("resident").create(system="desk", at=NOW, reason="承認がない")
    browser = signed_in("distribution_official")
    with django_assert_max_num_queries(15, using="resident"):
        page = browser.get(f"/resident/{address}")
    assert page.status_code == 200
    assert "髙橋" not in page.content.decode()
    assert signed_in("clerk").get(f"/resident/{address}").status_code == 403
    assert Client().get(f"/resident/{address}").status_code == 302


def test_the_overview_shows_who_is_behind():
    approve(application())
    receive(row("1"), row("2"))
    text = signed_in("distribution_official").get("/resident/").content.decode()
    assert "社会保障宛名" in text
    assert 'class="attention"' in text


def test_one_asks_and_another_approves():
    asker = signed_in("distribution_official")
    assert asker.post("/resident/usages/new/", {**FORM, "items": []}).status_code == 400
    assert asker.post("/resident/usages/new/", {**FORM, "last_day": "令和7年1月1日"}).status_code == 400
    assert asker.post("/resident/usages/new/", {**FORM, "with_my_number": "on"}).status_code == 400
    page = asker.post("/resident/usages/new/", FORM, follow=True).content.decode()
    assert "申請しました" in page
    made = UsageApplication.objects.using("resident").get()
    assert str(made.valid.upper) == "2027-04-01"
    address = f"/resident/usages/{made.pk}/"
    assert asker.post(f"{address}decide/", {"approve": "1"}).status_code == 403
    same_person = signed_in("distribution_supervisor", personal_id=made.requested_by)
    assert "承認できません" in same_person.post(f"{address}decide/", {"approve": "1"}, follow=True).content.decode()
    other = signed_in("distribution_supervisor")
    assert "承認しました" in other.post(f"{address}decide/", {"approve": "1"}, follow=True).content.decode()
    assert other.post(f"{address}end/", {"reason": ""}).status_code == 400
    other.post(f"{address}end/", {"reason": "業務の終了"})
    assert UsageApplication.objects.using("resident").get().state == "ended"
    assert other.get("/resident/usages/999/").status_code == 404


def test_a_dead_letter_goes_again_and_its_contents_are_not_shown():
    outbox.post(
        using="resident", provider="gateway", operation=PUT_HOUSEHOLDS, request=Households(households=()), key="k",
        at=NOW,
    )  # fmt: skip
    Outgoing.objects.using("resident").update(state="dead", ended_at=NOW, error="受け付けません")
    browser = signed_in("distribution_official")
    page = browser.get("/resident/letters/").content.decode()
    assert "受け付けません" in page
    letter = Outgoing.objects.using("resident").get()
    browser.post(f"/resident/letters/{letter.pk}/again/")
    assert Outgoing.objects.using("resident").get().state == "waiting"
    assert browser.post(f"/resident/letters/{letter.pk}/again/").status_code == 404


def test_what_the_register_sent_and_what_of_it_was_of_no_use():
    from tests.systems.resident.test_intake import event, put

    put(event(1), event(2, "2", sex="5"))
    put(event(4))
    text = signed_in("distribution_official").get("/resident/intake/").content.decode()
    assert "住民記録" in text
    assert "欠番あり" in text
    assert "性別" in text
    text = signed_in("distribution_official").get("/resident/households/").content.decode()
    assert "送信待ち" in text
