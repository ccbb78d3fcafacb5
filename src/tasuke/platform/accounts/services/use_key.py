"""Check what a security key has signed, and use the question up."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.crypto import constant_time_compare
from webauthn import verify_authentication_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AuthenticationCredential

from tasuke.platform.accounts.models import KeyQuestion, SecurityKey, User
from tasuke.platform.accounts.relying_party import RelyingParty
from tasuke.platform.accounts.security_keys import KeyPurpose, KeyRefused, Refusal, user_handle
from tasuke.platform.accounts.services.ask_key import take_question
from tasuke.platform.accounts.services.end_sessions import end_sessions

USING = "accounts"


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A key that opened. verified: the device has made sure of the person too (a finger, a face, a PIN of its own)."""

    number: int
    verified: bool


def use_key(*, user: User, session_key: str | None, answer: str, party: RelyingParty, at: datetime) -> UsedKey:
    """The key of this person that signed this session's question. answer: JSON of the browser. Raises KeyRefused.

    Right or wrong, the question is used up. A count that did not grow means that a copy of the key is about: it is
    looked at only after the signature, so that nobody without the key can put it out of use, and then nobody's answer
    counts any more and the open session ends, since which of the two is the copy cannot be told.
    """
    with transaction.atomic(using=USING):
        question = take_question(user=user, session_key=session_key, purpose=KeyPurpose.SIGN_IN, at=at)
        outcome = _checked(user, question, answer, party, at) if question else KeyRefused(Refusal.STALE)
    if isinstance(outcome, KeyRefused):  # raised out here: what was written in there stays written
        raise outcome
    return outcome


def _checked(user: User, question: KeyQuestion, answer: str, party: RelyingParty, at: datetime) -> UsedKey | KeyRefused:
    """The row of the key is locked until its count is stored."""
    try:
        credential = parse_authentication_credential_json(answer)
    except (WebAuthnException, ValueError, TypeError):
        return KeyRefused(Refusal.WRONG)
    keys = SecurityKey.objects.using(USING).of_person(user.personal_id).usable_at(at).select_for_update()
    key = keys.filter(credential_id=credential.raw_id, rp_id=party.id).first()
    if key is None:
        return KeyRefused(Refusal.UNKNOWN)
    verified = _verified(credential, key, question, party)
    if verified is None:
        return KeyRefused(Refusal.WRONG, number=key.pk)
    count = verified.new_sign_count
    if (count or key.sign_count) and count <= key.sign_count:
        key.copied_at = at
        key.save(using=USING, update_fields=["copied_at"])
        end_sessions(personal_id=user.personal_id)  # the one that is open may be that of the copy
        return KeyRefused(Refusal.COPIED, number=key.pk)
    key.sign_count, key.last_used_at = count, at
    key.save(using=USING, update_fields=["sign_count", "last_used_at"])
    return UsedKey(key.pk, verified.user_verified)


def _verified(
    credential: AuthenticationCredential, key: SecurityKey, question: KeyQuestion, party: RelyingParty
) -> VerifiedAuthentication | None:
    """Signature, question, origin, host, presence; None when anything differs. The count is not looked at here."""
    told = credential.response.user_handle
    if told and not constant_time_compare(told, user_handle(str(key.user_id))):
        return None
    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=bytes(question.challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=bytes(key.public_key),
            credential_current_sign_count=0,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
