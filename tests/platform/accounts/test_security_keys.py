"""Security keys: registered by their owner alone, good for one answer in one session, dead once they were copied."""

import html
import json
import re

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from tests.platform.accounts.authenticator import AAGUID, PRESENT, Authenticator, coded, plain
from tests.platform.accounts.conftest import PIN, SECRET

from tasuke.deploy.environment import EnvironmentFault, read_environment
from tasuke.platform.access.services.apply_personnel_feed import apply_personnel_feed
from tasuke.platform.access.testing import make_user, signed_in
from tasuke.platform.accounts.models import KeyQuestion, OneTimeCode, SecurityKey, Terminal, User
from tasuke.platform.accounts.security_keys import user_handle
from tasuke.platform.accounts.services.change_pin import change_pin
from tasuke.platform.accounts.services.enrol_code import enrol_code
from tasuke.platform.accounts.services.release_lock import failures

pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"])]
HOST = "localhost:8000"
ORIGIN = f"http://{HOST}"


@pytest.fixture(autouse=True)
def on_localhost(settings):
    """As `tasuke serve` on the loopback address."""
    settings.WEBAUTHN_ORIGIN, settings.WEBAUTHN_ON_LOCALHOST = "", True


def browser():
    return Client(HTTP_HOST=HOST)


def text(response):
    return response.content.decode()


def options_of(response):
    """What the page hands to the browser's key."""
    return json.loads(html.unescape(re.search(r'data-options="([^"]*)"', text(response))[1]))


def events(personal_id="k-00123"):
    with connections["accounts"].cursor() as cursor:
        cursor.execute("SELECT kind, detail FROM audit_event WHERE personal_id = %s ORDER BY id", [personal_id])
        return cursor.fetchall()


def kinds():
    return [kind for kind, _ in events()]


def is_in(client):
    return client.get("/pin/").status_code == 200


def begin(signing, client, *, label="青いキー", pin=PIN, code=None):
    """The first page of a registration: PIN and a code that was not used yet."""
    signing.clock.pass_by(seconds=31)
    return client.post("/account/", {"label": label, "pin": pin, "code": code or signing.code()})


def register(signing, client, key, **more):
    asked = options_of(begin(signing, client, **more))
    return client.post("/account/keys/register/", {"credential": key.create(asked)})


def half_way(signing, client=None, personal_id=None):
    """After the PIN: the page that offers the key, and what it asks for."""
    client = client or browser()
    signing.pin(client, personal_id=personal_id)
    return client, client.get("/signin/code/")


def answer(client, said, **more):
    return client.post("/signin/key/", {"credential": said, "next": "/pin/", **more})


@pytest.fixture
def key(signing):
    """Registered to the person of `signing`, who has signed out since."""
    device = Authenticator(ORIGIN)
    client = signing.fully(browser())
    assert register(signing, client, device).url == "/account/"
    client.post("/signout/")
    return device


@pytest.fixture
def other(signing):
    """Somebody else with a PIN, a code and a key of their own."""
    user = make_user("k-00999", at=signing.clock.moment, name="試験 次郎")
    change_pin(user=user, pin=PIN)
    enrol_code(user=user, by="setup", at=signing.clock.moment, secret=SECRET)
    OneTimeCode.objects.using("accounts").update(confirmed_at=signing.clock.moment)
    device = Authenticator(ORIGIN)
    client = browser()
    signing.pin(client, personal_id="k-00999")
    signing.type_code(client)
    register(signing, client, device)
    return device


def row():
    return SecurityKey.objects.using("accounts").get(user_id="k-00123")


def test_a_key_opens_instead_of_the_code_and_both_are_on_record(signing, key):
    client, page = half_way(signing)
    asked = options_of(page)
    assert asked["rpId"] == "localhost"
    assert asked["userVerification"] == "preferred"
    assert [c["id"] for c in asked["allowCredentials"]] == [coded(key.credential_id)]
    assert not is_in(client)
    assert answer(client, key.get(asked, user_handle=user_handle("k-00123"))).url == "/pin/"
    assert is_in(client)
    assert kinds() == ["sign-in", "key-registered", "sign-out", "sign-in"]
    detail = json.loads(events()[-1][1])
    assert detail["what"] == "セキュリティキー"
    assert detail["security_key"] == row().pk
    assert detail["verified"] == "あり"
    assert row().sign_count == 1
    assert row().last_used_at == signing.clock.moment


