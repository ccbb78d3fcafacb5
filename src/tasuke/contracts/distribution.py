"""個人基本 → 利用システム: residents' events, only to consumers that were approved, only the items approved.

Own format on the vocabulary of the 住民情報 feed (`formats/resident_feed`): item names are that layout's field names.
Source of the roles: 札幌市 評価書38 (個人基本), requirements RES-1 – RES-5.
"""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from tasuke.contracts.kit import Contract, Message, Operation

Value = str | bool | int | None


class ResidentEvent(Message):
    """State of one person from `event_date` on. sequence: per consumer, from 1, without a gap.

    items: item name → value; dates as ISO text; only what the consumer was approved for. my_number_sealed: JWE to the
    consumer's own key, only for a consumer whose approval names 個人番号; the distributor itself cannot open it again.
    """

    sequence: int = Field(ge=1)
    event_id: str
    atena_no: str
    event_code: str
    event_date: date
    recorded_at: datetime
    items: dict[str, Value]
    my_number_sealed: str | None = None


class PullRequest(Message):
    """Events after a sequence number. The consumer is who calls."""

    after: int = Field(ge=0)
    limit: int = Field(default=1_000, ge=1, le=10_000)


class Events(Message):
    """events in the order of their sequence; last: highest sequence that exists for the consumer."""

    events: tuple[ResidentEvent, ...]
    last: int


class Received(Message):
    """Everything up to `applied` is applied by the consumer; missing_from: first number of a gap, if there is one."""

    applied: int = Field(ge=0)
    missing_from: int | None = None


class SnapshotRequest(Message):
    """現況 of all persons that the consumer may have, page by page in the order of 宛名番号."""

    after_atena_no: str = ""
    limit: int = Field(default=1_000, ge=1, le=10_000)


class Snapshot(Message):
    """persons: as events with code 20 (現況); sequence: events after this number are not in the page yet."""

    persons: tuple[ResidentEvent, ...]
    sequence: int
    more: bool


class RegisterEvent(Message):
    """State of one person from `event_date` on, as 住民記録 tells it the moment it happens.

    sequence: of the sender, from 1, without a gap. values: field names of the 住民情報 layout (`formats/resident_feed`)
    without `seq`; dates as ISO text, marks as true or false. 個人番号 is no field of it.
    """

    sequence: int = Field(ge=1)
    values: dict[str, Value]


class RegisterEvents(Message):
    """In any order; last: highest sequence that exists at the sender, so that a loss at the end shows too."""

    events: tuple[RegisterEvent, ...] = Field(max_length=1_000)
    last: int = Field(ge=0)


class Taken(Message):
    """Everything up to `applied` is in; missing_from: first sequence of a gap: send from there on.

    refused: sequences whose values cannot be used, with the reason; they are in, too: a person looks at them.
    """

    applied: int = Field(ge=0)
    missing_from: int | None = None
    refused: tuple[tuple[int, str], ...] = ()


class HouseholdMember(Message):
    """One person of a household as 番号法別表 allows to provide it. protected: 支援措置 (None: not told)."""

    atena_no: str
    relationship_code: str | None
    since: date | None
    protected: bool | None = None


class HouseholdState(Message):
    """世帯情報 on a day."""

    household_no: str
    as_of: date
    members: tuple[HouseholdMember, ...]


class Households(Message):
    """Households that changed, pushed to the gateway (RES-3)."""

    households: tuple[HouseholdState, ...]


class Done(Message):
    """accepted: rows taken over; refused: 1-based row numbers that were not, with the reason."""

    accepted: int
    refused: tuple[tuple[int, str], ...] = ()


# offered by resident to 住民記録
PUT_EVENTS = Operation("register-events", 1, "put", RegisterEvents, Taken, writes=True)
# offered by resident to its consumers
PULL = Operation("distribution", 1, "pull", PullRequest, Events)
CONFIRM = Operation("distribution", 1, "confirm", Received, Received, writes=True)
SNAPSHOT = Operation("distribution", 1, "snapshot", SnapshotRequest, Snapshot)
# offered by each consumer, for what goes at once
PUSH = Operation("resident-events", 1, "push", Events, Received, writes=True)
# offered by the gateway
PUT_HOUSEHOLDS = Operation("households", 1, "put", Households, Done, writes=True)

_EVENT: dict[str, Any] = {
    "sequence": 1,
    "event_id": "0b9f6f0e-6a57-4a52-9f0c-3c3f6a1f2b11",
    "atena_no": "000000010234561",
    "event_code": "01",
    "event_date": "2026-04-01",
    "recorded_at": "2026-04-01T10:15:00+09:00",
    "items": {"name": "髙橋　花子", "birth_date": "2019-05-01", "protection": False},
    "my_number_sealed": None,
}

REGISTER_EVENTS = Contract(
    id="register-events",
    version=1,
    title="住民記録からの随時受領",
    provider="resident",
    operations=(PUT_EVENTS,),
    examples={
        "put": {
            "request": {
                "events": [
                    {
                        "sequence": 1,
                        "values": {
                            "atena_no": "000000010234561",
                            "household_no": "000000000045678",
                            "resident_type": "1",
                            "resident_status": "1",
                            "name": "髙橋　花子",
                            "sex": "2",
                            "birth_date": "2019-05-01",
                            "relationship_code": "20",
                            "municipality_code": "011002",
                            "address": "札幌市中央区北一条西二丁目１番地",
                            "event_code": "03",
                            "event_date": "2026-04-01",
                            "protection": False,
                        },
                    }
                ],
                "last": 1,
            },
            "reply": {"applied": 1, "missing_from": None, "refused": []},
        }
    },
)

DISTRIBUTION = Contract(
    id="distribution",
    version=1,
    title="住民異動の配信",
    provider="resident",
    operations=(PULL, CONFIRM, SNAPSHOT),
    examples={
        "pull": {"request": {"after": 0, "limit": 1000}, "reply": {"events": [_EVENT], "last": 1}},
        "confirm": {
            "request": {"applied": 1, "missing_from": None},
            "reply": {"applied": 1, "missing_from": None},
        },
        "snapshot": {
            "request": {"after_atena_no": "", "limit": 1000},
            "reply": {"persons": [_EVENT], "sequence": 1, "more": False},
        },
    },
)

RESIDENT_EVENTS = Contract(
    id="resident-events",
    version=1,
    title="住民異動の随時受信",
    provider="(利用システム)",
    operations=(PUSH,),
    examples={
        "push": {
            "request": {"events": [_EVENT], "last": 1},
            "reply": {"applied": 1, "missing_from": None},
        }
    },
)

HOUSEHOLDS = Contract(
    id="households",
    version=1,
    title="世帯情報の転送",
    provider="gateway",
    operations=(PUT_HOUSEHOLDS,),
    examples={
        "put": {
            "request": {
                "households": [
                    {
                        "household_no": "000000000045678",
                        "as_of": "2026-04-01",
                        "members": [{"atena_no": "000000010234561", "relationship_code": "20", "since": "2019-05-01"}],
                    }
                ]
            },
            "reply": {"accepted": 1, "refused": []},
        }
    },
)
