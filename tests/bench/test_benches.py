"""Benches measure what they say: each runs at a small size, and leaves nothing behind."""

import importlib

import psycopg
import pytest

from tasuke.bench.registry import BENCHES, UnknownBench, run_benches
from tasuke.bench.result import median_seconds, result
from tasuke.platform.database.embedded import ensure_server


def test_every_bench_can_be_measured():
    for module in BENCHES.values():
        assert callable(importlib.import_module(f"tasuke.bench.{module}").measure)


def test_the_ratio_is_ours_by_the_peers():
    figure = result("x", 30.0, "s", target="-", peer_name="p", peer=12.0)
    assert (figure.ratio, figure.value, figure.peer) == (2.5, 30.0, 12.0)
    assert figure.peak_mb > 10


def test_a_figure_without_a_peer_has_no_ratio():
    assert result("x", 1_234.56, "s", target="-").value == 1_235
    assert result("x", 1.0, "s", target="-", peer=None).ratio is None


def test_the_median_leaves_the_warm_up_out():
    calls = []
    assert median_seconds(lambda: calls.append(1), runs=3, warm_up=2) >= 0
    assert len(calls) == 5


def test_an_unknown_bench_is_named():
    with pytest.raises(UnknownBench, match="moon"):
        next(run_benches("moon", scale=1))


def databases(bench):
    """Those that are left of a bench; another one may be running."""
    with psycopg.connect(ensure_server(), autocommit=True) as server:
        left = f"tasuke_bench_{bench.split('-')[0]}_%"
        return server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [left]).fetchall()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "scale", "counted"), [("residents", 0.001, "added"), ("claims-month", 0.002, "accepted")]
)
def test_a_bench_on_the_database_writes_all_rows_and_drops_them(name, scale, counted):
    [figure] = run_benches(name, scale=scale)

    assert (figure.bench, figure.unit) == (name, "s")
    assert figure.peer is not None
    assert figure.value == pytest.approx(sum(figure.detail["phases"].values()), abs=0.01)
    counts = figure.detail["counts"]
    assert figure.detail["rows"] >= counts[counted] > 600
    if name == "claims-month":
        assert (counts["claims"], counts["accepted"]) == (666, 666)
        assert counts["subsidy"] == figure.detail["subsidy_of_the_city"]
    assert databases(name) == []


def test_transfers_are_identical_when_made_again():
    [figure] = run_benches("transfers", scale=0.01)
    assert (figure.detail["payments"], figure.detail["identical"]) == (3_000, True)
