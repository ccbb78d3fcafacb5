"""When a key was stolen or lost: what the people of 中間サーバー and of the national side do, each on record.

Renewal before the end of a key needs nobody. A revoked signing key vouches for nothing, so new ones are handed over
by people, through the same folder as on joining.
"""

from datetime import datetime

from django.db import transaction

from tasuke.deploy.chain import handover
from tasuke.platform.audit import Origin, Recorder
from tasuke.platform.audit.events import EventKind


class NothingHandedOver(LookupError):
    """中間サーバー has not left new keys of the body (Japanese: an operator reads it)."""


def renew_body_keys(*, body: str, by: str, why: str, at: datetime) -> tuple[str, str]:
    """中間サーバー: new keys for a municipality, published at the next turn and left for the national side.

    Gives the ids of the signing and the sealing key. Raises UnknownTenant.
    """
    from tasuke.systems.midserver.services.rotate_keys import rotate_keys
    from tasuke.systems.midserver.tenancy import inside, tenant_of

    tenant_of(body)
    with inside(body) as room:
        signing, sealing = rotate_keys(room)
        public = {
            "signing": room.signing_keys.public_jwks()[0],
            "sealing": room.opening_keys.public_jwks()[0],
        }
    handover.put(f"keys/{body}.json", public)
    _record("midserver", "鍵の更新", by, at, body=body, why=why, signing=signing, sealing=sealing)
    return signing, sealing


def revoke_a_key(*, kid: str, by: str, why: str, at: datetime) -> bool:
    """The national side: nothing signed with this key is taken any more. Whether it was in force."""
    from tasuke.systems.nis.services.publish_key import revoke_key

    with transaction.atomic(using="nis"):
        was = revoke_key(kid=kid, at=at)
        _record("nis", "鍵の失効", by, at, kid=kid, why=why, was_in_force=was)
    return was


def replace_body_keys(*, body: str, by: str, why: str, at: datetime) -> None:
    """The national side: the keys that the body's people have left become its first ones, all others are revoked.

    Raises NothingHandedOver, UnknownBody.
    """
    from tasuke.systems.nis.services.publish_key import replace_keys

    keys = handover.get(f"keys/{body}.json")
    if keys is None:
        raise NothingHandedOver(f"{body} の新しい鍵が引き渡し用のフォルダにありません")
    signing, sealing = ((str(kid), dict(jwk)) for kid, jwk in (keys["signing"], keys["sealing"]))
    with transaction.atomic(using="nis"):
        replace_keys(body=body, signing=signing, sealing=sealing, at=at)
        _record("nis", "鍵の取替え", by, at, body=body, why=why, signing=signing[0], sealing=sealing[0])


def _record(system: str, what: str, by: str, at: datetime, **facts: object) -> None:
    recorder = Recorder(Origin(personal_id=by, at=at, action="keys", screen="tasuke keys"))
    recorder.event(EventKind.SETTING_CHANGED, what, **facts)
    recorder.flush(system)
