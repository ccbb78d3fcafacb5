"""Shared by the registry's tests: feeds written by the real writers, jobs run by the real runner."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasuke.deploy.imports import import_request
from tasuke.formats import nhi_feed, resident_feed, tax_feed, welfare_feed
from tasuke.formats.csv_layout import Layout
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.systems.subsidy.registry import jobs

assert jobs  # importing it registers the jobs

FEEDS = {"residents": resident_feed, "tax": tax_feed, "nhi": nhi_feed, "welfare": welfare_feed}
DEFAULTS: dict[str, dict[str, Any]] = {
    "residents": {
        "household_no": "900",
        "resident_type": "1",
        "resident_status": "1",
        "name": "髙橋　花子",
        "name_kana": "タカハシ　ハナコ",
        "sex": "2",
        "birth_date": date(2015, 5, 1),
        "municipality_code": "141305",
        "ward_code": "141313",
        "address": "川崎市川崎区架空町1-1",
        "resident_since": date(2015, 5, 1),
        "event_code": "20",
        "event_date": date(2026, 4, 1),
        "protection": False,
    },
    "tax": {
        "tax_year": 2026,
        "status_code": "3",
        "total_income": 3_000_000,
        "income_levy": 100_000,
        "corrected": False,
    },
    "nhi": {
        "insurance_kind": "1",
        "insurer_no": "140012",
        "number": "1234567",
        "insured_relation": "2",
        "acquired_on": date(2020, 4, 1),
        "benefit_rate": 70,
    },
    "welfare": {"fact_code": "10", "valid_from": date(2026, 6, 1)},
}


class Ticker:
    """A clock that moves on by an hour at each look."""

    def __init__(self) -> None:
        self.at = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))

    def __call__(self) -> datetime:
        self.at += timedelta(hours=1)
        return self.at


def feed_bytes(kind: str, rows: list[dict[str, Any]]) -> bytes:
    layout: Layout = FEEDS[kind].LAYOUT
    full = [{"seq": n, "atena_no": "101", **DEFAULTS[kind], **row} for n, row in enumerate(rows, start=1)]
    names = [f.name for f in layout.fields]
    data = {name: [row.get(name) for row in full] for name in names}
    frame = pl.DataFrame(data, schema={f.name: f.dtype for f in layout.fields})
    return bytes(FEEDS[kind].render(frame))


@pytest.fixture
def clock() -> Ticker:
    return Ticker()


@pytest.fixture
def import_feed(tmp_path: Path, clock: Ticker, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """import_feed("residents", [{...}, …]) → (run, done)."""
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    number = iter(range(1_000))

    def run(kind: str, rows: list[dict[str, Any]] | bytes) -> Any:
        path = tmp_path / f"{kind}-{next(number)}.csv"
        path.write_bytes(rows if isinstance(rows, bytes) else feed_bytes(kind, rows))
        request = import_request(kind, path)
        try:
            run, plan = plan_run(using="subsidy", **request, by="tester", now=clock())
        except RunAlreadyDone as already:
            return already.run, False
        return apply_run(using="subsidy", run=run, plan=plan, clock=clock), True

    return run
