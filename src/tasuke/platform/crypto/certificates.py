"""The certificate authority of the stand-in (X.509, RFC 5280; Ed25519, RFC 8410): bodies' keys, chain, revocation.

One authority, one step: its own certificate is given to each body when it joins (never fetched afterwards). A
certificate names the body (common name) and the key id (serial number attribute). It is no real authority: its name
says that it is a stand-in.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tasuke.platform.crypto.files import keys_folder, read_secret, write_once
from tasuke.platform.crypto.keyrings import Jwk, public_key
from tasuke.platform.crypto.vault import Vault, vault_of

_CONTEXT = "certificate-authority"
_LIFE = timedelta(days=3_650)
_ORGANISATION = "tasuke stand-in"


class CertificateRefused(Exception):
    """Why a certificate is not accepted (Japanese: an operator reads it)."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate says. serial: as hexadecimal text."""

    body: str
    kid: str
    serial: str
    public: bytes
    valid_from: datetime
    valid_to: datetime


def authority_of(name: str, *, at: datetime) -> "Authority":
    """The authority whose key lies in this folder of keys; made at first use, with a certificate valid from `at`."""
    return Authority(keys_folder(name).absolute(), vault=vault_of(name), at=at)


class Authority:
    """A key that certifies other keys. Its private key is sealed in the vault."""

    def __init__(self, folder: Path, *, vault: Vault, at: datetime) -> None:
        self._vault = vault
        with _LOCK:
            path = folder / "authority.key"
            if path.exists():
                sealed = read_secret(path)
            else:
                fresh = Ed25519PrivateKey.generate().private_bytes_raw()
                sealed = write_once(path, vault.seal(fresh, context=_CONTEXT))
            self._key = Ed25519PrivateKey.from_private_bytes(vault.open(sealed, context=_CONTEXT))
            known = folder / "authority.pem"
            self.certificate = (read_secret(known) if known.exists() else write_once(known, self._root(at))).decode()

    def issue(self, *, body: str, kid: str, jwk: Jwk, valid_from: datetime, valid_to: datetime) -> str:
        """A PEM certificate for a body's public key (signing or sealing). Moments are kept to the second."""
        subject = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, body), x509.NameAttribute(NameOID.SERIAL_NUMBER, kid)]
        )
        return self._sign(subject, _loaded(jwk), valid_from, valid_to, authority=False).decode()

    def _root(self, at: datetime) -> bytes:
        # it begins in the past, because a demonstration may play on days before the one on which it is set up
        return self._sign(_issuer(), self._key.public_key(), at - _LIFE, at + _LIFE, authority=True)

    def _sign(
        self,
        subject: x509.Name,
        public: Ed25519PublicKey | X25519PublicKey,
        valid_from: datetime,
        valid_to: datetime,
        *,
        authority: bool,
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_issuer())
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(valid_from)
            .not_valid_after(_whole_second_after(valid_to))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        )
        return builder.sign(self._key, algorithm=None).public_bytes(Encoding.PEM)


def verify_certificate(pem: str, *, authority: str, at: datetime, revoked: frozenset[str] = frozenset()) -> Certified:
    """What a certificate says, once it holds. authority: PEM that was given on joining; revoked: serial numbers.

    Raises CertificateRefused: unreadable, not issued by the authority, not valid at `at`, or revoked.
    """
    found, root = _parsed(pem), _parsed(authority)
    try:
        root.verify_directly_issued_by(root)
        found.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise CertificateRefused("この認証局が発行した証明書ではありません") from error
    for one in (root, found):
        if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:  # both inclusive (RFC 5280 4.1.2.5)
            raise CertificateRefused("証明書の有効期間の外です")
    if f"{found.serial_number:x}" in revoked:
        raise CertificateRefused("証明書は失効しています")
    if found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise CertificateRefused("認証局の証明書は機関の証明書として使えません")
    return describe(pem)


def certifies(pem: str, jwk: Jwk) -> bool:
    """Whether the certificate is for this public key."""
    return describe(pem).public == _raw(_loaded(jwk))


def describe(pem: str) -> Certified:
    """What a certificate says, unverified. Raises CertificateRefused when it is none of ours."""
    found = _parsed(pem)
    public = found.public_key()
    if not isinstance(public, Ed25519PublicKey | X25519PublicKey):
        raise CertificateRefused("証明書の鍵の種類が違います")
    return Certified(
        body=_attribute(found, NameOID.COMMON_NAME),
        kid=_attribute(found, NameOID.SERIAL_NUMBER),
        serial=f"{found.serial_number:x}",
        public=_raw(public),
        valid_from=found.not_valid_before_utc,
        valid_to=found.not_valid_after_utc,
    )


def _parsed(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode("ascii"))
    except ValueError as error:
        raise CertificateRefused("証明書を読めません") from error


def _attribute(found: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = found.subject.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""


def _issuer() -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, "stand-in certificate authority (not a real one)"),
        ]
    )


def _whole_second_after(moment: datetime) -> datetime:
    """Certificates know whole seconds only: never end before the key does."""
    return moment.replace(microsecond=0) + timedelta(seconds=1) if moment.microsecond else moment


def _loaded(jwk: Jwk) -> Ed25519PublicKey | X25519PublicKey:
    native = public_key(jwk).public_key
    if not isinstance(native, Ed25519PublicKey | X25519PublicKey):
        raise ValueError("not a public X25519 or Ed25519 key")
    return native


def _raw(public: Ed25519PublicKey | X25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


_LOCK = threading.Lock()
