from datetime import UTC, datetime

import psycopg
import pytest
from django.db import IntegrityError, connections, transaction

from tasuke.core.problems import Problem
from tasuke.platform.batch import job as jobs
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, UnknownJob, get_job, register
from tasuke.platform.batch.models import Run, RunChunk, RunProblem, RunState
from tasuke.platform.batch.services.apply_run import NotApproved, PlanChanged, RunLocked, apply_run
from tasuke.platform.batch.services.approve_run import ApprovalRefused, approve_run, cancel_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NOW = datetime(2026, 4, 1, tzinfo=UTC)


class Ledger:
    """A job that adds its chunk numbers to a list, and can be told to die before a chunk."""

    def __init__(self):
        self.applied = []
        self.die_before = None
        self.chunks = 3

    def plan(self, context):
        return Plan(
            counts={"rows": self.chunks},
            chunks=self.chunks,
            work=None,
            comparisons=[Comparison("前回", 3, 2)],
            problems=[Problem("bad", "読めません", line=7, field="氏名")],
        )

    def apply(self, context, plan, number):
        if number == self.die_before:
            raise RuntimeError("power cut")
        self.applied.append(number)
        return ChunkResult(counts={"rows": 1}, problems=[Problem("odd", "変です", line=number)])


@pytest.fixture
def ledger(monkeypatch):
    monkeypatch.setattr(jobs, "_jobs", {})
    book = Ledger()
    register(Job(name="add", title="追加", plan=book.plan, apply_chunk=book.apply))
    register(Job(name="pay", title="支払", plan=book.plan, apply_chunk=book.apply, needs_approval=True))
    return book


def plan(job="add", target="2026-04", by="planner"):
    return plan_run(using="subsidy", job=job, target=target, parameters={"month": target}, by=by, now=NOW)


def apply(run, planned=None):
    return apply_run(using="subsidy", run=run, plan=planned, clock=lambda: NOW)


def test_a_plan_changes_nothing_but_says_what_would_change(ledger):
    run, _ = plan()
    assert (run.state, run.plan, ledger.applied) == (RunState.PLANNED, {"rows": 3}, [])
    assert run.comparison == [{"label": "前回", "now": 3, "before": 2}]
    assert RunProblem.objects.using("subsidy").get(run=run).line == 7


def test_apply_runs_every_chunk_once_and_adds_up_the_counts(ledger):
    run = apply(*plan())
    assert ledger.applied == [0, 1, 2]
    assert (run.state, run.counts, run.chunks_done) == (RunState.DONE, {"rows": 3}, 3)
    assert RunProblem.objects.using("subsidy").filter(run=run).count() == 4


def test_the_same_target_again_changes_nothing(ledger):
    done = apply(*plan())
    with pytest.raises(RunAlreadyDone) as again:
        plan()
    assert again.value.run == done
    assert ledger.applied == [0, 1, 2]


def test_planning_again_replaces_the_plan_under_the_same_row(ledger):
    first, _ = plan()
    second, _ = plan()
    assert first.pk == second.pk
    assert RunProblem.objects.using("subsidy").count() == 1


def test_a_failed_run_goes_on_behind_its_last_committed_chunk(ledger):
    run, planned = plan()
    ledger.die_before = 1
    with pytest.raises(RuntimeError, match="power cut"):
        apply(run, planned)
    run.refresh_from_db()
    assert (run.state, "power cut" in run.failure) == (RunState.FAILED, True)
    ledger.die_before = None
    apply(run)
    assert ledger.applied == [0, 1, 2]
    assert RunChunk.objects.using("subsidy").filter(run=run).count() == 3


def test_a_resumed_run_with_other_chunks_is_refused(ledger):
    run, planned = plan()
    ledger.die_before = 1
    with pytest.raises(RuntimeError):
        apply(run, planned)
    ledger.chunks = 4
    run.refresh_from_db()
    with pytest.raises(PlanChanged):
        apply(run)


def test_money_waits_for_a_second_person(ledger):
    run, planned = plan(job="pay")
    with pytest.raises(NotApproved):
        apply(run, planned)
    with pytest.raises(ApprovalRefused):
        approve_run(using="subsidy", run_id=run.pk, by="planner", now=NOW)
    approved = approve_run(using="subsidy", run_id=run.pk, by="head", now=NOW)
    assert apply(approved, planned).state == RunState.DONE


def test_an_approval_does_not_reach_further_than_the_plan_that_was_approved(ledger):
    run, _ = plan(job="pay")
    approve_run(using="subsidy", run_id=run.pk, by="head", now=NOW)
    same, _ = plan(job="pay")
    assert same.state == RunState.APPROVED
    ledger.chunks = 5
    changed, planned = plan(job="pay")
    assert (changed.state, changed.approved_by) == (RunState.PLANNED, None)
    with pytest.raises(NotApproved):
        apply(changed, planned)


def test_a_killed_run_that_is_planned_again_with_other_chunks_is_refused(ledger):
    run, planned = plan()
    ledger.die_before = 1
    with pytest.raises(RuntimeError):
        apply(run, planned)
    ledger.chunks = 4
    with pytest.raises(PlanChanged):
        apply(*plan())


def test_a_run_is_approved_once(ledger):
    run, _ = plan(job="pay")
    approve_run(using="subsidy", run_id=run.pk, by="head", now=NOW)
    with pytest.raises(ApprovalRefused):
        approve_run(using="subsidy", run_id=run.pk, by="another", now=NOW)


def test_a_cancelled_run_leaves_room_for_a_new_one(ledger):
    run, _ = plan()
    cancel_run(using="subsidy", run_id=run.pk)
    other, _ = plan()
    assert other.pk != run.pk


def test_a_run_that_changed_something_cannot_be_cancelled(ledger):
    run = apply(*plan())
    with pytest.raises(ApprovalRefused):
        cancel_run(using="subsidy", run_id=run.pk)


def test_an_unknown_job_is_named(ledger):
    with pytest.raises(UnknownJob, match="nothing"):
        get_job("nothing")


def test_two_jobs_of_one_name_are_a_fault(ledger):
    with pytest.raises(ValueError, match="twice"):
        register(Job(name="add", title="別", plan=ledger.plan, apply_chunk=ledger.apply))


def test_a_second_process_cannot_apply_the_same_run(ledger):
    # a target of its own: the other connection's lock lives until its backend is gone
    run, planned = plan(target="2099-12")
    settings = connections["subsidy"].settings_dict
    with psycopg.connect(
        host=settings["HOST"], dbname=settings["NAME"], user=settings["USER"], port=settings["PORT"] or None
    ) as other:
        import zlib

        other.execute("SELECT pg_advisory_lock(%s, %s)", [7_105, zlib.crc32(b"add:2099-12") - 2**31])
        with pytest.raises(RunLocked):
            apply(run, planned)
    assert ledger.applied == []


CONSTRAINTS = {
    "batch_run_one_that_counts": {"target": "taken"},
    "batch_run_approval_pair": {"approved_by": "someone"},
    "batch_run_two_people": {"approved_by": "p", "approved_at": NOW},
    "batch_run_approved_before_apply": {"needs_approval": True, "state": "applying"},
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_keeps_the_rules_of_a_run(name):
    base = {"job": "add", "planned_at": NOW, "planned_by": "p"}
    Run.objects.using("subsidy").create(**base, target="taken")
    with pytest.raises(IntegrityError, match=name), transaction.atomic(using="subsidy"):
        Run.objects.using("subsidy").create(**({"target": "free"} | base | CONSTRAINTS[name]))
