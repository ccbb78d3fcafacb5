"""個人番号 at rest and on the wire: their seals and their keyed index."""

import json
from collections.abc import Iterable, Sequence

from tasuke.core.my_number import MyNumber
from tasuke.platform.crypto.sealed import CannotOpen, SealingKeyPair, keypair_of, open_with
from tasuke.platform.crypto.vault import Vault, vault_of

SYSTEM = "unified_id"
WIRE = "my_number"  # context of the JWE between systems
_AT_REST = "unified_id.my_number"
__all__ = [
    "SYSTEM",
    "WIRE",
    "MyNumber",
    "index_of",
    "indexes_of",
    "keypair",
    "open_at_rest",
    "open_batch",
    "open_from_wire",
    "seal_at_rest",
    "vault",
]


def vault() -> Vault:
    """Where the keys of this system lie."""
    return vault_of(SYSTEM)


def keypair() -> SealingKeyPair:
    """The key to which others seal a 個人番号 for this system."""
    return keypair_of(SYSTEM)


def index_of(number: MyNumber) -> bytes:
    """Keyed index, 32 bytes: equal numbers have equal indexes, and nobody without the key can make one."""
    return vault().index(number.reveal(), context=_AT_REST)


def indexes_of(numbers: Sequence[MyNumber]) -> list[bytes]:
    """`index_of` of each, in order."""
    return vault().index_many((n.reveal() for n in numbers), context=_AT_REST)


def seal_at_rest(numbers: Sequence[MyNumber]) -> list[bytes]:
    """Encrypted under the vault's data key, one blob each, in order."""
    return vault().seal_many((n.reveal().encode("ascii") for n in numbers), context=_AT_REST)


def open_at_rest(blobs: Iterable[bytes]) -> list[MyNumber]:
    """The numbers behind the blobs, in order. Raises CannotOpen."""
    return [MyNumber(data.decode("ascii")) for data in vault().open_many(blobs, context=_AT_REST)]


def open_from_wire(token: str) -> MyNumber:
    """The number in a JWE. Raises CannotOpen."""
    return MyNumber(_text(open_with(keypair(), token, context=WIRE)))


def open_batch(token: str, *, rows: int) -> list[MyNumber | None]:
    """The numbers of a whole batch in one JWE: a JSON array of `rows` texts or nulls. Raises CannotOpen."""
    try:
        values = json.loads(_text(open_with(keypair(), token, context=WIRE)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != rows:
        raise CannotOpen("the batch does not fit its rows")
    if not all(value is None or isinstance(value, str) for value in values):
        raise CannotOpen("the batch holds something that is no number")
    return [None if value is None else MyNumber(value) for value in values]


def _text(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise CannotOpen("not a number") from None
