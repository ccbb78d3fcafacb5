"""What the search box understands."""

from datetime import date

import pytest

from tasuke.systems.subsidy.desk.question import MyNumberTyped, Question, spellings, understand

BIRTH = date(2020, 4, 1)


@pytest.mark.parametrize(
    "text", ["令和2年4月1日", "R2.4.1", "R02/04/01", "2020-04-01", "Ｒ２．４．１", " 令和２年４月１日 "]
)
def test_a_birthday_is_read_in_wareki_and_seireki(text):
    assert understand(text) == Question(birth=BIRTH)


def test_digits_may_be_a_number_or_a_birthday():
    assert understand("20200401") == Question(number="20200401", birth=BIRTH)
    assert understand("0001000012") == Question(number="0001000012", phone="0001000012")


def test_a_phone_is_found_with_and_without_hyphens():
    assert understand("044-000-0001").phone == understand("0440000001").phone == "0440000001"


@pytest.mark.parametrize("text", ["髙橋はな", "高橋 はな", "高橋　はな"])
def test_variants_of_a_character_are_one_name(text):
    assert understand(text).name == "高橋ハナ"


def test_a_birthday_narrows_a_name():
    assert understand("髙橋 R2.4.1") == Question(name="高橋", kana="髙橋", birth=BIRTH)


def test_an_address_is_told_by_its_signs():
    assert understand("宮前区宮前平２丁目").address == "宮前区宮前平2丁目"
    assert understand("佐藤").address == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("鷺沼1-2-3", ("鷺沼1-2-3", "鷺沼1丁目2番3")),
        ("鷺沼1−2", ("鷺沼1-2", "鷺沼1丁目2", "鷺沼1番2", "鷺沼1番地2")),
        ("鷺沼1丁目2番", ("鷺沼1丁目2番",)),
        ("鷺沼1-", ("鷺沼1-",)),
        ("1-2-3", ("1-2-3",)),
    ],
)
def test_an_address_with_hyphens_is_also_asked_as_a_register_writes_it(typed, meant):
    assert spellings(typed) == meant


def test_a_my_number_is_refused():
    with pytest.raises(MyNumberTyped):
        understand("1234 5678 9018")


def test_nothing_is_nothing():
    assert understand("　").is_empty
