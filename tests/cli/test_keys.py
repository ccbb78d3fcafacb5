"""tasuke keys: a stolen key is revoked by one, renewed by another, replaced by the first; all of it is on record."""

import json

import pytest
from django.db import connections
from tests.deploy.chain.conftest import CHAIN, OTARU, chain  # noqa: F401 a fixture
from typer.testing import CliRunner

from tasuke.cli.main import app
from tasuke.systems.midserver.tenancy import inside
from tasuke.systems.nis.models import DirectoryKey

pytestmark = pytest.mark.django_db(databases=[*CHAIN, "accounts"])
HAND = ("--by", "N0001", "--why", "盗難")


@pytest.fixture
def tasuke(chain, monkeypatch):  # noqa: F811
    monkeypatch.setenv("TASUKE_PROFILE", "sapporo")
    monkeypatch.setattr("tasuke.deploy.setup.prepare_databases", list)
    monkeypatch.setattr("tasuke.deploy.clock.now", chain.clock)

    def run(*arguments):
        told = CliRunner().invoke(app, ["keys", *arguments], catch_exceptions=False)
        return told.exit_code, told.stdout, told.stderr

    return run


def in_force():
    return set(DirectoryKey.objects.using("nis").filter(body=OTARU, revoked_at=None).values_list("kid", flat=True))


def trail(system):
    with connections[system].cursor() as cursor:
        cursor.execute("SELECT personal_id, detail FROM audit_event WHERE screen = 'tasuke keys' ORDER BY id")
        return [(who, json.loads(detail)["what"], json.loads(detail)["why"]) for who, detail in cursor.fetchall()]


def test_a_stolen_key_is_revoked_renewed_and_replaced_on_record(tasuke):
    with inside(OTARU) as room:
        stolen = room.signing_keys.newest()[0]
    assert stolen in in_force()
    assert tasuke("revoke", stolen, *HAND)[0] == 0
    assert stolen not in in_force()
    assert tasuke("revoke", stolen, *HAND)[0] == 1
    status, said, _ = tasuke("renew", OTARU, *HAND)
    new = json.loads(said)
    assert status == 0
    assert tasuke("replace", OTARU, *HAND)[0] == 0
    assert in_force() == {new["signing"], new["sealing"]}
    assert trail("nis") == [("N0001", what, "盗難") for what in ("鍵の失効", "鍵の失効", "鍵の取替え")]
    assert trail("midserver") == [("N0001", "鍵の更新", "盗難")]


def test_without_a_reason_or_a_body_nothing_is_done(tasuke):
    before = in_force()
    assert tasuke("replace", OTARU, "--by", "N0001", "--why", " ")[0] == 2
    assert tasuke("renew", "B999999", *HAND)[0] == 2
    assert tasuke("replace", "B999999", *HAND)[0] == 1
    assert in_force() == before
