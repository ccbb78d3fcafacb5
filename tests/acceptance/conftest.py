"""The real command on the real database, with the files of a small synthetic city."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from django.db import connections
from typer.testing import CliRunner

from tasuke.city.generate import generate
from tasuke.cli.main import app
from tasuke.deploy.profiles import open_profile

PROFILE = "kawasaki"


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said."""

    status: int
    stdout: str
    stderr: str

    @property
    def value(self):
        """The JSON on stdout."""
        return json.loads(self.stdout)


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    """Files of a city of 1,500 residents and two months, by name."""
    files = generate(
        profile=open_profile(PROFILE), residents=1_500, months=2, seed=3, start=date(2026, 4, 1),
        out=tmp_path_factory.mktemp("city"), progress=lambda *_: None,
    )  # fmt: skip
    found = {file.path.name: file.path.read_bytes() for file in files.files}
    # a city as small as this has hardly any receipts: four from one
    head, receipt = next(data for name, data in found.items() if name.startswith("receipts")).split(b"\r\n")[:2]
    others = [b"9" + str(n).encode() + receipt[2:] for n in range(4)]
    return found | {"receipts.csv": b"\r\n".join([head, *others, b""])}


@pytest.fixture
def command():
    """Run the command in this process; a traceback fails the test."""

    def run(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        return Told(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def tasuke(command, db, tmp_path, monkeypatch):
    """The same on the test database, which stands ready, with an archive of its own."""
    monkeypatch.setenv("TASUKE_PROFILE", PROFILE)
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setattr("tasuke.deploy.setup.prepare_databases", list)
    return command


@pytest.fixture
def put(tmp_path):
    """Write a file to import."""

    def write(name, data):
        path: Path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def checksums():
    """Rows and a hash of every table of the subsidy system, the bookkeeping of runs apart."""
    with connections["subsidy"].cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND (tablename LIKE 'subsidy%%' OR tablename LIKE 'exchange%%') ORDER BY 1"
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table} t")
            found[table] = cursor.fetchone()
    return found


@pytest.fixture
def books(db):
    """The checksums, as a function."""
    return checksums
