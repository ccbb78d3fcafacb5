"""One suite for every contract, run on every transport: what is promised holds in process, over HTTP and by files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasuke.contracts.book import CONTRACTS
from tasuke.contracts.kit import (
    Caller,
    Contract,
    ContractError,
    Handlers,
    Link,
    Message,
    Operation,
    Refused,
    Unreachable,
)
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.transport.models import Answered
from tasuke.platform.transport.testing import TRANSPORTS, Transport, link_by

CHAIN = ("subsidy", "resident", "welfare", "unified_id", "gateway", "midserver", "nis")
pytestmark = pytest.mark.django_db(databases=list(CHAIN))
NOW = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)
# contracts that several systems offer are tried at one of them
_OFFERED_BY = {"resident-events": "welfare", "keys": "unified_id"}


def example(operation: Operation[Any, Any], contract: Contract, side: str) -> Any:
    message = operation.request if side == "request" else operation.reply
    return message.model_validate_json(json.dumps(contract.examples[operation.name][side]))


@dataclass
class Provider:
    """Answers each operation of a contract with its example, and keeps what it was asked."""

    contract: Contract
    calls: list[tuple[str, Message, Caller]] = field(default_factory=list)
    fault: Exception | None = None

    @property
    def system(self) -> str:
        return _OFFERED_BY.get(self.contract.id, self.contract.provider)

    def handlers(self) -> Handlers:
        return {operation: self._handler(operation) for operation in self.contract.operations}

    def _handler(self, operation: Operation[Any, Any]) -> Any:
        def handle(request: Message, caller: Caller) -> Message:
            self.calls.append((operation.name, request, caller))
            if self.fault is not None:
                raise self.fault
            return example(operation, self.contract, "reply")  # type: ignore[no-any-return]

        return handle


@pytest.fixture(params=CONTRACTS, ids=lambda c: c.id)
def provider(request: pytest.FixtureRequest) -> Provider:
    return Provider(request.param)


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    return request.param  # type: ignore[no-any-return]


@contextmanager
def linked(
    provider: Provider, transport: Transport, folder: Path, scopes: frozenset[str] | None = None
) -> Iterator[Link]:
    with link_by(
        transport,
        provider=provider.system,
        handlers=provider.handlers(),
        system="subsidy",
        body="B011002",
        clock=lambda: NOW,
        folder=folder,
        scopes=scopes,
    ) as link:
        yield link


def key_of(operation: Operation[Any, Any], suffix: str = "1") -> str:
    return f"{operation.name}-{suffix}" if operation.writes else ""


def test_every_provider_is_a_system_of_the_chain() -> None:
    assert {Provider(c).system for c in CONTRACTS} <= set(CHAIN) <= set(SYSTEMS)


def test_each_operation_arrives_whole_and_its_answer_comes_back(
    provider: Provider, transport: Transport, tmp_path: Path
) -> None:
    with linked(provider, transport, tmp_path) as link:
        for operation in provider.contract.operations:
            request = example(operation, provider.contract, "request")
            reply = link.call(operation, request, key=key_of(operation))
            assert reply == example(operation, provider.contract, "reply")
            name, arrived, caller = provider.calls[-1]
            assert (name, arrived) == (operation.name, request)
            assert (caller.system, caller.body, caller.at) == ("subsidy", "B011002", NOW)


def test_what_writes_is_done_once_for_a_key(provider: Provider, transport: Transport, tmp_path: Path) -> None:
    with linked(provider, transport, tmp_path) as link:
        for operation in provider.contract.operations:
            request = example(operation, provider.contract, "request")
            if not operation.writes:
                link.call(operation, request)
                continue
            first = link.call(operation, request, key=key_of(operation))
            assert link.call(operation, request, key=key_of(operation)) == first
            with pytest.raises(Refused):
                link.call(operation, request)
    asked = [name for name, _, _ in provider.calls]
    assert asked == [operation.name for operation in provider.contract.operations]
    written = sum(operation.writes for operation in provider.contract.operations)
    assert Answered.objects.using(provider.system).count() == written


def test_nothing_is_answered_outside_the_scope(provider: Provider, transport: Transport, tmp_path: Path) -> None:
    with linked(provider, transport, tmp_path, scopes=frozenset({"other:thing/v1:Read"})) as link:
        for operation in provider.contract.operations:
            with pytest.raises(Refused) as caught:
                link.call(operation, example(operation, provider.contract, "request"), key=key_of(operation))
            assert caught.value.status == 403
    assert not provider.calls


def test_a_refusal_travels_with_its_reasons_and_a_closed_provider_can_be_asked_again(
    provider: Provider, transport: Transport, tmp_path: Path
) -> None:
    reason = ContractError(code="E0004", message="合いません", field="atenabango")
    with linked(provider, transport, tmp_path) as link:
        for operation in provider.contract.operations:
            request = example(operation, provider.contract, "request")
            provider.fault = Refused("受け付けません", (reason,), status=409)
            with pytest.raises(Refused, match="受け付けません") as caught:
                link.call(operation, request, key=key_of(operation, "refused"))
            assert (caught.value.status, caught.value.errors) == (409, (reason,))
            provider.fault = Unreachable("閉局中")
            with pytest.raises(Unreachable):
                link.call(operation, request, key=key_of(operation, "closed"))
            provider.fault = None
            reply = link.call(operation, request, key=key_of(operation, "closed"))
            assert reply == example(operation, provider.contract, "reply")
