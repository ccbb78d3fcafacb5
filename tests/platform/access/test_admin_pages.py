"""The administrators' pages: from a new person to the first sign-in, and what nobody may do alone."""

import re
from datetime import date, datetime, timedelta
from typing import ClassVar

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django.urls import include, path

from tasuke.deploy.clock import now
from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.access.testing import make_grant, make_user, signed_in
from tasuke.platform.accounts.models import OneTimeCode, Terminal, User
from tasuke.platform.accounts.sealing import unseal
from tasuke.platform.accounts.totp import present_code

pytestmark = [pytest.mark.django_db(databases=["subsidy", "accounts"])]


class Addresses:
    """Sign-in and administration alone."""

    urlpatterns: ClassVar = [
        path("", include("tasuke.platform.access.web.urls")),
        path("admin/accounts/", include("tasuke.platform.access.web.admin_urls")),
    ]


@pytest.fixture(autouse=True)
def quiet(settings, monkeypatch):
    settings.ROOT_URLCONF = Addresses
    settings.REQUIRE_TERMINAL = False
    for name, value in (("memory_cost", 512), ("time_cost", 1), ("parallelism", 1)):
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture
def admin():
    return signed_in("administrator", personal_id="admin-1")


@pytest.fixture
def second():
    return signed_in("administrator", personal_id="admin-2")


def page(response):
    return response.content.decode()


def new_person(admin, **more):
    data = {"personal_id": "k-00123", "name": "試験 花子", "office": "", "start": "2026-04-01", "last": "", **more}
    return admin.post("/admin/accounts/users/new/", data)


def ask_grant(admin, **more):
    days = {"start": f"{now().date()}", "last": f"{date(now().year + 1, 1, 1)}"}
    data = {"role": "administrator", "reason": "配属", **days, **more}
    return admin.post("/admin/accounts/users/k-00123/grants/new/", data)


def secret_of(personal_id):
    row = OneTimeCode.objects.using("accounts").get(user_id=personal_id)
    return unseal(row.sealed_secret, owner=personal_id)


def test_from_a_new_person_to_the_first_sign_in(admin, second):
    assert new_person(admin).status_code == 302
    pin = re.search(r"<code>([a-z0-9]{10})</code>", page(admin.post("/admin/accounts/users/k-00123/pin/"))).group(1)
    assert pin not in page(admin.get("/admin/accounts/users/k-00123/"))
    assert admin.post("/admin/accounts/users/k-00123/enrol/").status_code == 302
    assert "qr.svg" in page(admin.get("/admin/accounts/users/k-00123/enrol/code/"))
    qr = admin.get("/admin/accounts/users/k-00123/enrol/qr.svg")
    assert qr["Content-Type"] == "image/svg+xml"
    assert b"<svg" in qr.content
    code = present_code(secret=secret_of("k-00123"), at=now())
    assert admin.post("/admin/accounts/users/k-00123/enrol/code/", {"code": code}).status_code == 302
    assert admin.get("/admin/accounts/users/k-00123/enrol/qr.svg").status_code == 404
    assert ask_grant(admin).status_code == 302
    grant = Grant.objects.using("accounts").get(user_id="k-00123")
    second.post(f"/admin/accounts/grants/{grant.pk}/decide/", {"decision": "approve"})

    person = Client()
    person.post("/signin/", {"personal_id": "k-00123", "pin": pin})
    later = datetime.fromtimestamp(now().timestamp() + 30, tz=now().tzinfo)
    next_code = present_code(secret=secret_of("k-00123"), at=later)
    assert person.post("/signin/code/", {"code": next_code}).status_code == 302
    assert person.get("/admin/accounts/").url == "/pin/"  # the PIN that the administrator knows is changed first
    person.post("/pin/", {"present": pin, "new": "haru no umi", "again": "haru no umi"})
    assert person.get("/admin/accounts/").status_code == 200


def test_nobody_approves_alone(admin):
    new_person(admin)
    ask_grant(admin)
    grant = Grant.objects.using("accounts").get(user_id="k-00123")
    response = admin.post(f"/admin/accounts/grants/{grant.pk}/decide/", {"decision": "approve"}, follow=True)
    assert "申請した人は承認できません" in page(response)
    grant.refresh_from_db(using="accounts")
    assert grant.state == GrantState.REQUESTED


def test_nobody_hands_the_keys_to_themselves(admin):
    for what in ("pin", "enrol"):
        answer = page(admin.post(f"/admin/accounts/users/admin-1/{what}/", follow=True))
        assert "別の管理者が発行します" in answer
    assert not OneTimeCode.objects.using("accounts").filter(user_id="admin-1").exists()
    assert admin.get("/admin/accounts/users/admin-1/enrol/qr.svg").status_code == 404


def test_forged_fields_of_a_grant_are_refused_or_ignored(admin):
    new_person(admin)
    assert ask_grant(admin, offices=["999999"]).status_code == 422
    assert ask_grant(admin, schemes=["no-such-scheme"]).status_code == 422
    ask_grant(admin, state="approved", decided_by="admin-2", requested_by="admin-2", user="admin-1")
    grant = Grant.objects.using("accounts").get(user_id="k-00123")
    assert (grant.state, grant.requested_by, grant.decided_by) == (GrantState.REQUESTED, "admin-1", None)


