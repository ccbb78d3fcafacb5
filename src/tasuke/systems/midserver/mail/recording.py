"""情報提供等記録 (番号法23条): one row on each side of a provision. They only grow."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from tasuke.systems.midserver.safe import PERSON, seal_texts
from tasuke.systems.midserver.tenancy import Inside

_ZONE = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Fact:
    """What is recorded. person: (key, 統合宛名番号); None: nobody here is known by that 符号."""

    side: Literal["requester", "provider"]
    permit_id: str
    person: tuple[bytes, str] | None
    requester: str
    provider: str
    procedure_code: str
    information_code: str
    asked_at: datetime
    provided_at: datetime | None
    outcome: str
    items: tuple[str, ...]
    undisclosed: bool


def record(room: Inside, facts: Sequence[Fact], *, at: datetime, until: date) -> None:
    """Write records. until: the day from which they may be deleted."""
    if not facts:
        return
    first = room.take("record", len(facts))
    numbers = [fact.person[1] if fact.person else "" for fact in facts]
    room.insert(
        "provision_record",
        {
            "sequence": ("bigint", list(range(first, first + len(facts)))),
            "side": ("text", [f.side for f in facts]),
            "permit_id": ("text", [f.permit_id for f in facts]),
            "person_key": ("bytea", [f.person[0] if f.person else None for f in facts]),
            "person_sealed": ("bytea", seal_texts(room, numbers, context=PERSON)),
            "requester": ("text", [f.requester for f in facts]),
            "provider": ("text", [f.provider for f in facts]),
            "procedure_code": ("text", [f.procedure_code for f in facts]),
            "information_code": ("text", [f.information_code for f in facts]),
            "asked_at": ("timestamptz", [f.asked_at for f in facts]),
            "provided_at": ("timestamptz", [f.provided_at for f in facts]),
            "outcome": ("text", [f.outcome for f in facts]),
            "items": ("jsonb", [json.dumps(f.items) for f in facts]),
            "undisclosed": ("boolean", [f.undisclosed for f in facts]),
            "recorded_at": ("timestamptz", [at] * len(facts)),
            "keep_until": ("date", [until] * len(facts)),
        },
    )


def keep_until(at: datetime, years: int) -> date:
    """The first day on which a record of this moment may be deleted."""
    day = at.astimezone(_ZONE).date()
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + years, 3, 1) if leap else day.replace(year=day.year + years)
