"""Certificates of the stand-in's authority, and proofs of new keys."""

from datetime import UTC, datetime, timedelta

import pytest

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.certificates import (
    Authority,
    CertificateRefused,
    authority_of,
    certifies,
    describe,
    verify_certificate,
)
from tasuke.platform.crypto.keyrings import keypair_of, signing_of
from tasuke.platform.crypto.proofs import NotProven, check_proof, prove_key
from tasuke.platform.crypto.vault import Vault

AT = datetime(2026, 6, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def authority(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    return authority_of("nis/ca", at=AT)


def key(ring, use="sig", body="B011002"):
    kid, jwk = ring.public_jwks()[0]
    return PublicKey(body=body, kid=kid, use=use, jwk=jwk, valid_from=AT, valid_to=AT + YEAR)


def issued(authority, found):
    return authority.issue(
        body=found.body, kid=found.kid, jwk=found.jwk, valid_from=found.valid_from, valid_to=found.valid_to
    )


@pytest.mark.parametrize("use", ["sig", "enc"])
def test_a_certificate_says_whose_key_it_is(authority, use):
    found = key(signing_of("b") if use == "sig" else keypair_of("b"), use)
    said = verify_certificate(issued(authority, found), authority=authority.certificate, at=AT)
    assert (said.body, said.kid, said.valid_from, said.valid_to) == (found.body, found.kid, AT, AT + YEAR)
    assert certifies(issued(authority, found), found.jwk)
    assert not certifies(issued(authority, found), key(signing_of("c")).jwk)


def test_the_authority_stays_the_same_after_a_restart(authority):
    assert authority_of("nis/ca", at=AT + YEAR).certificate == authority.certificate


def test_a_certificate_of_another_authority_is_refused(authority, tmp_path):
    other = Authority(tmp_path / "other", vault=Vault(tmp_path / "other"), at=AT)
    with pytest.raises(CertificateRefused, match="発行"):
        verify_certificate(issued(other, key(signing_of("b"))), authority=authority.certificate, at=AT)


@pytest.mark.parametrize("at", [AT - timedelta(seconds=1), AT + YEAR + timedelta(seconds=1)])
def test_a_certificate_counts_in_its_period_only(authority, at):
    with pytest.raises(CertificateRefused, match="有効期間"):
        verify_certificate(issued(authority, key(signing_of("b"))), authority=authority.certificate, at=at)


def test_a_certificate_never_ends_before_its_key(authority):
    until = AT + YEAR + timedelta(microseconds=5)
    found = key(signing_of("b")).model_copy(update={"valid_to": until})
    assert verify_certificate(issued(authority, found), authority=authority.certificate, at=until)


def test_a_demonstration_on_earlier_days_finds_the_authority_valid(authority):
    found = key(signing_of("b")).model_copy(update={"valid_from": AT - 2 * YEAR})
    assert verify_certificate(issued(authority, found), authority=authority.certificate, at=AT - YEAR)


def test_a_revoked_certificate_is_refused(authority):
    pem = issued(authority, key(signing_of("b")))
    with pytest.raises(CertificateRefused, match="失効"):
        verify_certificate(pem, authority=authority.certificate, at=AT, revoked=frozenset({describe(pem).serial}))


def test_the_authority_is_no_body(authority):
    with pytest.raises(CertificateRefused, match="機関"):
        verify_certificate(authority.certificate, authority=authority.certificate, at=AT)


def test_a_body_is_no_authority(authority):
    pem = issued(authority, key(signing_of("b")))
    with pytest.raises(CertificateRefused):
        verify_certificate(pem, authority=pem, at=AT)


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(authority, text):
    with pytest.raises(CertificateRefused):
        verify_certificate(text, authority=authority.certificate, at=AT)


def test_the_authority_says_that_it_is_a_stand_in(authority):
    from cryptography import x509

    assert "stand-in" in x509.load_pem_x509_certificate(authority.certificate.encode()).subject.rfc4514_string()


def test_the_owner_of_a_key_in_force_vouches_for_the_next(authority):
    ring = signing_of("b")
    old, signer = key(ring), ring.current()
    ring.rotate()
    new = key(ring)
    proof = prove_key(new, signer=signer)
    assert check_proof(proof, key=new, senders={old.kid: old}.get, at=AT) == old.kid
    for senders in (
        {},
        {old.kid: old.model_copy(update={"body": "B012033"})},
        {old.kid: old.model_copy(update={"use": "enc"})},
        {old.kid: old.model_copy(update={"revoked_at": AT})},
        {old.kid: old.model_copy(update={"valid_to": AT})},
        {old.kid: old.model_copy(update={"jwk": new.jwk})},
    ):
        with pytest.raises(NotProven):
            check_proof(proof, key=new, senders=senders.get, at=AT)
    for change in ({"kid": "k"}, {"use": "enc"}, {"valid_to": AT + 2 * YEAR}, {"jwk": old.jwk}):
        with pytest.raises(NotProven):
            check_proof(proof, key=new.model_copy(update=change), senders={old.kid: old}.get, at=AT)
    with pytest.raises(NotProven):
        check_proof("no.proof.at-all", key=new, senders={old.kid: old}.get, at=AT)
