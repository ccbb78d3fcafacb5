"""Public keys of all bodies, as the national side distributes them and its authority certifies them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.certificates import CertificateRefused, certifies, verify_certificate
from tasuke.platform.crypto.files import KeyFileUnusable, keys_folder, read_secret, write_once
from tasuke.platform.crypto.keyrings import SigningKey, SigningKeyPair
from tasuke.systems.midserver.models import DirectoryKey, DirectoryVersion
from tasuke.systems.midserver.tenancy import USING

CORE = "CORE"


class NoKey(LookupError):
    """A key that is needed is not in the directory, or not in force (Japanese: an operator reads it)."""


class NoAuthority(LookupError):
    """Nobody has given this installation the certificate of the authority (Japanese: an operator reads it)."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A version of the directory."""

    version: int
    by_kid: dict[str, PublicKey]
    by_owner: dict[tuple[str, str], list[PublicKey]]  # (body, use), the newest first

    def find(self, kid: str) -> PublicKey | None:
        """The key of this id."""
        return self.by_kid.get(kid)

    def sealing_key(self, body: str, at: datetime) -> PublicKey | None:
        """The newest key in force to which one seals what is for a body."""
        return next((key for key in self.by_owner.get((body, "enc"), ()) if in_force(key, at)), None)

    def own(self, ring: SigningKeyPair, at: datetime) -> SigningKey:
        """The newest signing key of a municipality that the others know already. Raises NoKey."""
        for kid, _ in ring.public_jwks():
            known, private = self.by_kid.get(kid), ring.key(kid)
            if known is not None and private is not None and in_force(known, at):
                return SigningKey(kid, private)
        raise NoKey("自団体の署名鍵が、国の鍵の一覧にないか、有効期間の外です")


def in_force(key: PublicKey, at: datetime) -> bool:
    """Valid and not revoked."""
    return key.valid_from <= at < key.valid_to and (key.revoked_at is None or at < key.revoked_at)


def directory(*, version: int | None = None, using: str = USING) -> Directory:
    """The directory as it is known now. version: when the caller has read it already."""
    return _load(known_version(using=using) if version is None else version, using)


def known_version(*, using: str = USING) -> int:
    """Up to which version the directory is known; 0: nothing yet."""
    row = DirectoryVersion.objects.using(using).first()
    return row.version if row else 0


def trust_authority(*, certificate: str) -> None:
    """Keep the authority's certificate, which came by another way than the network. It cannot be replaced by a call."""
    path = keys_folder("midserver") / "authority.pem"
    if write_once(path, certificate.encode()).decode() != certificate:
        raise ValueError("another authority is trusted already: remove its file by hand, and say why in the log book")


def store_keys(*, version: int, keys: Iterable[PublicKey], at: datetime, using: str = USING) -> tuple[int, list[str]]:
    """Take keys in. Gives how many, and key ids that were not taken because their certificate does not hold.

    Raises NoAuthority.
    """
    authority = _authority()
    good: list[PublicKey] = []
    bad: list[PublicKey] = []
    for key in keys:
        (good if _certified(key, authority, at) else bad).append(key)
    DirectoryKey.objects.using(using).bulk_create(
        [DirectoryKey(**key.model_dump()) for key in good],
        update_conflicts=True,
        unique_fields=["kid"],
        # a key id stands for one key for ever: only its end may change
        update_fields=["valid_to", "revoked_at", "certificate"],
    )
    DirectoryVersion.objects.using(using).update_or_create(one=True, defaults={"version": version, "read_at": at})
    return len(good), [key.kid for key in bad]


def forget_loaded() -> None:
    """Drop what this process has loaded."""
    _load.cache_clear()


def _certified(key: PublicKey, authority: str, at: datetime) -> bool:
    """Whether the certificate names this body, this key id and this key. An expired one still tells of old letters."""
    try:
        said = verify_certificate(key.certificate, authority=authority, at=min(max(at, key.valid_from), key.valid_to))
        return (said.body, said.kid) == (key.body, key.kid) and certifies(key.certificate, key.jwk)
    except (CertificateRefused, ValueError):
        return False


def _authority() -> str:
    try:
        return read_secret(keys_folder("midserver") / "authority.pem").decode()
    except KeyFileUnusable as error:
        raise NoAuthority("国の認証局の証明書が登録されていません") from error


@lru_cache(maxsize=4)
def _load(version: int, using: str) -> Directory:
    keys = [
        PublicKey(
            body=row.body,
            kid=row.kid,
            use="sig" if row.use == "sig" else "enc",
            jwk=row.jwk,
            certificate=row.certificate,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            revoked_at=row.revoked_at,
        )
        for row in DirectoryKey.objects.using(using).all()
    ]
    by_owner: dict[tuple[str, str], list[PublicKey]] = {}
    for key in sorted(keys, key=lambda k: k.valid_from, reverse=True):
        by_owner.setdefault((key.body, key.use), []).append(key)
    return Directory(version, {key.kid: key for key in keys}, by_owner)
