"""Security keys at the sign-in: good for one answer in one session, dead once they were copied."""

import json
import re

import pytest
from tests.platform.accounts.authenticator import PRESENT, Authenticator, coded, plain
from tests.platform.accounts.key_steps import (
    ORIGIN,
    answer,
    browser,
    events,
    half_way,
    is_in,
    kinds,
    options_of,
    register,
    row,
    text,
)

from tasuke.platform.access.testing import signed_in
from tasuke.platform.accounts.models import KeyQuestion, Terminal
from tasuke.platform.accounts.security_keys import user_handle
from tasuke.platform.accounts.services.release_lock import failures

pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"]), pytest.mark.usefixtures("on_localhost")]


def test_a_key_opens_instead_of_the_code_and_both_are_on_record(signing, key):
    client, page = half_way(signing)
    asked = options_of(page)
    assert asked["rpId"] == "localhost"
    assert asked["userVerification"] == "preferred"
    assert [c["id"] for c in asked["allowCredentials"]] == [coded(key.credential_id)]
    assert not is_in(client)
    # without script the form of the key stays hidden and that of the code is there
    assert re.search(r'<form [^>]*data-security-key="get"[^>]* hidden>', text(page))
    assert answer(client, key.get(asked, user_handle=user_handle("k-00123"))).url == "/pin/"
    assert is_in(client)
    assert kinds() == ["sign-in", "key-registered", "sign-out", "sign-in"]
    detail = json.loads(events()[-1][1])
    assert detail["what"] == "セキュリティキー"
    assert detail["security_key"] == row().pk
    assert detail["verified"] == "あり"
    assert row().sign_count == 1
    assert row().last_used_at == signing.clock.moment


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


def test_a_copy_that_came_first_is_signed_out_when_its_owner_comes(signing, key):
    copy = Authenticator(ORIGIN, credential_id=key.credential_id, key=key.key, count=6)
    thief, page = half_way(signing)
    assert answer(thief, copy.get(options_of(page))).url == "/pin/"
    owner, page = half_way(signing)
    assert answer(owner, key.get(options_of(page))).status_code == 401
    assert not is_in(thief)


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


def test_answers_of_keys_are_not_kept_with_a_failure(signing, key):
    from axes.models import AccessAttempt

    client, _ = half_way(signing)
    answer(client, '{"id": "geheim"}')
    kept = "".join(f"{a.get_data}{a.post_data}" for a in AccessAttempt.objects.using("accounts").all())
    assert "geheim" not in kept


def test_questions_that_nobody_answered_are_cleared_away(signing, key):
    half_way(signing)
    half_way(signing)
    assert KeyQuestion.objects.using("accounts").count() == 2
    signing.clock.pass_by(seconds=300)
    half_way(signing)
    assert KeyQuestion.objects.using("accounts").count() == 1
