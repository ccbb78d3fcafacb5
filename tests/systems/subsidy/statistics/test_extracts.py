"""EUC: items and conditions of a whitelist, a second person's approval, files without formulas, everybody on record."""

import csv
import io
import re
from datetime import date, timedelta

import openpyxl
import pytest
from django.db import IntegrityError, connections, transaction

import tasuke.systems.subsidy.statistics.jobs as jobs
from tasuke.platform.access.testing import signed_in
from tasuke.systems.subsidy.registry.models import Protection
from tasuke.systems.subsidy.statistics import extracts
from tasuke.systems.subsidy.statistics.models import Extract

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
assert jobs
NEW = "/statistics/extracts/new/"
ITEMS = ["recipient_no", "name", "scheme", "ward", "valid_from", "valid_to"]
WANTED = {"items": ITEMS, "purpose": "更新勧奨の名簿", "scheme": "", "ward": "", "first": "", "last": ""}


def body(response):
    return " ".join(response.content.decode().split())


def events():
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT kind, atena_no, detail FROM audit_event ORDER BY id")
        return cursor.fetchall()


@pytest.fixture
def town(city):
    city.person("101", name="=HYPERLINK(1)")
    city.person("102", name="﨑山 花子")
    city.person("103", name="田中 一郎", ward_code="141321")
    city.entitled("101", "0000018")
    city.entitled("102", "0000026", scheme="kawasaki-shoni", valid=(date(2026, 5, 1), date(2027, 5, 1)))
    city.entitled("103", "0000034")
    return city


@pytest.fixture
def people(town):
    return signed_in("head_office"), signed_in("head_office", personal_id="second-head")


def asked(client, dataset="recipients", **changes):
    response = client.post(f"{NEW}{dataset}/", WANTED | changes)
    assert response.status_code == 302, body(response)
    return Extract.objects.using("subsidy").order_by("-pk").first()


def approved(people, **changes):
    extract = asked(people[0], **changes)
    people[1].post(f"/statistics/extracts/{extract.pk}/decide/", {"decision": "approve"})
    return extract


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_whole_way_with_two_people(people, django_assert_max_num_queries):
    mine, other = people
    extract = asked(mine)
    address = f"/statistics/extracts/{extract.pk}/"
    assert "別の人の承認を待っています" in body(mine.get(address))
    assert "承認待ちです" in body(mine.post(address + "csv/", follow=True))
    own = mine.post(address + "decide/", {"decision": "approve"})
    assert "申請した人は承認できません" in body(own)
    assert "更新勧奨の名簿" in body(other.get("/statistics/extracts/"))
    other.post(address + "decide/", {"decision": "approve"})
    with django_assert_max_num_queries(15, using="subsidy"):
        rows = rows_of(mine.post(address + "csv/"))
    assert [r["受給者番号"] for r in rows] == ["0000018", "0000026", "0000034"]
    assert rows[0]["氏名"] == "'=HYPERLINK(1)"
    assert rows[1] == {
        "受給者番号": "0000026", "氏名": "﨑山 花子", "制度": rows[1]["制度"], "区(現在)": "川崎区",
        "資格の開始日": "2026-05-01", "資格の最終日": "2027-04-30",
    }  # fmt: skip
    assert "小児" in rows[1]["制度"]
    exported = [(no, detail) for kind, no, detail in events() if kind == "exported"]
    assert [no for no, _ in exported] == ["101", "102", "103"]
    assert "更新勧奨の名簿" in exported[0][1]
    assert "取り出せるのは、申請した人だけです" in body(other.post(address + "csv/", follow=True))


def test_a_spreadsheet_takes_no_formula(people):
    extract = approved(people)
    response = people[0].post(f"/statistics/extracts/{extract.pk}/xlsx/")
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=HYPERLINK(1)", "s")
    assert people[0].post(f"/statistics/extracts/{extract.pk}/exe/").status_code == 404


