"""The directory of public keys: who signs with what, and to which key something for a body is sealed."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import F, Q, QuerySet

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.certificates import authority_of, describe
from tasuke.platform.crypto.keyrings import SigningKey
from tasuke.systems.nis.models import DirectoryKey, Version
from tasuke.systems.nis.settings_holder import CORE, core_signing


class NoKeyInForce(Exception):
    """A body (or core) has no key in force for this use."""


def sender_lookup(*, using: str) -> Callable[[str], PublicKey | None]:
    """Key id → public key, each read once."""
    known: dict[str, PublicKey | None] = {}

    def look_up(kid: str) -> PublicKey | None:
        if kid not in known:
            row = DirectoryKey.objects.using(using).filter(kid=kid[:100]).first()
            known[kid] = as_message(row) if row else None
        return known[kid]

    return look_up


def keys_since(*, using: str, known: int) -> tuple[int, tuple[PublicKey, ...]]:
    """Version of the directory, and the keys that changed after the version `known`."""
    rows = DirectoryKey.objects.using(using).filter(version__gt=known).order_by("version", "kid")
    return version_of("keys", using=using), tuple(map(as_message, rows))


def sealing_key(*, using: str, body: str, at: datetime) -> PublicKey:
    """The newest key in force to seal something for a body with. Raises NoKeyInForce."""
    row = _in_force(using, body, "enc", at).order_by("-version", "-pk").first()
    if row is None:
        raise NoKeyInForce(f"{body} に有効な暗号鍵がありません")
    return as_message(row)


def core_signer(*, using: str, at: datetime) -> SigningKey:
    """Core's newest signing key that is in the directory and in force. Raises NoKeyInForce."""
    published = set(_in_force(using, CORE, "sig", at).values_list("kid", flat=True))
    ring = core_signing()
    for kid, _ in ring.public_jwks():
        private = ring.key(kid)
        if kid in published and private is not None:
            return SigningKey(kid, private)
    raise NoKeyInForce("中核システムに有効な署名鍵がありません")


def publish(*, using: str, key: PublicKey, at: datetime, vouched_by: str = "") -> None:
    """Put a key into the directory, with a certificate of the stand-in's authority. The key id must be new."""
    certificate = authority_of("nis/ca", at=at).issue(
        body=key.body, kid=key.kid, jwk=key.jwk, valid_from=key.valid_from, valid_to=key.valid_to
    )
    DirectoryKey.objects.using(using).create(
        body=key.body,
        kid=key.kid,
        use=key.use,
        jwk={name: key.jwk[name] for name in ("kty", "crv", "x")} | {"kid": key.kid},
        certificate=certificate,
        serial=describe(certificate).serial,
        valid_from=key.valid_from,
        valid_to=key.valid_to,
        vouched_by=vouched_by,
        version=raise_version("keys", using=using, at=at),
    )


def revoke(*, using: str, kid: str, at: datetime) -> bool:
    """Revoke a key; whether it was in force before."""
    version = raise_version("keys", using=using, at=at)
    rows = DirectoryKey.objects.using(using).filter(kid=kid, revoked_at__isnull=True)
    return bool(rows.update(revoked_at=at, version=version))


def version_of(name: str, *, using: str) -> int:
    """Version of what is distributed, 0 before there is anything."""
    row = Version.objects.using(using).filter(name=name).first()
    return row.version if row else 0


def raise_version(name: str, *, using: str, at: datetime, content_sha256: str | None = None) -> int:
    """The next version of what is distributed; two at the same time wait for each other."""
    Version.objects.using(using).get_or_create(name=name, defaults={"version": 0, "changed_at": at})
    row = Version.objects.using(using).select_for_update().get(name=name)
    changed = {"version": F("version") + 1, "changed_at": at}
    if content_sha256 is not None:
        changed["content_sha256"] = content_sha256
    Version.objects.using(using).filter(pk=row.pk).update(**changed)
    return row.version + 1


def as_message(row: DirectoryKey) -> PublicKey:
    """A row as the directory hands it out."""
    return PublicKey(
        body=row.body,
        kid=row.kid,
        use="sig" if row.use == "sig" else "enc",
        jwk=row.jwk,
        certificate=row.certificate,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        revoked_at=row.revoked_at,
    )


def _in_force(using: str, body: str, use: str, at: datetime) -> QuerySet[DirectoryKey]:
    return (
        DirectoryKey.objects.using(using)
        .filter(body=body, use=use, valid_from__lte=at, valid_to__gt=at)
        .filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=at))
    )
