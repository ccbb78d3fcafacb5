"""What every contract is made of: messages, operations, faults, and the link through which one system asks another.

Scopes read `contract:operation:verb`, after 地方公共団体情報システム共通機能標準仕様書 (庁内データ連携).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A message between systems: frozen, nothing unknown in it, and no value of it in an error text."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q, R]):
    """One thing that a system offers. writes: it changes something, so every call carries an idempotency key.

    code: the number of the interface where a public specification names one (`IF_SKI_10123`), else empty.
    """

    contract: str
    version: int
    name: str
    request: type[Q]
    reply: type[R]
    writes: bool = False
    code: str = ""

    @property
    def path(self) -> str:
        """Address below the provider's root."""
        return f"api/{self.contract}/v{self.version}/{self.name}"

    @property
    def scope(self) -> str:
        """What a token must allow."""
        return f"{self.contract}:{self.name}/v{self.version}:{'Write' if self.writes else 'Read'}"


@dataclass(frozen=True, slots=True)
class Contract:
    """Operations that one system offers to others."""

    id: str
    version: int
    title: str
    provider: str
    operations: tuple[Operation[Any, Any], ...]
    examples: Mapping[str, Mapping[str, Any]]  # operation name → {"request": …, "reply": …} as JSON values


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the provider has found out by itself, never as the message says.

    system: a system of this installation, or a body for calls between bodies. body: 団体コード or 機関コード.
    """

    client_id: str
    system: str
    body: str
    scopes: frozenset[str]
    at: datetime
    idempotency_key: str = ""


class Link(Protocol):
    """The way to a provider. The same call in process, over HTTP or through files."""

    def call(self, operation: Operation[Q, R], request: Q, *, key: str = "") -> R:
        """Ask. key: idempotency key of an operation that writes. Raises Refused, Unreachable."""


Handler = Callable[[Any, Caller], Message]
Handlers = Mapping[Operation[Any, Any], Handler]


class ContractError(Message):
    """One reason why a request was refused. field: dotted path in the request."""

    code: str
    message: str
    field: str = ""


class Refused(Exception):
    """The provider refuses for good: asking again with the same request gives the same answer."""

    def __init__(self, title: str, errors: tuple[ContractError, ...] = (), *, status: int = 400) -> None:
        super().__init__(title)
        self.title = title
        self.errors = errors
        self.status = status


class Unreachable(Exception):
    """No answer now: down, closed or too slow. The same request with the same key may be sent again."""


def json_schema(message: type[Message]) -> dict[str, Any]:
    """JSON Schema 2020-12 of a message."""
    return message.model_json_schema()