def test_what_is_kept_of_a_key_is_what_it_signed_for(signing, key):
    kept = row()
    assert bytes(kept.credential_id) == key.credential_id
    assert kept.aaguid.bytes == AAGUID
    assert (kept.label, kept.rp_id, kept.transports, kept.sign_count) == ("青いキー", "localhost", ["usb"], 0)
    assert key.key.private_numbers().private_value.to_bytes(32, "big") not in bytes(kept.public_key)
    assert not KeyQuestion.objects.using("accounts").exists()


def test_the_code_still_opens_for_somebody_with_a_key(signing, key):
    signing.clock.pass_by(seconds=31)
    client, page = half_way(signing)
    assert "data-options" in text(page)
    assert signing.type_code(client).url == "/pin/"
    assert json.loads(events()[-1][1])["what"] == "ワンタイムパスワード"


def test_an_answer_opens_once(signing, key):
    client, page = half_way(signing)
    said = key.get(options_of(page))
    assert answer(client, said).url == "/pin/"
    client.post("/signout/")
    half_way(signing, client)
    again = answer(client, said)
    assert again.status_code == 401
    assert not is_in(client)
    assert row().copied_at is None  # the question differs: nobody can put a key out of use with an old answer


def test_a_question_is_used_up_by_a_wrong_answer_too(signing, key):
    client, page = half_way(signing)
    asked = options_of(page)
    wrong = json.loads(key.get(asked))
    wrong["response"]["signature"] = coded(b"\x30\x06\x02\x01\x01\x02\x01\x01")
    client.post("/signin/key/", {"credential": json.dumps(wrong)})
    assert answer(client, key.get(asked)).status_code == 401
    assert not is_in(client)


def at_another_origin(key, asked):
    key.origin = "http://localhost.example:8000"
    return key.get(asked)


def for_another_host(key, asked):
    key.rp_id = "example.org"
    return key.get(asked)


def without_a_touch(key, asked):
    key.flags = 0
    return key.get(asked)


def with_another_signature(key, asked):
    said = json.loads(key.get(asked))
    signature = bytearray(plain(said["response"]["signature"]))
    signature[-1] ^= 1
    said["response"]["signature"] = coded(bytes(signature))
    return json.dumps(said)


def with_another_count(key, asked):
    said = json.loads(key.get(asked))
    data = bytearray(plain(said["response"]["authenticatorData"]))
    data[-1] ^= 8
    said["response"]["authenticatorData"] = coded(bytes(data))
    return json.dumps(said)


def for_a_registration(key, asked):
    said = json.loads(key.get(asked))
    client = json.loads(plain(said["response"]["clientDataJSON"]))
    said["response"]["clientDataJSON"] = coded(json.dumps({**client, "type": "webauthn.create"}).encode())
    return json.dumps(said)


def in_somebody_elses_name(key, asked):
    return key.get(asked, user_handle=user_handle("k-00999"))


def of_a_device_that_nobody_registered(key, asked):
    return Authenticator(ORIGIN).get(asked)


def under_the_id_of_a_registered_one(key, asked):
    return Authenticator(ORIGIN, credential_id=key.credential_id).get(asked)


@pytest.mark.parametrize(
    "said",
    [
        at_another_origin, for_another_host, without_a_touch, with_another_signature, with_another_count,
        for_a_registration, in_somebody_elses_name, of_a_device_that_nobody_registered,
        under_the_id_of_a_registered_one,
    ],
)  # fmt: skip
def test_an_answer_that_is_not_right_opens_nothing_and_counts_towards_the_lock(signing, key, said):
    client, page = half_way(signing)
    refused = answer(client, said(key, options_of(page)))
    assert refused.status_code == 401
    assert "もう一度行うか、ワンタイムパスワード" in text(refused)
    assert not is_in(client)
    assert kinds()[-1] == "sign-in-failed"
    assert failures(personal_id="k-00123") == 1
    assert (row().sign_count, row().copied_at, row().last_used_at) == (0, None, None)


@pytest.mark.parametrize(
    "said", ["", "x", "[]", "{}", "null", '{"id": 1}', "ａ", '{"id":"a","rawId":"é"}', "9" * 30_000]
)
def test_nonsense_for_an_answer_opens_nothing(signing, key, said):
    client, _ = half_way(signing)
    assert answer(client, said).status_code == 401
    assert not is_in(client)


