"""お知らせ: who sees which on the page of today, who writes them, and that nothing of them is lost."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse

from tasuke.deploy.clock import TOKYO
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access import Actor
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.audit.words import facts_in_words
from tasuke.systems.subsidy.desk.announcements import AnnouncementChanged, AnnouncementDraft
from tasuke.systems.subsidy.desk.models import Announcement, AnnouncementVersion
from tasuke.systems.subsidy.desk.services.change_announcement import change_announcement
from tasuke.systems.subsidy.desk.services.post_announcement import post_announcement
from tasuke.systems.subsidy.desk.services.withdraw_announcement import withdraw_announcement
from tasuke.systems.subsidy.profile import set_profile

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
NOW = datetime(2026, 11, 24, 10, tzinfo=TOKYO)
TODAY = NOW.date()
MIYAMAE, NAKAHARA = "141364", "141330"
WRITER = Actor("h-1", "本庁 一郎", "")


def clock():
    return NOW


@pytest.fixture(autouse=True)
def office(settings):
    set_profile(open_profile("kawasaki"))
    settings.OFFICE_CLOCK = f"{__name__}.clock"


def say(title="年末の締切", *, first=TODAY, last=TODAY, now=NOW, **changes):
    draft = AnnouncementDraft(title, changes.pop("text", "12月25日までに送ること"), first, last, **changes)
    return post_announcement(using="subsidy", draft=draft, actor=WRITER, now=now)


def home(role="clerk", **limits):
    return signed_in(role, **limits).get("/").content.decode()


def typed(**changes):
    return {"title": "題", "text": "本文", "first": "R8.11.24", "last": "R8.11.30", **changes}


def recorded():
    return AuditEvent.objects.using("subsidy").filter(kind="setting-changed").order_by("id")


def test_one_for_all_is_seen_by_every_role_on_its_days_only():
    day = timedelta(days=1)
    say("今日だけ")
    say("きのうまで", first=TODAY - day, last=TODAY - day)
    say("あしたから", first=TODAY + day, last=TODAY + day)
    for role in ("clerk", "auditor", "administrator", "payment_drafter", "number_official"):
        text = home(role)
        assert "今日だけ" in text
        assert "きのうまで" not in text
        assert "あしたから" not in text


def test_another_role_and_another_ward_are_not_told():
    say("窓口だけに", roles=("clerk",))
    say("中原区だけに", wards=(NAKAHARA,))
    text = home("clerk", offices=[MIYAMAE])
    assert "窓口だけに" in text
    assert "中原区だけに" not in text
    there = home("reviewer", offices=[NAKAHARA])
    assert "窓口だけに" not in there
    assert "中原区だけに" in there
    assert "中原区だけに" in home("head_office")  # who works for all wards


def test_urgent_ones_stand_first_in_words_then_the_newest():
    old = NOW - timedelta(days=5)
    say("急ぎ古い", first=old.date(), now=old, urgent=True)
    first = say("先に出て今日直した", first=old.date(), now=old)
    say("きのうから", first=TODAY - timedelta(days=1), now=old)
    change_announcement(
        using="subsidy", announcement_id=first.announcement_id, seen=1, actor=WRITER, now=NOW,
        draft=AnnouncementDraft("今日直した", "新しい内容", old.date(), TODAY),
    )  # fmt: skip
    text = home()
    assert "<details>" not in text
    assert text.index("急ぎ古い") < text.index("今日直した") < text.index("きのうから")
    assert text.count("緊急") == 1
    assert "先に出て" not in text
    assert "R08.11.24 変更" in text


def test_hostile_text_stays_text():
    say(
        "<img src=x onerror=alert(1)>", text="<script>alert(1)</script>\n{% load x %}{{ request }} http://evil.example/"
    )
    for page in (home(), signed_in("operator").get(reverse("settings:announcements")).content.decode()):
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
    text = home()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>{% load x %}{{ request }}" in text
    assert 'href="http://evil' not in text


def test_many_do_not_push_the_work_away(django_assert_max_num_queries):
    for number in range(40):
        say(f"その{number}")
    browser = signed_in("head_office")
    with django_assert_max_num_queries(10, using="subsidy"), django_assert_max_num_queries(8, using="accounts"):
        text = browser.get("/").content.decode()
    assert text.count("<bdi>その") == 30
    assert text.count("<details><summary><bdi>その") == 27  # the first three stand open


def test_posted_changed_and_withdrawn_with_the_whole_history():
    browser = signed_in("operator", personal_id="op-1")
    answer = browser.post(reverse("settings:post-announcement"), typed(urgent="on", roles=["clerk"], wards=[MIYAMAE]))
    [made] = AnnouncementVersion.objects.using("subsidy")
    assert answer["Location"] == reverse("settings:announcement", args=[made.announcement_id])
    assert made.during == DateRange(TODAY, date(2026, 12, 1))
    assert (made.roles, made.wards, made.urgent, made.recorded_by) == (["clerk"], [MIYAMAE], True, "op-1")
    number = [made.announcement_id]
    page = browser.get(reverse("settings:change-announcement", args=number)).content.decode()
    assert 'value="令和8年11月30日"' in page
    assert 'name="version" value="1"' in page
    browser.post(reverse("settings:change-announcement", args=number), typed(title="直した題", version=1))
    browser.post(reverse("settings:withdraw-announcement", args=number), {"reason": "中止になったため", "version": 2})
    assert "直した題" not in home()
    page = signed_in("auditor").get(reverse("settings:announcement", args=number)).content.decode()
    for told in ("第1版 登録", "第2版 変更", "第3版 取下げ", "直した題", "<dd>題", "中止になったため", "(op-1)"):
        assert told in page
    assert "変更する</a>" not in page
    told = [facts_in_words(event.detail) for event in recorded()]
    assert len(told) == 3
    assert told[0] == (
        f"後: 掲載期間 2026-11-24 - 2026-11-30、役割 窓口、緊急 はい、版 1、区 {MIYAMAE}、取下げ いいえ"
        f" / 対象: お知らせ {made.announcement_id}"
    )
    assert json.loads(recorded()[2].detail)["before"]["version"] == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"text": "番号は1234 5678 9018です"}, "個人番号は書けません"),
        ({"title": "１２３４５６７８９０１８"}, "個人番号は書けません"),
        ({"text": ""}, "内容を入力してください"),
        ({"last": "R8.11.23"}, "始まりの日より前です"),
        ({"first": "R8.11.1", "last": "R8.11.2"}, "今日より前です"),
        ({"last": ""}, "日付を入力してください"),
        ({"roles": ["mayor"]}, "error"),
        ({"wards": ["999999"]}, "error"),
        ({"text": "あ" * 1001}, "error"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(changes, error):
    answer = signed_in("head_office").post(reverse("settings:post-announcement"), typed(**changes))
    assert answer.status_code == 422
    assert error in answer.content.decode()
    assert not Announcement.objects.using("subsidy").exists()
    assert not recorded()


def test_only_head_office_and_operator_write_and_clerks_do_not_read_the_list():
    made = say("だれのものでもない")
    for role in ("clerk", "reviewer", "administrator", "auditor"):
        browser = signed_in(role)
        assert browser.post(reverse("settings:post-announcement"), typed()).status_code == 403
        url = reverse("settings:withdraw-announcement", args=[made.announcement_id])
        assert browser.post(url, {"reason": "x", "version": 1}).status_code == 403
    assert signed_in("clerk").get(reverse("settings:announcements")).status_code == 403
    assert AnnouncementVersion.objects.using("subsidy").count() == 1


def test_who_works_for_one_ward_writes_to_that_ward_only():
    browser = signed_in("head_office", offices=[MIYAMAE])
    for wards in ([], [NAKAHARA], [MIYAMAE, NAKAHARA]):
        assert browser.post(reverse("settings:post-announcement"), typed(wards=wards)).status_code == 422
    assert browser.post(reverse("settings:post-announcement"), typed(wards=[MIYAMAE])).status_code == 302
    for wards in ((), (NAKAHARA,), (MIYAMAE, NAKAHARA)):
        number = say(wards=wards).announcement_id
        for name in ("change-announcement", "withdraw-announcement"):
            url = reverse(f"settings:{name}", args=[number])
            assert browser.get(url).status_code == 404
            assert browser.post(url, typed(wards=[MIYAMAE], version=1, reason="x")).status_code == 404
    assert browser.get(reverse("settings:change-announcement", args=[10**18])).status_code == 404
    assert browser.get(f"/settings/announcements/{10**30}/").status_code == 404


@pytest.mark.parametrize("name", ["change-announcement", "withdraw-announcement"])
def test_the_second_of_two_writers_is_told_of_the_first(name):
    made = say()
    change_announcement(
        using="subsidy", announcement_id=made.announcement_id, seen=1, actor=WRITER, now=NOW,
        draft=AnnouncementDraft("先に直した", "x", TODAY, TODAY),
    )  # fmt: skip
    url = reverse(f"settings:{name}", args=[made.announcement_id])
    answer = signed_in("head_office").post(url, typed(version=1, text="わたしの内容", reason="わたしの内容"))
    assert answer.status_code == 409
    assert "本庁 一郎が先に変更しました" in answer.content.decode()
    assert "わたしの内容" in answer.content.decode()
    assert AnnouncementVersion.objects.using("subsidy").count() == 2


def test_what_is_withdrawn_is_not_withdrawn_again_but_can_stand_again():
    made = say("やめたもの")
    given = {"using": "subsidy", "announcement_id": made.announcement_id, "actor": WRITER, "now": NOW}
    withdraw_announcement(**given, seen=1, reason="誤り")
    assert "やめたもの" not in home()
    with pytest.raises(AnnouncementChanged):
        withdraw_announcement(**given, seen=2, reason="誤り")
    change_announcement(**given, seen=2, draft=AnnouncementDraft("もう一度", "x", TODAY, TODAY))
    assert "もう一度" in home()


def test_the_database_keeps_what_was_said():
    made = say()
    for sql in (
        "UPDATE subsidy_announcement_version SET title = 'x'",
        "DELETE FROM subsidy_announcement_version",
        "DELETE FROM subsidy_announcement",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(using="subsidy"),
            connections["subsidy"].cursor() as cursor,
        ):
            cursor.execute(sql)
    for changes in ({"version": 1}, {"title": ""}, {"during": DateRange(TODAY, TODAY)}, {"during": DateRange(TODAY)}):
        again = AnnouncementVersion.objects.using("subsidy").get(pk=made.pk)
        again.pk, again.version = None, 2
        for name, value in changes.items():
            setattr(again, name, value)
        with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
            again.save(using="subsidy", force_insert=True)
