"""tasuke setup, doctor and bench."""

import json

import pytest
from typer.testing import CliRunner

from tasuke.bench.result import result
from tasuke.cli.main import app
from tasuke.platform.database.systems import SYSTEMS

RUNNER = CliRunner()


def test_doctor_looks_at_the_machine():
    told = RUNNER.invoke(app, ["doctor"])
    found = json.loads(told.stdout)
    assert told.exit_code == int(any(finding["ok"] is False for finding in found))
    assert len(found) >= 4
    assert "PostgreSQL" in told.stdout


@pytest.mark.django_db(databases=list(SYSTEMS))
def test_setup_twice_changes_nothing_the_second_time(monkeypatch):
    monkeypatch.setattr("tasuke.platform.database.systems.create_missing", lambda url: [])
    assert RUNNER.invoke(app, ["setup"]).exit_code == 0
    told = RUNNER.invoke(app, ["setup"])
    assert (told.exit_code, told.stdout) == (0, "")
    assert "変更はありません" in told.stderr


def test_bench_writes_one_line_of_json_per_figure(monkeypatch):
    figures = [result("a", 2.0, "s", target="<= 3 s", peer_name="p", peer=1.0, rows=3), result("b", 1, "s", target="-")]
    monkeypatch.setattr("tasuke.bench.registry.run_benches", lambda name, scale: iter(figures))
    told = RUNNER.invoke(app, ["bench"])
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [line["bench"] for line in lines] == ["a", "b"]
    assert (lines[0]["ratio"], lines[0]["detail"]) == (2.0, {"rows": 3})
    assert (lines[1]["peer"], lines[1]["ratio"]) == (None, None)


def test_an_unknown_bench_is_wrong_use():
    told = RUNNER.invoke(app, ["bench", "moon"])
    assert (told.exit_code, told.stdout) == (2, "")
    assert "「moon」はありません: assess" in told.stderr


def test_a_worker_without_a_profile_says_so(monkeypatch):
    monkeypatch.delenv("TASUKE_PROFILE")
    told = RUNNER.invoke(app, ["worker"])
    assert told.exit_code == 2
    assert "プロファイル「」がありません" in told.stderr
