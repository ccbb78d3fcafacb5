"""Screens of the gateway: states and reasons, never the contents of an answer."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tasuke.contracts import interface as mid
from tasuke.deploy.profiles import open_profile
from tasuke.formats.inquiry_file import parse_results
from tasuke.platform.access.testing import signed_in
from tasuke.systems.gateway import answers, masters, policy
from tasuke.systems.gateway.models import AskError, HeldResult, Inquiry, PersonFlag, ServiceWindow
from tasuke.systems.subsidy.profile import set_profile

pytestmark = [
    pytest.mark.django_db(databases=["gateway", "accounts", "subsidy"]),
    pytest.mark.urls("tests.systems.gateway.office_urls"),
]
AT = datetime(2026, 6, 10, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
PAGES = ("", "inquiries/", "errors/", "flags/", "masters/", "masters/bodies/", "tables/", "files/")


def inquiry(number, state, **more):
    facts = {
        "business_id": "900", "record_id": f"2026-{number:08}", "mid_record_id": f"900-2026-{number:08}",
        "system": "subsidy", "atena_no": f"{100 + number}", "unified_no": "000000000000017",
        "procedure_code": "JT00000000000901", "information_code": "TM00000000000002", "provider": "B012033",
        "department": "総務", "personal_id": "S0001", "protected": False, "undisclosed": False, "digest": b"x",
        "asked_at": AT, "state": state, "year": 2026,
    }  # fmt: skip
    return Inquiry.objects.using("gateway").create(**(facts | more))


@pytest.fixture(autouse=True)
def traffic(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    set_profile(open_profile("kawasaki"))
    policy.set_policy(body="B011002")
    rows = [
        inquiry(1, "waiting", reason="符号を取得中です"),
        inquiry(2, "stuck", reason="形が違います"),
        inquiry(3, "sent"),
    ]
    answered = inquiry(4, "sent")
    answers.give([answers.New(answered, "found", AT, "", ({"total_income": 3_120_001},))], using="gateway", at=AT)
    held = inquiry(5, "held", reason="コード表に無い値です")
    HeldResult.objects.using("gateway").create(inquiry=held, sealed=b"", problem="コード表に無い値です", at=AT)
    AskError.objects.using("gateway").create(
        at=AT, system="subsidy", business_id="900", record_id="2026-00000009", atena_no="109", code="E0004",
        message="照会許可用照合リストにありません",
    )  # fmt: skip
    PersonFlag.objects.using("gateway").create(atena_no="110", reason="支援措置の対象者", changed_at=AT, told=False)
    ServiceWindow.objects.using("gateway").create(
        pk="midserver", open=False, reachable=True, note="年末の保守", checked_at=AT, since=AT
    )
    row = mid.PermissionRow(
        procedure_code="JT00000000000901", procedure="子ども医療費助成", requester_kind="municipality",
        information_code="TM00000000000002", information="地方税関係情報", provider_kind="municipality",
        legal_basis="番号法", valid_from=AT.date(),
    )  # fmt: skip
    body = mid.BodyRow(code="B012033", name="小樽市(代役)", kind="municipality", valid_from=AT.date())
    masters.store_master(mid.Master(version=3, permissions=(row,), bodies=(body,)), using="gateway", at=AT)
    return rows


def page(address, role="distribution_official"):
    return signed_in(role).get(f"/gateway/{address}")


@pytest.mark.parametrize("address", PAGES)
def test_no_page_shows_the_contents_of_an_answer(address):
    answer = page(address)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "3120001" not in text.replace(",", "")
    assert "000000000000017" not in text


@pytest.mark.parametrize("address", PAGES)
def test_others_see_nothing(address):
    assert page(address, role="clerk").status_code == 403


def test_states_and_reasons_are_shown():
    overview = page("").content.decode()
    assert "年末の保守" in overview
    assert "2件" in overview  # stuck and held
    assert "符号を取得中です" in page("inquiries/?state=waiting").content.decode()
    errors = page("errors/").content.decode()
    assert [word in errors for word in ("形が違います", "コード表に無い値です", "照会許可用照合リスト")] == [True] * 3
    assert "第3版" in page("masters/").content.decode()
    assert "未確認" in page("tables/").content.decode()


def test_codes_are_shown_by_name():
    listed = page("inquiries/").content.decode()
    assert all(word in listed for word in ("地方税関係情報", "小樽市(代役)", "900 医療費助成"))
    assert ("市区町村" in page("masters/").content.decode(), "小樽市" in page("masters/bodies/").content.decode()) == (
        True,
        True,
    )
    assert "総所得金額" in page("tables/").content.decode()


def test_long_lists_come_in_pieces(django_assert_max_num_queries):
    for number in range(120):
        AskError.objects.using("gateway").create(
            at=AT, system="subsidy", business_id="900", record_id=f"2027-{number:08}", atena_no=f"{1000 + number}",
            code="E0004", message="照会許可用照合リストにありません",
        )  # fmt: skip
        PersonFlag.objects.using("gateway").create(atena_no=f"{2000 + number}", reason="支援措置", changed_at=AT)
    browser = signed_in("distribution_official")
    assert browser.get("/gateway/errors/").content.decode().count("2027-") == 10
    with django_assert_max_num_queries(15, using="gateway"):
        alone = browser.get("/gateway/errors/?kind=refused").content.decode()
    assert (alone.count("2027-"), "after=" in alone) == (50, True)
    flags = browser.get("/gateway/flags/").content.decode()
    assert ("2049" in flags, "2050" in flags) == (True, False)
    assert "2050" in browser.get("/gateway/flags/?after=2049").content.decode()
    assert browser.get("/gateway/errors/?kind=refused&after=x").status_code == 200


def test_a_dead_letter_is_sent_again(traffic):
    browser = signed_in("distribution_official")
    browser.post(f"/gateway/inquiries/{traffic[1].pk}/retry/")
    traffic[1].refresh_from_db()
    assert traffic[1].state == "ready"
    again = browser.post(f"/gateway/inquiries/{traffic[1].pk}/retry/", follow=True)
    assert "止まっていません" in again.content.decode()


def test_flags_are_lifted_with_a_reason():
    browser = signed_in("distribution_official")
    assert browser.post("/gateway/flags/", {"atena_no": "110", "reason": ""}).status_code == 422
    assert browser.post("/gateway/flags/", {"atena_no": "999", "reason": "終了"}).status_code == 422
    assert browser.post("/gateway/flags/", {"atena_no": "110", "reason": "終了を確認"}).status_code == 302
    row = PersonFlag.objects.using("gateway").get()
    assert (row.on, row.version) == (False, 2)


def test_the_result_file_tells_states_and_no_contents():
    browser = signed_in("distribution_official")
    answer = browser.post("/gateway/files/", {"day": "2026-06-10", "purpose": "業務への送付"})
    rows, problems = parse_results(answer.content)
    assert problems == []
    assert [(r.inquiry.atena_no, r.good, r.inquiry.department) for r in rows] == [("104", True, "")]
    assert b"3120001" not in answer.content
