"""What an administrator of the databases does for the number chain: the records of 番号法23条 go into other hands than
the program's, and 中間サーバー's database tells no municipality how much another holds."""

import os

import psycopg
from psycopg.conninfo import make_conninfo

from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.database.handing import database_weaknesses, keep_database
from tasuke.platform.database.systems import SYSTEMS

GUARDED = ("midserver", "nis")


def guard(system: str, *, conninfo: str, program: str) -> bool:
    """Guard a system's database; give whether records changed hands. May be done again at any time.

    conninfo: an administrator's connection to that database. program: the role that the program signs in as. Raises
    psycopg errors when the administrator may not do this.
    """
    if system in GUARDED:
        with psycopg.connect(conninfo) as connection:
            keep_database(connection, program=program)
    if system == "nis":
        from tasuke.systems.nis.protection import protect_records as protect_national

        return protect_national(conninfo, program=program)
    if system == "midserver":
        from tasuke.systems.midserver.protection import protect_catalogue, protect_records

        protect_catalogue(conninfo, program=program)
        return protect_records(conninfo) > 0
    return False


def release(system: str, *, conninfo: str, program: str) -> None:
    """Before a migration that changes the records' tables; `guard` follows behind it."""
    if system == "nis":
        from tasuke.systems.nis.protection import release_records as release_national

        release_national(conninfo, program=program)
    if system == "midserver":
        from tasuke.systems.midserver.protection import release_records

        release_records(conninfo)


def weaknesses(system: str, *, conninfo: str, program: str) -> list[str]:
    """What the program's role could do to the records, in Japanese. conninfo: as that role."""
    if system not in GUARDED:
        return []
    with psycopg.connect(conninfo) as connection:
        told = database_weaknesses(connection, program=program)
    if system == "nis":
        from tasuke.systems.nis.protection import record_weaknesses as national_weaknesses

        return told + national_weaknesses(conninfo, program=program)
    from tasuke.systems.midserver.protection import record_weaknesses

    return told + record_weaknesses(conninfo)


def guard_own(systems: tuple[str, ...] = SYSTEMS) -> list[str]:
    """Guard what this process holds, where we administer the server ourselves; gives the systems that it was done for.

    Elsewhere an administrator runs `tasuke audit protect`. Nothing is done in the middle of a transaction: another
    connection does not see what it has made.
    """
    done = []
    for system in GUARDED:
        place = own_place(system)
        if system in systems and place is not None:
            guard(system, conninfo=place[0], program=place[1])
            done.append(system)
    return done


def own_place(system: str) -> tuple[str, str] | None:
    """(administrator's connection, the program's role) of a database on the embedded server, or None."""
    from django.db import connections

    if os.environ.get("TASUKE_DATABASE_EMBEDDED") != "1" or os.environ.get(f"TASUKE_DATABASE_URL_{system.upper()}"):
        return None
    if system not in SYSTEMS or connections[system].in_atomic_block:
        return None
    known = connections[system].settings_dict
    return make_conninfo(ensure_server(), dbname=str(known["NAME"])), str(known["USER"])
