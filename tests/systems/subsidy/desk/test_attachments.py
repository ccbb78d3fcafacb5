"""Papers that were handed in: by content, harmless by name, seen on record, never deleted."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from tasuke.platform.audit.models import AuditEvent
from tasuke.systems.subsidy.desk.attachments import LARGEST, harmless_name, kind_of, missing_papers
from tasuke.systems.subsidy.desk.models import Attachment
from tasuke.systems.subsidy.entitlements.models import Application

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
OTHER_WARD = "141330"
CHILD = "0000000011"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 30 + b"IEND\xaeB`\x82"


@pytest.fixture
def application(people, tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    people.resident(CHILD)
    return Application.objects.using("subsidy").create(
        application_no="A1", scheme="kawasaki-shoni", kind="1", atena_no=CHILD, applicant_atena_no=CHILD, role="1",
        received_on=date(2026, 11, 20), channel="1", reason="9", event_date=date(2026, 11, 20), state="received",
        missing_documents="資格確認書の写し、委任状",
    )  # fmt: skip


def attach(client, application, data=PDF, name="写し.pdf", document="資格確認書の写し"):
    file = SimpleUploadedFile(name, data)
    address = f"/attachments/application/{application.pk}/"
    return client.post(address, {"document": document, "file": file})


def one():
    return Attachment.objects.using("subsidy").get()


def test_an_attachment_settles_a_missing_paper(application, browser, at_most):
    client = browser()
    assert attach(client, application).status_code == 302
    with at_most(15):
        html = client.get(f"/applications/{application.pk}/").content.decode()
    assert html.count("提出済み") == 1
    assert html.count("未提出") == 1
    assert "写し.pdf" in html


@pytest.mark.parametrize(("data", "kind"), [(PDF, "pdf"), (JPEG, "jpg"), (PNG, "png")])
def test_the_content_says_what_it_is_and_a_browser_may_not_run_it(application, browser, data, kind):
    attach(browser(), application, data, name="x.html")
    response = browser().get(f"/attachments/{one().pk}/")
    assert response.content == data
    assert response["Content-Disposition"] == f'attachment; filename="tenpu-{one().pk}.{kind}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    event = AuditEvent.objects.using("subsidy").filter(kind="read").latest("pk")
    assert (event.atena_no, event.action) == (CHILD, "view-application")
    assert f"attachment {one().pk}" in event.detail


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><script>alert(1)</script></html>", "PDF、JPEG、PNG のどれでもありません"),
        (b"GIF89a" + b"\x00" * 50, "どれでもありません"),
        (b"MZ\x90\x00" + PDF, "どれでもありません"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "どれでもありません"),
        (b"%PDF-1.7 cut off", "どれでもありません"),
        (b"", "空"),
        (b"%PDF-1.7" + b"0" * LARGEST + b"%%EOF", "大きすぎます"),
    ],
    ids=["html", "gif", "program", "svg", "half", "empty", "large"],
)
def test_what_is_not_taken_is_told_at_the_field(application, browser, data, words):
    page = attach(browser(), application, data, name="写し.pdf")
    assert page.status_code == 422
    assert words in " ".join(page.context["form"].errors["file"])
    assert 'class="error-summary"' in page.content.decode()
    assert not Attachment.objects.using("subsidy").exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\写し.pdf", "写し.pdf"),
        ("写し\u202efdp.exe", "写しfdp.exe"),
        ('"><script>.pdf', "script.pdf"),
        ("...", "名称なし"),
        ("改\r\nSet-Cookie: a", "改Set-Cookie a"),
        ("あ" * 300 + ".pdf", "あ" * 96 + ".pdf"),
    ],
)
def test_tricks_with_names_are_harmless(name, shown):
    assert harmless_name(name) == shown


def test_a_withdrawn_paper_keeps_its_row_and_is_not_shown(application, browser):
    attach(browser(), application)
    without = browser().post(f"/attachments/{one().pk}/withdraw/", {"reason": " "})
    assert without.status_code == 422
    assert 'href="#id_reason">取下げの理由: 取下げの理由を入力してください' in without.content.decode()
    long = browser().post(f"/attachments/{one().pk}/withdraw/", {"reason": "別" * 201}).content.decode()
    assert "別" * 201 in long  # nothing that was typed is lost
    assert 'id="id_reason_error"' in long
    assert one().withdrawn_at is None
    done = browser("reviewer").post(f"/attachments/{one().pk}/withdraw/", {"reason": "別の人の書類"}, follow=True)
    assert "別の人の書類" in done.content.decode()
    assert "提出済み" not in done.content.decode()
    assert browser().get(f"/attachments/{one().pk}/").status_code == 404
    again = browser().post(f"/attachments/{one().pk}/withdraw/", {"reason": "もう一度"}, follow=True)
    assert "取下げ済みです" in again.content.decode()


def test_the_database_wants_one_bearer_and_a_whole_withdrawal(application, browser):
    attach(browser(), application)
    rows = Attachment.objects.using("subsidy").all()
    for change in ({"application_id": None}, {"withdrawn_by": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
            rows.update(**change)


def test_another_ward_and_another_scheme_get_nothing(application, browser):
    attach(browser(), application)
    for number, limits in enumerate(({"offices": [OTHER_WARD]}, {"schemes": ["kawasaki-hitorioya"]})):
        other = browser(personal_id=f"other-{number}-clerk", **limits)
        assert other.get(f"/attachments/{one().pk}/").status_code == 404
        assert attach(other, application).status_code == 404
        assert other.post(f"/attachments/{one().pk}/withdraw/", {"reason": "x"}).status_code == 404
    assert browser().post("/attachments/person/1/", {"document": "x"}).status_code == 404


def test_missing_papers_are_told_one_by_one():
    file = {"document": "委任状", "withdrawn_at": None}
    assert missing_papers("委任状、 所得証明;委任状", [file]) == [
        {"document": "委任状", "files": [file]},
        {"document": "所得証明", "files": []},
    ]
    assert kind_of(PDF) == "pdf"
