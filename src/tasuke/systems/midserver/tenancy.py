"""A municipality's own rooms: its schema, its role, its keys. Code gets at its data through `inside` alone.

The role that the program signs in as has no right on any municipality's table; it may take up a municipality's role
for the rest of a transaction. Names hold the database's name, because roles belong to the whole server.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from tasuke.platform.crypto.keyrings import SealingKeyPair, SigningKeyPair, keypair_of, signing_of
from tasuke.platform.crypto.vault import Vault, vault_of
from tasuke.systems.midserver.models import BODY_CODE, Tenant

USING = "midserver"
_BECOME = "SELECT set_config('search_path', %s, true), set_config('role', %s, true)"
_AT_ONCE = 200  # municipalities that one statement looks into
_NO_TENANT = ('"$user", public', "none")
_LONGEST_NAME = 63  # PostgreSQL cuts longer names silently, and two of them could become one


class UnknownTenant(LookupError):
    """No municipality of this code uses this installation (any more)."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names in PostgreSQL. owner and operator are one for all municipalities of a database."""

    schema: str
    role: str
    owner: str
    operator: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Inside a municipality's rooms: every statement of the cursor runs as its role, in its schema."""

    body: str
    cursor: CursorWrapper

    @property
    def vault(self) -> Vault:
        """The municipality's own vault."""
        return vault_of(key_folder(self.body))

    @property
    def opening_keys(self) -> SealingKeyPair:
        """What opens envelopes and answers sent to the municipality."""
        return keypair_of(key_folder(self.body))

    @property
    def signing_keys(self) -> SigningKeyPair:
        """What signs its envelopes."""
        return signing_of(key_folder(self.body))

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT, or of what a statement returns."""
        self.cursor.execute(query, parameters)
        return list(self.cursor.fetchall())

    def value(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The one value of a statement. Raises LookupError when there is no row."""
        self.cursor.execute(query, parameters)
        row = self.cursor.fetchone()
        if row is None:
            raise LookupError("no row")
        return row[0]

    def insert(self, table: str, columns: Mapping[str, tuple[str, Sequence[Any]]], *, rest: str = "") -> int:
        """Insert whole columns with one statement: name → (type, values). rest: ours, at the end. Gives the number."""
        names = ", ".join(columns)
        arrays = ", ".join(f"%s::{kind}[]" for kind, _ in columns.values())
        self.cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {rest}",  # noqa: S608 names are ours
            [list(values) for _, values in columns.values()],
        )
        return int(self.cursor.rowcount)

    def take(self, counter: str, count: int) -> int:
        """The first of `count` following numbers. The counter stays locked until the transaction ends.

        So numbers become visible in their order and without gaps: whoever asks for "after n" misses nothing.
        """
        last = self.value("UPDATE counter SET value = value + %s WHERE name = %s RETURNING value", [count, counter])
        return int(last) - count + 1

    def last(self, counter: str) -> int:
        """The highest number that was taken."""
        return int(self.value("SELECT value FROM counter WHERE name = %s", [counter]))


def names_of(body: str, *, using: str = USING) -> Names:
    """A municipality's schema and roles in the current database. Raises ValueError for a code of another form."""
    if not re.fullmatch(BODY_CODE, body):
        raise ValueError("a body's code is a capital letter and up to eleven digits or capitals")
    database = str(connections[using].settings_dict["NAME"])
    names = Names(
        schema=f"m_{body.lower()}",
        role=f"{database}__{body.lower()}",
        owner=f"{database}__owner",
        operator=f"{database}__operator",
    )
    if len(names.role) > _LONGEST_NAME:
        raise ValueError("the database's name is too long: a role's name would be cut")
    return names


def key_folder(body: str) -> str:
    """Where the municipality's keys lie, below the folder of all keys."""
    return f"midserver/{body}"


def tenant_of(body: str, *, using: str = USING) -> Tenant:
    """The municipality of this code. Raises UnknownTenant."""
    tenant = Tenant.objects.using(using).filter(body=body, left_at__isnull=True).first()
    if tenant is None:
        raise UnknownTenant(body)
    return tenant


def tenants(*, using: str = USING) -> list[Tenant]:
    """All municipalities that take part, by code."""
    return list(Tenant.objects.using(using).filter(left_at__isnull=True).order_by("body"))


@contextmanager
def inside(body: str, *, using: str = USING) -> Iterator[Inside]:
    """A (nested) transaction as the municipality's role. The block must not reach for other tables.

    An exception rolls back to before the block, and the role with it.
    """
    names = names_of(body, using=using)
    nested = connections[using].in_atomic_block
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        _become(cursor, names.schema, names.role)
        yield Inside(body, cursor)
        if nested:  # else the end of the transaction takes the role away
            _become(cursor, *_NO_TENANT)


def look_into(bodies: Sequence[str], query: str, *, using: str = USING) -> dict[str, tuple[Any, ...]]:
    """The one row that a SELECT without parameters gives in each municipality, as its role: one statement for many."""
    found: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(bodies), _AT_ONCE):
        some = bodies[start : start + _AT_ONCE]
        names = [names_of(body, using=using) for body in some]
        parameters = [word for one in names for word in (one.schema, one.role)]
        statements = [*[f"{_BECOME}; {query}"] * len(some), _BECOME]
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute("; ".join(statements), [*parameters, *_NO_TENANT])
            for body in some:
                cursor.nextset()
                found[body] = cursor.fetchone()
                cursor.nextset()
    return found


@contextmanager
def as_owner(body: str, *, using: str = USING) -> Iterator[Inside]:
    """The same as the role that owns the tables: to make, upgrade and delete what has expired, and nothing else."""
    names = names_of(body, using=using)
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        _become(cursor, names.schema, names.owner)
        yield Inside(body, cursor)
        _become(cursor, *_NO_TENANT)


@contextmanager
def as_operator(*, using: str = USING) -> Iterator[CursorWrapper]:
    """As the people who run the installation: what lies in `public`, without anything of a municipality."""
    database = str(connections[using].settings_dict["NAME"])
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        _become(cursor, "public", f"{database}__operator")
        yield cursor
        _become(cursor, *_NO_TENANT)


def _become(cursor: CursorWrapper, search_path: str, role: str) -> None:
    """Local to the transaction: whoever gets the connection next starts without a role."""
    cursor.execute(_BECOME, [search_path, role])
