"""A body changes its keys: the new one is vouched for by the signing key in force."""

from datetime import datetime, timedelta

from django.db import transaction

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.keyrings import public_key
from tasuke.platform.crypto.proofs import NotProven, check_proof
from tasuke.systems.nis.directory import publish, revoke, sender_lookup
from tasuke.systems.nis.models import DirectoryKey
from tasuke.systems.nis.services.receive_envelopes import lock_body
from tasuke.systems.nis.settings_holder import USING, service

_CURVES = {"sig": "Ed25519", "enc": "X25519"}
_AHEAD = timedelta(days=31)


class KeyRefused(Exception):
    """Why a key is not taken."""


def publish_key(*, key: PublicKey, proof: str, body: str, at: datetime, using: str = USING) -> None:
    """Publish a key of the calling body. The same key once more changes nothing. Raises KeyRefused, UnknownBody."""
    with transaction.atomic(using=using):
        lock_body(body=body, using=using)
        known = DirectoryKey.objects.using(using).filter(kid=key.kid[:100]).first()
        if known is not None and known.body == body and known.jwk["x"] == key.jwk.get("x"):
            return
        if known is not None:
            raise KeyRefused("この鍵IDは使われています")
        _check_form(key, body, at)
        try:
            voucher = check_proof(proof, key=key, senders=sender_lookup(using=using), at=at)
        except NotProven as error:
            raise KeyRefused(str(error)) from error
        publish(using=using, key=key, at=at, vouched_by=voucher)


def revoke_key(*, kid: str, at: datetime, using: str = USING) -> bool:
    """Revoke a key whose owner has lost it; whether it was in force. Nothing signed with it is taken any more."""
    with transaction.atomic(using=using):
        return revoke(using=using, kid=kid, at=at)


def replace_keys(
    *,
    body: str,
    signing: tuple[str, dict[str, str]],
    sealing: tuple[str, dict[str, str]],
    at: datetime,
    using: str = USING,
) -> None:
    """New first keys for a body that has lost its signing key; all others of the body are revoked.

    signing, sealing: (kid, public JWK), handed over by the body's people as on joining. Raises UnknownBody.
    """
    with transaction.atomic(using=using):
        lock_body(body=body, using=using)
        rows = DirectoryKey.objects.using(using).filter(body=body, revoked_at__isnull=True)
        for kid in list(rows.values_list("kid", flat=True)):
            revoke(using=using, kid=kid, at=at)
        for use, (kid, jwk) in (("sig", signing), ("enc", sealing)):
            key = PublicKey(
                body=body,
                kid=kid,
                use="sig" if use == "sig" else "enc",
                jwk=jwk,
                valid_from=at,
                valid_to=at + service().key,
            )
            publish(using=using, key=key, at=at)


def _check_form(key: PublicKey, body: str, at: datetime) -> None:
    if key.body != body:
        raise KeyRefused("自分の機関の鍵だけを登録できます")
    if not 1 <= len(key.kid) <= 100 or not key.kid.isprintable() or key.jwk.get("crv") != _CURVES[key.use]:
        raise KeyRefused("鍵の形が用途と合いません")
    try:
        public_key(key.jwk)
    except ValueError as error:
        raise KeyRefused("公開鍵の形ではありません") from error
    if key.valid_from.tzinfo is None or key.valid_to.tzinfo is None or key.revoked_at is not None:
        raise KeyRefused("有効期間に時差がないか、失効した鍵です")
    if not key.valid_from < key.valid_to or key.valid_from > at + _AHEAD or key.valid_to <= at:
        raise KeyRefused("有効期間が正しくありません")
    if key.valid_to - key.valid_from > service().key + _AHEAD:
        raise KeyRefused("有効期間が長すぎます")
