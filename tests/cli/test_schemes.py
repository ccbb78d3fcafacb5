"""`tasuke assess`, `tasuke schema`, `tasuke schemes`."""

import json

import pytest
import typer
from tests.schemes import made
from typer.testing import CliRunner

from tasuke.cli import schemes

FACTS = {
    "person": {
        "birth_date": "2019-04-01",
        "role": "child",
        "resident_from": "2020-06-01",
        "insured_from": "2020-06-01",
    },
    "incomes": [{"subject": "breadwinner", "income_year": 2023, "status_code": 3, "total_income": 3_000_000}],
}


@pytest.fixture
def run():
    app = typer.Typer()
    for command in (schemes.assess, schemes.schema, schemes.schemes):
        app.command(command.__name__)(command)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def facts(tmp_path):
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(FACTS), encoding="utf-8")
    return file


def test_assess_writes_the_decision_with_explanation_and_sources(run, facts):
    done = run("assess", "sapporo-kodomo", facts, "--on", "令和7年5月20日")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["outcome"], told["start"], told["end"], told["version"]) == (
        "eligible", "2025-05-20", "2037-04-01", "2025-04-01",
    )  # fmt: skip
    assert {"code": "UNCONFIRMED_RULE", "message": "未確認の規則で計算しています"} in told["reasons"]
    assert {key for step in told["explanation"] for key in step["source"].split()} == set(told["sources"])


def test_assess_with_every_value_confirmed_has_no_mark(run, facts):
    keys = [v["key"] for v in json.loads(run("schemes", "sapporo-kodomo").stdout)[0]["unconfirmed"]]
    options = [word for key in keys for word in ("--confirmed", key)]
    told = json.loads(run("assess", "sapporo-kodomo", facts, "--on", "2025-05-20", *options).stdout)
    assert told["reasons"] == []
    assert not any(step["unconfirmed"] for step in told["explanation"])


def test_assess_before_the_first_version_says_so(run, facts):
    done = run("assess", "sapporo-kodomo", facts, "--on", "2021-03-31", "--brief")
    assert done.exit_code == 1
    assert "最初の版は 2021-04-01 から" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere", "FACTS", "--on", "2025-05-20"], 2, "制度「nowhere」はありません"),
        (["sapporo-kodomo", "no.json", "--on", "2025-05-20"], 2, "ファイルを読めません"),
        (["sapporo-kodomo", "FACTS", "--on", "2025-02-30"], 2, "--on"),
    ],
)
def test_assess_wrong_use(run, facts, arguments, status, message):
    done = run("assess", *[facts if a == "FACTS" else a for a in arguments])
    assert (done.exit_code, message in done.stderr) == (status, True)


def test_assess_wrong_facts(run, tmp_path):
    file = tmp_path / "facts.json"
    file.write_text('{"person": {"role": "kid"}}', encoding="utf-8")
    done = run("assess", "sapporo-kodomo", file, "--on", "2025-05-20")
    assert done.exit_code == 1
    assert "person.birth_date" in done.stderr
    assert "person.role" in done.stderr


def test_schemes_lists_versions_and_unconfirmed_values(run):
    told = {s["id"]: s for s in json.loads(run("schemes").stdout)}
    assert len(told) == 5
    assert [v["id"] for v in told["sapporo-kodomo"]["versions"]] == ["2021-04-01", "2024-04-01", "2025-04-01"]
    assert all(value["note"] for s in told.values() for value in s["unconfirmed"])


def test_schemes_checks_a_file(run, tmp_path):
    file = tmp_path / "made.toml"
    file.write_text(made.toml(), encoding="utf-8")
    assert json.loads(run("schemes", file).stdout)[0]["id"] == "made"
    file.write_text(made.toml().replace("month = 8", "month = 13"), encoding="utf-8")
    done = run("schemes", file)
    assert done.exit_code == 1
    assert "version.2020-04-01.income.year_switch.month" in done.stderr


@pytest.mark.parametrize(("form", "field"), [("facts", "person"), ("visits", "visits")])
def test_schema(run, form, field):
    assert field in json.loads(run("schema", form).stdout)["properties"]
