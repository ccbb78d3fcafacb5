"""Search by a part of a name: complete, exact, and by an index, whatever was typed."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.db import connections

from tasuke.core.kana import kana_key
from tasuke.core.text import search_key
from tasuke.systems.welfare.models import PersonState
from tasuke.systems.welfare.search import Criteria, fitting_states, search

pytestmark = pytest.mark.django_db(databases=["welfare"])
AT = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)
PEOPLE = (
    ("101", "髙橋　花子", "タカハシ　ハナコ", "", "札幌市中央区北一条"),
    ("102", "高橋　太郎", "タカハシ　タロウ", "", "札幌市北区北七条"),
    ("103", "林　明花", "ハヤシ　メイカ", "", "小樽市花園一丁目"),
    ("104", "ＳＭＩＴＨ　ＪＯＨＮ", "スミス　ジョン", "山田　丈", "札幌市中央区南一条"),
)


@pytest.fixture(autouse=True)
def people():
    for no, name, kana, alias, address in PEOPLE:
        PersonState.objects.using("welfare").create(
            event_id=uuid4(), source="resident", atena_no=no, valid_from=date(2020, 4, 1), place=1, event_code="20",
            recorded_at=AT, recorded_by="resident", items={"name": name, "resident_status": "1"}, protection=False,
            name_key=search_key(name), kana_key=kana_key(kana), alias_key=search_key(alias) if alias else "",
            address_key=search_key(address), birth_date=date(1990, 1, 1), sex="1",
        )  # fmt: skip


def found(**known):
    hits, _ = search(using="welfare", criteria=Criteria(**known), business_id=None, limit=50)
    return sorted(hit.now.atena_no for hit in hits)


@pytest.mark.parametrize(
    ("part", "whom"),
    [
        ("花子", ["101"]),  # two characters, as people ask
        ("花", ["101", "103"]),
        ("高橋", ["101", "102"]),
        ("橋花", ["101"]),
        ("ハシ", ["101", "102"]),
        ("はなこ", ["101"]),
        ("smith", ["104"]),
        ("山田", ["104"]),
        ("子花", []),  # both characters, but not in this order
        ("100%", []),
    ],
)
def test_a_part_of_a_name_finds_those_who_bear_it(part, whom):
    assert found(name=part, partial=True) == whom


def test_without_partial_only_the_whole_name_fits():
    assert (found(name="花子"), found(name="高橋花子")) == ([], ["101"])


def test_a_part_of_an_address_is_looked_for_beside_a_name_and_its_beginning_alone():
    assert found(name="高橋", address="北七条", partial=True) == ["102"]
    assert found(address="北七条", partial=True) == []
    assert found(address="札幌市北区", partial=True) == ["102"]


@pytest.mark.parametrize("known", [{"name": "花子"}, {"name": "花"}, {"name": "花子", "address": "北一条"}])
def test_a_part_of_a_name_is_found_by_the_index(known):
    rows = fitting_states(using="welfare", criteria=Criteria(**known, partial=True))
    with connections["welfare"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")  # on a table of a few rows any other index will do
        plan = rows.explain()
    assert "welfare_state_grams" in plan
    assert "Seq Scan" not in plan