def test_conditions_narrow(people):
    extract = approved(people, ward="141321")
    assert [r["氏名"] for r in rows_of(people[0].post(f"/statistics/extracts/{extract.pk}/csv/"))] == ["田中 一郎"]
    extract = approved(people, first="令和8年5月", last="2026-05")
    assert [r["受給者番号"] for r in rows_of(people[0].post(f"/statistics/extracts/{extract.pk}/csv/"))] == ["0000026"]
    assert "同じ条件で申請" in body(people[0].get("/statistics/extracts/"))
    again = body(people[0].get(f"{NEW}recipients/?from={extract.pk}"))
    assert 'value="令和8年5月"' in again
    assert "更新勧奨の名簿" in again


def test_nothing_tells_where_a_protected_person_is(people, town):
    town.protect("103")
    extract = approved(people, items=["atena_no", "ward", "shield"])
    rows = rows_of(people[0].post(f"/statistics/extracts/{extract.pk}/csv/"))
    assert {r["宛名番号"]: (r["区(現在)"], r["支援措置"]) for r in rows} == {
        "101": ("川崎区", ""), "102": ("川崎区", ""), "103": ("市外・不明", "対象"),
    }  # fmt: skip
    alone = people[0].post(f"{NEW}recipients/", WANTED | {"ward": "141321"})  # to stand in a ward's list tells it too
    assert "条件に合うものがありません" in body(alone)
    Protection.objects.update(ended_on=date.max, ended_by="k-1", ended_reason="期間の満了")  # it will end: not yet
    again = rows_of(people[0].post(f"/statistics/extracts/{extract.pk}/csv/"))
    assert [r["区(現在)"] for r in again] == [r["区(現在)"] for r in rows]
    for key in ("ward", "institution_code", "institution_name"):
        assert "subsidy_protection" in extracts.DATASETS["claims"].items[key].sql


def test_limits_hold_when_counted_and_when_taken(town):
    ward = signed_in("head_office", offices=["141321"], personal_id="ward-head")
    assert asked(ward).rows == 1
    assert ward.post(f"{NEW}recipients/", WANTED | {"ward": "141313"}).status_code == 422
    other = signed_in("head_office", personal_id="second-head")
    extract = Extract.objects.using("subsidy").get()
    other.post(f"/statistics/extracts/{extract.pk}/decide/", {"decision": "approve"})
    assert [r["受給者番号"] for r in rows_of(ward.post(f"/statistics/extracts/{extract.pk}/csv/"))] == ["0000034"]


def test_sums_need_no_approval(people, office, town):
    town.reimbursement("101", "201", 3_000)
    office.run("make-statistics", month="2026-04")
    extract = asked(people[0], dataset="benefits", items=["month", "scheme", "care", "subsidy"])
    rows = rows_of(people[0].post(f"/statistics/extracts/{extract.pk}/csv/"))
    assert (rows[0]["診療種別"], rows[0]["助成額(円)"], rows[0]["支払月"]) == ("医科", "3000", "2026-04-01")


def test_every_item_of_every_dataset_can_be_asked_for(people, town, office):
    town.reimbursement("101", "201", 3_000)
    office.run("make-statistics", month="2026-04")
    for key, dataset in extracts.DATASETS.items():
        if key != "claims":
            extract = asked(people[0], dataset=key, items=list(dataset.items))
            people[1].post(f"/statistics/extracts/{extract.pk}/decide/", {"decision": "approve"})
            (first, *_) = rows_of(people[0].post(f"/statistics/extracts/{extract.pk}/csv/"))
            assert list(first) == [item.label for item in dataset.items.values()]
    query, parameters, _ = extracts.rows_query(
        "claims",
        list(extracts.DATASETS["claims"].items),
        {"first": "2026-01-01"},
        extracts.Scope(),
        on=date(2026, 5, 1),
    )
    with connections["subsidy"].cursor() as cursor:
        cursor.execute(query, parameters)
        assert cursor.fetchall() == []


