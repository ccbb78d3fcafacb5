"""Keys and certificates, the master with its version, opening hours and the operator's switch."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.systems.nis.stations import NUMBER

from tasuke.contracts.interface import MasterRequest
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.mediation import (
    CONFIRM_MAIL,
    GET_KEYS,
    GET_NATIONAL_MASTER,
    OPENING,
    PUBLISH_KEY,
    CodesRemoved,
    Confirm,
    KeysRequest,
    PublicKey,
    Publish,
)
from tasuke.contracts.unified import Empty
from tasuke.platform.crypto.certificates import certifies, verify_certificate
from tasuke.platform.crypto.proofs import prove_key
from tasuke.systems.nis.calendar import CalendarUnusable, read_service
from tasuke.systems.nis.master import MasterUnusable, read_permissions
from tasuke.systems.nis.models import DirectoryKey
from tasuke.systems.nis.rounds import renew_keys
from tasuke.systems.nis.services.enrol_body import BodyKnown
from tasuke.systems.nis.services.load_master import load_master
from tasuke.systems.nis.services.open_network import open_network
from tasuke.systems.nis.services.publish_key import replace_keys
from tasuke.systems.nis.services.switch_service import NothingToSwitch, switch_service
from tasuke.systems.nis.settings_holder import set_service

pytestmark = pytest.mark.django_db(databases=["nis"])
NOTHING = CodesRemoved(codes=())


def new_key(station, kind="sig", **changes):
    """The newest key of a station as it would publish it."""
    ring = station.signing if kind == "sig" else station.sealing
    kid, jwk = ring.public_jwks()[0]
    made = PublicKey(
        body=station.code, kid=kid, use=kind, jwk=jwk,
        valid_from=station.clock.now, valid_to=station.clock.now + timedelta(days=300),
    )  # fmt: skip
    return made.model_copy(update=changes)


def publish(station, key, signer):
    station.link.call(PUBLISH_KEY, Publish(key=key, proof=prove_key(key, signer=signer)), key=f"pub-{key.kid}"[:100])


# --- keys -------------------------------------------------------------------------------------------------------------
def test_every_key_in_the_directory_has_a_certificate_of_the_authority(sapporo, clock):
    authority = open_network(at=clock.now)
    keys = sapporo.link.call(GET_KEYS, KeysRequest(known=0)).keys
    assert {(k.body, k.use) for k in keys} == {(b, u) for b in ("CORE", "B011002") for u in ("sig", "enc")}
    for key in keys:
        said = verify_certificate(key.certificate, authority=authority, at=clock.now)
        assert (said.body, said.kid) == (key.body, key.kid)
        assert certifies(key.certificate, key.jwk)


def test_a_body_changes_its_keys_with_the_key_in_force(sapporo, clock):
    before = sapporo.link.call(GET_KEYS, KeysRequest(known=0)).version
    old = sapporo.signing.current()
    sapporo.signing.rotate()
    publish(sapporo, new_key(sapporo), old)
    sapporo.sealing.rotate()
    publish(sapporo, new_key(sapporo, "enc"), sapporo.signing.current())
    assert sapporo.send(sapporo.envelope(NOTHING)) == [("taken", "")]
    sapporo.want(NUMBER)
    assert sapporo.fetch()[0]["kind"] == "codes-issued"  # sealed to the new key
    changed = sapporo.link.call(GET_KEYS, KeysRequest(known=before))
    assert {k.kid for k in changed.keys} == {sapporo.signing.newest()[0], sapporo.sealing.newest()[0]}
    publish(sapporo, new_key(sapporo), old)  # once more: nothing changes
    assert sapporo.link.call(GET_KEYS, KeysRequest(known=before)).version == changed.version


def test_a_key_without_the_proof_of_its_owner_is_refused(sapporo, otaru):
    sapporo.signing.rotate()
    key = new_key(sapporo)
    for signer in (sapporo.signing.current(), otaru.signing.current()):  # not in the directory; another body's
        with pytest.raises(Refused) as refused:
            publish(sapporo, key, signer)
        assert refused.value.status == 403
    assert not DirectoryKey.objects.using("nis").filter(kid=key.kid).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"body": "B012033"},
        {"use": "enc"},
        {"valid_to": datetime(2046, 1, 1, tzinfo=UTC)},
        {"valid_from": datetime(2027, 1, 1, tzinfo=UTC)},
        {"kid": ""},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "short"}},
    ],
)
def test_a_key_of_the_wrong_form_is_refused(sapporo, otaru, change):
    old = sapporo.signing.current()
    sapporo.signing.rotate()
    with pytest.raises(Refused):
        publish(sapporo, new_key(sapporo, **change), old)


def test_a_proof_vouches_for_one_key_only(sapporo):
    old = sapporo.signing.current()
    sapporo.signing.rotate()
    proof = prove_key(new_key(sapporo), signer=old)
    sapporo.signing.rotate()
    with pytest.raises(Refused):
        sapporo.link.call(PUBLISH_KEY, Publish(key=new_key(sapporo), proof=proof), key="p")


def test_a_body_that_lost_its_key_starts_anew_and_the_old_key_is_revoked(sapporo, clock):
    stolen = sapporo.envelope(NOTHING)
    sapporo.signing.rotate()
    sapporo.sealing.rotate()
    clock.forward(minutes=1)
    replace_keys(
        body=sapporo.code, signing=sapporo.signing.public_jwks()[0], sealing=sapporo.sealing.public_jwks()[0],
        at=clock.now,
    )  # fmt: skip
    assert sapporo.send(stolen) == [("refused", "revoked-key")]
    assert sapporo.send(sapporo.envelope(NOTHING)) == [("taken", "")]


def test_core_renews_its_keys_and_what_is_on_the_way_still_arrives(sapporo, clock):
    clock.forward(days=340)
    sapporo_on_the_way = sapporo.envelope(NOTHING, expires_at=clock.now + timedelta(days=7))
    sapporo.want(NUMBER)
    assert renew_keys(clock.now) == {"renewed": 2}
    assert renew_keys(clock.now) == {"renewed": 0}
    assert sapporo.send(sapporo_on_the_way) == [("taken", "")]
    assert sapporo.fetch()[0]["items"][0]["code"]


def test_a_body_joins_once(sapporo):
    with pytest.raises(BodyKnown):
        sapporo.enrol()


# --- master -----------------------------------------------------------------------------------------------------------
def test_the_master_goes_out_when_it_is_newer(sapporo):
    first = sapporo.link.call(GET_NATIONAL_MASTER, MasterRequest(known=0))
    assert [b.code for b in first.bodies] == ["B011002"]
    assert all(row.unconfirmed and row.legal_basis for row in first.permissions)
    assert len(first.permissions) > 5
    again = sapporo.link.call(GET_NATIONAL_MASTER, MasterRequest(known=first.version))
    assert (again.version, again.permissions, again.bodies) == (first.version, (), ())


def test_another_list_is_another_version_and_the_same_one_is_not(sapporo, clock, tmp_path):
    from importlib.resources import files

    text = (files("tasuke.systems.nis") / "data/permissions.toml").read_text("utf-8")
    before = load_master(at=clock.now)
    (tmp_path / "p.toml").write_text(text.replace("2024-05-27", "2024-05-28"), "utf-8")
    assert load_master(at=clock.now, path=tmp_path / "p.toml") == before + 1
    assert load_master(at=clock.now, path=tmp_path / "p.toml") == before + 1


@pytest.mark.parametrize(
    "change",
    [
        ('source = "', 'sauce = "'),
        ("[[permission]]", "[permission]"),
        ("valid_from = 2024-05-27", "valid_from = 2024-05-27\nvalid_to = 2024-05-27"),
        ('"JT00000000000902"', '"JT00000000000901"'),
        ("TM00000000000002 =", "TM1 ="),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused_as_a_whole(tmp_path, change):
    from importlib.resources import files

    text = (files("tasuke.systems.nis") / "data/permissions.toml").read_text("utf-8")
    (tmp_path / "p.toml").write_text(text.replace(*change), "utf-8")
    with pytest.raises(MasterUnusable):
        read_permissions(tmp_path / "p.toml")


# --- hours ------------------------------------------------------------------------------------------------------------
OFFICE = """
[[open]]
weekdays = [0, 1, 2, 3, 4]
from = "08:00"
to = "20:00"
[[closed]]
from = 2026-06-02T00:00:00+09:00
to = 2026-06-03T10:00:00+09:00
note = "保守"
"""


@pytest.fixture
def office_hours(network, tmp_path):
    from importlib.resources import files

    text = (files("tasuke.systems.nis") / "data/service.toml").read_text("utf-8")
    (tmp_path / "s.toml").write_text(text[: text.index("[[open]]")] + OFFICE, "utf-8")
    set_service(read_service(tmp_path / "s.toml"))


def jst(day, hour, minute=0):
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC) - timedelta(hours=9)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (jst(1, 8), "now"),
        (jst(1, 19, 59), "now"),
        (jst(1, 7, 59), jst(1, 8)),
        (jst(1, 20), jst(3, 10)),  # the next morning is closed for maintenance
        (jst(3, 9, 59), jst(3, 10)),
        (jst(5, 20), jst(8, 8)),  # Friday evening → Monday
    ],
)
def test_opening_hours(sapporo, office_hours, clock, moment, opens):
    clock.now = moment
    said = sapporo.link.call(OPENING, Empty())
    assert (said.open, said.opens_at) == ((True, None) if opens == "now" else (False, opens))


def test_outside_the_hours_nothing_is_taken_and_nothing_is_lost(sapporo, office_hours, clock):
    clock.now = jst(1, 12)
    sapporo.want(NUMBER)
    envelope = sapporo.envelope(NOTHING)
    clock.now = jst(1, 21)
    for call in (lambda: sapporo.send(envelope), sapporo.fetch):
        with pytest.raises(Unreachable):
            call()
    clock.now = jst(3, 10)
    assert len(sapporo.fetch()) == 1
    assert sapporo.send(sapporo.envelope(NOTHING)) == [("taken", "")]


def test_an_operator_stops_and_starts_the_service(sapporo, clock):
    switch_service(down=True, by="N0001", at=clock.now, note="試験")
    with pytest.raises(NothingToSwitch):
        switch_service(down=True, by="N0001", at=clock.now)
    assert sapporo.link.call(OPENING, Empty()).open is False
    for call in (
        sapporo.fetch,
        lambda: sapporo.want(NUMBER),
        lambda: sapporo.link.call(CONFIRM_MAIL, Confirm(upto=0), key="c"),
        lambda: sapporo.link.call(GET_NATIONAL_MASTER, MasterRequest(known=0)),
    ):
        with pytest.raises(Unreachable):
            call()
    switch_service(down=False, by="N0001", at=clock.now)
    assert sapporo.link.call(OPENING, Empty()).open is True


@pytest.mark.parametrize("change", [('"00:00"', '"25:00"'), ("permit_days = 7", ""), ("[[open]]", "[[closed]]")])
def test_a_calendar_that_cannot_be_meant_is_refused(tmp_path, change):
    from importlib.resources import files

    text = (files("tasuke.systems.nis") / "data/service.toml").read_text("utf-8")
    (tmp_path / "s.toml").write_text(text.replace(*change), "utf-8")
    with pytest.raises(CalendarUnusable):
        read_service(tmp_path / "s.toml")
