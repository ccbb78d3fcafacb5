"""Find a value wherever it could have got to: every column of every table, every message, line of log and file."""

import base64
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tasuke.contracts.kit import Operation
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.local import LocalLink
from tasuke.systems.midserver.tenancy import inside, names_of, tenants

_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^m_' AND tablename !~ '^django_'
"""


def forms(value: str) -> set[str]:
    """A value in clear, as hex digits (also of a bytea), and in base64 at each of the three places it may begin at."""
    data = value.encode()
    found = {value, data.hex()}
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data).decode()
        # the first and the last letters depend on what stands beside it
        inner = text[(0, 2, 3)[shift] : (len(data) + shift) * 8 // 6]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return found


def tables_holding(values: Iterable[str], *systems: str) -> list[str]:
    """Tables in which one of the values stands in any form. The rooms of every municipality are searched as itself."""
    wanted = [form for value in values for form in forms(value)]
    assert wanted
    found = []
    for system in systems:
        with connections[system].cursor() as cursor:
            cursor.execute(_TABLES)
            names = [row[0] for row in cursor.fetchall()]
            found += [f"{system} {name}" for name in names if _holds(cursor, name, wanted)]
    if "midserver" in systems:
        found += _rooms_holding(wanted)
    return found


def _rooms_holding(wanted: list[str]) -> list[str]:
    found = []
    for tenant in tenants():
        with connections["midserver"].cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [names_of(tenant.body).schema])
            names = [row[0] for row in cursor.fetchall()]
        assert len(names) > 10
        with inside(tenant.body) as room:
            found += [f"{tenant.body} {name}" for name in names if _holds(room.cursor, name, wanted)]
    return found


def _holds(cursor: Any, table: str, wanted: list[str]) -> bool:
    """The text of a row holds all its columns: JSON as it is, bytea as hex."""
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM {table} t, unnest(%s::text[]) w WHERE strpos(t::text, w) > 0)",
        [wanted],
    )
    return bool(cursor.fetchone()[0])


@dataclass
class Overheard:
    """Everything that was said between systems, and every line of log. said: (provider, consumer, what) → texts."""

    said: list[tuple[str, str, str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def holding(self, values: Iterable[str], *, consumers: Iterable[str] | None = None) -> list[str]:
        """Messages and lines that hold one of the values; with consumers: only what these asked and were told."""
        wanted = [form for value in values for form in forms(value)]
        who = None if consumers is None else set(consumers)
        found = [
            f"{provider} ← {consumer} {what}"
            for provider, consumer, what, text in self.said
            if (who is None or consumer in who) and any(w in text for w in wanted)
        ]
        if who is None:
            found += [line for line in self.lines if any(w in line for w in wanted)]
        return found


@contextmanager
def overhearing() -> Iterator[Overheard]:
    """Listen to every link of this process and to every logger."""
    heard = Overheard()
    call = LocalLink.call

    def listening(self: LocalLink, operation: Operation[Any, Any], request: Any, *, key: str = "") -> Any:
        heard.said.append((self.using, self.system, f"{operation.name} request", request.model_dump_json()))
        reply = call(self, operation, request, key=key)
        heard.said.append((self.using, self.system, f"{operation.name} reply", reply.model_dump_json()))
        return reply

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.lines.append(f"{record.name} {record.getMessage()} {record.__dict__}")

    ear, root = Ear(logging.DEBUG), logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LocalLink, "call", listening)
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(ear)


def files_holding(values: Iterable[str], *folders: Path) -> list[str]:
    """Files in which one of the values stands in any form."""
    wanted = [form.encode() for value in values for form in forms(value)]
    files = [path for folder in folders if folder.exists() for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(w in path.read_bytes() for w in wanted)]


def ask_as(provider: str, consumer: str, operation: Operation[Any, Any], request: Any, *, key: str = "") -> Any:
    """A call over the link that this consumer has."""
    return link_to(provider, consumer=consumer).call(operation, request, key=key)
