"""What browsers are asked for, and why an answer of a key is refused."""

from collections.abc import Iterable
from enum import StrEnum

from django.utils.crypto import salted_hmac
from webauthn import generate_authentication_options, generate_registration_options, options_to_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tasuke.platform.accounts.models import SecurityKey, User
from tasuke.platform.accounts.relying_party import RelyingParty

MOST_KEYS = 10  # of one person: a list that somebody still reads
LONGEST_ANSWER = 20_000  # characters; an answer has about a thousand, a certificate of the maker would be left out
VALID_SECONDS = 180  # as long as the second step of a sign-in stays open
_NAME = "tasuke"

# what every key can do, what newer ones do, and Windows Hello on older machines
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_VERIFICATION = UserVerificationRequirement.PREFERRED
_TRANSPORTS = {transport.value: transport for transport in AuthenticatorTransport}


class KeyPurpose(StrEnum):
    """What for a key signs: an answer to one question is none to the other."""

    REGISTER = "register"
    SIGN_IN = "sign-in"


class Refusal(StrEnum):
    """Why an answer of a key was refused; in Japanese for the auditor."""

    STALE = "問いが古いか、すでに使われたか、この画面のものでない"
    UNKNOWN = "この人の使えるキーでない"
    WRONG = "署名、宛先、または形が合わない"
    COPIED = "キーの申告する回数が戻った(複製の疑い)"
    KNOWN = "すでに登録されているキー"
    TOO_MANY = "キーが多すぎる"
    LOCKED = "失敗が続いてロックされている"


class KeyRefused(ValueError):
    """An answer that opens nothing. number: of the key, where it is one of this person."""

    def __init__(self, refusal: Refusal, *, number: int | None = None) -> None:
        super().__init__(str(refusal))
        self.refusal, self.number = refusal, number


def user_handle(personal_id: str) -> bytes:
    """What a key calls the person: 32 bytes that tell nobody who it is."""
    return salted_hmac("tasuke.security-key", personal_id, algorithm="sha256").digest()


def registration_options(*, user: User, party: RelyingParty, challenge: bytes, known: Iterable[SecurityKey]) -> str:
    """JSON for `navigator.credentials.create`. known: keys of the person, which a device does not register twice."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_id=user_handle(user.personal_id),
        user_name=user.personal_id,
        user_display_name=user.personal_id,
        challenge=challenge,
        timeout=VALID_SECONDS * 1000,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_VERIFICATION
        ),
        exclude_credentials=[_descriptor(key) for key in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json(options)


def sign_in_options(*, party: RelyingParty, challenge: bytes, keys: Iterable[SecurityKey]) -> str:
    """JSON for `navigator.credentials.get`. keys: those of the person whose PIN was right."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=VALID_SECONDS * 1000,
        allow_credentials=[_descriptor(key) for key in keys],
        user_verification=_VERIFICATION,
    )
    return options_to_json(options)


def known_transports(told: Iterable[str]) -> list[str]:
    """Of the ways of connection that a browser names those that the standard names, each once."""
    return sorted({word for word in told if word in _TRANSPORTS})


def _descriptor(key: SecurityKey) -> PublicKeyCredentialDescriptor:
    transports = [_TRANSPORTS[word] for word in key.transports if word in _TRANSPORTS]
    return PublicKeyCredentialDescriptor(id=bytes(key.credential_id), transports=transports or None)
