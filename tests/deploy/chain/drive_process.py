"""Run by `test_processes` in a process of its own: one step of one system about the families that moved in. The last
line of its output is JSON."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tasuke.deploy.setup import configure

configure()

from tasuke.demo.movers import Moved, write_movers  # noqa: E402 the settings stand first
from tasuke.deploy.chain.opening import open_chain  # noqa: E402
from tasuke.deploy.clock import now  # noqa: E402
from tasuke.deploy.profiles import open_profile  # noqa: E402
from tasuke.deploy.runs import run_job  # noqa: E402
from tasuke.platform.transport.models import Outgoing  # noqa: E402
from tasuke.systems.subsidy.profile import set_profile  # noqa: E402

PROFILE, OTARU = open_profile("sapporo"), "B012033"
SCHEME = "sapporo-hitorioya"
INCOME = 2_000_000


def moved() -> Moved:
    folder = Path(os.environ["TASUKE_HOME"], "movers")
    made = write_movers(profile=PROFILE, last_day=now().date(), folder=folder)
    assert made is not None
    return made


def distribute() -> dict[str, object]:
    """住民情報と個人番号 go out; the server's turns carry both to 団体内統合宛名."""
    files = moved()
    counts: dict[str, object] = {}
    for job, path in (("distribute-residents", files.residents), ("distribute-numbers", files.numbers)):
        run = _run(job, path.name, {"path": str(path)}, using="resident")
        counts[job] = run.state
    end = time.monotonic() + 60
    sent = Outgoing.objects.using("resident").filter(provider="unified_id")
    while not sent.exists() or sent.exclude(state="delivered").exists():
        assert time.monotonic() < end, list(sent.values())
        time.sleep(0.2)
    return counts


def register() -> dict[str, object]:
    """What was there before anybody asks: the families, their papers, decisions that wait, and the office's people;
    and what the neighbour knows."""
    from tasuke.deploy.imports import import_request
    from tasuke.platform.access.demo_users import create_demo_users
    from tasuke.systems.subsidy.entitlements.models import Decision

    files = moved()
    for kind, path in (("residents", files.residents), ("applications", files.applications)):
        _run(**import_request(kind, path))
    _run("decide-applications", SCHEME, {"scheme": SCHEME, "on": f"{files.received_on}"})
    create_demo_users(fictitious=True, wards=[ward.code for ward in PROFILE.wards], at=now())
    pending = Decision.objects.using("subsidy").filter(outcome="pending").count()
    return {"pending": pending, "replicas": neighbour()}


def neighbour() -> int:
    """The other city hands its tax figures to 中間サーバー, over HTTP like everybody."""
    from tasuke.deploy.chain.handover import contact_of
    from tasuke.deploy.chain.neighbour import Person, move_in
    from tasuke.formats import my_number_feed
    from tasuke.platform.transport.http_client import HttpLink
    from tasuke.platform.transport.links import bind

    for provider, consumer in (("midserver", "gateway"), ("nis", "unified_id")):
        contact = contact_of(provider=provider, consumer=consumer, body=OTARU)
        assert contact is not None
        bind(provider, f"{consumer}:{OTARU}", HttpLink(contact.base, provider, contact.credentials, now))
    files = moved()
    frame, _ = my_number_feed.parse(files.numbers.read_bytes())
    numbers = dict(zip(frame["atena_no"], frame["my_number"], strict=True))
    year = now().year
    taxes = tuple(
        {"tax_year": y, "status_code": "3", "total_income": INCOME, "dependents": 1} for y in (year - 1, year)
    )
    people = [Person(f"7{one.mother_no}", numbers[one.mother_no], taxes) for one in files.families]
    return move_in(body=OTARU, people=people, at=now())


def _run(job: str, target: str, parameters: dict[str, Any], using: str = "subsidy") -> Any:
    run, _ = run_job(job=job, target=target, parameters=parameters, by="S0001", approver="S0002", using=using)
    return run


set_profile(PROFILE)
open_chain(profile=PROFILE, clock=now)
print(json.dumps({"distribute": distribute, "register": register}[sys.argv[1]]()))
