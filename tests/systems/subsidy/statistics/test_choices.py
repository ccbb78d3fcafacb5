"""Saved choices of EUC: one's own and shared ones, held to the limits of who uses them, never a result in them."""

import json

import pytest
from django.db import IntegrityError, connections, transaction

from tasuke.platform.access.testing import signed_in
from tasuke.systems.subsidy.statistics.models import Extract, SavedChoice
from tasuke.systems.subsidy.statistics.services import save_choice as saving

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
LIST, NEW, SAVE = "/statistics/extracts/", "/statistics/extracts/new/recipients/", "/statistics/extracts/choices/save/"
FILTERS = {"scheme": "kawasaki-shoni", "ward": "141321", "first": "2026-04", "last": "令和8年5月"}
WANTED = {"items": ["name", "ward"], "name": "更新勧奨", **FILTERS}


def body(response):
    return " ".join(response.content.decode().split())


def save(client, dataset="recipients", **changes):
    return client.post(f"{SAVE}{dataset}/", WANTED | changes)


def saved():
    return SavedChoice.objects.using("subsidy").order_by("-pk").first()


@pytest.fixture
def mine(city):
    return signed_in("head_office")


@pytest.fixture
def other(city):
    return signed_in("head_office", personal_id="second-head")


def test_a_choice_is_saved_and_opened_into_the_form(mine):
    assert save(mine).status_code == 302
    choice = saved()
    assert (choice.owner, choice.items, choice.shared) == ("test-head-office", ["name", "ward"], False)
    assert choice.filters == {
        "scheme": "kawasaki-shoni", "ward": "141321", "first": "2026-04-01", "last": "2026-05-01",
    }  # fmt: skip
    assert f'href="{NEW}?choice={choice.pk}"' in body(mine.get(LIST))

    form = mine.get(f"{NEW}?choice={choice.pk}").context["form"]
    assert form["items"].value() == ["name", "ward"]
    assert (form["ward"].value(), form["first"].value()) == ("141321", "令和8年4月")
    assert form["name"].value() == "更新勧奨"
    assert not form["purpose"].value()
    assert not Extract.objects.using("subsidy").exists()


def test_only_what_is_shared_is_seen_by_others_and_nobody_changes_it_but_its_owner(mine, other):
    save(mine)
    choice = saved()
    page, form = f"/statistics/extracts/choices/{choice.pk}/", f"{NEW}?choice={choice.pk}"
    assert "更新勧奨" not in body(other.get(LIST))
    assert other.get(form).status_code == 404

    mine.post(page, {"name": "更新勧奨", "shared": "on"})
    assert "更新勧奨" in body(other.get(LIST))
    assert page not in body(other.get(LIST))
    opened = other.get(form).context["form"]
    assert opened["items"].value() == ["name", "ward"]
    assert not opened["name"].value()
    refused = (other.get(page), other.post(page, {"name": "x"}), other.post(f"{page}delete/"))
    assert [r.status_code for r in refused] == [404] * 3
    save(other, items=["atena_no"], overwrite="on")  # the same name of another person is another choice
    assert (saved().owner, saved().items) == ("second-head", ["atena_no"])
    choice.refresh_from_db()
    assert (choice.name, choice.items) == ("更新勧奨", ["name", "ward"])


def test_the_limits_are_those_of_who_uses_it(mine, city):
    for number, ward in (("101", "141313"), ("102", "141321")):
        city.person(number, ward_code=ward)
        city.entitled(number, f"00000{number[1:]}8")
    save(mine, scheme="", first="", last="", shared="on")
    choice = saved()
    limited = signed_in("head_office", offices=["141313"], personal_id="ward-head")

    page = limited.get(f"{NEW}?choice={choice.pk}")
    assert "あなたの権限にない区は外しました" in body(page)
    assert "141321" not in {value for value, _ in page.context["form"].fields["ward"].choices}
    asked = {"items": ["atena_no"], "purpose": "名簿"}
    assert limited.post(NEW, {**asked, "ward": "141321"}).status_code == 422
    assert limited.post(NEW, asked).status_code == 302
    assert Extract.objects.using("subsidy").get().rows == 1
    assert "外しました" not in body(mine.get(f"{NEW}?choice={choice.pk}"))


