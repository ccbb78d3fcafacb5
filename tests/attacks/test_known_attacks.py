"""One test for each way in that people try: another ward, forged ids, forged requests, stolen and fixed sessions."""

import io
import re

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tasuke.platform.access.testing import make_user, signed_in
from tasuke.platform.accounts.models import User
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.export.tables import to_csv, to_xlsx
from tasuke.systems.subsidy.entitlements.models import Application

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
OURS = "141313"
FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "  =1", "＝1+1", "＠x", "=cmd|' /C calc'!A0"]


@pytest.fixture
def clerk(city):
    return signed_in("clerk", offices=[OURS])


@pytest.fixture
def reviewer(city):
    return signed_in("reviewer", offices=[OURS])


def test_another_wards_household_by_its_address(clerk):
    assert clerk.get("/persons/101/").status_code == 200
    for path in ("/persons/201/", "/persons/201/?on=2025-04-01", "/applications/new/201/"):
        answer = clerk.get(path)
        assert answer.status_code == 404, path
        assert "攻撃" not in answer.content.decode()
    there = AuditEvent.objects.using("subsidy").filter(kind="not-found", detail__contains="/persons/201/")
    assert there.exists()


def test_another_wards_household_looks_like_one_that_does_not_exist(clerk):
    theirs, nobodys = clerk.get("/persons/201/"), clerk.get("/persons/999/")
    assert theirs.status_code == nobodys.status_code == 404
    token = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"|201|999')
    assert token.sub(b"", theirs.content) == token.sub(b"", nobodys.content)


def test_forged_ids_in_addresses_and_forms(reviewer, city):
    theirs = city["theirs"].pk
    for name in ("application", "assess", "decide", "hold", "withdraw"):
        path = reverse(f"applications:{name}", args=[theirs])
        answer = reviewer.get(path)
        if answer.status_code == 405:
            answer = reviewer.post(path, {"reason": "x", "note": "x", "outcome": "eligible"})
        assert answer.status_code == 404, path
    assert Application.objects.using("subsidy").get(pk=theirs).state == "received"
    assert reviewer.post("/claims/decide/", {"claim": ["1", "999999999999"], "outcome": "accept"}).status_code == 404


def test_a_person_of_another_ward_named_in_a_form_of_ours(clerk):
    """The address is ours, the numbers inside the form are theirs."""
    form = clerk.get("/applications/new/101/").content.decode()
    assert 'name="applicant_atena_no"' in form
    answer = clerk.post("/applications/new/101/", {"atena_no": "201", "applicant_atena_no": "999", "save": "1"})
    assert answer.status_code == 422


def test_fields_that_no_form_has_change_nothing(city):
    admin = signed_in("administrator")
    posted = {"personal_id": "k-00009", "name": "試験", "office": "", "start": "2026-04-01", "last": ""}
    extra = {"is_superuser": "1", "must_change_pin": "", "session_hash": "x", "created_by": "nobody", "password": "x"}
    assert admin.post(reverse("accounts_admin:new_user"), {**posted, **extra}).status_code == 302
    made = User.objects.using("accounts").get(personal_id="k-00009")
    assert made.must_change_pin
    assert made.session_hash == ""
    assert made.created_by == "test-administrator"
    assert not made.check_password("x")


def test_nobody_approves_their_own_grant_whatever_the_form_says(city):
    admin = signed_in("administrator")
    user = make_user("k-00010", at=_now())
    asked = {"role": "clerk", "start": "2026-04-01", "last": "2026-12-31", "reason": "x", "state": "approved",
             "decided_by": "another", "requested_by": "another"}  # fmt: skip
    assert admin.post(reverse("accounts_admin:new_grant", args=["k-00010"]), asked).status_code == 302
    grant = user.grants.get()
    assert (grant.state, grant.requested_by) == ("requested", "test-administrator")
    admin.post(reverse("accounts_admin:decide_grant", args=[grant.pk]), {"decision": "approve", "by": "another"})
    grant.refresh_from_db()
    assert grant.state == "requested"


