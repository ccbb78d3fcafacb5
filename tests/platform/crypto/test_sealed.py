"""One value for one receiver: nobody else opens it, nothing changed opens, old keys open until they are forgotten."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe

from tasuke.platform.crypto.keyrings import SealingKeyPair, SigningKeyPair, public_key
from tasuke.platform.crypto.sealed import CannotOpen, KeyNotHere, open_with, seal_for
from tasuke.platform.crypto.vault import Vault

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def ring(folder, kind=SealingKeyPair, owner="unified_id"):
    return kind(folder, owner=owner, vault=Vault(folder))


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return ring(tmp_path_factory.mktemp("pair"))


@given(st.binary(max_size=300), st.text(max_size=30))
def test_what_is_sealed_opens_again(pair, data, context):
    token = seal_for(pair.public_jwks()[0][1], data, context=context)
    assert open_with(pair, token, context=context) == data


@given(st.data())
def test_any_changed_character_is_refused(pair, draw):
    token = seal_for(pair.public_jwks()[0][1], b"123456789013", context="my_number")
    place = draw.draw(st.integers(0, len(token) - 1))
    other = draw.draw(st.sampled_from(ALPHABET + ".=+ \x00あ").filter(lambda char: char != token[place]))
    with pytest.raises(CannotOpen):
        open_with(pair, token[:place] + other + token[place + 1 :], context="my_number")


@given(st.text(max_size=200))
def test_what_is_no_token_is_refused(pair, text):
    with pytest.raises(CannotOpen):
        open_with(pair, text, context="my_number")


@pytest.mark.parametrize("added", ["", " ", "=", "\n", ".", "A"])
def test_nothing_may_be_added(pair, added):
    token = seal_for(pair.public_jwks()[0][1], b"x", context="c")
    if added:
        with pytest.raises(CannotOpen):
            open_with(pair, token + added, context="c")


def test_a_value_opens_only_in_its_context(pair):
    token = seal_for(pair.public_jwks()[0][1], b"x", context="answer|K1")
    with pytest.raises(CannotOpen):
        open_with(pair, token, context="answer|K2")


def test_the_context_is_authenticated_not_only_written(pair):
    """Who writes another context on a token does not open it: the context is part of the key."""
    token = seal_for(pair.public_jwks()[0][1], b"x", context="a")
    head, *rest = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    header["apv"] = base64.urlsafe_b64encode(b"b").rstrip(b"=").decode()
    forged = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    with pytest.raises(CannotOpen):
        open_with(pair, ".".join([forged, *rest]), context="b")


def test_only_the_receiver_opens(pair, tmp_path):
    token = seal_for(pair.public_jwks()[0][1], b"x", context="c")
    with pytest.raises(KeyNotHere):
        open_with(ring(tmp_path), token, context="c")


def test_another_algorithm_is_refused(pair):
    kid, key = pair.newest()
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": kid, "apv": "Yw"}
    token = jwe.encrypt_compact(header, b"x", key, algorithms=["ECDH-ES+A256KW", "A256GCM"])
    with pytest.raises(CannotOpen):
        open_with(pair, token, context="c")


def test_a_compressed_token_is_refused(pair):
    """Nobody makes us unpack a bomb."""
    kid, key = pair.newest()
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": kid, "apv": "Yw", "zip": "DEF"}
    token = jwe.encrypt_compact(header, b"x" * 10_000, key, algorithms=["ECDH-ES", "A256GCM", "DEF"])
    with pytest.raises(CannotOpen):
        open_with(pair, token, context="c")


def test_old_keys_open_after_a_rotation_until_they_are_forgotten(tmp_path):
    pair = ring(tmp_path)
    ((old_kid, old),) = pair.public_jwks()
    token = seal_for(old, b"x", context="c")
    new_kid = pair.rotate()
    assert [kid for kid, _ in pair.public_jwks()] == [new_kid, old_kid]
    assert open_with(ring(tmp_path), token, context="c") == b"x"  # also for who starts anew
    pair.forget(old_kid)
    with pytest.raises(KeyNotHere):
        open_with(pair, token, context="c")
    with pytest.raises(ValueError, match="in use"):
        pair.forget(new_kid)


def test_ten_rotations_keep_the_order(tmp_path):
    pair = ring(tmp_path)
    kids = [pair.newest()[0], *(pair.rotate() for _ in range(10))]
    assert [kid for kid, _ in ring(tmp_path).public_jwks()] == kids[::-1]


def test_public_keys_show_no_private_part_and_key_files_hold_none_in_clear(tmp_path):
    pair = ring(tmp_path)
    private = pair.newest()[1].as_dict(private=True)["d"]
    assert private not in str(pair.public_jwks())
    raw = base64.urlsafe_b64decode(private + "=")
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        assert private.encode() not in data
        assert raw not in data


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "kid": "k"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "kid": "k"},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "kid": "k", "d": "A" * 43},
        {"kty": "OKP", "crv": "X25519", "x": "A", "kid": "k"},
    ],
)
def test_only_a_public_sealing_key_with_its_id_can_be_sealed_to(jwk):
    with pytest.raises(ValueError, match="key"):
        seal_for(jwk, b"x", context="c")


def test_signing_and_sealing_keys_lie_apart_in_one_folder(tmp_path):
    sealing, signing = ring(tmp_path), ring(tmp_path, SigningKeyPair)
    assert sealing.public_jwks()[0][1]["crv"] == "X25519"
    assert signing.current().kid.startswith("unified_id-sig-1-")
    assert public_key(signing.public_jwks()[0][1])
