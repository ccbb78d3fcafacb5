"""Forged, replayed, expired or wrongly signed: turned away at the door of a provider, and on record."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasuke.contracts.kit import Caller, Refused
from tasuke.contracts.unified import REGISTER, RegisterReply, RegisterRequest
from tasuke.platform.transport.clients import ASSERTION_TYPE, Credentials, make_assertion, revoke_client
from tasuke.platform.transport.http_client import HttpLink
from tasuke.platform.transport.models import AccessToken, Rejection
from tasuke.platform.transport.testing import link_by

pytestmark = pytest.mark.django_db(databases=["unified_id"])
NOW = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)
REQUEST = RegisterRequest(business_id="900", registrations=())


class Door:
    """A provider over HTTP, and what a stranger on the way may try. done: calls that got through."""

    def __init__(self) -> None:
        self.now = NOW
        self.done = 0
        self.link: HttpLink

    def register(self, request: RegisterRequest, caller: Caller) -> RegisterReply:
        self.done += 1
        return RegisterReply(linked=0, unchanged=0)

    @property
    def known(self) -> Credentials:
        return self.link.credentials

    def knock(self, assertion: str, **more: str) -> int:
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, **more}
        return self.raw.post("oauth/token", data={**form, "client_assertion": assertion}).status_code

    @property
    def raw(self) -> httpx.Client:
        return self.link._client

    def call(self, token: str, **more: Any) -> int:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k", "Content-Type": "application/json"}
        return self.raw.post(REGISTER.path, content=REQUEST.model_dump_json(), headers={**headers, **more}).status_code

    def assertion(self, **claims: str) -> str:
        return make_assertion(self.known, audience=claims.get("audience", "tasuke:unified_id"), at=self.now)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door()
    ways = {"provider": "unified_id", "handlers": {REGISTER: made.register}, "system": "subsidy", "folder": tmp_path}
    with link_by("http", **ways, clock=lambda: made.now, body="B011002") as link:  # type: ignore[arg-type]
        assert isinstance(link, HttpLink)
        made.link = link
        yield made


def on_record() -> list[tuple[str, str, str, int]]:
    rows = Rejection.objects.using("unified_id").order_by("id")
    return [(row.code, row.system, row.operation, row.count) for row in rows]


def tampered(assertion: str) -> str:
    """The same signature under other claims."""
    head, body, signature = assertion.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["exp"] += 100
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def test_a_tampered_assertion(door: Door) -> None:
    assert door.knock(tampered(door.assertion())) == 401
    assert on_record() == [("signature", "subsidy", "", 1)]


def test_an_assertion_signed_with_another_secret(door: Door) -> None:
    forged = make_assertion(Credentials(door.known.client_id, "x" * 48), audience="tasuke:unified_id", at=NOW)
    assert [door.knock(forged), door.knock(forged)] == [401, 401]
    assert on_record() == [("signature", "subsidy", "", 2)]


def test_a_replayed_assertion(door: Door) -> None:
    assertion = door.assertion()
    assert [door.knock(assertion), door.knock(assertion)] == [200, 401]
    assert on_record() == [("replayed", "subsidy", "", 1)]


def test_an_expired_assertion(door: Door) -> None:
    assertion = door.assertion()
    door.now += timedelta(minutes=2)
    assert door.knock(assertion) == 401
    assert on_record() == [("expired", "subsidy", "", 1)]


def test_an_assertion_for_another_provider(door: Door) -> None:
    assert door.knock(door.assertion(audience="tasuke:nis")) == 401
    assert on_record() == [("audience", "subsidy", "", 1)]


def test_a_right_that_was_never_given(door: Door) -> None:
    assert door.knock(door.assertion(), scope="somebody:else/v1:Read") == 401
    assert on_record() == [("scope", "subsidy", "", 1)]


def test_nobody_in_particular_is_counted_under_no_name(door: Door) -> None:
    """The table grows by days and reasons, not by what strangers make up."""
    for place in range(5):
        stranger = Credentials(f"{place:032d}", "x" * 48)
        assert door.knock(make_assertion(stranger, audience="tasuke:unified_id", at=NOW)) == 401
        assert door.call(f"made-up-{place}") == 401
    assert on_record() == [("unknown-client", "", "", 5), ("token", "", REGISTER.path, 5)]


def test_a_token_that_has_ended_or_whose_client_was_revoked(door: Door) -> None:
    token = door.link._bearer()
    assert door.call(token) == 200
    door.now += timedelta(minutes=11)
    assert door.call(token) == 401
    again = door.link._bearer()
    revoke_client(using="unified_id", client_id=door.known.client_id, at=door.now)
    assert door.call(again) == 401
    assert not AccessToken.objects.using("unified_id").exists()
    assert on_record() == [("token", "", REGISTER.path, 2)]
    assert door.done == 1


def test_a_key_under_which_something_else_was_asked(door: Door) -> None:
    door.link.call(REGISTER, REQUEST, key="one")
    with pytest.raises(Refused, match="別の内容"):
        door.link.call(REGISTER, RegisterRequest(business_id="901", registrations=()), key="one")
    assert on_record() == [("key-reused", "subsidy", REGISTER.path, 1)]
    assert door.done == 1


def test_a_form_that_is_not_the_contracts(door: Door) -> None:
    token = door.link._bearer()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k", "Content-Type": "application/json"}
    assert door.raw.post(REGISTER.path, content='{"person": "何か"}', headers=headers).status_code == 400
    assert on_record() == [("form", "subsidy", REGISTER.path, 1)]
