"""Both factors, in order, once; then one session that lives as long as somebody works at it."""

import pytest
from axes.models import AccessAttempt
from django.db import connections
from django.test import Client

from tasuke.platform.accounts.models import OneTimeCode, User
from tasuke.platform.accounts.services.end_sessions import end_sessions
from tasuke.platform.accounts.services.release_lock import is_locked, release_lock

pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"])]


def events():
    with connections["accounts"].cursor() as cursor:
        cursor.execute("SELECT kind FROM audit_event WHERE personal_id = 'k-00123' ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def is_in(client):
    return client.get("/pin/").status_code == 200


def test_pin_and_code_open_a_session_and_that_is_on_record(signing):
    client = Client()
    assert signing.pin(client).url == "code/?next=%2Fpin%2F"
    assert not is_in(client)  # half a sign-in is none
    assert signing.type_code(client).url == "/pin/"
    assert is_in(client)
    assert events() == ["sign-in"]


@pytest.mark.parametrize(("personal_id", "pin"), [("k-00123", "wrong-pin"), ("nobody-1", "saku-ra 2026")])
def test_wrong_pin_and_unknown_id_get_the_same_answer(signing, personal_id, pin):
    response = signing.pin(Client(), pin=pin, personal_id=personal_id)
    assert response.status_code == 401
    assert "職員IDかPINが違います" in response.content.decode()


def test_a_code_that_was_used_opens_nothing(signing):
    signing.fully()
    thief = Client()
    signing.pin(thief)
    assert signing.type_code(thief).status_code == 401
    assert not is_in(thief)


def test_an_older_code_than_the_last_one_used_opens_nothing(signing):
    older = signing.code()
    signing.clock.pass_by(seconds=30)
    signing.fully()
    other = Client()
    signing.pin(other)
    assert signing.type_code(other, older).status_code == 401


def test_a_code_of_a_minute_ago_opens_nothing(signing):
    old = signing.code()
    signing.clock.pass_by(seconds=61)
    client = Client()
    signing.pin(client)
    assert signing.type_code(client, old).status_code == 401


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "-12345", "１２３４５６", "000000\x00"])
def test_nonsense_for_a_code_opens_nothing(signing, code):
    client = Client()
    signing.pin(client)
    assert client.post("/signin/code/", {"code": code}).status_code == 401
    assert not is_in(client)


def test_the_code_alone_opens_nothing(signing):
    client = Client()
    assert signing.type_code(client).url == "/signin/"
    assert not is_in(client)


def test_too_long_between_pin_and_code_starts_over(signing):
    client = Client()
    signing.pin(client)
    signing.clock.pass_by(seconds=181)
    assert signing.type_code(client).url == "/signin/"


def test_five_wrong_pins_lock_even_the_right_one_out_until_released(signing):
    client = Client()
    answers = [signing.pin(client, pin=f"wrong-pin-{n}").status_code for n in range(5)]
    assert answers == [401, 401, 401, 401, 429]
    assert is_locked(personal_id="k-00123")
    assert signing.pin(client).status_code == 429
    assert release_lock(personal_id="k-00123")
    assert signing.pin(client).status_code == 302


def test_wrong_codes_count_towards_the_same_lock(signing):
    client = Client()
    signing.pin(client, pin="wrong-pin-0")
    signing.pin(client)
    answers = [signing.type_code(client, "000000").status_code for _ in range(4)]
    assert answers == [401, 401, 401, 429]
    assert signing.type_code(client).status_code == 429
    assert not is_in(client)


def test_neither_pin_nor_code_is_kept_with_a_failure(signing):
    client = Client()
    signing.pin(client, pin="wrong-pin-x")
    signing.pin(client)
    signing.type_code(client, "987654")
    kept = "".join(f"{a.get_data}{a.post_data}" for a in AccessAttempt.objects.using("accounts").all())
    assert "wrong-pin" not in kept
    assert "987654" not in kept


