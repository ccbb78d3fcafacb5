"""`tasuke copay`, run as a user runs it."""

import json

import pytest
import typer
from typer.testing import CliRunner

from tasuke.cli.copay import copay

VISITS = {
    "birth_date": "2015-05-01",
    "copay_class": "taxed",
    "visits": [{"service_date": "2026-05-01", "institution": "A", "cost": 900_000, "inpatient": True}],
    "prior": [{"service_date": "2026-05-01", "institution": "A", "inpatient": True, "burden": 50_000}],
}


@pytest.fixture
def run(tmp_path):
    app = typer.Typer()
    app.command()(copay)

    def call(scheme, content, *options):
        file = tmp_path / "visits.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return CliRunner().invoke(app, [scheme, str(file), *options])

    return call


def test_amounts_and_explanation_are_json(run):
    done = run("sapporo-judo", VISITS)

    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["visits"][0]["burden"] == 7_600  # 57,600 - 50,000
    # 区分ウ: 80,100 + (900,000 - 267,000) x 1% is left of the 270,000 after 高額療養費
    assert told["totals"]["subsidy"] == 86_430 - 7_600
    assert {"code": "MONTH_CAP", "message": "月額上限に達しました"} in told["visits"][0]["reasons"]
    assert told["visits"][0]["explanation"][-1]["result"] == "現物給付"
    assert told["sources"]["H4"]["title"] == "石狩市 医療費助成"


def test_brief_leaves_the_explanation_out(run):
    told = json.loads(run("sapporo-judo", VISITS, "--brief").stdout)

    assert "explanation" not in told["visits"][0]


def test_confirmed_keys_silence_the_warning(run):
    keys = ("copayment.2024-04-01", "copayment.2024-04-01.rule.taxed", "copayment.2024-04-01.cap.inpatient-window")
    options = [part for key in keys for part in ("--confirmed", key)]

    told = json.loads(run("sapporo-judo", VISITS, "--brief", *options).stdout)

    assert "UNCONFIRMED_RULE" not in {reason["code"] for reason in told["visits"][0]["reasons"]}


def test_unknown_scheme_is_wrong_use(run):
    assert run("atlantis", VISITS).exit_code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "JSON として読めません"),
        ({**VISITS, "visits": []}, "1 件以上"),
        ({**VISITS, "visits": [{"service_date": "2026-02-30", "cost": 1}]}, "日付"),
        ({**VISITS, "visits": [{"service_date": "2026-02-03", "cost": -1}]}, "0 以上"),
        ({**VISITS, "visits": [{"service_date": "2026-02-03", "cost": 1, "price": 1}]}, "書けません"),
        ({**VISITS, "visits": [{"service_date": "2026-02-03", "cost": 1, "visits": 1, "first_visits": 2}]}, "初診"),
    ],
)
def test_faulty_input_is_told_in_japanese(run, content, message):
    done = run("sapporo-judo", content)

    assert done.exit_code == 1
    assert message in done.stderr
    assert done.stdout == ""


def test_missing_file_is_wrong_use(tmp_path):
    app = typer.Typer()
    app.command()(copay)

    done = CliRunner().invoke(app, ["sapporo-judo", str(tmp_path / "none.json")])

    assert done.exit_code == 2
    assert "ファイルを読めません" in done.stderr
