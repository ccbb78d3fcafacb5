"""The gateway between its real neighbours: 団体内統合宛名, 中間サーバー and behind it the national stand-in."""

import json
from dataclasses import dataclass, field

import pytest
from tests.systems.midserver.conftest import KAWASAKI, OTARU, SAPPORO, World, installed, joined, replica, unified

from tasuke.contracts import interface as mid
from tasuke.contracts.distribution import PUT_HOUSEHOLDS, HouseholdMember, Households, HouseholdState
from tasuke.contracts.inquiry import (
    ANSWERS,
    ASK,
    CANCEL,
    STATES,
    AnswersRequest,
    CancelRequest,
    InquiriesRequest,
    InquiryItem,
    StatesRequest,
)
from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.kit import Unreachable
from tasuke.contracts.unified import REGISTER, Empty, RegisterRequest, Registration
from tasuke.core.numbers import synthetic_my_number
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.links import bind, link_to
from tasuke.platform.transport.local import LocalLink
from tasuke.systems.gateway import policy, rounds
from tasuke.systems.gateway.api import HANDLERS
from tasuke.systems.midserver.api import HANDLERS as MIDSERVER
from tasuke.systems.nis.api import HANDLERS as NIS
from tasuke.systems.unified_id import policy as unified_policy
from tasuke.systems.unified_id import rounds as unified_rounds
from tasuke.systems.unified_id.api import HANDLERS as UNIFIED

__all__ = ["KAWASAKI", "OTARU", "SAPPORO", "joined", "replica", "unified"]
DATABASES = ["gateway", "unified_id", "midserver", "nis"]
TAX, CHILD = "TM00000000000002", "JT00000000000901"


class Crash(BaseException):
    """The process is gone: nothing after this line happened."""


@dataclass
class Breakable:
    """A link that a test can cut: away (nobody answers), or crash after the provider has done its part."""

    inner: LocalLink
    away: bool = False
    crash_after: set = field(default_factory=set)
    calls: list = field(default_factory=list)

    def call(self, operation, request, *, key=""):
        if self.away:
            raise Unreachable("away")
        self.calls.append(operation.name)
        reply = self.inner.call(operation, request, key=key)
        if operation.name in self.crash_after:
            self.crash_after.discard(operation.name)
            raise Crash
        return reply


def number_of(n):
    return synthetic_my_number(f"{n:011d}")


@dataclass
class City:
    """Sapporo: its businesses and its rounds."""

    world: World
    midserver: Breakable
    unified: Breakable
    calls: int = 0

    def key(self):
        self.calls += 1
        return f"city-{self.calls}"

    def register(self, people, business="900"):
        """宛名番号 → number of the person."""
        link = link_to("unified_id", consumer="welfare")
        first = link.call(SEALING_KEYS, Empty()).keys[0]
        jwk = {**first.jwk, "kid": first.kid}
        rows = tuple(Registration(atena_no=a, resident=True, name="試験　花子") for a in people)
        sealed = seal_for(jwk, json.dumps([number_of(n) for n in people.values()]).encode(), context="my_number")
        for name in ("001", business):
            request = RegisterRequest(business_id=name, registrations=rows, batch_sealed=sealed)
            reply = link.call(REGISTER, request, key=self.key())
            assert not reply.errors

    def ask(self, *items, business="900"):
        return self.business(ASK, InquiriesRequest(business_id=business, items=items))

    def answers(self, after=0):
        return self.business(ANSWERS, AnswersRequest(business_id="900", after=after)).answers

    def states(self, *record_ids):
        reply = self.business(STATES, StatesRequest(business_id="900", record_ids=record_ids))
        return {s.record_id: (s.state, s.reason) for s in reply.states}

    def cancel(self, *record_ids):
        return self.business(CANCEL, CancelRequest(business_id="900", record_ids=record_ids)).states

    def business(self, operation, request, system="subsidy"):
        link = link_to("gateway", consumer=system)
        return link.call(operation, request, key=self.key() if operation.writes else "")

    def households(self, no, *members, as_of=None):
        state = HouseholdState(household_no=no, as_of=as_of or self.world.now.date(), members=members)
        return self.business(PUT_HOUSEHOLDS, Households(households=(state,)), system="resident")

    def round(self, limit=1_000):
        return rounds.run_round(self.world.now, limit)

    def unified_round(self):
        return unified_rounds.run_round(self.world.now)

    def walk(self):
        """Everybody's rounds, until nothing moves any more."""
        done = {}
        for _ in range(3):
            done = self.round()
            self.unified_round()
            self.world.walk()
            self.world.later(seconds=10)
        return done


def item(number, atena_no="1", **more):
    facts = {
        "record_id": f"2026-{number:08d}",
        "atena_no": atena_no,
        "procedure_code": CHILD,
        "information_code": TAX,
        "provider": OTARU,
        "year": 2026,
        "department": "0101",
        "personal_id": "S0001",
    }
    return InquiryItem(**(facts | more))


def member(atena_no, relationship="20", **more):
    return HouseholdMember(atena_no=atena_no, relationship_code=relationship, since=None, **more)


def _link(handlers, using, system, clock, body=""):
    scopes = frozenset(operation.scope for operation in handlers)
    return LocalLink(handlers=handlers, using=using, system=system, clock=clock, scopes=scopes, body=body)


@pytest.fixture
def city(db, joined):
    with installed(World()) as world:
        policy.set_policy(body=SAPPORO)
        unified_policy.set_policy(accept="synthetic", body=SAPPORO)
        midserver = Breakable(_link(MIDSERVER, "midserver", "gateway", world.clock, SAPPORO))
        numbers = Breakable(_link(UNIFIED, "unified_id", "gateway", world.clock))
        bind("midserver", "gateway", midserver)
        bind("unified_id", "gateway", numbers)
        bind("unified_id", "welfare", _link(UNIFIED, "unified_id", "welfare", world.clock))
        bind("nis", "unified_id", _link(NIS, "nis", "unified_id", world.clock, SAPPORO))
        for system in ("subsidy", "resident", "welfare"):
            bind("gateway", system, _link(HANDLERS, "gateway", system, world.clock))
        yield City(world, midserver, numbers)


@pytest.fixture
def ready(city):
    """Six people with 符号, two of whom Otaru has tax data of; the master has come."""
    city.register({str(n): n for n in range(1, 7)})
    city.world.codes(OTARU, {unified(90 + n): n for n in (1, 2)})
    rows = tuple(replica(unified(90 + n)) for n in (1, 2))
    city.world.call(OTARU, mid.UPDATE_REPLICA, mid.ReplicaUpdate(rows=rows))
    city.walk()
    return city
