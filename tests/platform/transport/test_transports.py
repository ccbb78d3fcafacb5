"""Every transport keeps the same promises: scope, form, one answer per key, and the provider's own words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasuke.contracts.kit import Caller, Handlers, Link, Refused, Unreachable
from tasuke.contracts.unified import MATCH_MY_NUMBER, REGISTER, MatchReply, MatchRequest, RegisterReply, RegisterRequest
from tasuke.platform.transport.models import Answered
from tasuke.platform.transport.testing import TRANSPORTS, Transport, link_by

pytestmark = pytest.mark.django_db(databases=["unified_id"])
NOW = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)
REQUEST = RegisterRequest.model_validate(
    {"business_id": "900", "registrations": [{"atena_no": "1", "resident": True, "name": "髙橋　花子"}]}
)


class Provider:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Caller]] = []
        self.fault: Exception | None = None

    def handlers(self) -> Handlers:
        return {REGISTER: self._register, MATCH_MY_NUMBER: self._match}

    def _register(self, request: RegisterRequest, caller: Caller) -> RegisterReply:
        self.calls.append((request, caller))
        if self.fault:
            raise self.fault
        return RegisterReply(linked=len(request.registrations), unchanged=len(self.calls) - 1)

    def _match(self, request: MatchRequest, caller: Caller) -> MatchReply:
        self.calls.append((request, caller))
        return MatchReply(known=True, matches=request.atena_no == "1")


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def link(transport: Transport, provider: Provider, tmp_path: Path) -> Iterator[Link]:
    with link_by(
        transport,
        provider="unified_id",
        handlers=provider.handlers(),
        system="subsidy",
        body="B011002",
        clock=lambda: NOW,
        folder=tmp_path,
    ) as made:
        yield made


def test_a_call_arrives_whole_with_who_called(link: Link, provider: Provider) -> None:
    reply = link.call(REGISTER, REQUEST, key="one")
    assert reply == RegisterReply(linked=1, unchanged=0)
    request, caller = provider.calls[0]
    assert request == REQUEST
    assert (caller.system, caller.body, caller.at, caller.idempotency_key) == ("subsidy", "B011002", NOW, "one")


def test_the_same_key_is_answered_once(link: Link, provider: Provider) -> None:
    first = link.call(REGISTER, REQUEST, key="one")
    assert link.call(REGISTER, REQUEST, key="one") == first
    assert len(provider.calls) == 1
    assert Answered.objects.using("unified_id").count() == 1


def test_another_key_is_another_call(link: Link, provider: Provider) -> None:
    link.call(REGISTER, REQUEST, key="one")
    assert link.call(REGISTER, REQUEST, key="two").unchanged == 1


def test_a_refusal_travels_with_its_reasons_and_leaves_no_answer(link: Link, provider: Provider) -> None:
    provider.fault = Refused("対象者がいません", status=409)
    with pytest.raises(Refused, match="対象者がいません") as caught:
        link.call(REGISTER, REQUEST, key="one")
    assert caught.value.status == 409
    assert not Answered.objects.using("unified_id").exists()


def test_a_provider_that_is_closed_is_unreachable_and_the_call_can_be_repeated(link: Link, provider: Provider) -> None:
    provider.fault = Unreachable("閉局中")
    with pytest.raises(Unreachable):
        link.call(REGISTER, REQUEST, key="one")
    provider.fault = None
    assert link.call(REGISTER, REQUEST, key="one").linked == 1


def test_reading_needs_no_key(link: Link) -> None:
    assert link.call(MATCH_MY_NUMBER, MatchRequest(atena_no="1", my_number_sealed="x")).matches


@pytest.mark.parametrize("transport", ["local", "http"], indirect=False)
def test_the_same_key_for_another_request_is_refused(transport: Transport, provider: Provider, tmp_path: Path) -> None:
    other = REQUEST.model_copy(update={"business_id": "010"})
    with _link(transport, provider, tmp_path) as link:
        link.call(REGISTER, REQUEST, key="one")
        with pytest.raises(Refused) as caught:
            link.call(REGISTER, other, key="one")
    assert caught.value.status == 409


def test_a_call_outside_the_scope_is_refused(transport: Transport, provider: Provider, tmp_path: Path) -> None:
    with (
        _link(transport, provider, tmp_path, scopes=frozenset({MATCH_MY_NUMBER.scope})) as link,
        pytest.raises(Refused) as caught,
    ):
        link.call(REGISTER, REQUEST, key="one")
    assert caught.value.status == 403
    assert not provider.calls


def test_writing_without_a_key_is_refused(transport: Transport, provider: Provider, tmp_path: Path) -> None:
    with _link(transport, provider, tmp_path) as link, pytest.raises(Refused):
        link.call(REGISTER, REQUEST)
    assert not provider.calls


def _link(transport: Transport, provider: Provider, folder: Path, scopes: frozenset[str] | None = None) -> Any:
    return link_by(
        transport,
        provider="unified_id",
        handlers=provider.handlers(),
        system="subsidy",
        clock=lambda: NOW,
        folder=folder,
        scopes=scopes,
    )


def test_time_passes(provider: Provider, tmp_path: Path) -> None:
    """A token is renewed before it ends; the caller notices nothing."""
    moment = [NOW]
    with link_by(
        "http",
        provider="unified_id",
        handlers=provider.handlers(),
        system="subsidy",
        clock=lambda: moment[0],
        folder=tmp_path,
    ) as link:
        link.call(REGISTER, REQUEST, key="one")
        moment[0] = NOW + timedelta(hours=3)
        assert link.call(REGISTER, REQUEST, key="two").linked == 1
