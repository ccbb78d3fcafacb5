"""The `tasuke` command as a whole: what it offers, and its manners."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tasuke.cli.main import app

RUNNER = CliRunner()
COMMANDS = {
    "demo", "assess", "copay", "schema", "schemes", "zengin", "uke", "number", "feed", "import", "run", "runs",
    "worker", "setup", "doctor", "bench",
}  # fmt: skip


def test_every_command_of_the_design_is_there():
    assert set(get_command(app).commands) >= COMMANDS


def test_without_arguments_it_tells_what_it_can_do():
    told = RUNNER.invoke(app, [])
    assert told.exit_code == 2
    for name in COMMANDS:
        assert name in told.output


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_explains_itself_in_japanese(name):
    told = RUNNER.invoke(app, [name, "--help"])
    assert told.exit_code == 0
    assert any("\u3041" <= character <= "\u9fff" for character in told.output)


def test_an_unknown_command_is_wrong_use():
    assert RUNNER.invoke(app, ["moon"]).exit_code == 2


def test_output_is_utf8_whatever_the_terminal_says(tmp_path):
    script = Path(sys.executable).parent / "tasuke"
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    told = subprocess.run([script, "schemes"], env=environment, capture_output=True, check=False, cwd=tmp_path)
    assert told.returncode == 0
    assert "ひとり親家庭等医療費" in told.stdout.decode("utf-8")
