"""The audit trail of every system of this installation: protected, sealed every few seconds, proved on demand."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tasuke.deploy.chain import guarding
from tasuke.deploy.clock import now
from tasuke.platform.audit.checkpoints import Checkpoint
from tasuke.platform.audit.faults import Verdict
from tasuke.platform.audit.keys import KeyUnusable, open_key, public_key, trusted_keys
from tasuke.platform.audit.protection import protect, release, weaknesses
from tasuke.platform.audit.services.seal_trail import Sealed, TrailBroken, accept_restore, seal_trail
from tasuke.platform.audit.services.verify_trail import verify_trail
from tasuke.platform.audit.trail import Trail, key_file, trail_of
from tasuke.platform.database.embedded import data_folder
from tasuke.platform.database.systems import SYSTEMS

_log = logging.getLogger(__name__)
SEAL_EVERY = 5.0  # seconds: a row is sealed within ten, also when one round takes its time


def trails(systems: tuple[str, ...] = SYSTEMS) -> Iterator[Trail]:
    """The trails of these systems."""
    for system in systems:
        yield trail_of(system, home=data_folder())


def seal_all(*, clock: Callable[[], datetime] = now) -> dict[str, Sealed | None]:
    """Seal what every system has committed. Makes the key when there is none. Raises TrailBroken, KeyUnusable."""
    key = open_key(key_file(data_folder()))
    return {trail.system: seal_trail(trail=trail, key=key, now=clock()) for trail in trails()}


def verify_all(
    *, systems: tuple[str, ...] = SYSTEMS, checkpoints: Path | None = None, key: Path | None = None
) -> list[Verdict]:
    """Prove the trails. checkpoints, key: copies that were kept elsewhere, instead of those of this machine."""
    trust = public_key(key) if key else trusted_keys(key_file(data_folder()).parent)
    return [
        verify_trail(
            trail=Trail(trail.system, trail.conninfo, checkpoints or trail.checkpoints),
            trust=trust,
            older_file=checkpoints is not None,
        )
        for trail in trails(systems)
    ]


def accept_restored(*, system: str, by: str, reason: str) -> Checkpoint:
    """Answer for a database that came back from a backup. Raises TrailBroken when it did not."""
    key = open_key(key_file(data_folder()))
    trail = trail_of(system, home=data_folder())
    return accept_restore(trail=trail, key=key, now=now(), by=by, reason=reason)


def start_sealing(*, every: float = SEAL_EVERY, stop: threading.Event | None = None) -> threading.Thread:
    """Seal in the background of this process until it ends (or `stop` is set).

    Any number of processes may do this: one seals, the others find the lock taken.
    """
    thread = threading.Thread(target=_seal_on, args=(every, stop or threading.Event()), name="sealing", daemon=True)
    thread.start()
    return thread


def _seal_on(every: float, stop: threading.Event) -> None:
    while not stop.wait(every):
        try:
            seal_all()
        except (TrailBroken, KeyUnusable, psycopg.Error, OSError):
            # the office goes on working and the rows wait; `tasuke doctor` and the auditor's page say so
            _log.exception("sealing failed")


def protect_system(server_url: str, database: str, program: str) -> bool:
    """Hand a system's trail over to its own role; give whether anything changed. server_url: an administrator's."""
    return protect(make_conninfo(server_url, dbname=database), program=program)


def protect_all(server_url: str) -> list[str]:
    """The same for all systems, and for the records of 番号法23条, by an administrator's connection.

    Gives the names of what changed.
    """
    changed = []
    for trail in trails():
        known = conninfo_to_dict(trail.conninfo)
        database, program = str(known["dbname"]), str(known["user"])
        trail_changed = protect_system(server_url, database, program)
        place = make_conninfo(server_url, dbname=database)
        if guarding.guard(trail.system, conninfo=place, program=program) or trail_changed:
            changed.append(trail.system)
    return changed


def release_for_migration(server_url: str, database: str, program: str) -> None:
    """Before a migration that changes the trail's tables; `protect_system` follows behind it."""
    release(make_conninfo(server_url, dbname=database), program=program)


def weaknesses_of(trail: Trail) -> list[str]:
    """What the program's own role could do to a trail and to the records of 番号法23条, in Japanese."""
    with psycopg.connect(trail.conninfo) as connection:
        told = list(weaknesses(connection))
    program = str(conninfo_to_dict(trail.conninfo)["user"])
    return told + guarding.weaknesses(trail.system, conninfo=trail.conninfo, program=program)
