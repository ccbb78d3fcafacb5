"""庁内移転 on screen: two people, one person or a list, what is left out and said, files and records."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from tests.systems.subsidy.conftest import NOW
from tests.systems.subsidy.sharing.conftest import (
    APPLICANT,
    FORMER,
    PROTECTED,
    RECIPIENT,
    STRANGER,
    UNKNOWN,
    moved,
    permitted,
    widened,
)

from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.exchange.models import InboundFile, OutboundFile
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.sharing.models import SharingPermit, SharingRecord

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
MOVE = "/sharing/move/severe-disability"
APPLIED = {
    "applicant": "国民年金・福祉医療課 試験", "purpose": "併給の確認", "items": ["name", "recipient_no", "period"],
    "first": "令和8年4月1日", "last": "令和9年3月31日",
}  # fmt: skip


def clock():
    return NOW


def body(response):
    return " ".join(response.content.decode().split())


def events(kind):
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT personal_id, atena_no, detail FROM audit_event WHERE kind = %s ORDER BY id", [kind])
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def at_nine(settings):
    settings.OFFICE_CLOCK = f"{__name__}.clock"


@pytest.fixture
def people(town):
    return signed_in("head_office", personal_id="head-1"), signed_in("head_office", personal_id="head-2")


def asked(client, numbers="", *, text="", items=("name", "recipient_no"), **more):
    data = {"atena_no": numbers, "items": list(items), "purpose": "申請の審査", **more}
    if text:
        data["file"] = SimpleUploadedFile("list.csv", text.encode(), "text/csv")
    return client.post(MOVE, data)


def waiting(client, task):
    page = body(client.get("/"))
    assert task in page
    return f'{task}</span> <span class="tile-count">1 <' in page


def listing(*numbers):
    rows = [f"{place},{number}" for place, number in enumerate(numbers, start=1)]
    return "\r\n".join(["連番,宛名番号", *rows, ""])


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_whole_way_with_two_people(people):
    mine, other = people
    assert "許可があるまで、何も移転できません" in body(mine.get("/sharing/"))
    assert "利用の許可がない" in body(mine.get(MOVE))
    assert asked(mine, RECIPIENT).status_code == 409
    assert mine.post("/sharing/permits/new/severe-disability", APPLIED).status_code == 302
    permit = SharingPermit.objects.get()
    page = f"/sharing/permits/{permit.pk}"
    assert "別の人の許可を待っています" in body(mine.get(page))
    deciding = {"decision": "yes", "note": "根拠と項目を確認"}
    assert "申請を受け付けた人は許可できません" in body(mine.post(f"{page}/decide", deciding))
    assert "内容を確かめて決定する" in body(other.get(page))
    assert other.post(f"{page}/decide", {"decision": "yes"}).status_code == 422
    assert other.post(f"{page}/decide", deciding).status_code == 302
    answer = asked(mine, RECIPIENT)
    record = SharingRecord.objects.get()
    assert answer.url == f"/sharing/records/{record.pk}"
    shown = body(mine.get(answer.url))
    assert "試験 1001" in shown
    assert "渡した人 1人" in shown
    file = mine.post(f"{answer.url}/file")
    assert rows_of(file) == [{"宛名番号": RECIPIENT, "氏名": "試験 1001", "受給者番号": "0000018", "支援措置": ""}]
    exported = [(who, no) for who, no, _ in events("exported")]
    assert exported == [("head-1", RECIPIENT)] * 2  # moved, then taken
    assert other.post(f"{answer.url}/file").status_code == 302  # only who moved takes the file
    assert mine.post(f"{page}/end", {"reason": ""}).status_code == 422
    assert mine.post(f"{page}/end", {"reason": "用済み"}).status_code == 302
    assert asked(mine, RECIPIENT).status_code == 409
    assert "用済み" in body(other.get(page))


def test_a_list_with_bad_rows_and_a_protected_person(people):
    mine, other = people
    permitted()
    text = listing(RECIPIENT, "abc", PROTECTED, RECIPIENT, STRANGER, UNKNOWN, FORMER)
    answer = asked(mine, text=text)
    shown = body(mine.get(answer.url))
    for told in (
        "3行目",
        "5行目",
        "渡した人 2人",
        "範囲にない番号 2件",
        "支援措置で渡さなかった人 1人",
        "対象の範囲にありません",
    ):
        assert told in shown
    assert f"試験 {STRANGER}" not in shown  # whether we know somebody out of range is not told
    record = SharingRecord.objects.get()
    file = InboundFile.objects.using("subsidy").get(pk=record.file_id)
    assert (record.means, file.kind) == ("file", "sharing-list")
    assert (file.rows, file.accepted, file.rejected) == (7, 5, 2)
    assert {problem["line"] for problem in record.problems} == {3, 5}
    rows = rows_of(mine.post(f"{answer.url}/file"))
    assert [row["宛名番号"] for row in rows] == [RECIPIENT, FORMER]
    assert OutboundFile.objects.using("subsidy").get(kind="sharing").rows == 2
    waiting = "/sharing/agreements"
    assert "求めた人とは別の人の同意を待っています" in body(mine.get(waiting))
    shown = body(other.get(waiting))
    assert f"試験 {PROTECTED}" in shown
    agreement = shown.partition("/sharing/agreements/")[2].partition("/")[0]
    yes = {"decision": "yes", "note": "本人の安全に支障なし"}
    assert "求めた人は同意できません" in body(mine.post(f"{waiting}/{agreement}/decide", yes))
    assert other.post(f"{waiting}/{agreement}/decide", yes).status_code == 302
    rows = rows_of(mine.post(asked(mine, text=text, items=["name", "ward"]).url + "/file"))
    assert [(row["宛名番号"], row["区(現在)"], row["支援措置"]) for row in rows] == [
        (RECIPIENT, "川崎区", ""), (PROTECTED, "", "対象(区(現在)は渡しません)"), (FORMER, "幸区", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "text", "told"),
    [
        ("", "", "どちらか一つ"),
        (RECIPIENT, listing(RECIPIENT), "どちらか一つ"),
        ("", "番号\r\n1\r\n", "読める宛名番号がありません"),
        ("", listing("abc"), "2行目"),
        ("", listing(*range(1, 10_003)), "10,000人まで"),
    ],
)
def test_what_cannot_be_asked_for_is_told_and_moves_nothing(people, numbers, text, told):
    permitted()
    answer = asked(people[0], numbers, text=text)
    assert answer.status_code == 422
    assert told in body(answer)
    assert not SharingRecord.objects.exists()
    assert not InboundFile.objects.using("subsidy").exists()


def test_an_item_outside_the_permit_is_no_choice(people):
    permitted()
    answer = asked(people[0], RECIPIENT, items=["name", "account"])
    assert answer.status_code == 422
    assert not SharingRecord.objects.exists()


def test_the_auditor_reads_the_record_without_anybody_in_it(people):
    permitted()
    moved(RECIPIENT, PROTECTED)
    moved(APPLICANT, by="severe_disability:J0001", means="api")
    auditor = signed_in("auditor")
    shown = body(auditor.get("/sharing/records"))
    assert "重度障害者医療 J0001" in shown
    assert RECIPIENT not in shown
    assert "/sharing/records/1" not in shown
    record = SharingRecord.objects.order_by("pk").first()
    for closed in (f"/sharing/records/{record.pk}", "/sharing/agreements", MOVE):
        assert auditor.get(closed).status_code == 403
    rows = rows_of(auditor.get("/sharing/records/csv?means=api"))
    assert [(row["方法"], row["渡した人数"]) for row in rows] == [("システム連携", "1")]
    assert body(auditor.get("/sharing/records?means=screen")).count("/sharing/permits/") == 1
    assert "記録はありません" in body(auditor.get("/sharing/records?first=令和8年4月2日"))
    assert auditor.get("/sharing/records?first=x").status_code == 422


def test_what_waits_for_the_second_person_stands_on_the_first_page(people):
    mine, other = people
    mine.post("/sharing/permits/new/child-medical", APPLIED)
    permitted()
    moved(PROTECTED)
    tasks = ("許可を待つ庁内移転", "同意を待つ庁内移転")
    elsewhere = signed_in("head_office", personal_id="head-3", offices=["141321"])
    waits = [[waiting(client, task) for task in tasks] for client in (mine, other, elsewhere)]
    assert waits == [[False, False], [True, True], [True, False]]
    assert "支援措置対象者の同意(1件)" in body(other.get("/sharing/"))


def test_limits_hold_on_screen(people):
    permit = permitted()
    record = moved(RECIPIENT, FORMER, UNKNOWN).record
    elsewhere = signed_in("head_office", personal_id="head-3", offices=["141321"])
    shown = body(elsewhere.get(f"/sharing/records/{record.pk}"))
    assert FORMER in shown
    assert f"試験 {RECIPIENT}" not in shown
    assert UNKNOWN not in shown
    other_scheme = signed_in("head_office", personal_id="head-4", schemes=["kawasaki-shoni"])
    assert "移転しません" in body(other_scheme.get("/sharing/"))
    for hidden in (MOVE, f"/sharing/records/{record.pk}", f"/sharing/permits/{permit.pk}"):
        assert other_scheme.get(hidden).status_code == 404
    moved(PROTECTED)
    assert f"試験 {PROTECTED}" not in body(elsewhere.get("/sharing/agreements"))


def test_a_city_that_moves_nothing_says_so(people):
    set_profile(open_profile("sapporo"))
    assert "庁内のほかの部署に移転しません" in body(people[0].get("/sharing/"))
    assert people[0].get(MOVE).status_code == 404


def test_what_is_unconfirmed_is_marked(people):
    widened("name", confirmed=False)
    assert "未確認" in body(people[0].get("/sharing/"))


def test_the_lists_cost_no_more_with_more_in_them(people, django_assert_max_num_queries):
    permitted()
    for _ in range(3):
        moved(RECIPIENT, APPLICANT, FORMER)
    for page, most in (("/sharing/", 8), ("/sharing/records", 5), ("/sharing/agreements", 8)):
        with django_assert_max_num_queries(most, using="subsidy"):
            assert people[0].get(page).status_code == 200
