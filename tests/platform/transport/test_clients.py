"""Tokens: only for who signs with the secret, once per assertion, for this provider, now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasuke.platform.transport.clients import (
    Credentials,
    NotAuthenticated,
    caller_of,
    forget_expired,
    issue_token,
    make_assertion,
    register_client,
    revoke_client,
)
from tasuke.platform.transport.models import AccessToken, Client

pytestmark = pytest.mark.django_db(databases=["gateway"])
NOW = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)
AUDIENCE = "tasuke:gateway"


@pytest.fixture
def client() -> Credentials:
    return register_client(using="gateway", system="subsidy", scopes=frozenset({"a:b/v1:Read", "a:c/v1:Write"}), at=NOW)


def ask(assertion: str, **changes: Any) -> Any:
    return issue_token(
        **{"using": "gateway", "assertion": assertion, "audience": AUDIENCE, "scope": "", "at": NOW, **changes}
    )


def test_a_token_says_who_calls(client: Credentials) -> None:
    token = ask(make_assertion(client, audience=AUDIENCE, at=NOW), scope="a:b/v1:Read")
    caller = caller_of(using="gateway", token=token.value, at=NOW)
    assert (caller.client_id, caller.system, caller.scopes) == (client.client_id, "subsidy", {"a:b/v1:Read"})


def test_an_assertion_is_good_once(client: Credentials) -> None:
    assertion = make_assertion(client, audience=AUDIENCE, at=NOW)
    ask(assertion)
    with pytest.raises(NotAuthenticated, match="before"):
        ask(assertion)


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "tasuke:nis"},
        {"at": NOW + timedelta(minutes=2)},
        {"at": NOW - timedelta(minutes=2)},
        {"scope": "a:d/v1:Read"},
    ],
    ids=["for another provider", "too late", "too early", "a scope that it has not"],
)
def test_what_does_not_fit_is_refused(client: Credentials, changes: dict[str, Any]) -> None:
    assertion = make_assertion(client, audience=AUDIENCE, at=NOW)
    with pytest.raises(NotAuthenticated):
        ask(assertion, **changes)


def test_another_secret_is_refused(client: Credentials) -> None:
    with pytest.raises(NotAuthenticated, match="signed"):
        ask(make_assertion(Credentials(client.client_id, "x" * 48), audience=AUDIENCE, at=NOW))


@pytest.mark.parametrize("assertion", ["", "a.b.c", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.", "日本"])
def test_what_is_no_assertion_is_refused(assertion: str) -> None:
    with pytest.raises(NotAuthenticated):
        ask(assertion)


def test_a_revoked_client_and_its_tokens_are_refused(client: Credentials) -> None:
    token = ask(make_assertion(client, audience=AUDIENCE, at=NOW))
    revoke_client(using="gateway", client_id=client.client_id, at=NOW)
    with pytest.raises(NotAuthenticated):
        caller_of(using="gateway", token=token.value, at=NOW)
    with pytest.raises(NotAuthenticated):
        ask(make_assertion(client, audience=AUDIENCE, at=NOW))


def test_a_token_ends(client: Credentials) -> None:
    token = ask(make_assertion(client, audience=AUDIENCE, at=NOW))
    with pytest.raises(NotAuthenticated):
        caller_of(using="gateway", token=token.value, at=NOW + timedelta(hours=1))
    assert forget_expired(using="gateway", at=NOW + timedelta(hours=1)) == 2
    assert not AccessToken.objects.using("gateway").exists()


def test_neither_secret_nor_token_is_stored_in_the_clear(client: Credentials) -> None:
    token = ask(make_assertion(client, audience=AUDIENCE, at=NOW))
    stored = bytes(Client.objects.using("gateway").get().secret_sealed)
    assert client.secret.encode() not in stored
    assert token.value.encode() not in bytes(AccessToken.objects.using("gateway").get().token_hash)
    assert client.secret not in repr(client)
