"""情報提供等の記録 (番号法23条) and the notes of what was deleted are in other hands than the program's."""

import psycopg

from tasuke.platform.database.handing import Handed, hand_over, take_back, weaknesses


def _handed(program: str) -> Handed:
    # the trigger lets a record go only after the day that is written in it: by the database's own clock
    tables = {"nis_record": {program: "SELECT, INSERT, DELETE"}, "nis_removal": {program: "SELECT, INSERT"}}
    return Handed("public", {program: "USAGE, CREATE"}, tables, ("nis_record_refuse",))


def protect_records(conninfo: str, *, program: str) -> bool:
    """Hand the records over; give whether anything changed. Can be run at any time, and after a restore must be.

    conninfo: an administrator's connection to the stand-in's database. program: the role that the program signs in as.
    Raises psycopg errors when the administrator's role may not do this.
    """
    with psycopg.connect(conninfo) as connection:
        if not _is_there(connection):
            return False
        return hand_over(connection, _handed(program))


def release_records(conninfo: str, *, program: str) -> None:
    """Give the records back to the program's role so that a migration can change them; `protect_records` follows."""
    with psycopg.connect(conninfo) as connection:
        if _is_there(connection):
            take_back(connection, _handed(program), owner=program)


def record_weaknesses(conninfo: str, *, program: str) -> list[str]:
    """What the program's role could do to the records, in Japanese. conninfo: as that role."""
    with psycopg.connect(conninfo) as connection:
        return weaknesses(connection, _handed(program)) if _is_there(connection) else []


def _is_there(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = connection.execute("SELECT to_regclass('public.nis_record'), to_regclass('public.nis_removal')").fetchone()
    return row is not None and None not in row
