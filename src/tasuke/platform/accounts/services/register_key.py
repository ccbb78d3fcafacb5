"""Register a security key of one's own."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from webauthn import verify_registration_response
from webauthn.helpers import parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import RegistrationCredential
from webauthn.registration.verify_registration_response import VerifiedRegistration

from tasuke.platform.accounts.models import KeyQuestion, SecurityKey, User
from tasuke.platform.accounts.relying_party import RelyingParty
from tasuke.platform.accounts.security_keys import (
    ALGORITHMS,
    MOST_KEYS,
    KeyPurpose,
    KeyRefused,
    Refusal,
    known_transports,
)
from tasuke.platform.accounts.services.ask_key import take_question

USING = "accounts"


def register_key(*, user: User, session_key: str | None, answer: str, party: RelyingParty, at: datetime) -> SecurityKey:
    """Register the key that answered. answer: JSON of the browser. Raises KeyRefused; the question is used up anyway.

    The name comes from the question, the count, the public key and the id from what was signed for; nothing else that
    a browser sends is kept but the ways of connection. The maker's attestation is neither asked for nor believed.
    """
    with transaction.atomic(using=USING):
        question = take_question(user=user, session_key=session_key, purpose=KeyPurpose.REGISTER, at=at)
    if question is None:
        raise KeyRefused(Refusal.STALE)
    try:
        credential = parse_registration_credential_json(answer)
        verified = _verified(credential, question, party)
        aaguid = UUID(verified.aaguid)
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise KeyRefused(Refusal.WRONG) from error
    transports = [transport.value for transport in credential.response.transports or []]
    key = SecurityKey(
        user=user,
        label=question.label,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        transports=known_transports(transports),
        aaguid=aaguid,
        rp_id=party.id,
        created_at=at,
    )
    try:
        with transaction.atomic(using=USING):
            _check_room(user, key, at)
            key.save(using=USING, force_insert=True)
    except IntegrityError as error:  # somebody else was a moment sooner with the same id
        raise KeyRefused(Refusal.KNOWN) from error
    return key


def _verified(credential: RegistrationCredential, question: KeyQuestion, party: RelyingParty) -> VerifiedRegistration:
    return verify_registration_response(
        credential=credential,
        expected_challenge=bytes(question.challenge),
        expected_rp_id=party.id,
        expected_origin=party.origin,
        supported_pub_key_algs=ALGORITHMS,
    )


def _check_room(user: User, key: SecurityKey, at: datetime) -> None:
    """One at a time for a person, whose row is locked; an id that anybody has or had is not taken again."""
    User.objects.using(USING).select_for_update().get(pk=user.pk)
    keys = SecurityKey.objects.using(USING)
    if keys.filter(credential_id=key.credential_id).exists():
        raise KeyRefused(Refusal.KNOWN)
    if keys.of_person(user.personal_id).kept_at(at).count() >= MOST_KEYS:
        raise KeyRefused(Refusal.TOO_MANY)