def test_no_item_tells_where_somebody_lives_or_who_they_are_to_the_state():
    words = ("住所", "方書", "郵便", "電話", "口座", "個人番号")
    labels = [item.label for dataset in extracts.DATASETS.values() for item in dataset.items.values()]
    assert [label for label in labels if any(word in label for word in words)] == []


def test_enter_counts_and_asks_for_nothing(people):
    mine, _ = people
    page = mine.get(f"{NEW}recipients/").content.decode()
    form = page[page.index('<form class="panel"') :]
    assert re.findall(r'<button type="submit"[^>]*name="do" value="(\w+)"', form)[0] == "count"  # what Enter presses
    assert form.index("件数を数える") < form.index("抽出を申請する") < form.index("条件を保存する</button>")
    counted = mine.post(f"{NEW}recipients/", WANTED | {"purpose": "", "do": "count"})
    assert counted.status_code == 200
    assert "この条件に合うものは3件です。まだ申請していません" in body(counted)
    none = mine.post(f"{NEW}recipients/", WANTED | {"do": "count", "first": "2030-01"})
    assert "この条件に合うものはありません" in body(none)
    assert not Extract.objects.using("subsidy").exists()


def test_what_is_not_offered_is_refused(people):
    mine, _ = people
    for changes in ({"items": ["name", "address"]}, {"items": []}, {"purpose": ""}, {"scheme": "x' OR 1=1 --"}):
        assert mine.post(f"{NEW}recipients/", WANTED | changes).status_code == 422
    backwards = mine.post(f"{NEW}recipients/", WANTED | {"first": "2026-05", "last": "2026-04"})
    assert "期間の終わりが始めより前です" in body(backwards)
    assert "条件に合うものがありません" in body(mine.post(f"{NEW}recipients/", WANTED | {"first": "2030-01"}))
    assert mine.get(f"{NEW}users/").status_code == 404
    assert not Extract.objects.using("subsidy").exists()


def test_too_many_rows_are_refused(people, monkeypatch):
    monkeypatch.setattr(extracts, "MOST_ROWS", 2)
    monkeypatch.setattr("tasuke.systems.subsidy.statistics.services.request_extract.MOST_ROWS", 2)
    assert "2件を超えます" in body(people[0].post(f"{NEW}recipients/", WANTED))


def test_an_approval_runs_out_and_a_refusal_says_why(people):
    extract = approved(people)
    Extract.objects.using("subsidy").filter(pk=extract.pk).update(decided_at=extract.requested_at - timedelta(days=8))
    assert "7日を過ぎました" in body(people[0].post(f"/statistics/extracts/{extract.pk}/csv/", follow=True))
    extract = asked(people[0])
    address = f"/statistics/extracts/{extract.pk}/decide/"
    assert "却下の理由を入力してください" in body(people[1].post(address, {"decision": "refuse"}))
    people[1].post(address, {"decision": "refuse", "note": "目的が広すぎる"})
    assert "この抽出は却下です" in body(people[1].post(address, {"decision": "approve"}))
    assert "目的が広すぎる" in body(people[0].get(f"/statistics/extracts/{extract.pk}/"))


def test_the_database_wants_two_people(people):
    extract = asked(people[0])
    found = Extract.objects.using("subsidy").filter(pk=extract.pk)
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        found.update(decided_by=extract.requested_by, decided_at=extract.requested_at)
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        found.update(decided_by="x")
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        found.update(items=[])


@pytest.mark.parametrize("role", ["clerk", "reviewer", "operator", "auditor", "administrator", "payment_approver"])
def test_who_extracts_nothing(town, role):
    client = signed_in(role)
    assert client.get("/statistics/extracts/").status_code == 403
    assert client.post(f"{NEW}recipients/", WANTED).status_code == 403
