"""Statistics on screen: figures within one's limits, charts and files of the city for who may see all of it."""

import re

import pytest
from django.db import connections

import tasuke.systems.subsidy.statistics.jobs as jobs
from tasuke.platform.access.testing import signed_in

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
assert jobs


def body(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def month(city, office):
    city.person("101")
    city.entitled("101", "0000018", scheme="kawasaki-shoni", band="", payer_no="88149018")
    city.reimbursement("101", "201", 3_000)
    city.reimbursement("101", "201", 500)
    office.run("make-statistics", month="2026-04")


def test_a_month_in_figures_charts_and_tables(month, django_assert_max_num_queries):
    client = signed_in("head_office")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get("/statistics/"))
    assert "令和8年4月支払分" in text
    assert "3,500円" in text
    assert "償還払い" in text
    assert "川崎区" in text
    assert text.count('<img class="chart"') == 3


def test_charts_and_files_are_given_and_recorded(month):
    client = signed_in("head_office")
    text = client.get("/statistics/").content.decode()
    for number in re.findall(r"/statistics/charts/(\d+)/", text):
        response = client.get(f"/statistics/charts/{number}/")
        assert response["Content-Type"] == "image/svg+xml"
        assert response.content.startswith(b"<svg")
    files = re.findall(r"/statistics/files/(\d+)/", text)
    assert len(files) == 3
    for number in files:
        assert "attachment" in client.get(f"/statistics/files/{number}/")["Content-Disposition"]
        assert client.get(f"/statistics/charts/{number}/").status_code == 404
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event WHERE kind = 'exported' AND personal_id = 'test-head-office'")
        assert cursor.fetchone()[0] == 3


def test_a_limited_person_sees_their_part_only(month):
    other = signed_in("head_office", offices=["141321"], personal_id="other")
    text = body(other.get("/statistics/"))
    assert "3,500円" not in text
    assert "<img" not in text
    assert "担当する区と制度の分だけ" in text
    whole = signed_in("head_office").get("/statistics/").content.decode()
    number = re.search(r"/statistics/files/(\d+)/", whole)[1]
    assert other.get(f"/statistics/files/{number}/").status_code == 404
    assert other.get(f"/statistics/charts/{number}/").status_code == 404


def test_months_are_chosen_and_nonsense_shows_the_latest(month):
    client = signed_in("head_office")
    assert "令和8年4月支払分" in body(client.get("/statistics/?month=2026-04"))
    assert "令和8年4月支払分" in body(client.get("/statistics/?month=1999-99"))


def test_before_the_first_month(city):
    assert "まだ統計がありません" in body(signed_in("head_office").get("/statistics/"))


@pytest.mark.parametrize("role", ["clerk", "reviewer", "payment_drafter", "operator", "auditor", "administrator"])
def test_who_does_not_see_statistics(role):
    assert signed_in(role).get("/statistics/").status_code == 403
