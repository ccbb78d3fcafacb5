"""社会保障宛名 with the real distribution before it and the real businesses behind it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tasuke.contracts.distribution import ResidentEvent
from tasuke.contracts.kit import Caller, Refused, Unreachable
from tasuke.contracts.unified import REGISTER, RegisterReply, RegisterRequest, RowError
from tasuke.platform.transport.testing import wire
from tasuke.systems.resident.api import HANDLERS as RESIDENT
from tasuke.systems.resident.services.apply_for_items import apply_for_items, decide_application
from tasuke.systems.welfare.api import HANDLERS
from tasuke.systems.welfare.models import Change, Subscriber
from tasuke.systems.welfare.services.issue_nonresident import Facts
from tasuke.systems.welfare.services.subscribe import apply_for_changes, decide_subscription

NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
TODAY = date(2026, 6, 10)
ITEMS = (
    "household_no", "resident_type", "resident_status", "name", "name_kana", "sex", "birth_date", "municipality_code",
    "address", "resident_since", "removed_on",
)  # fmt: skip


class Unified:
    """団体内統合宛名 as the contract describes it: it may be away, and it may not know somebody yet."""

    def __init__(self) -> None:
        self.requests: list[RegisterRequest] = []
        self.down = self.refuses = False
        self.unknown: set[str] = set()

    def register(self, request: RegisterRequest, caller: Caller) -> RegisterReply:
        if self.down:
            raise Unreachable("停止中")
        if self.refuses:
            raise Refused("登録できません")
        self.requests.append(request)
        errors = tuple(
            RowError(row=place, code="E0101", message="個人番号がまだありません")
            for place, one in enumerate(request.registrations, start=1)
            if one.atena_no in self.unknown
        )
        return RegisterReply(linked=len(request.registrations) - len(errors), unchanged=0, errors=errors)

    @property
    def told(self) -> list[tuple[str, str, bool]]:
        return [(r.business_id, one.atena_no, one.removed) for r in self.requests for one in r.registrations]


@pytest.fixture
def unified() -> Iterator[Unified]:
    made = Unified()
    ways = {
        ("resident", "welfare"): RESIDENT,
        ("welfare", "resident"): HANDLERS,
        ("welfare", "subsidy"): HANDLERS,
        ("welfare", "desk"): HANDLERS,
        ("unified_id", "welfare"): {REGISTER: made.register},
    }
    with wire(ways, clock=lambda: NOW):
        yield made


@pytest.fixture
def approved() -> None:
    """個人基本 has approved the items of 社会保障宛名."""
    made = apply_for_items(
        using="resident", system="welfare", name="社会保障宛名", business_id="020", items=ITEMS, with_my_number=False,
        legal_basis="住民基本台帳法", purpose="宛名の管理", valid_from=date(2026, 4, 1), valid_to=None, by="K0001",
        at=NOW,
    )  # fmt: skip
    decide_application(using="resident", application_id=made.pk, approve=True, by="K0002", at=NOW)


def event(sequence: int, atena_no: str = "1", *, on: date = date(2026, 4, 1), code: str = "01", **items: Any):
    facts = {
        "household_no": "45678",
        "resident_type": "1",
        "resident_status": "1",
        "name": "髙橋　花子",
        "name_kana": "タカハシ　ハナコ",
        "sex": "2",
        "birth_date": "2019-05-01",
        "municipality_code": "011002",
        "address": "札幌市中央区北一条西二丁目１番地",
        "protection": False,
    }
    return ResidentEvent(
        sequence=sequence,
        event_id=f"00000000-0000-4000-8000-{sequence:012}",
        atena_no=atena_no,
        event_code=code,
        event_date=on,
        recorded_at=NOW,
        items={**facts, **items},
    )


def facts(name: str = "佐藤　太郎", **changes: Any) -> Facts:
    given: dict[str, Any] = {
        "name": name,
        "name_kana": "サトウ　タロウ",
        "sex": "1",
        "birth_date": date(1985, 3, 2),
        "address": "北海道小樽市架空町一丁目１番地",
        "postal_code": "0470001",
        "municipality_code": "012033",
    }
    return Facts(**{**given, **changes})


def subscribe(system: str = "subsidy", *, business_id: str = "900", kinds: tuple[str, ...] = tuple(Change.Kind)):
    made = apply_for_changes(
        using="welfare", system=system, name="医療費助成", business_id=business_id, kinds=kinds,
        legal_basis="医療費助成条例", purpose="資格の審査", by="K0001", at=NOW,
    )  # fmt: skip
    return decide_subscription(using="welfare", subscriber_id=made.pk, approve=True, by="K0002", at=NOW)


def stream(system: str = "subsidy") -> list[Any]:
    """Numbered changes of a subscriber, in order."""
    subscriber = Subscriber.objects.using("welfare").get(system=system)
    return [d.change for d in subscriber.delivery_set.using("welfare").select_related("change").order_by("sequence")]
