"""Run by `test_killed` in a process of its own: the whole chain, killed with SIGKILL again and again, started again.

    python kill_driver.py        databases by TASUKE_DATABASE_PREFIX, keys and files below TASUKE_HOME

Every attempt is a process of its own that this one forks: it takes turns until nothing moves, or until it kills itself
at a statement in the middle of somebody's transaction, or right after a provider has committed and before who asked has
noted it. Nothing is prepared for that in the program. This process itself touches no database and computes nothing:
Polars and connections do not survive a fork. The last line of its output is JSON.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tasuke.deploy.setup import configure

configure()

import psycopg  # noqa: E402 the settings stand first
from django.db import connections  # noqa: E402
from psycopg.conninfo import make_conninfo  # noqa: E402
from tests.deploy.chain import conftest as town  # noqa: E402
from tests.deploy.chain.test_survival import check_each_once  # noqa: E402

from tasuke.deploy.chain.cycle import STATES  # noqa: E402
from tasuke.platform.transport.local import LocalLink  # noqa: E402

WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")
MOST = 40


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def open_town(at: datetime) -> town.Chain:
    from tasuke.deploy.chain.opening import open_chain
    from tasuke.deploy.profiles import open_profile
    from tasuke.systems.subsidy.profile import set_profile

    chain = town.Chain(now=at)
    set_profile(open_profile("sapporo"))
    missing = open_chain(profile=open_profile("sapporo"), clock=chain.clock)
    assert not missing
    return chain


def die_at_a_statement(nth: int) -> None:
    """At the nth statement that writes, in whose transaction ever: half of what belongs together has been written."""
    left = nth

    def count(execute: Callable[..., Any], statement: Any, *rest: Any) -> Any:
        nonlocal left
        done = execute(statement, *rest)
        if str(statement).lstrip().upper().startswith(WRITES):
            left -= 1
            if left == 0:
                die()
        return done

    for system in town.CHAIN:
        connections[system].execute_wrappers.append(count)


def die_after_a_call(nth: int) -> None:
    """After the nth call that changes something at its provider: there it is committed, and nobody here knows."""
    call, left = LocalLink.call, nth

    def deadly(self: LocalLink, operation: Any, request: Any, *, key: str = "") -> Any:
        nonlocal left
        reply = call(self, operation, request, key=key)
        if operation.writes:
            left -= 1
            if left == 0:
                die()
        return reply

    LocalLink.call = deadly  # type: ignore[method-assign]


def take_turns(at: datetime, arm: Callable[[int], None] | None, nth: int) -> None:
    """Until nothing moves; minutes pass between turns, so that what backs off comes again."""
    chain = open_town(at)
    if arm is not None:
        arm(nth)
    calm = 0
    for _ in range(60):
        counts = chain.turn()
        moved = any(count for name, count in counts.items() if name.partition(".")[2] not in STATES)
        calm = 0 if moved else calm + 1
        if calm == 2:
            return
        chain.later(minutes=1)
    raise AssertionError("it never comes to rest")


def forked(work: Callable[[], object]) -> str:
    """Do it in a process of its own; how that ended: done, killed or failed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            connections.close_all()
            status = 0
        except BaseException:  # noqa: BLE001 the parent only sees the status
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed" if os.WTERMSIG(status) == signal.SIGKILL else "failed"
    return "done" if os.WEXITSTATUS(status) == 0 else "failed"


class Storm:
    """Attempts, each killed a little later than the one before. kills: what of."""

    def __init__(self) -> None:
        self.at = town.Chain().now
        self.kills: list[str] = []

    def calmly(self, work: Callable[[town.Chain], object]) -> None:
        self.at += timedelta(minutes=5)
        at = self.at
        assert forked(lambda: work(open_town(at))) == "done"

    def rage(self) -> None:
        nth = {die_at_a_statement: 1, die_after_a_call: 1}
        for attempt in range(MOST):
            arm = (die_at_a_statement, die_after_a_call)[attempt % 2]
            self.at += timedelta(minutes=30)
            at, count = self.at, nth[arm]
            ended = forked(lambda at=at, arm=arm, count=count: take_turns(at, arm, count))
            if ended == "done":
                return
            assert ended == "killed"
            self.kills.append(f"{arm.__name__} {count}")
            nth[arm] = count * 2 if arm is die_at_a_statement else count + 2
        raise AssertionError("it never ends")


def stand() -> None:
    """Founded as `tasuke found` does it."""
    from tasuke.deploy.chain.guarding import GUARDED, own_place, weaknesses
    from tasuke.deploy.setup import prepare_databases

    prepare_databases()
    town.stand(*town.CHAIN)
    for system in GUARDED:
        place = own_place(system)
        assert place is not None
        known = connections[system].settings_dict
        own = make_conninfo(place[0], user=known["USER"])
        assert weaknesses(system, conninfo=own, program=str(known["USER"])) == []
        for statement in (f'DROP DATABASE "{known["NAME"]}"', f'ALTER DATABASE "{known["NAME"]}" RENAME TO gone'):
            with psycopg.connect(own, dbname="postgres", autocommit=True) as connection:
                try:
                    connection.execute(statement)
                except psycopg.errors.InsufficientPrivilege:
                    continue
            raise AssertionError(statement)


def move_in(chain: town.Chain) -> None:
    from tasuke.deploy.chain.neighbour import move_in

    move_in(body=town.OTARU, people=town.neighbours(), at=chain.clock())


def switch(chain: town.Chain, *, down: bool) -> None:
    from tasuke.systems.nis.services.switch_service import switch_service

    switch_service(down=down, by="N0001", at=chain.clock(), note="障害")


def check(at: datetime) -> None:
    from tasuke.systems.nis.models import Code
    from tasuke.systems.subsidy.inquiries.models import Inquiry
    from tasuke.systems.unified_id.models import Person

    open_town(at)
    asked = list(Inquiry.objects.using("subsidy").all())
    assert len(asked) == 2
    check_each_once(asked)
    assert Person.objects.using("unified_id").count() == 3
    assert sorted(Code.objects.using("nis").values_list("body", flat=True)) == ["B011002"] * 3 + [town.OTARU] * 2


def main() -> None:
    assert forked(stand) == "done"
    storm = Storm()
    people = (town.FATHER, town.MOTHER)
    storm.calmly(lambda c: c.residents(*map(town.resident, people), town.resident(town.CHILD)))
    storm.calmly(lambda c: c.numbers(town.NUMBERS))
    storm.rage()
    storm.calmly(move_in)
    storm.rage()
    storm.calmly(lambda c: c.ask(town.FATHER))
    storm.calmly(lambda c: switch(c, down=True))
    storm.rage()
    storm.at += timedelta(days=1)
    storm.calmly(lambda c: c.ask(town.MOTHER))
    storm.calmly(lambda c: switch(c, down=False))
    storm.rage()
    assert forked(lambda: check(storm.at)) == "done"
    print(json.dumps({"kills": storm.kills, "hours": (storm.at - town.Chain().now) / timedelta(hours=1)}))


main()
