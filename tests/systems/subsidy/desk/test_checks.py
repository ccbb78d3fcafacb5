"""What is said below a field while somebody types."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
OTHER_WARD = "141330"
CHILD = "0000000011"


@pytest.fixture
def child(people):
    people.resident(CHILD)
    people.entitle(CHILD)
    return people


def ask(client, what, value, **more):
    response = client.post(f"/checks/{what}/", {"field": "x", "x": value, **more})
    assert response.status_code == 200, response.content.decode()
    return response.content.decode().strip()


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("day", "R8.4.1", "令和8年4月1日(水) 2026-04-01"),
        ("day", "2026-11-25", "1日後"),
        ("day", "令和8年11月24日", "今日"),
        ("day", "令和8年2月30日", "日付として読めません"),
        ("day", "", ""),
        ("insurer", "01130012", "検証番号が合っています"),
        ("insurer", "01130013", "検査数字が合いません"),
        ("insurer", "123", "桁"),
        ("person", CHILD, "髙橋　はな 6歳(受給中: 小児医療費助成)"),
        ("person", f"{CHILD};0000000099", "住民情報にいないか、担当の区の外の人です"),
        ("recipient", "1234567", "髙橋　はな"),
        ("recipient", "7654321", "住民情報にいないか"),
    ],
)
def test_the_answer(child, browser, what, value, words):
    answer = ask(browser(), what, value)
    assert words in answer
    assert (answer == "") == (words == "")
    assert "<html" not in answer


def test_a_bank_is_named_by_both_codes(child, browser):
    codes = {"bank_code": "0138", "branch_code": "310"}
    assert "横浜 関内" in ask(browser(), "bank", "", **codes)
    assert "今ありません" in ask(browser(), "bank", "", **{**codes, "branch_code": "999"})
    assert ask(browser(), "bank", "", bank_code="0138", branch_code="") == ""


def test_nobody_outside_the_limits_is_named(child, browser):
    other = browser(offices=[OTHER_WARD], personal_id="other-clerk")
    for what, value in (("person", CHILD), ("recipient", "1234567")):
        answer = ask(other, what, value)
        assert "髙橋" not in answer
        assert "担当の区の外" in answer


def test_markup_that_was_typed_does_not_come_back(child, browser):
    for what in ("day", "insurer", "person", "recipient"):
        assert "<script" not in ask(browser(), what, "<script>alert(1)</script>")


def test_who_is_not_signed_in_gets_nothing(child):
    assert Client().post("/checks/person/", {"field": "x", "x": CHILD}).status_code == 302
