"""Contact notes: added, corrected, never changed; no 個人番号; whom to call today."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from tasuke.core.numbers import NumberKind, with_check_digit
from tasuke.platform.audit.models import AuditEvent
from tasuke.systems.subsidy.desk.models import ContactNote
from tasuke.systems.subsidy.desk.my_number import holds_my_number

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
OTHER_WARD = "141330"
CHILD = "0000000011"
NUMBER = with_check_digit(NumberKind.MY_NUMBER, "12345678901")
NOTE = {"contact_on": "R8.11.24", "channel": "2", "kind": "1", "text": "保険証の写しを後日持参する", "follow_up_on": ""}


@pytest.fixture
def child(people):
    people.resident(CHILD)
    return people


def add(client, **changes):
    return client.post(f"/persons/{CHILD}/notes/", {**NOTE, **changes})


def correct(client, note, **changes):
    return client.post(f"/persons/{CHILD}/notes/{note.pk}/correct/", {**NOTE, **changes})


def test_a_note_stands_on_the_household_page_and_in_the_trail(child, browser):
    assert add(browser()).status_code == 302
    html = browser().get(f"/persons/{CHILD}/").content.decode()
    for text in ("保険証の写しを後日持参する", "電話", "問合せ・相談", "試験 職員"):
        assert text in html, text
    event = AuditEvent.objects.using("subsidy").filter(kind="changed").latest("pk")
    assert (event.atena_no, event.action) == (CHILD, "add-note")
    assert "保険証" not in event.detail


def test_a_role_without_the_action_reads_and_does_not_write(child, browser):
    add(browser())
    html = browser("head_office").get(f"/persons/{CHILD}/").content.decode()
    assert "保険証の写しを後日持参する" in html
    assert "応対を記録する" not in html
    assert add(browser("head_office")).status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"番号は{NUMBER}です",
        " ".join((NUMBER[:4], NUMBER[4:8], NUMBER[8:])),
        "-".join((NUMBER[:4], NUMBER[4:8], NUMBER[8:])),
        NUMBER.translate(str.maketrans("0123456789", "0123456789")),
    ],
)
def test_no_my_number_is_kept(child, browser, text):
    page = add(browser(), text=text)
    assert page.status_code == 422
    assert "個人番号と思われる" in page.context["form"].errors["text"][0]
    assert not ContactNote.objects.using("subsidy").exists()


def test_other_numbers_are_text():
    for text in ("電話 044-000-0001", "宛名番号 0000000011", "123456789012", "口座 1234567 / 記号12345 番号1234567"):
        assert not holds_my_number(text), text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("text", "", "必須"), ("contact_on", "R8.11.25", "今日より後"), ("follow_up_on", "来週", "日付として読めません")],
)
def test_a_mistake_stands_at_its_field(child, browser, field, value, words):
    page = add(browser(), **{field: value})
    assert page.status_code == 422
    assert page.context["form"].errors[field]
    html = page.content.decode()
    assert words in html
    assert 'class="error-summary"' in html


def test_a_correction_is_a_new_note_and_the_old_one_stays(child, browser):
    add(browser())
    old = ContactNote.objects.using("subsidy").get()
    assert correct(browser(), old, text="資格確認書の写しを後日持参する").status_code == 302
    html = browser().get(f"/persons/{CHILD}/notes/").content.decode()
    for text in ("資格確認書の写しを後日持参する", "<s>保険証の写しを後日持参する</s>", "訂正前"):
        assert text in html, text
    assert ContactNote.objects.using("subsidy").count() == 2


def test_the_second_of_two_corrections_is_told_and_loses_nothing(child, browser):
    add(browser())
    old = ContactNote.objects.using("subsidy").get()
    correct(browser("reviewer"), old, text="先の訂正")
    page = correct(browser(), old, text="後の訂正")
    html = page.content.decode()
    assert page.status_code == 409
    for text in ("先に訂正しました", "先の訂正", "後の訂正", "試験 職員"):
        assert text in html, text
    assert ContactNote.objects.using("subsidy").count() == 2


def test_a_note_of_somebody_else_cannot_be_corrected_by_this_address(child, browser):
    child.resident("0000000012")
    add(browser())
    note = ContactNote.objects.using("subsidy").get()
    assert browser().post(f"/persons/0000000012/notes/{note.pk}/correct/", NOTE).status_code == 404


def test_the_database_refuses_to_change_or_delete_a_note(child, browser):
    add(browser())
    for change in (lambda q: q.update(text="別の内容"), lambda q: q.delete()):
        with pytest.raises(DatabaseError), transaction.atomic(using="subsidy"):
            change(ContactNote.objects.using("subsidy").all())


def test_a_promise_waits_in_todays_work_until_the_next_note(child, browser, at_most):
    add(browser(), follow_up_on="R8.11.20")
    add(browser(offices=["141364"], personal_id="own-clerk"), follow_up_on="R9.1.1")
    assert browser().get("/notes/due/").context["notes"] == []
    add(browser(), follow_up_on="R8.11.24")
    assert "連絡の約束" in browser().get("/").content.decode()
    client = browser()
    with at_most(15):
        page = client.get("/notes/due/")
    assert [n["follow_up_on"] for n in page.context["notes"]] == [date(2026, 11, 24)]
    other = browser(offices=[OTHER_WARD], personal_id="other-clerk")
    assert other.get("/notes/due/").context["notes"] == []
    add(browser())
    assert browser().get("/notes/due/").context["notes"] == []


def test_notes_of_another_ward_are_not_found(child, browser):
    other = browser(offices=[OTHER_WARD], personal_id="other-clerk")
    assert other.get(f"/persons/{CHILD}/notes/").status_code == 404
    assert add(other).status_code == 404


def test_markup_in_a_note_is_text(child, browser):
    add(browser(), text="<script>alert(1)</script>{{ 7|add:7 }}")
    html = browser().get(f"/persons/{CHILD}/").content.decode()
    assert "<script>alert" not in html
    assert "{{ 7|add:7 }}" in html


def test_the_pages_of_notes_cost_few_statements(child, browser, at_most):
    add(browser())
    note = ContactNote.objects.using("subsidy").get()
    client = browser()
    for address in (f"/persons/{CHILD}/", f"/persons/{CHILD}/notes/", f"/persons/{CHILD}/notes/{note.pk}/correct/"):
        with at_most(15):
            assert client.get(address).status_code == 200
