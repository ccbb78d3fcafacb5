"""The trail under test, seen by the program, by an administrator, and by an attacker."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from tasuke.platform.audit.keys import open_key, trusted_keys
from tasuke.platform.audit.services.seal_trail import seal_trail
from tasuke.platform.audit.services.verify_trail import verify_trail
from tasuke.platform.audit.trail import Trail

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass
class Archive:
    """The trail under test, seen by the program (`conninfo`), by an administrator, and by an attacker."""

    trail: Trail
    admin: str
    folder: object

    @property
    def key(self):
        return open_key(self.folder / "key.pem")

    def write(self, *persons, by="k-1001", kind="read"):
        """Commit one row per person; give their ids."""
        with psycopg.connect(self.trail.conninfo) as connection:
            return [insert(connection, person, by=by, kind=kind) for person in persons]

    def seal(self, now=AT):
        return seal_trail(trail=self.trail, key=self.key, now=now)

    def verify(self, **named):
        return verify_trail(trail=self.trail, trust=trusted_keys(self.folder), **named)

    def first(self):
        """(kind, block, row, line) of the first fault."""
        fault = self.verify().first
        return fault and (str(fault.kind), fault.block, fault.row, fault.line)

    @contextmanager
    def tampering(self):
        """A connection of somebody who may do everything in the database, and stops the triggers first."""
        with psycopg.connect(self.admin) as connection:
            for table in ("audit_event", "audit_block"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            yield connection
            for table in ("audit_event", "audit_block"):
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_grows")

    def tamper(self, statement, *parameters):
        with self.tampering() as connection:
            return connection.execute(statement, parameters).rowcount

    def empty(self):
        with self.tampering() as connection:
            connection.execute("TRUNCATE audit_event, audit_block")
        for path in self.folder.iterdir():
            path.unlink()


def insert(connection, atena_no, *, by="k-1001", kind="read", detail=""):
    row = connection.execute(
        "INSERT INTO audit_event (at, personal_id, kind, atena_no, detail) VALUES (%s, %s, %s, %s, %s) RETURNING id",
        [AT, by, kind, atena_no, detail],
    ).fetchone()
    return row[0]
