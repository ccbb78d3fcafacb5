"""Nothing is lost and nothing counts twice: the national side away for a day, and each system killed in the middle."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from tests.deploy.chain.conftest import CHAIN, CHILD, FATHER, MOTHER, NUMBERS, OTARU, Chain, neighbours, resident
from tests.deploy.chain.searching import ask_as

from tasuke.contracts.interface import PROVISION_RECORDS, RecordsRequest
from tasuke.contracts.kit import Handlers, Operation, Unreachable
from tasuke.core.numbers import synthetic_my_number
from tasuke.deploy.chain.cycle import STATES
from tasuke.deploy.chain.neighbour import move_in
from tasuke.platform.transport.local import LocalLink
from tasuke.platform.transport.models import Outgoing
from tasuke.systems.gateway.models import Answer as GatewayAnswer
from tasuke.systems.nis.models import Code, IssuedPermit
from tasuke.systems.nis.models import Record as NationalRecord
from tasuke.systems.nis.services.switch_service import switch_service
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.unified_id.models import Person as UnifiedPerson

BABY = "000000000555554"
pytestmark = pytest.mark.django_db(databases=CHAIN)


def check_each_once(asked: list[Inquiry], *, until: int = 2027) -> None:
    """Every question has one answer, and stands once on every record of the chain."""
    many = len(asked)
    for inquiry in asked:
        inquiry.refresh_from_db()
    assert [(inquiry.state, inquiry.outcome) for inquiry in asked] == [("answered", "found")] * many
    assert GatewayAnswer.objects.using("gateway").count() == many
    assert list(IssuedPermit.objects.using("nis").values_list("state", flat=True)) == ["used"] * many
    events = list(NationalRecord.objects.using("nis").values_list("event", flat=True))
    assert sorted(events) == ["asked"] * many + ["provided"] * many
    for consumer in ("gateway", f"gateway:{OTARU}"):
        period = RecordsRequest(date_from=date(2026, 6, 1), date_to=date(until, 7, 1))
        records = ask_as("midserver", consumer, PROVISION_RECORDS, period).records
        assert [record.outcome for record in records] == ["found"] * many
        assert len({record.permit_id for record in records}) == many
    for system in CHAIN:
        assert not Outgoing.objects.using(system).exclude(state="delivered").exists()


def test_what_was_asked_while_the_national_side_was_away_for_a_day_arrives_later_once(family: Chain) -> None:
    asked = family.ask(FATHER)
    family.turn("subsidy")  # one question is at the gateway already, one comes in the middle of the night
    switch_service(down=True, by="N0001", at=family.clock(), note="障害")
    for _ in range(4):
        family.later(hours=4)
        family.turn()
    asked += family.ask(MOTHER)
    # a child is born meanwhile: the request for its 符号 waits with the questions
    family.residents(resident(BABY, birth_date=date(2026, 6, 8), relationship_code="20"))
    family.numbers({BABY: synthetic_my_number("27182818284")})
    for _ in range(2):
        family.later(hours=4)
        family.turn()
    assert set(Inquiry.objects.values_list("state", flat=True)) == {"sent"}
    assert not NationalRecord.objects.using("nis").exists()
    states = UnifiedPerson.objects.using("unified_id").values_list("linkage_state", flat=True)
    assert sorted(states).count("acquired") == 3
    switch_service(down=False, by="N0001", at=family.clock())
    family.later(minutes=20)
    family.settle()
    check_each_once(asked)
    assert list(states.all()) == ["acquired"] * 4
    assert Code.objects.using("nis").filter(body="B011002").count() == 4


def test_requests_for_codes_that_meet_a_closed_national_side_wait_and_go_out_once(chain: Chain) -> None:
    """住基GW must give its key before anything is posted: until then the requests stand on the persons alone."""
    chain.residents(resident(FATHER), resident(MOTHER))
    chain.settle()
    chain.numbers({no: NUMBERS[no] for no in (FATHER, MOTHER)})
    people = UnifiedPerson.objects.using("unified_id").order_by("pk")
    states = people.values_list("linkage_state", flat=True)
    for _ in range(5):  # 中間サーバー gives the 処理通番, and then the national side goes away
        if list(states.all()) == ["requested"] * 2:
            break
        chain.turn("resident", "gateway", "midserver")
    asked = list(people.values_list("unified_no", "processing_no"))
    assert list(states.all()) == ["requested"] * 2
    switch_service(down=True, by="N0001", at=chain.clock(), note="障害")
    for _ in range(6):
        chain.later(hours=4)
        assert chain.turn("unified_id")["unified_id.unreachable"] == 1
        chain.turn()
    assert list(states.all()) == ["requested"] * 2
    assert not Outgoing.objects.using("unified_id").filter(provider="nis").exists()
    assert not Code.objects.using("nis").exists()
    switch_service(down=False, by="N0001", at=chain.clock())
    chain.later(minutes=20)
    chain.settle()
    assert list(states.all()) == ["acquired"] * 2
    assert list(people.values_list("unified_no", "processing_no")) == asked  # the same requests, not new ones
    assert Code.objects.using("nis").filter(body="B011002").count() == 2
    posted = Outgoing.objects.using("unified_id").filter(provider="nis")
    assert list(posted.values_list("state", flat=True)) == ["delivered"]


class Killed(BaseException):
    """A process is gone: nothing catches this, what was committed stays, what was open is rolled back."""


@dataclass
class Deaths:
    """Whoever makes a kind of call for the first time dies of it. done: who died of what."""

    side: str
    over: bool = False
    done: list[str] = field(default_factory=list)

    def strikes(self, link: LocalLink, operation: Operation[Any, Any]) -> bool:
        way = f"{link.using} ← {link.system}{link.body} {operation.name}"
        if self.over or way in self.done:
            return False
        self.done.append(way)
        return True


@pytest.fixture(params=["asking", "answering"])
def deaths(chain: Chain, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Deaths:
    """From when the chain stands. asking: the provider has committed, and who asked dies before noting so.

    answering: the provider dies after everything is done and before it commits; who asked gets no answer.
    """
    made = Deaths(request.param)
    call = LocalLink.call

    def deadly(self: LocalLink, operation: Operation[Any, Any], given: Any, *, key: str = "") -> Any:
        if not made.strikes(self, operation):
            return call(self, operation, given, key=key)
        if made.side == "asking":
            call(self, operation, given, key=key)
            raise Killed
        try:
            call(replace(self, handlers=_dying(self.handlers, operation)), operation, given, key=key)
        except Killed:
            raise Unreachable("the other side died") from None
        raise AssertionError("it should have died")

    monkeypatch.setattr(LocalLink, "call", deadly)
    return made


def _dying(handlers: Handlers, operation: Operation[Any, Any]) -> Handlers:
    def handler(asked: Any, caller: Any) -> Any:
        handlers[operation](asked, caller)
        raise Killed

    return {**handlers, operation: handler}


def live(chain: Chain, deaths: Deaths) -> None:
    """Turns of each system by itself, as in processes of their own: one that dies is started again."""
    calm = 0
    for _ in range(200):
        chain.later(minutes=1)
        before, moved = len(deaths.done), False
        for system in CHAIN:
            try:
                counts = chain.turn(system)
            except Killed:
                continue
            moved |= any(count for name, count in counts.items() if name.partition(".")[2] not in STATES)
        calm = 0 if moved or len(deaths.done) > before else calm + 1
        if calm == 3:
            return
    raise AssertionError("it never comes to rest")


def again(work: Callable[[], object]) -> None:
    """An operator starts a job again until it ends."""
    for _ in range(10):
        try:
            work()
        except (Killed, Unreachable):
            continue
        return
    raise AssertionError("it never ends")


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_every_kind_of_call_kills_somebody_once(chain: Chain, deaths: Deaths) -> None:
    """From the feeds to the answer: a family moves in, gets numbers and codes, and is asked about."""
    chain.residents(resident(FATHER), resident(MOTHER), resident(CHILD, birth_date=date(2020, 5, 1)))
    live(chain, deaths)
    again(lambda: chain.numbers(NUMBERS))
    live(chain, deaths)
    again(lambda: move_in(body=OTARU, people=neighbours(), at=chain.clock()))
    live(chain, deaths)
    asked: list[Inquiry] = []
    again(lambda: asked.extend(chain.ask(FATHER, MOTHER)))
    live(chain, deaths)
    deaths.over = True

    assert len(asked) == 2
    check_each_once(asked)
    assert UnifiedPerson.objects.using("unified_id").count() == 3
    assert sorted(Code.objects.using("nis").values_list("body", flat=True)) == ["B011002"] * 3 + [OTARU] * 2
    asked_of = {way.partition(" ")[0] for way in deaths.done}
    assert asked_of == {"resident", "unified_id", "welfare", "gateway", "midserver", "nis"}
    assert len(deaths.done) > 30
