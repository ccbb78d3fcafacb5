"""A small city through the whole demo: what was planted is found, nothing changes when it runs again, and the same seed
makes the same files."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pypdf import PdfReader

from tasuke.formats import zengin
from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.database.systems import ALL_SYSTEMS

pytestmark = pytest.mark.slow

RESIDENTS, MONTHS, SEED = 1_500, 2, 97
DEMO = "from tasuke.cli.main import run; run()"
# a database that finds its rows in other ways and so gives them in another order, and columns worked on by one thread
OTHER_WAYS = {
    "PGOPTIONS": " ".join(f"-c enable_{way}=off" for way in ("hashjoin", "hashagg", "indexscan", "bitmapscan")),
    "POLARS_MAX_THREADS": "1",
}
# planted mistakes that the program is known not to find, with the reason; empty while there is none
KNOWN_MISSES: dict[str, str] = {}


class Run(NamedTuple):
    """A run of the demo. told: what it said on the way; rows: see `checksums`."""

    out: Path
    result: dict[str, Any]
    told: str
    rows: dict[str, Any]


class Runs(NamedTuple):
    """The same city three times: from nothing; over what the first run left, into another folder; and when that had
    been thrown away, from nothing in other ways."""

    first: Run
    second: Run
    other: Run


def database(city, system="subsidy"):
    return f"tasuke_demo_{city}_{RESIDENTS}_{MONTHS}_{SEED}_{system}"


@pytest.fixture(scope="module", params=["kawasaki", "sapporo"])
def city(request):
    """A city whose demo databases are not there, neither before nor afterwards."""
    drop_databases(request.param)
    yield request.param
    drop_databases(request.param)


@pytest.fixture(scope="module")
def runs(city, tmp_path_factory):
    folder = tmp_path_factory.mktemp(city)
    first = run_demo(city, folder / "first")
    second = run_demo(city, folder / "second")  # the folder of the first time must not matter
    drop_databases(city)
    other = run_demo(city, folder / "other", **OTHER_WAYS)
    return Runs(first, second, other)


def drop_databases(city):
    with psycopg.connect(ensure_server(), autocommit=True) as server:
        for system in ALL_SYSTEMS:
            name = sql.Identifier(database(city, system))
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def run_demo(city, out, **environment):
    size = ["--residents", str(RESIDENTS), "--months", str(MONTHS), "--seed", str(SEED)]
    process = subprocess.run(
        [sys.executable, "-c", DEMO, "demo", "--city", city, *size, "--out", str(out), "--no-serve"],
        env=os.environ | {"COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-4_000:]
    return Run(out, json.loads(process.stdout), process.stderr, checksums(city))


def checksums(city):
    """Rows and a hash of every table but those of the queue."""
    with psycopg.connect(make_conninfo(ensure_server(), dbname=database(city))) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%'"
        ).fetchall()
        query = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {} t")
        return {
            table: connection.execute(query.format(sql.Identifier(table))).fetchone() for (table,) in sorted(tables)
        }


def files_of(out):
    return {path.relative_to(out) for path in out.rglob("*") if path.is_file()}


def test_the_demo_finds_what_was_planted(runs):
    out, result, told, _ = runs.first

    missed = {row["kind"] for row in result["planted"] if row["missed"]}
    assert missed <= set(KNOWN_MISSES), (out / "見逃し.csv").read_text(encoding="utf-8-sig")
    assert result["false_alarms"] == 0, (out / "誤検知.csv").read_text(encoding="utf-8-sig")
    assert sum(row["planted"] for row in result["planted"]) >= 5
    assert "誤りの発見" in told
    truth = json.loads((out / "1_市のファイル" / "city.json").read_text())["truth"]
    states = {row["state"]: row for row in result["claims"]}
    assert sum(row["claims"] for row in result["claims"]) == truth["claims"]
    assert states["accepted"]["claims"] >= truth["claims_good"]
    assert states["accepted"]["subsidy"] >= truth["claims_subsidy"] > 0
    assert [name for step in result["steps"] for name in step["counts"] if name.isascii()] == []
    check_outputs(out)


def test_the_demo_changes_nothing_the_second_time(runs):
    first, second = runs.first, runs.second

    assert second.rows == first.rows
    assert files_of(second.out) == files_of(first.out)
    assert second.result["planted"] == first.result["planted"]
    done_again = [step["title"] for step in second.result["steps"] if step["changed"]]
    assert done_again == ["架空の市の生成"]


def test_the_same_seed_makes_the_same_files_whatever_way_the_work_is_done(runs):
    """Certificates, registers, letters, decided claims and the bank's file, byte by byte."""
    one, other = runs.first.out, runs.other.out

    assert files_of(other) == files_of(one)
    names = [path for path in files_of(one) if path.name != "result.json"]
    assert [str(path) for path in names if (one / path).read_bytes() != (other / path).read_bytes()] == []
    assert of_the_city(runs.other.result) == of_the_city(runs.first.result)


def of_the_city(result):
    """A result without what is of the run: where it lies and how long it took."""
    steps = [{k: v for k, v in step.items() if k != "seconds"} for step in result["steps"]]
    return {k: v for k, v in result.items() if k not in ("seconds", "out")} | {"steps": steps}


def check_outputs(out):
    """Papers open and bear text, the bank's file is one, the statistics are there."""
    papers = sorted(out.glob("[234]_*/*.pdf"))
    assert {paper.parent.name for paper in papers} == {"2_受給者証", "3_通知書", "4_支払"}
    for paper in papers:
        pages = PdfReader(paper).pages
        assert len(pages) >= 1
        assert pages[0].extract_text().strip(), paper.name
    transfers = sorted(out.glob("4_支払/総合振込_*.txt"))
    assert transfers
    for transfer in transfers:
        [file], problems = zengin.parse_files(transfer.read_bytes())
        assert (problems, file.count >= 1) == ([], True)
    kinds = {path.suffix for path in out.glob("5_統計/*")}
    assert kinds == {".csv", ".svg", ".xlsx"}
