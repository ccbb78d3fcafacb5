"""A system stopped with SIGKILL in the middle of its work and started again: nothing is lost, nothing is done twice."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.database.systems import ALL_SYSTEMS

DRIVER = Path(__file__).with_name("kill_driver.py")
ROOT = DRIVER.parents[3]


@pytest.fixture
def prefix() -> Iterator[str]:
    """Databases of this test's own; they go with it."""
    name = f"killed_{os.getpid()}"
    yield name
    with psycopg.connect(ensure_server(), autocommit=True) as connection:
        for system in ALL_SYSTEMS:
            database = sql.Identifier(f"{name}_{system}")
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        for (role,) in connection.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [name]):
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.mark.slow
def test_a_chain_killed_again_and_again_loses_nothing_and_does_nothing_twice(prefix: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DRIVER)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TASUKE_HOME": str(tmp_path),
            "TASUKE_DATABASE_PREFIX": prefix,
            "TASUKE_PROFILE": "sapporo",
        },
        capture_output=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr.decode()[-8_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told["kills"]) > 20
    assert told["hours"] > 24
