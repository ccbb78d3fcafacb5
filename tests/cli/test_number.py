"""tasuke number check."""

import json

import pytest
from typer.testing import CliRunner

from tasuke.cli.number import app

RUNNER = CliRunner()


@pytest.mark.parametrize("kind", ["insurer_no", "INSURER", "insurer", "insurer-no"])
def test_a_good_number(kind: str) -> None:
    result = RUNNER.invoke(app, ["check", kind, "06130488"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["valid"] is True
    assert told["kind"] == "insurer_no"
    assert told["parts"]["prefecture"] == "13"
    assert result.stderr == ""


def test_a_bad_number() -> None:
    result = RUNNER.invoke(app, ["check", "payer_no", "54016028"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["valid"] is False
    assert [p["code"] for p in told["problems"]] == ["number.check_digit"]
    assert "正しくは7" in result.stderr


def test_a_warning_is_a_problem_but_the_number_may_be_used() -> None:
    result = RUNNER.invoke(app, ["check", "institution_no", "3410712363"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["valid"] is True
    assert told["problems"][0]["severity"] == "warning"


@pytest.mark.parametrize(("value", "status"), [("621498320257", 0), ("621498320250", 1), ("6214983202", 1)])
def test_digits_of_a_my_number_are_never_printed(value: str, status: int) -> None:
    result = RUNNER.invoke(app, ["check", "my_number", "-"], input=value + "\n")
    assert result.exit_code == status
    assert value[:6] not in result.stdout + result.stderr


def test_an_unknown_kind_is_wrong_use() -> None:
    result = RUNNER.invoke(app, ["check", "shoe_size", "1"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "insurer_no" in result.stderr
