"""Three municipalities that use 中間サーバー, and the real handlers of the national stand-in behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasuke.contracts import interface as i
from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.mediation import WANT_CODES, CodesWanted, CodeWanted
from tasuke.contracts.unified import Empty
from tasuke.core.numbers import synthetic_my_number
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.testing import wire
from tasuke.systems.midserver import api, directory, master, rounds
from tasuke.systems.midserver.services.join_tenant import join_tenant
from tasuke.systems.midserver.tenancy import inside
from tasuke.systems.nis import api as nis_api
from tasuke.systems.nis.services.enrol_body import enrol_body
from tasuke.systems.nis.settings_holder import set_policy

ZONE = ZoneInfo("Asia/Tokyo")
SAPPORO, KAWASAKI, OTARU = "B011002", "B141305", "B012033"
NAMES = {SAPPORO: "札幌市(代役)", KAWASAKI: "川崎市(代役)", OTARU: "小樽市(代役)"}
TAX, CHILD = "TM00000000000002", "JT00000000000901"


@dataclass
class World:
    """A clock that the test turns, and short ways to do what gateways do."""

    now: datetime = datetime(2026, 6, 10, 9, 0, tzinfo=ZONE)
    calls: int = field(default=0)

    def clock(self) -> datetime:
        return self.now

    def later(self, **more) -> None:
        self.now += timedelta(**more)

    def call(self, body, operation, request):
        self.calls += 1
        link = link_to("midserver", consumer=f"gateway:{body}")
        return link.call(operation, request, key=f"call-{self.calls}" if operation.writes else "")

    def run(self, *names) -> dict:
        """Rounds by name, at this moment; those that stop are counted in the state, not raised."""
        done = {}
        for name in names:
            done[name] = dict(rounds.ROUNDS[f"midserver.{name}"](self.now, 10_000))
        return done

    def walk(self) -> None:
        """Until nothing moves: asks out, requests in, answers out, answers in."""
        for _ in range(3):
            self.run("send-mail", "fetch-mail")
            self.later(seconds=1)

    def codes(self, body, people) -> None:
        """Codes for persons at a body: unified number → number of the person behind it."""
        reply = self.call(body, i.REQUEST_CODES, i.CodeRequest(unified_nos=tuple(people)))
        juki = link_to("nis", consumer=f"unified_id:{body}")
        jwk = juki.call(SEALING_KEYS, Empty()).keys[0].jwk
        wanted = tuple(
            CodeWanted(
                body=body,
                processing_no=one.processing_no,
                my_number_sealed=seal_for(
                    jwk, synthetic_my_number(f"{people[one.unified_no]:011d}").encode(), context="my_number"
                ),
            )
            for one in reply.progress
        )
        juki.call(WANT_CODES, CodesWanted(items=wanted), key=f"codes-{body}-{self.calls}")
        self.run("fetch-mail")


def unified(number: int) -> str:
    return f"{number:015d}"


def inquiry(number: int, person: str, **more) -> i.MidInquiry:
    facts = {
        "record_id": f"900-2026-{number:08d}",
        "unified_no": person,
        "procedure_code": CHILD,
        "information_code": TAX,
        "provider": OTARU,
        "year": 2026,
        "department": "0101",
        "personal_id": "S0001",
    }
    return i.MidInquiry(**(facts | more))


def replica(person: str, *, version: int = 1, year: int = 2026, **more) -> i.ReplicaRow:
    records = ({"tax_year": year, "status_code": "3", "total_income": 3_120_000 + version},)
    facts = {"unified_no": person, "information_code": TAX, "year": year, "version": version, "records": records}
    return i.ReplicaRow(**(facts | more))


@pytest.fixture(scope="session")
def joined(django_db_setup, django_db_blocker) -> None:
    """The municipalities' empty schemas, once for all tests: what a test puts in goes with its transaction."""
    with django_db_blocker.unblock():
        for body, name in NAMES.items():
            join_tenant(body=body, name=name, by="test", at=World.now)


@contextmanager
def installed(world: World) -> Iterator[World]:
    master.forget_loaded()
    directory.forget_loaded()
    set_policy(accept="synthetic")
    for body, name in NAMES.items():
        with inside(body) as room:
            signing, sealing = room.signing_keys.public_jwks()[0], room.opening_keys.public_jwks()[0]
        enrolled = enrol_body(code=body, name=name, kind="municipality", signing=signing, sealing=sealing, at=world.now)
    directory.trust_authority(certificate=enrolled.authority)
    ways = {}
    for body in NAMES:
        ways["midserver", f"gateway:{body}"] = api.HANDLERS
        ways["nis", f"midserver:{body}"] = nis_api.HANDLERS
        ways["nis", f"unified_id:{body}"] = nis_api.HANDLERS
    with wire(ways, clock=world.clock):
        rounds.refresh(world.now)
        yield world


@pytest.fixture
def world(joined) -> Iterator[World]:
    with installed(World()) as made:
        yield made


@pytest.fixture
def asked(world) -> World:
    """Sapporo knows a person whom Otaru knows too, under another number, with tax data of 2026."""
    world.codes(SAPPORO, {unified(17): 1})
    world.codes(OTARU, {unified(90): 1})
    world.call(OTARU, i.UPDATE_REPLICA, i.ReplicaUpdate(rows=(replica(unified(90)),)))
    return world
