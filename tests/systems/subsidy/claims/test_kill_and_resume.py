"""SIGKILL at a random moment, again and again: what is there in the end is what an undisturbed run leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 24
DRIVER = Path(__file__).parent / "kill_driver.py"

pytestmark = pytest.mark.slow


def test_a_claims_import_that_is_killed_again_and_again_ends_like_an_undisturbed_one(tmp_path):
    environment = os.environ | {"TASUKE_DATABASE_PREFIX": "kill"}
    process = subprocess.run(
        [sys.executable, str(DRIVER), str(tmp_path), str(KILLS)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith(f"killed {KILLS} times")
    calm, storm = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("calm", "storm"))
    assert calm["run"][0][0] == "done"
    assert (len(calm["claims"]), len(calm["chunks"])) == (120, 30)
    assert {name: rows for name, rows in calm.items() if rows != storm[name]} == {}