def test_the_session_key_changes_at_both_steps(signing):
    client = Client()
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    fixed = session.session_key
    client.cookies["__Host-tasuke"] = fixed
    signing.pin(client)
    half = client.session.session_key
    signing.type_code(client)
    assert len({fixed, half, client.session.session_key}) == 3
    assert "planted" not in client.session
    planted = Client()
    planted.cookies["__Host-tasuke"] = fixed
    assert not is_in(planted)


def test_a_second_sign_in_ends_the_first_one(signing):
    first = signing.fully()
    signing.clock.pass_by(seconds=31)
    second = signing.fully()
    assert first.get("/pin/").url == "/signin/?ended=displaced"
    assert is_in(second)


def test_an_idle_session_ends_after_ten_minutes_and_work_keeps_it(signing):
    client = signing.fully()
    for _ in range(3):
        signing.clock.pass_by(minutes=9)
        assert is_in(client)
    signing.clock.pass_by(minutes=10, seconds=21)
    assert client.get("/pin/").url == "/signin/?ended=idle"
    assert not is_in(client)


def test_after_twelve_hours_everybody_signs_in_again(signing):
    client = signing.fully()
    for _ in range(12 * 7):
        signing.clock.pass_by(minutes=9)
        last = client.get("/pin/")
    assert last.url.startswith("/signin/")


def test_an_administrator_can_end_a_session_and_the_person_can(signing):
    client = signing.fully()
    assert end_sessions(personal_id="k-00123")
    assert not is_in(client)
    signing.clock.pass_by(seconds=31)
    again = signing.fully()
    assert again.post("/signout/").url == "/signin/?ended=self"
    assert not is_in(again)
    assert again.get("/signout/").status_code == 405  # a link or a picture signs nobody out


def test_who_left_cannot_sign_in_and_an_open_session_ends(signing):
    client = signing.fully()
    User.objects.using("accounts").update(active=("2020-01-01", "2026-11-20"))
    assert client.get("/pin/").url == "/signin/?ended=left"
    assert signing.pin(Client()).status_code == 401


def test_an_unconfirmed_authenticator_opens_nothing(signing):
    OneTimeCode.objects.using("accounts").update(confirmed_at=None)
    client = Client()
    signing.pin(client)
    assert signing.type_code(client).status_code == 401


@pytest.mark.parametrize(
    "next_page", ["https://example.org/", "//example.org/", "javascript:alert(1)", "/\\example.org"]
)
def test_the_way_back_leads_to_pages_of_ours_only(signing, next_page):
    client = Client()
    signing.pin(client)
    response = client.post("/signin/code/", {"code": signing.code(), "next": next_page})
    assert response.url == "/"


def test_forms_without_a_token_of_ours_are_refused(signing):
    client = Client(enforce_csrf_checks=True)
    assert signing.pin(client).status_code == 403
    assert client.post("/terminal/", {"ticket": "x"}).status_code == 403


def test_cookies_are_out_of_reach_of_scripts_other_sites_and_plain_lines(signing, settings):
    client = signing.fully()
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert name.startswith("__Host-")
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert cookie["path"] == "/"
        assert cookie["domain"] == ""
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 600


def test_pins_and_secrets_are_not_kept_in_the_clear(signing):
    user = User.objects.using("accounts").get(personal_id="k-00123")
    assert user.password.startswith("argon2$argon2id$")
    assert b"12345678901234567890" not in bytes(OneTimeCode.objects.using("accounts").get().sealed_secret)


def test_changing_the_pin_asks_for_the_present_one_and_refuses_weak_ones(signing):
    client = signing.fully()

    def change(present, new, again=None):
        return client.post("/pin/", {"present": present, "new": new, "again": again or new}).status_code

    assert change("wrong", "a-new-pin-2") == 422
    for weak in ("short", "11111111", "12345678", "87654321", "xk-00123x", "saku-ra 2026"):
        assert change("saku-ra 2026", weak) == 422
    assert change("saku-ra 2026", "a-new-pin-2", "another-pin") == 422
    assert change("saku-ra 2026", "a-new-pin-2") == 302
    assert is_in(client)  # the session that changed it goes on
