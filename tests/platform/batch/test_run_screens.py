"""Runs on screen: who may do what, what stands there, and that a started run is applied."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connections

import tasuke.deploy.urls
from tasuke.core.problems import Problem, Severity
from tasuke.deploy import run_desk
from tasuke.platform.access.testing import signed_in
from tasuke.platform.batch import desk
from tasuke.platform.batch import job as jobs
from tasuke.platform.batch.desk import DESK, Offer
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, register
from tasuke.platform.batch.models import Run, RunProblem, RunState
from tasuke.platform.batch.services.apply_started import CHANGED, apply_started
from tasuke.platform.batch.services.plan_run import plan_run

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
assert tasuke.deploy.urls  # opens the desk before a test changes it
NOW = datetime(2026, 4, 1, tzinfo=UTC)
PERSON = "000000000000018"


class Book:
    """A job of three chunks that can be told to fail or to find more."""

    def __init__(self):
        self.applied, self.fail_at, self.found = [], None, 3

    def plan(self, context):
        return Plan(
            counts={"targets": self.found},
            chunks=self.found,
            work=None,
            comparisons=[Comparison("前回", self.found, 2), Comparison("台帳", 3, 3)],
            problems=[
                Problem("bad", "読めません", line=7, field="宛名番号", value=f"=HYPERLINK {PERSON}", file="a.csv")
            ],
        )

    def apply(self, context, plan, number):
        if number == self.fail_at:
            raise RuntimeError("power cut")
        self.applied.append(number)
        return ChunkResult(counts={"targets": 1})


@pytest.fixture
def book(monkeypatch):
    run_desk.load_jobs()
    monkeypatch.setattr(jobs, "_jobs", dict(jobs._jobs))
    book = Book()
    register(Job(name="count", title="数える処理", plan=book.plan, apply_chunk=book.apply))
    register(Job(name="send", title="送る処理", plan=book.plan, apply_chunk=book.apply, needs_approval=True))
    for name, value in {
        "words": lambda counts: {"対象" if k == "targets" else k: v for k, v in counts.items()},
        "offers": {"count": Offer("count", "数えます。", ("month",)), "send": Offer("send", "送ります。", ("on",))},
        "reserved": {},
        "launch": lambda using, run_id: None,
    }.items():
        monkeypatch.setattr(DESK, name, value)
    return book


def planned(job="count", target="2026-04", by="demo-clerk"):
    run, _ = plan_run(using="subsidy", job=job, target=target, parameters={"month": "2026-04"}, by=by, now=NOW)
    return run


def events():
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT kind, atena_no FROM audit_event ORDER BY id")
        return cursor.fetchall()


def body(response):
    return " ".join(response.content.decode().split())


def apply(run):
    return apply_started(using="subsidy", run_id=run.pk, clock=lambda: NOW)


def test_the_list_shows_runs_in_words_and_by_key(book, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr("tasuke.platform.batch.web.views.PAGE_ROWS", 2)
    for month in range(1, 4):
        planned(target=f"2026-{month:02}")
    client = signed_in("operator")
    with django_assert_max_num_queries(15, using="subsidy"):
        page = client.get("/runs/")
    text = body(page)
    assert text.count("数える処理</a>") == 3
    assert "計画済み" in text
    last = re.search(r"after=(\d+)", text)
    assert last is None or client.get(f"/runs/?after={last[1]}").status_code == 200
    assert "この条件の処理はありません" in body(client.get("/runs/?state=failed"))
    assert "数える処理</a>" in body(client.get("/runs/?problems=1"))
    RunProblem.objects.using("subsidy").update(severity="warning")
    assert "この条件の処理はありません" in body(client.get("/runs/?problems=1"))
    assert "令和8年4月" in text  # parameters in words


def test_one_run_shows_plan_comparison_and_problems(book, django_assert_max_num_queries):
    run = planned()
    client = signed_in("head_office")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get(f"/runs/{run.pk}/"))
    assert "対象</dt><dd>3" in text
    assert "差が大きい" in text  # 3 against 2
    assert "一致" in text
    assert "読めません" in text
    assert "=HYPERLINK" in text
    assert ("read", PERSON) in events()


def done(target, *, counts, parameters, job="count", at=NOW):
    return Run.objects.using("subsidy").create(
        job=job, target=target, state=RunState.DONE, plan=counts, parameters=parameters, planned_at=at,
        planned_by="demo-clerk", finished_at=at,
    )  # fmt: skip


def test_one_run_shows_its_plan_beside_the_last_applied_run_of_its_kind(book, django_assert_max_num_queries):
    client = signed_in("head_office")
    run = planned(target="new")
    assert "比べる前回がありません" in body(client.get(f"/runs/{run.pk}/"))

    done("old", counts={"targets": 40}, parameters={}, at=NOW - timedelta(days=60))
    last = done("last", counts={"targets": 4, "gone": 2}, parameters={}, at=NOW - timedelta(days=30))
    done("other-scheme", counts={"targets": 50}, parameters={"scheme": "child"}, at=NOW - timedelta(days=1))
    done("other-job", job="send", counts={"targets": 60}, parameters={}, at=NOW - timedelta(days=1))
    done("twice", counts={"already_imported": 1}, parameters={}, at=NOW - timedelta(days=1))
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get(f"/runs/{run.pk}/"))

    assert f"処理番号 {last.pk}</a>" in text
    section = text.partition("前回との比較</h2>")[2].partition("</section>")[0]
    cells = [re.sub(r"<[^>]+>", " ", row.partition(">")[2]).split() for row in section.split("<tr")[2:]]
    assert cells == [
        ["対象", "3", "4", "-1", "(-25%)", "差が大きい"],
        ["gone", "0", "2", "-2", "(-100%)", "差が大きい"],
    ]


def test_a_run_that_is_over_is_compared_with_the_one_before_it(book):
    first = done("first", counts={"targets": 8}, parameters={"scheme": "child"}, at=NOW - timedelta(days=60))
    second = done("second", counts={"targets": 9}, parameters={"scheme": "child"}, at=NOW - timedelta(days=30))
    client = signed_in("head_office")
    assert "比べる前回がありません" in body(client.get(f"/runs/{first.pk}/"))
    text = body(client.get(f"/runs/{second.pk}/"))
    assert f"処理番号 {first.pk}</a>" in text
    assert "+1 (+12%)" in text


def test_offending_values_are_for_those_who_may_see_everybody(book):
    run = planned()
    for client in (signed_in("operator"), signed_in("reviewer", offices=["141313"])):
        text = body(client.get(f"/runs/{run.pk}/"))
        assert "読めません" in text
        assert "HYPERLINK" not in text
    assert "値" not in signed_in("operator").get(f"/runs/{run.pk}/problems.csv").content.decode().splitlines()[0]


def test_problems_leave_as_a_file_without_formulas(book):
    run = planned()
    response = signed_in("head_office").get(f"/runs/{run.pk}/problems.csv")
    assert "'=HYPERLINK" in response.content.decode("utf-8-sig")
    assert ("exported", PERSON) in events()


def test_problems_are_paged_and_filtered(book):
    run = planned()
    RunProblem.objects.using("subsidy").bulk_create(
        RunProblem(run=run, code="odd", severity="warning", message=f"変です{n}", line=n) for n in range(120)
    )
    client = signed_in("operator")
    first = body(client.get(f"/runs/{run.pk}/?severity=warning"))
    assert ("変です49" in first, "変です50" in first) == (True, False)
    after = re.search(r"after=(\d+)", first)[1]
    assert "変です50" in body(client.get(f"/runs/{run.pk}/?severity=warning&after={after}"))


def test_planning_on_screen_counts_and_changes_nothing(book):
    client = signed_in("head_office")
    assert "数えます。" in body(client.get("/runs/new/"))
    wrong = client.post("/runs/new/count/", {"month": "いつか"})
    assert wrong.status_code == 422
    assert "月として読めません" in body(wrong)
    response = client.post("/runs/new/count/", {"month": "令和8年4月"})
    run = Run.objects.using("subsidy").get()
    assert response.url == f"/runs/{run.pk}/"
    assert (run.target, run.parameters, run.state) == ("2026-04", {"month": "2026-04"}, "planned")
    assert ("run-planned", "") in events()
    assert book.applied == []
    assert client.get("/runs/new/nothing/").status_code == 404


def test_the_planner_cannot_approve_and_another_can(book, django_capture_on_commit_callbacks):
    run = planned(job="send", by="test-head-office")
    own = signed_in("head_office")
    assert "承認する</button>" not in body(own.get(f"/runs/{run.pk}/"))
    assert "別の人が承認" in body(own.post(f"/runs/{run.pk}/approve/", follow=True))
    assert "別の人の承認が必要です" in body(own.post(f"/runs/{run.pk}/start/", follow=True))
    other = signed_in("head_office", personal_id="second-head")
    assert "承認しました" in body(other.post(f"/runs/{run.pk}/approve/", follow=True))
    with django_capture_on_commit_callbacks(using="subsidy", execute=True):
        assert "実行を始めました" in body(other.post(f"/runs/{run.pk}/start/", follow=True))
    assert apply(run).state == RunState.DONE
    assert book.applied == [0, 1, 2]
    kinds = [kind for kind, _ in events()]
    assert [k for k in kinds if k.startswith("run-")] == ["run-approved", "run-started", "run-done"]


def test_what_changed_after_the_approval_waits_for_a_new_one(book):
    run = planned(job="send", by="somebody")
    other = signed_in("head_office")
    other.post(f"/runs/{run.pk}/approve/")
    other.post(f"/runs/{run.pk}/start/")
    book.found = 4
    assert apply(run).state == RunState.PLANNED
    assert book.applied == []
    text = body(other.get(f"/runs/{run.pk}/"))
    assert CHANGED in text
    assert "対象</dt><dd>4" in text


def test_a_failed_run_goes_on_from_where_it_stopped(book):
    run = planned()
    client = signed_in("operator")
    client.post(f"/runs/{run.pk}/start/")
    book.fail_at = 1
    with pytest.raises(RuntimeError):
        apply(run)
    assert "続きから実行する" in body(client.get(f"/runs/{run.pk}/"))
    assert "反映を始めた処理は取り消せません" in body(client.post(f"/runs/{run.pk}/cancel/", follow=True))
    book.fail_at = None
    client.post(f"/runs/{run.pk}/start/")
    assert apply(run).state == RunState.DONE
    assert book.applied == [0, 1, 2]
    assert "この処理は完了です" in body(client.post(f"/runs/{run.pk}/start/", follow=True))


def test_a_plan_that_fails_before_its_first_chunk_can_be_cancelled(book, monkeypatch):
    run = planned()
    client = signed_in("operator")
    client.post(f"/runs/{run.pk}/start/")
    monkeypatch.setattr(book, "plan", lambda context: 1 / 0)
    register_again = Job(name="count", title="数える処理", plan=book.plan, apply_chunk=book.apply)
    monkeypatch.setitem(jobs._jobs, "count", register_again)
    with pytest.raises(ZeroDivisionError):
        apply(run)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "取り消しました" in body(client.post(f"/runs/{run.pk}/cancel/", follow=True))


def test_a_useless_file_cannot_be_started(book):
    run = planned()
    RunProblem.objects.using("subsidy").create(run=run, code="x", severity=Severity.FATAL.value, message="読めません")
    client = signed_in("operator")
    text = body(client.get(f"/runs/{run.pk}/"))
    assert "このファイルは取り込めません" in text
    assert "実行する</button>" not in text
    assert "取り込めないファイルです" in body(client.post(f"/runs/{run.pk}/start/", follow=True))


def test_progress_is_a_part_of_the_page_that_ends_itself(book):
    run = planned()
    client = signed_in("operator")
    client.post(f"/runs/{run.pk}/start/")
    part = client.get(f"/runs/{run.pk}/progress/")
    assert 'hx-trigger="every 2s"' in body(part)
    assert "<html" not in body(part)
    assert "順番を待っているか、止まっています" in body(part)
    apply(run)
    assert client.get(f"/runs/{run.pk}/progress/")["HX-Refresh"] == "true"


def test_money_is_approved_and_started_elsewhere(book, monkeypatch):
    monkeypatch.setattr(DESK, "reserved", {"send": "runs:list"})
    run = planned(job="send", by="somebody")
    client = signed_in("head_office")
    assert "支払の画面" in body(client.get(f"/runs/{run.pk}/"))
    for verb in ("approve", "start", "cancel"):
        assert client.post(f"/runs/{run.pk}/{verb}/").status_code == 404
    run.refresh_from_db()
    assert run.state == RunState.PLANNED


def test_a_run_of_another_scheme_is_not_there(book):
    run, _ = plan_run(
        using="subsidy", job="count", target="x", parameters={"scheme": "kawasaki-shoni"}, by="a", now=NOW
    )
    limited = signed_in("reviewer", schemes=["kawasaki-hitorioya"])
    assert "数える処理</a>" not in body(limited.get("/runs/"))
    assert limited.get(f"/runs/{run.pk}/").status_code == 404
    assert signed_in("reviewer", personal_id="other").get(f"/runs/{run.pk}/").status_code == 200


@pytest.mark.parametrize(("role", "status"), [("clerk", 403), ("auditor", 403), ("payment_drafter", 200)])
def test_who_sees_runs(book, role, status):
    assert signed_in(role).get("/runs/").status_code == status


def test_nobody_changes_a_run_by_a_link(book):
    run = planned()
    client = signed_in("head_office")
    for verb in ("approve", "start", "cancel"):
        assert client.get(f"/runs/{run.pk}/{verb}/").status_code == 405
    strict = signed_in("head_office", client=type(client)(enforce_csrf_checks=True), personal_id="strict")
    assert strict.post(f"/runs/{run.pk}/start/").status_code == 403


def test_a_file_is_kept_planned_and_not_taken_twice(book, monkeypatch, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile

    monkeypatch.setattr(DESK, "receive", run_desk.receive_upload)
    monkeypatch.setattr(DESK, "file_kinds", {"residents": "住民情報(住基)"})
    monkeypatch.setattr(run_desk, "data_folder", lambda: tmp_path)
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    client = signed_in("operator")
    assert client.post("/runs/import/", {"kind": "residents"}).status_code == 422
    file = SimpleUploadedFile("../../etc/=住民.csv", "氏名\n".encode())
    response = client.post("/runs/import/", {"kind": "residents", "file": file})
    text = body(client.get(response.url))
    assert "取り込めません" in text
    assert ("file-received", "") in events()
    (kept,) = [p for p in tmp_path.glob("uploads/*/*") if p.is_file()]
    assert kept.name == "___.csv"


def test_without_a_launcher_nothing_pretends_to_start(book, monkeypatch):
    monkeypatch.setattr(DESK, "launch", None)
    with pytest.raises(desk.NoLauncher):
        desk.launch("subsidy", 1)


def test_workers_get_the_run_when_they_are_there(book, monkeypatch):
    run = planned()
    queued, threads = [], []
    monkeypatch.setattr(run_desk, "queue_run", lambda *, using, run: queued.append(run.pk))
    monkeypatch.setattr(run_desk.threading, "Thread", lambda **kw: SimpleNamespace(start=lambda: threads.append(kw)))
    run_desk.start_somewhere("subsidy", run.pk)
    assert (queued, len(threads)) == ([], 1)
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    run_desk.start_somewhere("subsidy", run.pk)
    assert (queued, len(threads)) == ([run.pk], 1)
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'")
    assert not run_desk.workers_are_there("subsidy")


def test_the_queue_takes_a_run_once(book):
    from procrastinate.exceptions import AlreadyEnqueued

    run = planned()
    run_desk.queue_run(using="subsidy", run=run)
    with pytest.raises(AlreadyEnqueued):
        run_desk.queue_run(using="subsidy", run=run)
