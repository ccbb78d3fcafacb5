"""tasuke import, run and runs on the real database."""

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from typer.testing import CliRunner

from tasuke.cli.main import app
from tasuke.core.problems import Problem, Severity
from tasuke.formats import welfare_feed
from tasuke.platform.batch import job as jobs
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.database.systems import SYSTEMS
from tasuke.systems.subsidy.registry.models import WelfareFact

pytestmark = pytest.mark.django_db(databases=list(SYSTEMS))

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def installation(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_PROFILE", "kawasaki")
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setattr("tasuke.deploy.setup.prepare_databases", list)


def tasuke(*arguments):
    told = RUNNER.invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    return told, json.loads(told.stdout) if told.stdout else None


@pytest.fixture
def feed(tmp_path):
    """Two facts of welfare, as a file."""
    rows = pl.DataFrame(
        {
            "seq": [1, 2],
            "atena_no": ["000000000000001", "000000000000002"],
            "fact_code": ["40", "60"],
            "grade": [None, None],
            "valid_from": [date(2026, 4, 1)] * 2,
            "valid_to": [None, None],
            "note": [None, None],
        }
    )
    kinds = {name: kind for name, kind in welfare_feed.LAYOUT.schema.items() if name in rows.columns}
    path = tmp_path / "welfare.csv"
    path.write_bytes(welfare_feed.render(rows.cast(kinds)))
    return path


def test_import_then_the_same_again(feed):
    told, value = tasuke("import", "welfare", feed, "--by", "clerk")
    assert told.exit_code == 0
    assert (value["job"], value["state"], value["changed"], value["problems"]) == ("import-welfare", "done", True, 0)
    assert WelfareFact.objects.using("subsidy").count() == 2

    told, value = tasuke("import", "welfare", feed, "--by", "another")
    assert (told.exit_code, value["changed"]) == (0, False)
    assert "この処理は済んでいます" in told.stderr
    assert WelfareFact.objects.using("subsidy").count() == 2


def test_the_same_content_under_another_name_is_the_same_file(feed):
    tasuke("import", "welfare", feed, "--by", "clerk")
    copy = feed.with_name("copy.csv")
    copy.write_bytes(feed.read_bytes())
    _, value = tasuke("import", "welfare", copy, "--by", "clerk")
    assert value["changed"] is False


def test_plan_writes_nothing_and_apply_does(feed):
    parameters = json.dumps({"path": str(feed)})
    told, value = tasuke("run", "import-welfare", "--target", "t", "--parameters", parameters, "--by", "clerk")
    assert (told.exit_code, value["state"], value["plan"]["取り込む行"]) == (0, "planned", 2)
    assert not WelfareFact.objects.using("subsidy").exists()

    told, value = tasuke("run", "import-welfare", "--target", "t", "--parameters", parameters, "--apply", "--by", "a")
    assert (told.exit_code, value["state"]) == (0, "done")
    assert WelfareFact.objects.using("subsidy").count() == 2

    told, value = tasuke("run", "import-welfare", "--target", "t", "--parameters", parameters, "--by", "clerk")
    assert (told.exit_code, value["changed"]) == (0, False)


def test_a_plan_with_problems_is_status_1(feed):
    feed.write_bytes(feed.read_bytes().replace(b"2026-04-01", b"2026-02-30", 1))
    parameters = json.dumps({"path": str(feed)})
    told, value = tasuke("run", "import-welfare", "--target", "t", "--parameters", parameters, "--by", "clerk")
    assert (told.exit_code, value["problems"]) == (1, 1)
    assert "welfare.csv 2行目 「開始年月日」: 2026年2月30日という日付はありません" in told.stderr


def test_the_file_of_another_kind_is_named_before_its_missing_columns(feed):
    told, value = tasuke("import", "tax", feed, "--by", "clerk")
    lines = told.stderr.splitlines()
    assert (told.exit_code, value["state"], value["changed"]) == (1, "planned", False)
    assert lines[0] == "welfare.csv: 福祉情報（welfare）のファイルのようです。税情報（tax）としては取り込めません。"
    assert "の列がありません" in lines[1]


def test_a_problem_without_a_line_names_whom_it_is_about(monkeypatch):
    found = [
        Problem("gone", "ファイルにいません", field="宛名番号", value="101", severity=Severity.WARNING),
        Problem("odd", "変です", line=3, field="宛名番号", value="102", severity=Severity.WARNING),
    ]
    job = jobs.Job(
        name="test-found",
        title="試験",
        plan=lambda context: jobs.Plan(counts={}, chunks=0, work=None, problems=found),
        apply_chunk=lambda context, plan, number: jobs.ChunkResult(counts={}),
    )
    monkeypatch.setitem(jobs._jobs, job.name, job)
    told, _ = tasuke("run", "test-found", "--target", "t", "--by", "clerk")
    assert told.exit_code == 0
    assert told.stderr.splitlines()[:2] == ["「宛名番号」 101: ファイルにいません", "3行目 「宛名番号」: 変です"]


@pytest.fixture
def paying_job(monkeypatch):
    """A job without chunks that needs a second person."""
    job = jobs.Job(
        name="pay-nobody",
        title="支払の練習",
        plan=lambda context: jobs.Plan(counts={"件": 0}, chunks=0, work=None),
        apply_chunk=lambda context, plan, number: jobs.ChunkResult(counts={}),
        needs_approval=True,
    )
    monkeypatch.setitem(jobs._jobs, job.name, job)
    return job


def test_a_job_that_needs_two_people_runs_with_two(paying_job):
    alone, _ = tasuke("run", "pay-nobody", "--target", "t", "--apply", "--by", "clerk")
    assert alone.exit_code == 1
    assert "支払の練習: 別の人の承認が必要です" in alone.stderr
    assert Run.objects.using("subsidy").get().state == RunState.PLANNED

    same, _ = tasuke("run", "pay-nobody", "--target", "t", "--apply", "--by", "boss", "--approver", "clerk")
    assert same.exit_code == 1
    assert "計画した人は承認できません" in same.stderr

    told, value = tasuke("run", "pay-nobody", "--target", "t", "--apply", "--by", "clerk", "--approver", "boss")
    assert (told.exit_code, value["state"]) == (0, "done")
    run = Run.objects.using("subsidy").get()
    assert (run.planned_by, run.approved_by) == ("clerk", "boss")


def test_a_job_that_does_not_say_why_it_failed_is_not_hushed_up(paying_job, monkeypatch):
    def broken(context):
        raise ZeroDivisionError

    monkeypatch.setitem(jobs._jobs, paying_job.name, replace(paying_job, plan=broken))
    with pytest.raises(ZeroDivisionError):
        tasuke("run", "pay-nobody", "--target", "t", "--by", "clerk")


def test_runs_are_listed_newest_first(feed):
    tasuke("import", "welfare", feed, "--by", "clerk")
    feed.write_bytes(feed.read_bytes().replace(b"2026-04-01", b"2026-05-01"))
    tasuke("import", "welfare", feed, "--by", "clerk")

    told, value = tasuke("runs", "--most", "5")

    assert told.exit_code == 0
    assert [run["state"] for run in value] == ["done", "done"]
    assert value[0]["run"] > value[1]["run"]
    assert value[0]["chunks"] == [1, 1]
