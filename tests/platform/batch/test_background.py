"""The site applies a run beside its pages, in a thread with a connection of its own."""

import threading
from datetime import UTC, datetime

import pytest

from tasuke.deploy import run_desk
from tasuke.platform.batch import job as jobs
from tasuke.platform.batch.job import ChunkResult, Job, Plan, register
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.platform.batch.services.start_run import CannotStart, is_at_work, start_run

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"], transaction=True)
NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def threads(monkeypatch):
    run_desk.load_jobs()
    monkeypatch.setattr(jobs, "_jobs", dict(jobs._jobs))
    began = []

    class Kept(threading.Thread):
        def start(self):
            began.append(self)
            super().start()

    monkeypatch.setattr(run_desk.threading, "Thread", Kept)
    monkeypatch.setattr("tasuke.platform.batch.desk.DESK.launch", run_desk.start_somewhere)
    yield began
    for thread in began:
        thread.join(timeout=30)
        assert not thread.is_alive()


def plan(apply):
    def planned(context):
        return Plan(counts={"targets": 2}, chunks=2, work=None)

    register(Job(name="slow", title="遅い処理", plan=planned, apply_chunk=apply))
    run, _ = plan_run(using="subsidy", job="slow", target="1", parameters={}, by="a", now=NOW)
    return run


def test_a_started_run_is_applied_and_seen_at_work(threads):
    working, go_on = threading.Event(), threading.Event()

    def apply(context, plan, number):
        working.set()
        assert go_on.wait(30)
        return ChunkResult(counts={"targets": 1})

    run = plan(apply)
    start_run(using="subsidy", run_id=run.pk, now=NOW)
    assert working.wait(30)
    assert is_at_work(using="subsidy", run=run)
    with pytest.raises(CannotStart):
        start_run(using="subsidy", run_id=run.pk, now=NOW)
    run_desk.apply_here("subsidy", run.pk)  # a second one finds it taken and does nothing
    go_on.set()
    threads[0].join(timeout=30)
    done = Run.objects.using("subsidy").get(pk=run.pk)
    assert (done.state, done.counts) == (RunState.DONE, {"targets": 2})
    assert not is_at_work(using="subsidy", run=run)


def test_a_fault_stands_with_the_run(threads):
    def apply(context, plan, number):
        raise RuntimeError("power cut")

    run = plan(apply)
    start_run(using="subsidy", run_id=run.pk, now=NOW)
    threads[0].join(timeout=30)
    failed = Run.objects.using("subsidy").get(pk=run.pk)
    assert (failed.state, failed.failure) == (RunState.FAILED, "RuntimeError: power cut")