def test_who_is_limited_to_wards_shares_nothing(city):
    limited = signed_in("head_office", offices=["141321"], personal_id="ward-head")
    assert 'name="shared"' not in body(limited.get(NEW))
    assert save(limited, shared="on").status_code == 302
    limited.post(f"/statistics/extracts/choices/{saved().pk}/", {"name": "更新勧奨", "shared": "on"})
    assert not saved().shared


def test_the_same_name_is_replaced_only_when_said(mine):
    save(mine)
    again = save(mine, items=["kana"])
    assert again.status_code == 422
    assert "同じ名前の条件があります" in again.context["form"].errors["name"][0]
    assert saved().items == ["name", "ward"]
    save(mine, items=["kana"], overwrite="on", ward="")
    assert SavedChoice.objects.using("subsidy").count() == 1
    assert (saved().items, "ward" in saved().filters) == (["kana"], False)


def test_a_choice_is_renamed_and_deleted(mine):
    save(mine, name="一")
    save(mine, name="二")
    page = f"/statistics/extracts/choices/{saved().pk}/"
    taken = mine.post(page, {"name": "一"})
    assert taken.status_code == 422
    assert "同じ名前の条件があります" in taken.context["form"].errors["name"][0]
    assert mine.post(page, {"name": " "}).status_code == 422
    assert mine.post(page, {"name": "三"}).status_code == 302
    assert saved().name == "三"
    assert mine.get(f"{page}delete/").status_code == 405
    mine.post(f"{page}delete/")
    assert saved().name == "一"
    assert mine.post(f"{page}delete/").status_code == 404


def test_errors_stand_at_their_field(mine):
    for changes, field in (
        ({"name": ""}, "name"), ({"items": []}, "items"), ({"items": ["address"]}, "items"),
        ({"scheme": "x' OR 1=1 --"}, "scheme"), ({"ward": "999999"}, "ward"), ({"first": "x"}, "first"),
    ):  # fmt: skip
        response = save(mine, **changes)
        assert response.status_code == 422
        assert set(response.context["form"].errors) == {field}
        assert f'id="id_{field}_error"' in body(response)
    assert mine.post(f"{SAVE}users/", WANTED).status_code == 404
    assert saved() is None


def test_there_is_an_end_to_it(mine, monkeypatch):
    monkeypatch.setattr(saving, "MOST_CHOICES", 1)
    save(mine)
    refused = save(mine, name="もう一つ")
    assert "1人1件までです" in refused.context["form"].errors["name"][0]
    assert save(mine, overwrite="on").status_code == 302


def test_what_is_done_is_on_record_without_the_name(mine):
    save(mine, shared="on")
    page = f"/statistics/extracts/choices/{saved().pk}/"
    mine.post(page, {"name": "別名"})
    mine.post(f"{page}delete/")
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT kind, personal_id, detail FROM audit_event WHERE kind LIKE 'choice-%' ORDER BY id")
        rows = cursor.fetchall()
    assert [row[0] for row in rows] == ["choice-saved", "choice-renamed", "choice-deleted"]
    assert {row[1] for row in rows} == {"test-head-office"}
    detail = json.loads(rows[0][2])
    assert (detail["what"], detail["items"], detail["filters"]["ward"]) == ("recipients", ["name", "ward"], "141321")
    assert not any("更新勧奨" in row[2] or "別名" in row[2] for row in rows)


def test_few_statements(mine, django_assert_max_num_queries):
    for n in range(20):
        save(mine, name=f"条件{n}", shared="on")
    page = f"/statistics/extracts/choices/{saved().pk}/"
    for address in (LIST, f"{NEW}?choice={saved().pk}", page):
        with (
            django_assert_max_num_queries(6, using="subsidy"),
            django_assert_max_num_queries(9, using="accounts"),
        ):
            mine.get(address)


def test_the_database_keeps_names_apart(mine):
    save(mine)
    save(mine, name="二")
    found = SavedChoice.objects.using("subsidy").filter(name="二")
    for changes in ({"name": "更新勧奨"}, {"name": ""}, {"items": []}):
        with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
            found.update(**changes)


@pytest.mark.parametrize("role", ["clerk", "auditor", "administrator"])
def test_who_extracts_nothing_saves_nothing(city, role):
    assert save(signed_in(role)).status_code == 403
