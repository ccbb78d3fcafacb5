"""The whole chain in one process: every system with its own database, every handler the real one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasuke.core.numbers import synthetic_my_number
from tasuke.deploy.chain.cycle import settle, turn
from tasuke.deploy.chain.founding import NEIGHBOURS, found
from tasuke.deploy.chain.neighbour import Person, move_in
from tasuke.deploy.chain.opening import open_chain
from tasuke.deploy.profiles import open_profile
from tasuke.formats import my_number_feed, resident_feed
from tasuke.platform.transport.links import unbind_all
from tasuke.systems.resident.services.receive_numbers import receive_numbers
from tasuke.systems.resident.services.receive_states import receive_states
from tasuke.systems.subsidy.inquiries.choices import Question, choices_on
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.subsidy.inquiries.services.ask_inquiries import ask_inquiries
from tasuke.systems.subsidy.profile import set_profile

TOKYO = ZoneInfo("Asia/Tokyo")
CHAIN = ["subsidy", "resident", "welfare", "unified_id", "gateway", "midserver", "nis"]
OTARU = NEIGHBOURS[0].code
TAX, CHILDREN = "TM00000000000002", "JT00000000000901"
FATHER, MOTHER, CHILD = "000000010000017", "000000010000025", "000000010000033"
NUMBERS = {no: synthetic_my_number(f"{place:011d}") for place, no in enumerate((FATHER, MOTHER, CHILD), start=1)}
RECORD: dict[str, Any] = {
    "tax_year": 2026,
    "status_code": "3",
    "total_income": 3_120_000,
    "dependents": 2,
    "income_levy": 98_000,
    "jan1_municipality": "012033",
}


@dataclass
class Chain:
    """A clock that the test turns, and what people of the chain do."""

    now: datetime = datetime(2026, 6, 10, 9, 0, tzinfo=TOKYO)
    systems: tuple[str, ...] = tuple(CHAIN)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=20)
        return self.now

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    def turn(self, *systems: str) -> dict[str, int]:
        return dict(turn(self.clock(), systems=systems or self.systems))

    def settle(self) -> dict[str, int]:
        return dict(settle(clock=self.clock, systems=self.systems))

    def residents(self, *rows: dict[str, Any]) -> None:
        schema = {f.name: f.dtype for f in resident_feed.LAYOUT.fields if f.name != "seq"}
        lines = [{**row, "line": place} for place, row in enumerate(rows, start=2)]
        frame = pl.DataFrame(lines, schema={**schema, "line": pl.Int64})
        receive_states(using="resident", rows=frame, at=self.clock(), file_id=None, tell_gateway=True)

    def numbers(self, numbers: dict[str, str]) -> dict[str, int]:
        schema = {f.name: f.dtype for f in my_number_feed.LAYOUT.fields}
        rows = [
            {"seq": place, "atena_no": no, "my_number": value, "event": "1", "valid_from": date(2026, 6, 1)}
            for place, (no, value) in enumerate(numbers.items(), start=1)
        ]
        frame = pl.DataFrame(rows, schema=schema)
        source = f"{self.now.timestamp()}"
        return dict(receive_numbers(using="resident", rows=frame, at=self.clock(), source=source))

    def ask(self, *people: str, **more: Any) -> list[Inquiry]:
        facts = {"procedure_code": CHILDREN, "information_code": TAX, "provider": OTARU, "year": 2026}
        facts |= {key: value for key, value in more.items() if key in facts}
        done = ask_inquiries(
            using="subsidy",
            questions=[Question(person, **facts) for person in people],
            about=dict.fromkeys(people, CHILD),
            scheme="sapporo-kodomo",
            ward_code="011011",
            choices=choices_on(self.now.date()),
            by="S0001",
            department="0101",
            at=self.clock(),
            extra_step=more.get("extra_step", ""),
        )
        return list(done.inquiries)


def resident(atena_no: str, **changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "atena_no": atena_no,
        "household_no": "45678",
        "resident_type": "1",
        "resident_status": "1",
        "name": f"髙橋　{atena_no[-3:]}",
        "sex": "1",
        "birth_date": date(1988, 5, 1),
        "relationship_code": "02",
        "municipality_code": "011002",
        "ward_code": "011011",
        "address": "札幌市中央区北一条西二丁目１番地",
        "event_code": "01",
        "event_date": date(2026, 6, 1),
        "protection": False,
    }
    return {**facts, **changes}


def neighbours() -> list[Person]:
    """The parents lived in Otaru on 1 January."""
    return [
        Person("77001", NUMBERS[FATHER], ({**RECORD},)),
        Person("77002", NUMBERS[MOTHER], ({**RECORD, "status_code": "1", "total_income": 0, "income_levy": 0},)),
    ]


def stand(*systems: str) -> Chain:
    """Found and wire these systems; nobody is in them yet. TASUKE_HANDOVER says where they meet."""
    from tasuke.systems.midserver import directory, master

    master.forget_loaded()
    directory.forget_loaded()
    profile = open_profile("sapporo")
    set_profile(profile)
    made = Chain(systems=systems)
    found(profile=profile, at=made.clock(), systems=systems)
    missing = open_chain(profile=profile, clock=made.clock, systems=systems)
    assert not missing
    made.settle()
    return made


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """Founded and wired, nobody in it yet."""
    monkeypatch.setenv("TASUKE_HANDOVER", str(tmp_path / "handover"))
    yield stand(*CHAIN)
    unbind_all()


@pytest.fixture
def family(chain: Chain) -> Chain:
    """A family moved in from Otaru, which holds the parents' tax figures; everybody has numbers and codes."""
    chain.residents(resident(FATHER), resident(MOTHER), resident(CHILD, birth_date=date(2020, 5, 1)))
    chain.settle()
    chain.numbers(NUMBERS)
    chain.settle()
    chain.later(minutes=2)  # business numbers that came before the 個人番号 are told again
    move_in(body=OTARU, people=neighbours(), at=chain.clock())
    chain.settle()
    return chain
