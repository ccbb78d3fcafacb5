"""Every step of a run that no screen records is on record once, in the transaction of the step."""

import json
from datetime import UTC, datetime

import pytest

from tasuke.platform.audit import Origin
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.batch import job as jobs
from tasuke.platform.batch.job import ChunkResult, Job, Plan, register
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.platform.exchange.services.record_files import receive_file, record_outbound

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NOW = datetime(2026, 4, 1, tzinfo=UTC)
PLANNER, APPROVER = Origin("planner", terminal="command:x"), Origin("approver")


@pytest.fixture
def fails(monkeypatch):
    monkeypatch.setattr(jobs, "_jobs", {})
    state = {"now": False}

    def apply(context, plan, number):
        if state["now"]:
            raise RuntimeError("power cut")
        return ChunkResult(counts={"rows": 1}, problems=[])

    register(
        Job(
            name="pay",
            title="支払",
            plan=lambda context: Plan(counts={"rows": 1}, chunks=1, work=None, comparisons=[], problems=[]),
            apply_chunk=apply,
            needs_approval=True,
        )
    )
    return state


def events():
    rows = AuditEvent.objects.using("subsidy").order_by("id")
    return [(row.personal_id, row.kind, json.loads(row.detail).get("what")) for row in rows]


def planned_and_approved(origin=PLANNER):
    run, plan = plan_run(
        using="subsidy", job="pay", target="2026-04", parameters={}, by="planner", now=NOW, origin=origin
    )
    run = approve_run(using="subsidy", run_id=run.pk, by="approver", now=NOW, origin=origin and APPROVER)
    return run, plan


def test_a_run_from_the_command_line_is_on_record_from_plan_to_end(fails):
    run, plan = planned_and_approved()
    apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW, origin=PLANNER)

    assert events() == [
        ("planner", "run-planned", "pay"),
        ("approver", "run-approved", "pay"),
        ("planner", "run-started", "pay"),
        ("planner", "run-done", "pay"),
    ]


def test_a_failed_run_is_on_record(fails):
    run, plan = planned_and_approved()
    fails["now"] = True
    with pytest.raises(RuntimeError):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW, origin=PLANNER)

    assert events()[-1] == ("planner", "run-failed", "pay")


def test_who_records_by_itself_is_not_recorded_twice(fails):
    run, plan = planned_and_approved(origin=None)
    apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW)

    assert events() == []


def test_files_in_and_out_are_on_record(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path))
    for _ in range(2):  # the same file again is the same file
        receive_file(using="subsidy", kind="residents", name="a.csv", data=b"a", by="operator", now=NOW)
    record_outbound(
        using="subsidy",
        kind="transfer",
        key="2026-04-25",
        name="z",
        data=b"z",
        rows=3,
        totals={},
        by="drafter",
        now=NOW,
    )

    assert events() == [("operator", "file-received", "residents"), ("drafter", "file-made", "transfer")]
