"""支援措置 on a day, as the ORM and as SQL say it; and nobody else says it."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connections

from tasuke.systems.subsidy.registry.models import Protection, ResidentRecord
from tasuke.systems.subsidy.registry.names import person_names
from tasuke.systems.subsidy.registry.protection import protected_among, protected_sql
from tasuke.systems.subsidy.registry.queries import persons_frame, protected

USING = "subsidy"
END = date(2026, 6, 1)
SOURCES = Path(__file__).resolve().parents[4] / "src/tasuke"
BY_HAND = re.compile(r"ended_on\s*(IS|>|<|=(?!=)\s*None)|ended_on__", re.IGNORECASE)
# its own home, the table itself, and a table of welfare that has a column of the same name
MAY = ("registry/protection.py", "registry/models.py", "systems/welfare/")


def protect(atena_no, ended_on=None):
    ended = {"ended_by": "k-1", "ended_reason": "期間の満了"} if ended_on else {}
    Protection.objects.create(atena_no=atena_no, since=date(2025, 1, 1), source="住民情報", ended_on=ended_on, **ended)


@pytest.mark.django_db(databases=["subsidy"])
@pytest.mark.parametrize(
    ("on", "then"),
    [(END - timedelta(days=1), {"101", "102"}), (END, {"101"}), (date(2024, 1, 1), {"101", "102"})],
)
def test_every_way_of_asking_says_the_same_before_and_on_the_day_of_the_end(on, then):
    protect("101")
    protect("102", END)
    people = ["101", "102", "103"]
    assert protected_among(people, using=USING, on=on) == then
    assert set(protected(using=USING, on=on)) == then
    query = f"SELECT p FROM unnest(%s::text[]) p WHERE {protected_sql('p', on='%s')}"
    with connections[USING].cursor() as cursor:
        cursor.execute(query, [people, on])
        assert {no for (no,) in cursor.fetchall()} == then


@pytest.mark.django_db(databases=["subsidy"])
def test_a_paper_made_before_its_day_still_guards_who_is_protected_today():
    protect("102", END)
    ResidentRecord.objects.create(
        atena_no="102", name="髙橋 花子", resident_type="1", resident_status="1", valid=(date(2020, 1, 1), None),
        event_code="20", recorded_from="2026-04-01T00:00:00+09:00",
    )  # fmt: skip
    later = END + timedelta(days=30)
    assert persons_frame(using=USING, on=later)["protection"].to_list() == [False]
    assert persons_frame(using=USING, on=later, today=END - timedelta(days=1))["protection"].to_list() == [True]
    assert person_names(using=USING, atena_nos=["102"], on=END)["102"].protected is False


def test_no_other_file_writes_the_predicate_by_hand():
    found = [
        str(path.relative_to(SOURCES))
        for path in sorted(SOURCES.rglob("*"))
        if path.suffix in (".py", ".html") and "migrations" not in path.parts
        if not any(part in str(path) for part in MAY) and BY_HAND.search(path.read_text("utf-8"))
    ]
    assert found == []
    assert BY_HAND.search((SOURCES / "systems/subsidy/registry/protection.py").read_text("utf-8"))
