"""Search as a clerk uses it: what is found, what is not, what is shown, what is recorded."""

from datetime import date

import pytest
from django.db import connections

from tasuke.systems.subsidy.registry.models import ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
OTHER_WARD = "141330"


def ask(client, text):
    response = client.post("/persons/", {"q": text}, follow=True)
    assert response.status_code == 200, response.status_code
    return response


def found(client, text):
    return [p["atena_no"] for p in ask(client, text).context["found"].people]


@pytest.mark.parametrize(
    "text",
    ["髙橋", "高橋はな", "タカハシ", "たかはし はな", "令和2年4月1日", "20200401", "0000000011", "1234567",
     "044-000-0001", "宮前区宮前平2丁目", "川崎市宮前区宮前平", "高橋 R2.4.1"],
)  # fmt: skip
def test_a_person_is_found_by(people, browser, text):
    people.resident("0000000011")
    people.resident("0000000012", "鈴木　一郎", name_kana="スズキ　イチロウ", birth_date=date(1980, 1, 1),
                    phone="", address="川崎市宮前区鷺沼１丁目")  # fmt: skip
    people.entitle("0000000011")
    assert found(browser(), text) == ["0000000011"]


def test_a_former_name_and_a_former_address_lead_to_the_person_of_today(people, browser):
    moved = date(2025, 6, 1)
    people.resident(
        "0000000011", "旧姓　はな", end=moved, name_kana="キュウセイ　ハナ", address="川崎市宮前区土橋１丁目"
    )
    people.resident("0000000011", start=moved)
    client = browser()
    assert found(client, "旧姓") == found(client, "宮前区土橋") == ["0000000011"]
    page = ask(client, "旧姓").content.decode()
    assert "旧氏名 旧姓" in page
    assert "髙橋" in page


@pytest.mark.parametrize("text", ["川崎区大宮町1-5", "大宮町１－５－２", "大宮町1丁目", "川崎市川崎区大宮町1丁目5番"])
def test_an_address_is_found_as_people_write_it(people, browser, text):
    moved = date(2025, 6, 1)
    people.resident("0000000011", end=moved, address="川崎市川崎区大宮町１丁目５番２号")
    people.resident("0000000011", start=moved)
    assert found(browser(), text) == ["0000000011"]


def test_a_record_that_was_corrected_finds_nobody(people, browser):
    people.resident("0000000011", "誤記　はな")
    ResidentRecord.objects.using("subsidy").update(recorded_to="2026-05-01T00:00:00+09:00")
    people.resident("0000000011")
    assert found(browser(), "誤記") == []


@pytest.mark.parametrize(("until", "open_again"), [(date(2026, 12, 24), False), (date(2026, 11, 24), True)])
def test_a_protection_with_an_end_ahead_hides_until_that_day(people, browser, until, open_again):
    people.resident("0000000011")
    people.protect("0000000011", until=until)  # today is 24 November 2026
    client = browser()
    assert (found(client, "044-000-0001") == ["0000000011"]) is open_again
    assert (found(client, "宮前区宮前平") == ["0000000011"]) is open_again
    assert ask(client, "髙橋").context["found"].people[0]["protected"] is not open_again


def test_whoever_lives_with_a_protected_person_is_listed_without_the_address(people, browser):
    people.resident("0000000010", "髙橋　太郎")
    people.resident("0000000011")
    people.resident("0000000012", "髙橋　次郎", household_no="0000000002", address="川崎市宮前区土橋１丁目")
    people.protect("0000000010")
    listed = ask(browser(), "髙橋")
    shown = {p["atena_no"]: (p["protected"], p["guarded"]) for p in listed.context["found"].people}
    assert shown == {"0000000010": (True, True), "0000000011": (False, True), "0000000012": (False, False)}
    html = listed.content.decode()
    assert "土橋" in html
    assert "川崎市宮前区宮前平" not in html


def test_a_protected_person_is_found_by_name_without_the_address_and_never_by_address_or_phone(people, browser):
    people.resident("0000000011")
    people.protect("0000000011")
    client = browser()
    assert found(client, "宮前区宮前平") == found(client, "044-000-0001") == []
    page = ask(client, "髙橋").content.decode()
    assert "支援措置のため非表示" in page
    assert "宮前平２丁目" not in page


def test_people_of_another_ward_are_not_found(people, browser):
    people.resident("0000000011")
    people.resident("0000000012", ward_code=OTHER_WARD)
    assert found(browser(offices=[OTHER_WARD]), "髙橋") == ["0000000012"]


def test_more_than_fifty_are_cut_with_advice(people, browser):
    for i in range(51):
        people.resident(f"{i:010}", phone="")
    response = ask(browser(), "髙橋")
    assert len(response.context["found"].people) == 50
    assert "50人を超えた" in response.content.decode()


def test_what_was_typed_stands_in_no_address(people, browser):
    client = browser()
    response = client.post("/persons/", {"q": "髙橋"})
    assert response.status_code == 302
    assert response["Location"] == "/persons/"


def test_a_my_number_is_refused_and_not_kept(people, browser):
    client = browser()
    response = client.post("/persons/", {"q": "123456789018"})
    assert response.status_code == 422
    assert "個人番号では探せません" in response.content.decode()
    assert "123456789018" not in response.content.decode()
    assert "search" not in client.session


@pytest.mark.parametrize("text", ["%", "_", "'; DROP TABLE x; --", "{{ 7|add:7 }}", "<script>", "\\"])
def test_signs_of_other_languages_are_text(people, browser, text):
    people.resident("0000000011")
    assert found(browser(), text) == []


def test_who_was_shown_is_on_record_and_the_text_is_not(people, browser):
    people.resident("0000000011")
    ask(browser(), "髙橋")
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT atena_no, detail FROM audit_event WHERE kind = 'searched' ORDER BY id DESC LIMIT 1")
        assert cursor.fetchone() == ("0000000011", '{"by":"name","hits":1}')


def test_a_search_takes_few_statements(people, browser, at_most):
    for i in range(30):
        people.resident(f"{i:010}")
    client = browser()
    ask(client, "髙橋")
    with at_most(7):
        client.get("/persons/")


@pytest.mark.parametrize("text", ["髙橋", "タカハシ", "2020-04-01", "044-000-0001", "宮前区宮前平"])
def test_every_way_to_a_person_has_an_index(people, text):
    from tasuke.systems.subsidy.desk import people as module
    from tasuke.systems.subsidy.desk.question import understand

    parts, parameters = module._parts(understand(text), date(2026, 11, 24))
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + " UNION ALL ".join(parts), parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on subsidy_resident_record" not in plan, plan
