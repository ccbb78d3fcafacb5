"""Security keys: registered by their owner alone, seen and removed by administrators, gone with a retirement."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.platform.accounts.authenticator import AAGUID, Authenticator, coded
from tests.platform.accounts.conftest import PIN
from tests.platform.accounts.key_steps import (
    ORIGIN,
    answer,
    begin,
    browser,
    events,
    half_way,
    is_in,
    kinds,
    options_of,
    row,
    text,
)

from tasuke.deploy import doctor
from tasuke.deploy.environment import EnvironmentFault, read_environment
from tasuke.platform.access.services.apply_personnel_feed import apply_personnel_feed
from tasuke.platform.access.testing import signed_in
from tasuke.platform.accounts.models import KeyQuestion, SecurityKey, User
from tasuke.platform.accounts.services.release_lock import failures

pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"]), pytest.mark.usefixtures("on_localhost")]


def test_what_is_kept_of_a_key_is_what_it_signed_for(signing, key):
    kept = row()
    assert bytes(kept.credential_id) == key.credential_id
    assert kept.aaguid.bytes == AAGUID
    assert (kept.label, kept.rp_id, kept.transports, kept.sign_count) == ("青いキー", "localhost", ["usb"], 0)
    assert key.key.private_numbers().private_value.to_bytes(32, "big") not in bytes(kept.public_key)
    assert not KeyQuestion.objects.using("accounts").exists()


def test_a_registration_asks_for_pin_and_code_again(signing):
    client = signing.fully(browser())
    assert begin(signing, client, pin="wrong-pin-1").status_code == 422
    assert begin(signing, client, code="000000").status_code == 422
    assert begin(signing, client, label=" ").status_code == 422
    assert client.post("/account/keys/register/", {"credential": "{}"}).url == "/account/"
    assert failures(personal_id="k-00123") == 2
    assert kinds()[1:] == ["key-refused", "key-refused", "key-refused"]
    assert not SecurityKey.objects.using("accounts").exists()


def test_guessing_the_pin_at_an_open_screen_runs_into_the_lock(signing):
    client = signing.fully(browser())
    statuses = [begin(signing, client, pin=f"wrong-pin-{n}").status_code for n in range(5)]
    assert statuses == [422, 422, 422, 422, 429]
    assert begin(signing, client).status_code == 429


def test_registered_is_what_was_asked_for_in_this_session_and_once(signing):
    first = signing.fully(browser())
    asked = options_of(begin(signing, first))
    device = Authenticator(ORIGIN)
    said = device.create(asked)
    assert "登録しました" in text(first.post("/account/keys/register/", {"credential": said}, follow=True))
    assert "はじめから" in text(first.post("/account/keys/register/", {"credential": said}, follow=True))
    asked = options_of(begin(signing, first))
    assert [c["id"] for c in asked["excludeCredentials"]] == [coded(device.credential_id)]
    for liar in (Authenticator("http://evil.example"), Authenticator(ORIGIN, rp_id="evil.example"), device):
        first.post("/account/keys/register/", {"credential": liar.create(asked)})
        assert SecurityKey.objects.using("accounts").count() == 1
        asked = options_of(begin(signing, first))
    signing.clock.pass_by(seconds=181)
    late = first.post("/account/keys/register/", {"credential": Authenticator(ORIGIN).create(asked)}, follow=True)
    assert "時間がたった" in text(late)
    assert SecurityKey.objects.using("accounts").count() == 1


def test_nothing_else_that_a_browser_sends_is_believed(signing, other):
    client = signing.fully(browser())
    asked = options_of(begin(signing, client))
    more = {
        "personal_id": "k-00999", "user": "k-00999", "label": "別の名前", "rp_id": "example.org", "sign_count": "-1",
        "copied_at": "", "next": "https://example.org/",
    }  # fmt: skip
    said = Authenticator(ORIGIN).create(asked, user="k-00999", sign_count=99, rp_id="example.org")
    assert client.post("/account/keys/register/", {"credential": said, **more}).url == "/account/"
    kept = row()
    assert (kept.user_id, kept.label, kept.rp_id, kept.sign_count) == ("k-00123", "青いキー", "localhost", 0)
    client.post(f"/account/keys/{kept.pk}/rename/", {"label": "赤いキー", "user": "k-00999", "removed_by": "x"})
    assert (row().label, row().removed_by) == ("赤いキー", None)


def test_keys_are_renamed_and_removed_by_their_owner_alone(signing, key, other):
    foreign = SecurityKey.objects.using("accounts").get(user_id="k-00999").pk
    signing.clock.pass_by(seconds=31)
    client = signing.fully(browser())
    for path in (f"/account/keys/{foreign}/rename/", f"/account/keys/{foreign}/remove/"):
        assert client.post(path, {"label": "盗んだ"}).status_code == 404
    assert client.post(f"/account/keys/{row().pk}/rename/", {"label": "<b>赤</b>"}).url == "/account/"
    assert "&lt;b&gt;赤&lt;/b&gt;" in text(client.get("/account/"))
    assert "名前を入力" in text(client.post(f"/account/keys/{row().pk}/rename/", {"label": ""}, follow=True))
    half, page = half_way(signing)
    said = key.get(options_of(page))
    assert client.post(f"/account/keys/{row().pk}/remove/").url == "/account/"
    assert (row().removed_at, row().removed_by) == (signing.clock.moment, "k-00123")
    assert answer(half, said).status_code == 401
    assert client.post(f"/account/keys/{row().pk}/remove/").status_code == 404
    told = [kind for kind in kinds() if kind in ("not-found", "key-renamed", "key-removed", "sign-in-failed")]
    assert told == ["not-found", "not-found", "key-renamed", "key-removed", "sign-in-failed", "not-found"]


def test_an_administrator_sees_and_removes_keys_but_registers_none(signing, key):
    client, page = half_way(signing)
    answer(client, key.get(options_of(page)))
    admin, auditor = signed_in("administrator", personal_id="admin-1"), signed_in("auditor", personal_id="auditor-1")
    path = f"/admin/accounts/users/k-00123/keys/{row().pk}/remove/"
    assert path in text(admin.get("/admin/accounts/users/k-00123/"))
    shown = text(auditor.get("/admin/accounts/users/k-00123/"))
    assert "青いキー" in shown
    assert path not in shown
    assert auditor.post(path).status_code == 403
    assert admin.post(path.replace("k-00123", "admin-1")).status_code == 404
    assert admin.post(path).url == "/admin/accounts/users/k-00123/"
    assert row().removed_by == "admin-1"
    assert not is_in(client)
    assert [kind for kind, _ in events("admin-1")][-1] == "key-removed"


def retire(signing, day):
    head = "連番,職員ID,区分,発令日,異動先\r\n"
    return apply_personnel_feed(data=f"{head}1,k-00123,2,{day},\r\n".encode(), by="admin-1", at=signing.clock.moment)


def test_a_retirement_takes_the_keys_on_its_day_for_good(signing, key):
    assert retire(signing, "2026-11-21").keys == 1
    assert retire(signing, "2026-11-21").keys == 0
    client, page = half_way(signing)
    assert answer(client, key.get(options_of(page))).url == "/pin/"  # the last day of work
    signing.clock.pass_by(days=1)
    assert not is_in(client)
    assert signing.pin(browser()).status_code == 401
    User.objects.using("accounts").update(active=("2020-01-01", None))  # taken on again
    _, page = half_way(signing)
    assert "data-options" not in text(page)
    assert row().removed_by == "admin-1"


def test_keys_are_offered_at_the_named_address_alone(signing, key, settings):
    numbers = Client(HTTP_HOST="127.0.0.1:8000")
    assert "data-options" not in text(half_way(signing, numbers)[1])
    client, page = half_way(signing)
    asked = options_of(page)
    settings.WEBAUTHN_ON_LOCALHOST = False
    assert answer(client, key.get(asked)).url == "/signin/"
    settings.WEBAUTHN_ORIGIN = "https://tasuke.example"
    settings.ALLOWED_HOSTS = ["tasuke.example", "localhost"]
    assert "data-options" not in text(half_way(signing)[1])
    signing.clock.pass_by(seconds=31)
    client = signing.fully(browser())
    assert "https://tasuke.example/ で開いてください" in text(client.get("/account/"))
    assert "data-options" not in text(begin(signing, client))


def test_at_the_named_address_another_key_is_registered(signing, key, settings):
    settings.WEBAUTHN_ORIGIN = "https://tasuke.example"
    settings.ALLOWED_HOSTS = ["tasuke.example"]
    signing.clock.pass_by(seconds=31)
    named = {"secure": True, "headers": {"host": "tasuke.example"}}
    client = Client()
    client.post("/signin/", {"personal_id": "k-00123", "pin": PIN}, **named)
    assert "data-options" not in text(client.get("/signin/code/", **named))  # the key of localhost answers not here
    client.post("/signin/code/", {"code": signing.code()}, **named)
    signing.clock.pass_by(seconds=31)
    data = {"label": "新しいキー", "pin": PIN, "code": signing.code()}
    asked = options_of(client.post("/account/", data, **named))
    assert asked["rp"]["id"] == "tasuke.example"
    device = Authenticator("https://tasuke.example", rp_id="tasuke.example")
    client.post("/account/keys/register/", {"credential": device.create(asked)}, **named)
    assert [k.rp_id for k in SecurityKey.objects.using("accounts").order_by("id")] == ["localhost", "tasuke.example"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://tasuke.example", "https://192.0.2.1", "https://tasuke.example/", "https://Tasuke.example",
        "tasuke.example", "https://tasuke.example:443", "https://a@tasuke.example", "http://127.0.0.1:8000", "https://[::1]",
    ],
)  # fmt: skip
def test_an_address_that_no_browser_lets_keys_sign_for_stops_the_program(monkeypatch, origin):
    monkeypatch.setenv("TASUKE_WEBAUTHN_ORIGIN", origin)
    with pytest.raises(EnvironmentFault):
        read_environment()


def test_the_doctor_tells_where_keys_are_used_and_what_is_missing(settings):
    told = [*doctor._security_keys()]
    settings.WEBAUTHN_ORIGIN, settings.ALLOWED_HOSTS = "https://tasuke.example", ["localhost"]
    told += doctor._security_keys()
    settings.ALLOWED_HOSTS = [".example"]
    told += doctor._security_keys()
    assert [(f.value, f.ok) for f in told] == [
        ("使わない", None), ("https://tasuke.example", False), ("https://tasuke.example", True),
    ]  # fmt: skip


def test_without_a_name_keys_are_off(monkeypatch):
    monkeypatch.delenv("TASUKE_WEBAUTHN_ORIGIN", raising=False)
    assert read_environment().webauthn_origin == ""
    monkeypatch.setenv("TASUKE_WEBAUTHN_ORIGIN", "https://tasuke.city.example:8443")
    assert read_environment().webauthn_origin == "https://tasuke.city.example:8443"


def test_a_person_has_ten_keys_at_most(signing, key):
    SecurityKey.objects.using("accounts").bulk_create(
        SecurityKey(
            user_id="k-00123", label=f"{n}", credential_id=bytes([n]), public_key=b"", transports=[],
            aaguid=row().aaguid, rp_id="localhost", created_at=signing.clock.moment, sign_count=0,
        )
        for n in range(9)
    )  # fmt: skip
    signing.clock.pass_by(seconds=31)
    client = signing.fully(browser())
    asked = options_of(begin(signing, client))
    refused = client.post("/account/keys/register/", {"credential": Authenticator(ORIGIN).create(asked)}, follow=True)
    assert "10本まで" in text(refused)


def test_the_database_keeps_removals_whole_and_counts_sane(signing, key):
    for change in ({"removed_at": signing.clock.moment}, {"removed_by": "k-00123"}, {"sign_count": -1}):
        with pytest.raises(IntegrityError), transaction.atomic(using="accounts"):
            SecurityKey.objects.using("accounts").update(**change)


def test_a_new_person_changes_the_pin_before_anything_else(signing):
    User.objects.using("accounts").update(must_change_pin=True)
    client = signing.fully(browser())
    assert client.get("/account/").url == "/pin/"