def test_a_count_that_goes_back_puts_the_key_out_of_use_and_the_auditor_sees_it(signing, key):
    copy = Authenticator(ORIGIN, credential_id=key.credential_id, key=key.key)
    key.count = 4
    client, page = half_way(signing)
    answer(client, key.get(options_of(page)))
    thief, page = half_way(signing)
    assert answer(thief, copy.get(options_of(page))).status_code == 401
    assert kinds()[-2:] == ["sign-in-failed", "key-copied"]
    assert "複製の疑い" in json.loads(events()[-1][1])["reason"]
    assert row().copied_at == signing.clock.moment
    again, page = half_way(signing)
    assert "data-options" not in text(page)  # neither of the two opens any more
    assert not is_in(again)
    auditor = signed_in("auditor", personal_id="auditor-1")
    assert "複製の疑い" in text(auditor.get("/admin/accounts/users/k-00123/"))
    assert "複製の疑い" in text(auditor.get("/admin/accounts/differences/"))


def test_a_device_that_does_not_count_opens_again_and_again(signing):
    device = Authenticator(ORIGIN, step=0)
    client = signing.fully(browser())
    register(signing, client, device)
    for _ in range(2):
        client, page = half_way(signing)
        assert answer(client, device.get(options_of(page))).url == "/pin/"


def test_a_device_that_did_not_check_its_owner_opens_and_that_is_told(signing, key):
    key.flags = PRESENT
    client, page = half_way(signing)
    assert answer(client, key.get(options_of(page))).url == "/pin/"
    assert json.loads(events()[-1][1])["verified"] == "なし"


def test_the_key_of_somebody_else_opens_nothing(signing, key, other):
    client, page = half_way(signing)
    assert answer(client, other.get(options_of(page))).status_code == 401
    assert not is_in(client)


def test_the_question_of_another_session_is_none_in_this_one(signing, key):
    first, page = half_way(signing)
    second, _ = half_way(signing)
    said = key.get(options_of(page))
    assert answer(second, said).status_code == 401
    assert answer(first, said).url == "/pin/"


def test_a_question_grows_old(signing, key):
    client, page = half_way(signing)
    signing.clock.pass_by(seconds=170)
    client.get("/signin/code/")  # asks anew, which makes the first question void
    assert answer(client, key.get(options_of(page))).status_code == 401
    client, page = half_way(signing)
    KeyQuestion.objects.using("accounts").update(until=signing.clock.moment)
    assert answer(client, key.get(options_of(page))).status_code == 401
    client, page = half_way(signing)
    signing.clock.pass_by(seconds=181)
    assert answer(client, key.get(options_of(page))).url == "/signin/"


def test_five_wrong_answers_lock_the_right_one_out(signing, key):
    client, page = half_way(signing)
    statuses = [answer(client, "{}").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 401, 429]
    page = client.get("/signin/code/")
    assert answer(client, key.get(options_of(page))).status_code == 429
    assert not is_in(client)


def test_an_unregistered_machine_may_not_use_a_key_either(signing, key, settings):
    client, page = half_way(signing)
    settings.REQUIRE_TERMINAL = True
    assert answer(client, key.get(options_of(page))).url == "/signin/"
    assert not Terminal.objects.using("accounts").exists()


def test_a_sign_in_by_key_ends_the_session_before(signing, key):
    signing.clock.pass_by(seconds=31)
    first = signing.fully(browser())
    second, page = half_way(signing)
    answer(second, key.get(options_of(page)))
    assert first.get("/pin/").url == "/signin/?ended=displaced"
    assert is_in(second)


def test_the_key_alone_opens_nothing(signing, key):
    assert answer(browser(), key.get({"challenge": coded(b"x" * 32)})).url == "/signin/"


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


def test_answers_of_keys_are_not_kept_with_a_failure(signing, key):
    from axes.models import AccessAttempt

    client, _ = half_way(signing)
    answer(client, '{"id": "geheim"}')
    kept = "".join(f"{a.get_data}{a.post_data}" for a in AccessAttempt.objects.using("accounts").all())
    assert "geheim" not in kept


def test_a_new_person_changes_the_pin_before_anything_else(signing):
    User.objects.using("accounts").update(must_change_pin=True)
    client = signing.fully(browser())
    assert client.get("/account/").url == "/pin/"


def test_questions_that_nobody_answered_are_cleared_away(signing, key):
    half_way(signing)
    half_way(signing)
    assert KeyQuestion.objects.using("accounts").count() == 2
    signing.clock.pass_by(seconds=300)
    half_way(signing)
    assert KeyQuestion.objects.using("accounts").count() == 1
