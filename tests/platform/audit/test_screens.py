"""The auditor's screens, asked by browsers that are signed in."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from tasuke.core.period import Period
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.audit.queries import closed_days
from tasuke.platform.database.systems import SYSTEMS
from tasuke.systems.subsidy.profile import set_profile

pytestmark = [pytest.mark.django_db(databases=list(SYSTEMS))]

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # Friday noon in Tokyo
PERIOD = {"first": "2026-11-01", "last": "2026-11-30"}


def now():
    return NOW


@pytest.fixture(autouse=True)
def city(settings):
    settings.OFFICE_CLOCK = f"{__name__}.now"
    set_profile(open_profile("kawasaki"))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    # importlib mode gives this module a name that import_string cannot find
    monkeypatch.setattr("tasuke.deploy.middleware.import_string", lambda name: now)
    monkeypatch.setattr("tasuke.platform.access.testing.import_string", lambda name: now)


@pytest.fixture
def auditor():
    return signed_in("auditor")


def record(personal_id, atena_nos, *, at=NOW, what="household", using="subsidy", office="", kind="read", **facts):
    recorder = Recorder(Origin(personal_id, at=at, office=office, action="view-household", purpose="counter"))
    if kind == "read":
        recorder.read(atena_nos, what)
    elif kind == "searched":
        recorder.searched("kana", len(atena_nos), atena_nos)
    else:
        recorder.event(kind, what, **facts)
    recorder.flush(using)


def text_of(response, status=200):
    assert response.status_code == status, response.content.decode()[:2000]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_who_looked_at_a_resident(auditor):
    record("k-1001", ["0000001", "0000002"])
    record("k-1001", ["0000001"])
    record("k-1002", ["0000002"])

    text = text_of(auditor.get("/audit/resident/", {"atena_no": "0000001", **PERIOD}))

    assert "k-1001 2 閲覧" in text
    assert "k-1002" not in text


def test_looking_at_the_trail_of_a_resident_is_on_record_itself(auditor):
    text_of(auditor.get("/audit/resident/", {"atena_no": "0000001", **PERIOD}))

    row = AuditEvent.objects.using("subsidy").get()
    assert (row.personal_id, row.atena_no, row.kind) == ("test-auditor", "0000001", "read")
    assert json.loads(row.detail) == {"what": "audit-trail"}


def test_what_a_person_of_the_office_did(auditor):
    record("k-1001", ["0000001"])
    record("k-1001", [], kind=EventKind.RUN_PLANNED, what="renew", run=7)
    record("k-1002", ["0000003"])

    text = text_of(auditor.get("/audit/actor/", {"personal_id": "k-1001", **PERIOD}))

    assert "世帯を見る" in text
    assert "処理の計画" in text
    assert "処理番号: 7" in text
    assert "0000003" not in text


def test_the_trail_of_a_resident_is_shown_in_pieces_by_key(auditor):
    for n in range(120):
        record(f"k-{n:04}", ["0000001"])
    seen, after = [], ""
    for _ in range(3):
        page = auditor.get("/audit/resident/", {"atena_no": "0000001", "after": after, **PERIOD}).content.decode()
        listed = page.partition("<h2>記録</h2>")[2]
        seen += re.findall(r"personal_id=(k-\d{4})", listed)
        after = (re.findall(r"after=(\d+)", listed) or [""])[-1]

    assert seen == [f"k-{n:04}" for n in reversed(range(120))]


def test_one_act_is_one_line_with_its_persons_folded(auditor, django_assert_max_num_queries):
    record("k-1001", ["0000777"])
    record("k-1001", [f"{n:07}" for n in range(120)], what="claims")
    record("k-1001", [f"{n:07}" for n in range(30)], what="payments")

    with django_assert_max_num_queries(15, using="subsidy"):
        page = auditor.get("/audit/actor/", {"personal_id": "k-1001", **PERIOD}).content.decode()
    assert (
        re.sub(r"<[^>]+>", "", page).count("この期間の操作 3件、見た・変えた住民 延べ 151人(異なる 121人)、記録 151行")
        == 1
    )
    assert re.findall(r"<summary>(\d+)人</summary>", page) == ["30", "120"]
    assert re.search(r'atena_no=0000777&amp;system=subsidy">0000777</a>', page)  # one person stands open
    assert re.findall(r"ほか(\d+)人を含む全員", page) == ["10", "100"]
    whole = re.search(r'href="(/audit/actor/subsidy/\d+/)">ほか100人', page)
    seen, after = [], ""
    for _ in range(3):
        text = auditor.get(whole[1], {"after": after}).content.decode()
        seen += re.findall(r"atena_no=(\d{7})", text)
        after = (re.findall(r"after=(\d+)", text) or [""])[-1]
    assert sorted(seen) == [f"{n:07}" for n in range(120)]
    looked = AuditEvent.objects.using("subsidy").filter(personal_id="test-auditor").order_by("id")
    assert [json.loads(row.detail)["what"] for row in looked] == ["audit:actor", *["audit:act"] * 3]
    offered = re.search(r'href="(/audit/export/[^"]+)"', page)[1].replace("&amp;", "&")
    assert 'value="k-1001"' in auditor.get(offered).content.decode()
    record("k-1002", ["0000003"])
    taken = auditor.post("/audit/export/", {"system": "subsidy", "personal_id": "k-1001", "reason": "点検", **PERIOD})
    assert len(list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))) == 151


def test_acts_are_shown_in_pieces_and_only_of_the_offices_of_the_auditor(auditor):
    for n in range(120):
        record("k-1001", [f"{n:07}"], at=NOW + timedelta(seconds=n), office="141313" if n % 2 else "141321")
    seen, after = [], ""
    for _ in range(3):
        page = auditor.get("/audit/actor/", {"personal_id": "k-1001", "after": after, **PERIOD}).content.decode()
        seen += re.findall(r"atena_no=(\d{7})", page)
        after = (re.findall(r"after=(\d+)", page) or [""])[-1]
    assert seen == [f"{n:07}" for n in reversed(range(120))]
    ward = signed_in("auditor", personal_id="ward-auditor", offices=["141313"])
    assert "この期間の操作 60件" in text_of(ward.get("/audit/actor/", {"personal_id": "k-1001", **PERIOD}))
    other = AuditEvent.objects.using("subsidy").get(atena_no="0000000")
    assert ward.get(f"/audit/actor/subsidy/{other.pk}/").status_code == 404
    assert auditor.get(f"/audit/actor/subsidy/{other.pk}/").status_code == 200
    assert auditor.get(f"/audit/actor/other/{other.pk}/").status_code == 404


def test_the_trail_of_every_system_of_the_process_can_be_asked(auditor):
    record("k-1001", ["0000001"], using="welfare")

    def asked(path, system, **more):
        return text_of(auditor.get(f"/audit/{path}/", {"system": system, **PERIOD, **more}))

    for path, more in {"resident": {"atena_no": "0000001"}, "mass": {"least": "2"}, "nights": {}}.items():
        assert "k-1001" not in asked(path, "subsidy", **more)
    assert "k-1001 1 閲覧" in asked("resident", "welfare", atena_no="0000001")
    assert "この期間の操作 1件" in asked("actor", "welfare", personal_id="k-1001")
    page = text_of(auditor.get("/audit/"))
    assert "社会保障宛名 0 ― 1" in page
    assert "test-auditor" in page or "試験 職員" in page  # the header still says who is signed in
    assert "中間サーバー" not in page  # of several municipalities: not the city's to inspect
    assert auditor.get("/audit/actor/", {"personal_id": "k-1", "system": "midserver"}).status_code == 422
    assert AuditEvent.objects.using("subsidy").filter(personal_id="test-auditor").exists()  # the look stays at the work


def test_nights_weekends_and_holidays(auditor):
    moments = {
        "k-noon": datetime(2026, 11, 19, 3, 0, tzinfo=UTC),
        "k-night": datetime(2026, 11, 19, 13, 0, tzinfo=UTC),  # 22:00 in Tokyo
        "k-early": datetime(2026, 11, 18, 21, 0, tzinfo=UTC),  # 06:00 on the 19th
        "k-saturday": datetime(2026, 11, 14, 3, 0, tzinfo=UTC),
        "k-holiday": datetime(2026, 11, 3, 3, 0, tzinfo=UTC),  # 文化の日, a Tuesday
    }
    for person, at in moments.items():
        record(person, ["0000001"], at=at)

    text = text_of(auditor.get("/audit/nights/", PERIOD))

    assert [person in text for person in moments] == [False, True, True, True, True]
    later = text_of(auditor.get("/audit/nights/", {**PERIOD, "opens": "5:00", "closes": "23:00"}))
    assert "k-night" not in later
    assert "k-holiday" in later


def test_days_on_which_a_city_office_is_closed():
    closed = closed_days(Period(date(2026, 12, 25), date(2027, 1, 6)))

    assert [day.day for day in closed] == [26, 27, 29, 30, 31, 1, 2, 3]


def test_mass_use(auditor):
    record("k-1001", [f"{n:07}" for n in range(300)])
    record("k-1002", [f"{n:07}" for n in range(150)])
    record("k-1002", [f"{n:07}" for n in range(150)])  # the same ones again
    record("k-1003", [f"{n:07}" for n in range(100)], kind="searched")
    record("k-1003", [f"{n:07}" for n in range(100, 220)], kind="searched", at=NOW + timedelta(minutes=1))

    text = text_of(auditor.get("/audit/mass/", {**PERIOD, "least": "200"}))

    assert re.search(r"k-1001.* 300 .*k-1003 +220 2 220", text)
    assert "k-1002" not in text


def test_who_searches_again_and_again_and_finds_nobody(auditor):
    for minute in range(5):
        record("k-1001", [], kind="searched", at=NOW + timedelta(minutes=minute))
        record("k-1002", ["0000001"], kind="searched", at=NOW + timedelta(minutes=minute % 4))

    text = text_of(auditor.get("/audit/mass/", {**PERIOD, "least": "5"}))

    assert re.search(r"k-1001 +0 5 5 ", text)
    assert "k-1002" not in text


def test_failed_sign_ins_and_refusals(auditor):
    record("k-1001", [], kind=EventKind.SIGN_IN_FAILED, what="PIN", using="accounts", address="192.0.2.7")
    record("k-1002", [], kind=EventKind.REFUSED, what="所得を見る")
    record("k-1003", [], kind=EventKind.SIGN_IN, using="accounts")

    text = text_of(auditor.get("/audit/failed/", PERIOD))
    assert "サインイン失敗" in text
    assert "接続元: 192.0.2.7" in text
    assert "k-1003" not in text
    assert "k-1002" in text_of(auditor.get("/audit/failed/", {**PERIOD, "system": "subsidy"}))


def test_a_period_as_a_file_and_its_record(auditor):
    record("k-1001", ["0000001"], what="=cmd|x")
    record("=HYPERLINK(1)", [], kind="sign-in-failed")
    record("k-1001", ["0000009"], at=NOW - timedelta(days=200))

    response = auditor.post("/audit/export/", {"system": "subsidy", "reason": "年次点検", **PERIOD})

    assert response["Content-Disposition"] == 'attachment; filename="audit-subsidy-2026-11-01-2026-11-30.csv"'
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [(row["個人ID"], row["宛名番号"], row["日時"]) for row in rows] == [
        ("k-1001", "0000001", "2026-11-20 12:00:00.000000"),
        ("'=HYPERLINK(1)", "", "2026-11-20 12:00:00.000000"),
    ]
    last = AuditEvent.objects.using("subsidy").order_by("-id")[0]
    facts = json.loads(last.detail)
    assert (last.kind, last.personal_id, facts["rows"], facts["reason"]) == ("file-made", "test-auditor", 2, "年次点検")


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("resident", {"atena_no": "x"}, "数字だけ"),
        ("resident", {"atena_no": "1", "first": "いつか"}, "日付として読めません"),
        ("actor", {"personal_id": "a'; DROP TABLE audit_event --"}, "英数字とハイフン"),
        ("actor", {"personal_id": "k-1", "system": "other"}, "正しく選択"),
        ("nights", {"opens": "9:00", "closes": "8:00"}, "始業より後"),
        ("nights", {"first": "2026-11-30", "last": "2026-11-01"}, "始まりの日より前"),
        ("nights", {"first": "9999-12-31", "last": "9999-12-31"}, "2199年まで"),
        ("nights", {"first": "0001-01-01"}, "2000年から"),
        ("mass", {"least": "1"}, "2 以上"),
        ("mass", {"first": "2020-01-01", "last": "2026-11-01"}, "366日まで"),
    ],
)
def test_what_cannot_be_asked_is_told_at_its_field(auditor, path, query, said):
    assert said in text_of(auditor.get(f"/audit/{path}/", query), status=422)


@pytest.mark.parametrize("path", ["", "resident/", "actor/", "nights/", "mass/", "failed/", "export/"])
def test_a_first_look_has_no_errors_and_few_statements(auditor, path, django_assert_max_num_queries):
    auditor.get("/audit/")
    with (
        django_assert_max_num_queries(15, using="subsidy"),
        django_assert_max_num_queries(15, using="accounts"),
    ):
        response = auditor.get(f"/audit/{path}")

    assert "error-summary" not in response.content.decode()
    assert "field-wrong" not in response.content.decode()
    text_of(response)


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "2026-11-20|", "2026-99-99|k", "' OR 1=1 --"])
@pytest.mark.parametrize("path", ["actor/?personal_id=k-1001&", "nights/?"])
def test_a_key_that_is_none_begins_at_the_top(auditor, path, after):
    assert auditor.get(f"/audit/{path}after={after}").status_code == 200


@pytest.mark.parametrize("role", ["clerk", "reviewer", "head_office", "administrator", "operator"])
def test_nobody_else_sees_the_trail(role):
    browser = signed_in(role)

    assert {browser.get(f"/audit/{path}").status_code for path in ("", "resident/?atena_no=1", "nights/")} == {403}
    assert browser.post("/audit/export/", {"system": "subsidy", "reason": "x", **PERIOD}).status_code == 403


def test_an_auditor_of_one_office_sees_its_people_only():
    record("k-1001", ["0000001"], office="141313")
    record("k-1002", ["0000001"], office="141003")

    text = text_of(signed_in("auditor", offices=["141313"]).get("/audit/resident/", {"atena_no": "0000001", **PERIOD}))

    assert "k-1001" in text
    assert "k-1002" not in text


def test_the_state_of_the_seals_is_told(auditor):
    record("k-1001", ["0000001"])

    assert "医療費助成 0 ― 1" in text_of(auditor.get("/audit/"))
