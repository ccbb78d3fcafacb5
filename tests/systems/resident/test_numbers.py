"""個人番号 pass through sealed: this system keeps none, and whoever runs the file learns which rows found nobody."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from tests.systems.resident.test_distribution import application, approve, receive, row
from tests.systems.unified_id.conftest import my_number

from tasuke.formats import my_number_feed
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.platform.transport.models import Outgoing
from tasuke.platform.transport.testing import wire
from tasuke.systems.resident.jobs.distribute_numbers import KIND
from tasuke.systems.resident.models import DeliveryRecord
from tasuke.systems.resident.rounds import push
from tasuke.systems.unified_id.api import HANDLERS as UNIFIED
from tasuke.systems.unified_id.models import BusinessNumber, NumberRow
from tasuke.systems.unified_id.policy import set_policy

pytestmark = pytest.mark.django_db(databases=["resident", "unified_id"])
NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)


@pytest.fixture
def wired(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    set_policy(accept="synthetic", body="B011002")
    with wire({("unified_id", "resident"): UNIFIED}, clock=lambda: NOW):
        approve(application("unified_id", business_id="032", with_my_number=True))
        yield


def run(folder, *rows, name="numbers.csv", now=NOW):
    schema = {f.name: f.dtype for f in my_number_feed.LAYOUT.fields}
    filled = [{"seq": n, "event": "1", "valid_from": date(2026, 4, 1), **one} for n, one in enumerate(rows, start=1)]
    path = folder / name
    path.write_bytes(my_number_feed.render(pl.DataFrame(filled, schema=schema)))
    given = {"using": "resident", "job": KIND, "target": name, "parameters": {"path": str(path)}, "by": "K0001"}
    planned, plan = plan_run(**given, now=now)
    return apply_run(using="resident", run=planned, plan=plan, clock=lambda: now), plan


def links():
    rows = BusinessNumber.objects.using("unified_id").filter(unlinked_at__isnull=True)
    return sorted(rows.values_list("business_id", "atena_no"))


def test_numbers_reach_the_unified_numbers_and_stay_nowhere_on_the_way(wired, tmp_path):
    receive(row("1"), row("2"))
    _, plan = run(tmp_path, {"atena_no": "1", "my_number": my_number(1)}, {"atena_no": "2", "my_number": my_number(2)})
    assert plan.problems == []
    assert my_number(1) not in Outgoing.objects.using("resident").get().body
    push(using="resident", at=NOW)
    assert links() == [("001", "1"), ("001", "2")]
    assert Outgoing.objects.using("resident").get().body == ""
    assert DeliveryRecord.objects.using("resident").filter(way="numbers").get().events == 2


def test_whoever_runs_the_file_learns_which_rows_found_nobody(wired, tmp_path):
    receive(row("1"))
    _, plan = run(tmp_path, {"atena_no": "9", "my_number": my_number(9)}, {"atena_no": "1", "my_number": my_number(1)})
    assert [(p.code, p.line) for p in plan.problems] == [("person_unknown", 2)]
    assert my_number(9) not in str(plan.problems)
    push(using="resident", at=NOW)
    assert links() == [("001", "1")]


def test_a_change_and_a_removal_follow_on_the_first_number(wired, tmp_path):
    receive(row("1"))
    run(tmp_path, {"atena_no": "1", "my_number": my_number(1)}, name="1.csv")
    run(tmp_path, {"atena_no": "1", "my_number": my_number(2), "event": "2"}, name="2.csv")
    push(using="resident", at=NOW)
    rows = NumberRow.objects.using("unified_id").order_by("id")
    assert [r.ended_at is None for r in rows] == [False, True]
    run(tmp_path, {"atena_no": "1", "my_number": None, "event": "3"}, name="3.csv")
    push(using="resident", at=NOW)
    assert links() == []


def test_a_change_of_a_day_to_come_is_refused_and_taken_on_its_day(wired, tmp_path):
    receive(row("1"), row("2"))
    tomorrow = {"valid_from": date(2026, 6, 11)}
    people = ({"atena_no": "1", "my_number": my_number(1), **tomorrow}, {"atena_no": "2", "my_number": my_number(2)})
    _, plan = run(tmp_path, *people)
    assert [(p.code, p.line, p.field) for p in plan.problems] == [("not_yet", 2, "異動年月日")]
    assert my_number(1) not in str(plan.problems)
    assert (plan.counts["accepted"], plan.counts["rejected"]) == (1, 1)
    push(using="resident", at=NOW)
    assert links() == [("001", "2")]
    # midnight in Japan, the day before in UTC: the same file again, under another name
    later = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
    run(tmp_path, *people, name="again.csv", now=later)
    push(using="resident", at=later)
    assert links() == [("001", "1"), ("001", "2")]