def test_a_request_from_another_site_is_refused(city, settings):
    browser = signed_in("administrator", client=Client(enforce_csrf_checks=True))
    path = reverse("accounts_admin:new_user")
    assert browser.post(path, {"personal_id": "k-00011"}).status_code == 403
    token = browser.get(path).cookies[settings.CSRF_COOKIE_NAME].value
    other = {"HTTP_ORIGIN": "https://evil.example"}
    assert browser.post(path, {"csrfmiddlewaretoken": token}, **other).status_code == 403
    assert browser.post(path, {"csrfmiddlewaretoken": token}).status_code == 422  # the same, from our own page


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_other_methods_do_nothing(clerk, verb, city):
    for path in ("/persons/101/", "/applications/", f"/applications/{city['ours'].pk}/withdraw/"):
        answer = getattr(clerk, verb)(path)
        assert answer.status_code in (403, 405) or answer.status_code == 200, path
    assert Application.objects.using("subsidy").get(pk=city["ours"].pk).state == "received"


def test_a_method_in_a_header_or_a_field_is_not_another_method(reviewer, city):
    path = reverse("applications:withdraw", args=[city["ours"].pk])
    reviewer.get(path, {"_method": "POST", "reason": "x"}, HTTP_X_HTTP_METHOD_OVERRIDE="POST")
    assert Application.objects.using("subsidy").get(pk=city["ours"].pk).state == "received"


@pytest.mark.parametrize(
    "there",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil", "\x00//evil",
     " https://evil.example", "https:/evil.example", "/%09/evil.example"],
)  # fmt: skip
def test_the_page_to_go_back_to_is_ours(city, there):
    browser = signed_in("clerk")
    answer = browser.post("/purpose/", {"purpose": "counter", "next": there})
    assert answer.status_code == 302
    assert answer.url.startswith("/")
    assert not answer.url.startswith(("//", "/\\"))


def test_pages_about_persons_stay_in_no_cache_and_in_no_frame(clerk):
    for path in ("/", "/persons/", "/persons/101/", "/persons/201/", "/signin/"):
        answer = clerk.get(path)
        assert answer["Cache-Control"] == "no-store", path
        assert answer["X-Frame-Options"] == "DENY", path
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(clerk):
    answer = clerk.post("/persons/", {"q": "x" * (6 * 2**20)})
    assert answer.status_code in (400, 413)
    many = "&".join(f"f{i}=1" for i in range(2_000))
    assert clerk.post("/persons/", many, content_type="application/x-www-form-urlencoded").status_code == 400


@pytest.mark.parametrize("name", ["../../x.csv", "x\r\nSet-Cookie: a=b.csv", "<script>.csv", "x\x00.csv", "あ" * 300])
def test_file_names_are_only_words(city, name):
    operator = signed_in("operator")
    file = SimpleUploadedFile("x.csv", b"a,b\r\n1,2\r\n", content_type="text/csv")
    file._name = name
    answer = operator.post("/runs/import/", {"kind": "residents", "file": file})
    assert answer.status_code < 500
    assert "a" not in answer.cookies
    assert b"<script>.csv" not in answer.content


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_an_export_is_a_formula(text):
    frame = pl.DataFrame({"氏名": [text], "金額": [-5]})
    line = to_csv(frame).decode("utf-8-sig").splitlines()[1]
    assert line.lstrip('"').startswith("'")
    assert line.endswith(",-5")
    cell = load_workbook(io.BytesIO(to_xlsx({"表": frame})))["表"]["A2"]
    assert cell.data_type == "s"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_name_of_a_person_is_a_formula_in_the_list_of_differences(city, text):
    make_user("k-00012", at=_now(), name=text.strip() or text)
    lines = signed_in("administrator").get(reverse("accounts_admin:differences_csv")).content.decode("utf-8-sig")
    mine = next(line for line in lines.splitlines() if "k-00012" in line)
    assert f"'{text.strip()}"[:3] in mine


def test_an_address_with_nul_is_refused_with_all_headers(clerk):
    for path in ("/persons/a%00b/", "/admin/accounts/?q=%00"):
        answer = clerk.get(path)
        assert answer.status_code == 400
        assert answer["Cache-Control"] == "no-store"


def _now():
    from tasuke.deploy.clock import now

    return now()
