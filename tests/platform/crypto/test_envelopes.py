"""Between bodies: only what the right body made, for us, now, and unchanged, is read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.envelopes import LONGEST_LIFE, Claims, EnvelopeRefused, make, read
from tasuke.platform.crypto.keyrings import SealingKeyPair, SigningKeyPair
from tasuke.platform.crypto.order import Order, judge
from tasuke.platform.crypto.sealed import seal_token
from tasuke.platform.crypto.vault import Vault

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
CLAIMS = Claims(
    issuer="B011002", audience="CORE", message_id="M1", sequence=7, issued_at=AT, expires_at=AT + timedelta(days=1),
    kind="ask",
)  # fmt: skip
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Post:
    """A sender's and a receiver's keys, and the directory between them."""

    def __init__(self, folder):
        vault = Vault(folder)
        self.signing = SigningKeyPair(folder, owner="B011002", vault=vault)
        self.sealing = SealingKeyPair(folder, owner="CORE", vault=vault)
        self.listed = self.public(self.signing, "sig", "B011002")
        self.to = self.public(self.sealing, "enc", "CORE")

    def public(self, ring, use, body):
        kid, jwk = ring.public_jwks()[0]
        return PublicKey(
            body=body, kid=kid, use=use, jwk=jwk,
            valid_from=AT - timedelta(days=30), valid_to=AT + timedelta(days=30),
        )  # fmt: skip

    def make(self, payload=b"payload", **claims):
        return make(payload, signer=self.signing.current(), recipient=self.to, claims=replace(CLAIMS, **claims))

    def read(self, token, *, at=AT, audience="CORE", **listed):
        key = self.listed.model_copy(update=listed)
        return read(token, recipient=self.sealing, senders={key.kid: key}.get, audience=audience, at=at)

    def refused(self, token, **how):
        with pytest.raises(EnvelopeRefused) as refusal:
            self.read(token, **how)
        return refusal.value.code


@pytest.fixture(scope="module")
def post(tmp_path_factory):
    return Post(tmp_path_factory.mktemp("post"))


@given(st.binary(max_size=500), st.integers(1, 2**53))
def test_what_was_made_is_read(post, payload, sequence):
    opened = post.read(post.make(payload, sequence=sequence))
    assert (opened.payload, opened.claims) == (payload, replace(CLAIMS, sequence=sequence))
    assert opened.signed_with == post.listed.kid


@given(st.data())
def test_any_changed_character_is_refused(post, draw):
    token = post.make()
    place = draw.draw(st.integers(0, len(token) - 1))
    other = draw.draw(st.sampled_from(ALPHABET + ".= ").filter(lambda char: char != token[place]))
    assert post.refused(token[:place] + other + token[place + 1 :]) in ("tampered", "unknown-key")


def test_a_large_batch_fits(post):
    assert len(post.read(post.make(b"x" * 2_000_000)).payload) == 2_000_000


@pytest.mark.parametrize(
    ("claims", "how", "code"),
    [
        ({"audience": "B012033"}, {}, "wrong-audience"),
        ({"issuer": "B012033"}, {}, "wrong-sender"),
        ({}, {"body": "B012033"}, "wrong-sender"),
        ({}, {"at": AT + timedelta(days=1)}, "expired"),
        ({}, {"at": AT - timedelta(minutes=2)}, "not-yet-valid"),
        ({}, {"valid_to": AT}, "expired-key"),
        ({}, {"valid_from": AT + timedelta(hours=1)}, "expired-key"),
        ({}, {"revoked_at": AT}, "revoked-key"),
        ({}, {"kid": "another"}, "unknown-key"),
        ({}, {"use": "enc"}, "unknown-key"),
    ],
)
def test_what_is_not_right_is_refused_with_its_reason(post, claims, how, code):
    assert post.refused(post.make(**claims), **how) == code


def test_a_key_that_ended_on_the_way_still_counts_for_what_was_made_before(post):
    late = AT + timedelta(hours=20)
    assert post.read(post.make(), at=late, valid_to=AT + timedelta(hours=1)).payload == b"payload"


def test_a_revocation_in_the_future_changes_nothing_yet(post):
    assert post.read(post.make(), revoked_at=AT + timedelta(hours=1)).payload == b"payload"


def test_a_sender_may_be_a_little_ahead(post):
    assert post.read(post.make(), at=AT - timedelta(seconds=59)).payload == b"payload"


@pytest.mark.parametrize("life", [timedelta(0), -timedelta(days=1), LONGEST_LIFE + timedelta(seconds=1)])
def test_no_envelope_lives_for_ever(post, life):
    with pytest.raises(ValueError, match="lives"):
        post.make(expires_at=AT + life)


def signed(post, header, payload=b"x"):
    """What somebody with the right key, but without our code, could send."""
    key = post.signing.current()
    full = {
        "alg": "Ed25519", "typ": "tasuke-envelope", "kid": key.kid, "iss": "B011002", "aud": "CORE", "jti": "M1",
        "seq": 1, "iat": int(AT.timestamp()), "exp": int(AT.timestamp()) + 60, "knd": "ask",
    } | header  # fmt: skip
    registry = jws.JWSRegistry(algorithms=["Ed25519"], strict_check_header=False)
    inner = jws.serialize_compact(
        {k: v for k, v in full.items() if v is not None}, payload, key.private, registry=registry
    )
    return seal_token({**post.to.jwk, "kid": post.to.kid}, inner.encode(), context="envelope", header={"cty": "JOSE"})


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, None),
        ({"exp": int((AT + timedelta(days=3_000)).timestamp())}, "expired"),
        ({"exp": 10**18}, "tampered"),
        ({"seq": "7"}, "tampered"),
        ({"seq": None}, "tampered"),
        ({"iat": None}, "tampered"),
        ({"typ": "tasuke-key"}, "tampered"),
        ({"typ": None}, "tampered"),
        ({"kid": None}, "unknown-key"),
    ],
)
def test_a_sender_who_writes_other_claims_is_refused(post, header, code):
    token = signed(post, header)
    if code is None:
        assert post.read(token).payload == b"x"
    else:
        assert post.refused(token) == code


def test_an_unsigned_envelope_is_refused(post):
    for inner in (b"", b"plain", b"e30.e30.", b"eyJhbGciOiJub25lIn0.e30."):
        token = seal_token({**post.to.jwk, "kid": post.to.kid}, inner, context="envelope", header={"cty": "JOSE"})
        assert post.refused(token) in ("tampered", "unknown-key")


def test_a_value_sealed_for_another_use_is_no_envelope(post):
    token = seal_token({**post.to.jwk, "kid": post.to.kid}, b"x", context="my_number", header={})
    assert post.refused(token) == "tampered"


def test_the_outside_tells_nothing_about_the_sender(post):
    import base64

    head = base64.urlsafe_b64decode(post.make().split(".")[0] + "==").decode()
    assert "B011002" not in head
    assert "ask" not in head


@given(st.lists(st.integers(1, 6), max_size=30))
def test_each_number_is_taken_once_and_in_order(numbers):
    last, taken = 0, []
    for number in numbers:
        order = judge(sequence=number, last=last, same_message_taken=number in taken, message_id_taken=number in taken)
        if order is Order.NEXT:
            taken.append(number)
            last = number
        assert order is not Order.OUT_OF_ORDER or number > last
    assert taken == list(range(1, len(taken) + 1))