@pytest.mark.parametrize("personal_id", ["abc", "madoguchi 1", "k_00123", "あいうえお", "k" * 21, "'; DROP TABLE--"])
def test_ids_that_are_none(admin, personal_id):
    assert new_person(admin, personal_id=personal_id).status_code == 422


def test_an_id_is_given_once(admin):
    assert new_person(admin).status_code == 302
    answer = new_person(admin, name="別人")
    assert answer.status_code == 422
    assert "すでに使われています" in page(answer)


def test_text_of_people_never_becomes_markup(admin):
    new_person(admin, name="<script>alert(1)</script>{{ 7|add:7 }}")
    answer = page(admin.get("/admin/accounts/"))
    assert "<script>alert" not in answer
    assert "{{ 7|add:7 }}" in answer
    assert admin.get("/admin/accounts/", {"q": "' OR 1=1 --%_"}).status_code == 200


def test_a_revocation_needs_a_reason(admin):
    user = make_user("k-00123", at=now())
    grant = make_grant(user, "clerk", at=now())
    empty = admin.post(f"/admin/accounts/grants/{grant.pk}/revoke/", {"reason": ""})
    assert empty.status_code == 422
    assert 'href="#id_reason">取消の理由: 取消の理由を入力してください' in page(empty)
    long = admin.post(f"/admin/accounts/grants/{grant.pk}/revoke/", {"reason": "担" * 201})
    assert "担" * 201 in page(long)  # nothing that was typed is lost
    assert 'id="id_reason_error"' in page(long)
    grant.refresh_from_db(using="accounts")
    assert grant.state == GrantState.APPROVED
    admin.post(f"/admin/accounts/grants/{grant.pk}/revoke/", {"reason": "担当替え"})
    grant.refresh_from_db(using="accounts")
    assert (grant.state, grant.revoked_by) == (GrantState.REVOKED, "admin-1")


def test_differences_on_screen_and_as_a_file_that_no_spreadsheet_computes(admin):
    gone = make_user("k-00123", at=now(), name="=HYPERLINK(1)")
    make_grant(gone, "clerk", at=now())
    User.objects.using("accounts").filter(personal_id="k-00123").update(active=("2020-01-01", "2021-01-01"))
    make_user("k-00124", at=now())
    answer = page(admin.get("/admin/accounts/differences/"))
    assert "在職していないのに権限がある" in answer
    assert "職員IDはあるが権限がない" in answer
    lines = page(admin.get("/admin/accounts/differences.csv")).lstrip("\ufeff").splitlines()
    assert lines[0] == "区分,職員ID,氏名,所属,内容"
    assert lines[1] == '在職していないのに権限がある,k-00123,\'=HYPERLINK(1),"",窓口'


def test_who_is_new_is_not_told_to_be_unused(admin):
    fresh = make_user("k-00123", at=now())
    make_grant(fresh, "clerk", at=now())
    OneTimeCode.objects.using("accounts").create(
        user=fresh, sealed_secret=b"x", created_at=now(), created_by="admin-2", confirmed_at=now()
    )
    assert "90日以上サインインがない" not in page(admin.get("/admin/accounts/differences/"))
    User.objects.using("accounts").filter(personal_id="k-00123").update(created_at=now() - timedelta(days=91))
    assert "90日以上サインインがない" in page(admin.get("/admin/accounts/differences/"))


def test_who_is_locked_out_is_found_in_the_list(admin):
    make_user("k-00123", at=now(), name="試験 花子")
    for _ in range(5):
        Client().post("/signin/", {"personal_id": "k-00123", "pin": "wrong"})
    assert "ロック</span>" in page(admin.get("/admin/accounts/"))
    only = page(admin.get("/admin/accounts/?locked=1"))
    assert "k-00123" in only
    assert "admin-1</a>" not in only
    admin.post("/admin/accounts/users/k-00123/release/")
    assert "k-00123" not in page(admin.get("/admin/accounts/?locked=1"))


def test_a_terminal_gets_its_ticket_once_and_is_revoked(admin):
    answer = page(admin.post("/admin/accounts/terminals/", {"label": "窓口1", "office": ""}))
    assert re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){3}", answer)
    assert "登録待ち" in page(admin.get("/admin/accounts/terminals/"))
    terminal = Terminal.objects.using("accounts").get()
    assert admin.post(f"/admin/accounts/terminals/{terminal.pk}/revoke/").status_code == 302
    assert admin.post(f"/admin/accounts/terminals/{terminal.pk}/revoke/").status_code == 404


def test_a_file_of_transfers_is_taken_on_screen(admin, tmp_path):
    make_grant(make_user("k-00123", at=now()), "clerk", at=now())
    file = tmp_path / "../異動.csv"
    file.write_text("連番,職員ID,区分,発令日,異動先\r\n1,k-00123,2,2026-11-01,\r\n", "utf-8")
    with file.open("rb") as data:
        answer = page(admin.post("/admin/accounts/personnel/", {"file": data}))
    assert "終わる権限 1件" in answer
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"\x00\x01\x02")
    with broken.open("rb") as data:
        assert admin.post("/admin/accounts/personnel/", {"file": data}).status_code == 422


def test_every_page_shows(admin):
    new_person(admin)
    for place in ("", "grants/", "roles/", "differences/", "personnel/", "terminals/", "users/new/", "users/k-00123/"):
        assert admin.get(f"/admin/accounts/{place}").status_code == 200, place
    assert admin.get("/admin/accounts/users/nobody-1/").status_code == 404
