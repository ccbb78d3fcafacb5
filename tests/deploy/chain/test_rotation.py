"""Keys and certificates change on both sides while messages are under way; a key that was stolen is worth nothing."""

from datetime import datetime

import pytest
from tests.deploy.chain.conftest import CHAIN, FATHER, MOTHER, NUMBERS, OTARU, Chain, resident
from tests.deploy.chain.test_survival import check_each_once

from tasuke.core.numbers import synthetic_my_number
from tasuke.platform.transport.models import Removed
from tasuke.systems.midserver.services.rotate_keys import rotate_keys
from tasuke.systems.midserver.tenancy import inside
from tasuke.systems.nis.models import Code, DirectoryKey, Refusal
from tasuke.systems.nis.services.publish_key import replace_keys, revoke_key
from tasuke.systems.nis.settings_holder import juki_sealing

pytestmark = pytest.mark.django_db(databases=CHAIN)
SAPPORO = "B011002"
OWNERS = {"CORE", SAPPORO, OTARU}


def in_force(at: datetime) -> set[tuple[str, str]]:
    """(body, key id) of the newest key of each use."""
    rows = DirectoryKey.objects.using("nis").filter(valid_from__lte=at, valid_to__gt=at, revoked_at__isnull=True)
    return {(row.body, row.kid) for row in rows}


def refusals() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [("nis", row.code) for row in Refusal.objects.using("nis").order_by("id")]
    for body in (SAPPORO, OTARU):
        with inside(body) as room:
            found += [(body, row[0]) for row in room.rows("SELECT code FROM refusal ORDER BY id")]
    return found


def test_all_keys_are_renewed_with_messages_under_way_and_the_old_ones_end(family: Chain) -> None:
    old = in_force(family.now)
    assert {body for body, _ in old} == OWNERS
    old_juki = juki_sealing().newest()[0]
    family.later(days=334)
    asked = family.ask(FATHER)
    family.turn("subsidy", "gateway")  # registered at 中間サーバー, not yet in a letter
    family.later(days=2)
    asked += family.ask(MOTHER)
    # in this turn 中間サーバー makes and publishes new keys, and signs with the old ones, which alone are known
    family.turn("subsidy", "gateway", "midserver")
    family.turn("nis")  # core too renews its keys, with letters sealed to the old ones in its mailboxes
    family.settle()
    check_each_once(asked, until=2028)
    assert refusals() == []

    family.later(days=31)  # the old keys and certificates have ended
    now = in_force(family.now)
    assert not old & now
    assert {body for body, _ in now} == OWNERS
    # the same turns have let the replies of a year ago go, and kept on record that they did
    for system in ("unified_id", "gateway", "midserver", "nis"):
        assert Removed.objects.using(system).filter(what="replies", rows__gt=0).exists()
    assert juki_sealing().newest()[0] != old_juki
    asked += family.ask(FATHER)
    family.settle()
    check_each_once(asked, until=2028)
    somebody = "000000010000041"
    family.residents(resident(somebody))
    family.numbers({**NUMBERS, somebody: synthetic_my_number("00000000004")})
    family.settle()
    family.later(minutes=2)
    family.settle()
    assert Code.objects.using("nis").filter(body=SAPPORO).count() == 4  # sealed to the new key of the 住基 side
    assert refusals() == []


def test_a_stolen_key_is_revoked_refused_on_record_and_replaced(family: Chain) -> None:
    asked = family.ask(FATHER)
    family.turn("subsidy", "gateway")
    with inside(OTARU) as room:
        stolen = room.signing_keys.newest()[0]
    revoke_key(kid=stolen, at=family.clock())
    family.later(minutes=1)
    family.settle()  # Otaru takes the question and has nothing to sign the answer with
    asked[0].refresh_from_db()
    assert asked[0].outcome == ""
    with inside(OTARU) as room:
        waiting = room.value("SELECT count(*) FROM outbox WHERE state = 'ready'")
        states = room.rows("SELECT state FROM provision")
    assert (waiting, states) == (1, [("answered",)])

    with inside(OTARU) as room:
        rotate_keys(room)
        signing, sealing = room.signing_keys.public_jwks()[0], room.opening_keys.public_jwks()[0]
    # handed over by the body's people, as on joining: a revoked key vouches for nothing
    replace_keys(body=OTARU, signing=signing, sealing=sealing, at=family.clock())
    family.later(minutes=6)
    family.settle()
    check_each_once(asked)
    assert stolen not in {kid for _, kid in in_force(family.now)}


def test_a_letter_signed_with_a_revoked_key_is_refused_and_on_record(family: Chain) -> None:
    family.ask(FATHER)
    family.turn("subsidy", "gateway")
    with inside(SAPPORO) as room:
        kid = room.signing_keys.newest()[0]
    # the national side knows already, 中間サーバー does not yet: it signs and sends
    DirectoryKey.objects.using("nis").filter(kid=kid).update(revoked_at=family.clock())
    family.turn("midserver")
    assert ("nis", "revoked-key") in refusals()
    assert (SAPPORO, "revoked-key") in refusals()


def test_whoever_may_be_asked_for_households_is_named_by_the_national_list() -> None:
    """What the gateway provides, and what any table of it reads, stands on the list under the same code."""
    from tasuke.systems.gateway import tables
    from tasuke.systems.nis.master import read_permissions

    listed = {one.row.information_code for one in read_permissions()[1]}
    provided = {row.information_code for row in tables.provided().values()}
    assert provided <= listed
