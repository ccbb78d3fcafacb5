"""A small town in the database, and the jobs of the area run by the real runner."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasuke.deploy.imports import import_request
from tasuke.deploy.profiles import open_profile
from tasuke.formats import application_feed
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.systems.subsidy.entitlements import jobs
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import Income, Insurance, ResidentRecord, WelfareFact

assert jobs  # importing it registers the jobs
MOMENT = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
SHONI, HITORIOYA = "kawasaki-shoni", "kawasaki-hitorioya"
APPLICATION = {
    "scheme": SHONI,
    "kind": "1",
    "received_on": date(2026, 4, 10),
    "channel": "1",
    "reason": "1",
    "event_date": date(2026, 4, 1),
    "role": "1",
    "de_facto_spouse": False,
    "public_account": False,
}


class Clock:
    """Moves on by a minute at each look."""

    def __init__(self) -> None:
        self.at = MOMENT

    def __call__(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


def application_bytes(rows: list[dict[str, Any]]) -> bytes:
    fields = application_feed.LAYOUT.fields
    full = [{"application_no": f"A{n:04}", **APPLICATION, **row} for n, row in enumerate(rows, start=1)]
    data = {f.name: [row.get(f.name) for row in full] for f in fields}
    return application_feed.render(pl.DataFrame(data, schema={f.name: f.dtype for f in fields}))


class Town:
    """What a test says of people, in the registry's tables."""

    def person(self, atena_no: str, birth: date = date(1990, 1, 1), **more: Any) -> ResidentRecord:
        values = {
            "valid": (date(2020, 1, 1), None),
            "household_no": "900",
            "resident_type": "1",
            "resident_status": "1",
            "name": "髙橋　花子",
            "name_key": "高橋花子",
            "sex": "2",
            "birth_date": birth,
            "municipality_code": "141305",
            "ward_code": "141313",
            "address": "川崎市川崎区架空町1-1",
            "resident_since": max(birth, date(2020, 1, 1)),
            "event_code": "20",
        }
        values |= more
        if birth > values["valid"][0]:
            values["valid"] = (birth, values["valid"][1])
        return ResidentRecord.objects.create(atena_no=atena_no, recorded_from=MOMENT, **values)

    def leave(self, atena_no: str, day: date, status: str = "2") -> None:
        """Moved out (2) or died (3) on a day, as the register tells us now."""
        row = ResidentRecord.objects.current().get(atena_no=atena_no, valid__contains=day)
        state = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "id"}
        start = row.valid.lower
        row.recorded_to = MOMENT
        row.save()
        ResidentRecord.objects.create(**{**state, "valid": (start, day)})
        ResidentRecord.objects.create(**{**state, "valid": (day, None), "resident_status": status})

    def insured(self, atena_no: str, start: date = date(2020, 1, 1), end: date | None = None) -> Insurance:
        return Insurance.objects.create(
            atena_no=atena_no,
            valid=(start, end),
            insurance_kind="1",
            insurer_no="140012",
            number="1",
            benefit_rate=70,
            source="nhi_feed",
            recorded_from=MOMENT,
        )

    def income(self, atena_no: str, total: int | None, year: int = 2025, **more: Any) -> Income:
        values = {"status_code": "4" if total is None else "3", "income_levy": None if total is None else 1}
        values |= {"salary_income": total, "dependents": 1, **more}
        return Income.objects.create(
            atena_no=atena_no,
            tax_year=year + 1,
            total_income=total,
            source="tax_feed",
            recorded_from=MOMENT,
            **values,
        )

    def fact(self, atena_no: str, code: str, start: date, end: date | None = None, grade: str = "") -> WelfareFact:
        return WelfareFact.objects.create(
            atena_no=atena_no, fact_code=code, valid=(start, end), grade=grade, recorded_from=MOMENT
        )

    def child(self, atena_no: str = "101", birth: date = date(2026, 4, 1), parent: str = "201") -> None:
        """An insured child and its breadwinner with a middling income."""
        self.person(atena_no, birth)
        self.insured(atena_no, max(birth, date(2020, 1, 1)))
        if not ResidentRecord.objects.filter(atena_no=parent).exists():
            self.person(parent)
            self.insured(parent)
            for year in (2023, 2024, 2025):
                self.income(parent, 2_000_000, year)


@pytest.fixture
def town() -> Town:
    set_profile(open_profile("kawasaki"))
    return Town()


@pytest.fixture
def write_applications() -> Callable[[list[dict[str, Any]]], bytes]:
    return application_bytes


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def run(clock: Clock) -> Callable[..., Any]:
    """run("decide-applications", scheme=…, on=…) → run; planned and applied, approved by a second person."""

    def go(job: str, **parameters: Any) -> Any:
        values = {k: str(v) for k, v in parameters.items()}
        target = ":".join(values.values())
        try:
            made, plan = plan_run(using="subsidy", job=job, target=target, parameters=values, by="a", now=clock())
        except RunAlreadyDone as already:
            return already.run
        if made.needs_approval:
            made = approve_run(using="subsidy", run_id=made.pk, by="b", now=clock())
        return apply_run(using="subsidy", run=made, plan=plan, clock=clock)

    return go


@pytest.fixture
def apply_for(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """apply_for({…}, {…}) imports a file of applications."""
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    number = iter(range(1_000))

    def go(*rows: dict[str, Any]) -> Any:
        path = tmp_path / f"applications-{next(number)}.csv"
        path.write_bytes(application_bytes(list(rows)))
        request = import_request("applications", path)
        made, plan = plan_run(using="subsidy", **request, by="a", now=clock())
        return apply_run(using="subsidy", run=made, plan=plan, clock=clock)

    return go


@pytest.fixture
def entitled() -> Callable[..., Any]:
    """entitled("101") → [(scheme, first day, day after the last, loss reason)], current rows."""

    def look(atena_no: str) -> list[tuple[Any, ...]]:
        rows = Entitlement.objects.current().of_person(atena_no).order_by("scheme", "valid")
        return [(e.scheme, e.valid.lower, e.valid.upper, e.loss_reason) for e in rows]

    return look


@pytest.fixture
def decided() -> Callable[..., Any]:
    """decided("101") → [(kind, outcome, reasons)] in order."""

    def look(atena_no: str) -> list[tuple[Any, ...]]:
        rows = Decision.objects.filter(atena_no=atena_no).order_by("id")
        return [(d.kind, d.outcome, d.reasons) for d in rows]

    return look
