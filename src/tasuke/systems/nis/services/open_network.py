"""Make the stand-in ready: its list, its keys, its certificate authority."""

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction

from tasuke.contracts.mediation import PublicKey
from tasuke.platform.crypto.certificates import authority_of
from tasuke.platform.crypto.keyrings import KeyRing
from tasuke.systems.nis.directory import publish
from tasuke.systems.nis.models import DirectoryKey
from tasuke.systems.nis.services.load_master import load_master
from tasuke.systems.nis.settings_holder import CORE, USING, core_sealing, core_signing, juki_sealing, service

RENEW_BEFORE = timedelta(days=30)


def open_network(*, at: datetime, using: str = USING) -> str:
    """Load the list and publish core's keys, as far as that is not done; gives the authority's certificate (PEM).

    The certificate is what a body keeps from its joining on, to check the certificates of keys.
    """
    with transaction.atomic(using=using):
        load_master(at=at, using=using)
        _publish_newest(core_sealing(), "enc", at, using)
        _publish_newest(core_signing(), "sig", at, using)
    return authority_of("nis/ca", at=at).certificate


def renew_core_keys(*, at: datetime, using: str = USING) -> int:
    """New keys for core a month before the old ones end; gives how many. The old ones stay for what is on the way.

    The key of the 住基 side, which is in no directory (who seals asks for it each time), is renewed with core's.
    """
    made = 0
    with transaction.atomic(using=using):
        for ring, use in ((core_sealing(), "enc"), (core_signing(), "sig")):
            rows = DirectoryKey.objects.using(using).filter(body=CORE, use=use, valid_to__gt=at + RENEW_BEFORE)
            if not rows.exists():
                ring.rotate()
                _publish_newest(ring, "enc" if use == "enc" else "sig", at, using)
                made += 1
        if made:
            juki_sealing().rotate()
    return made


def _publish_newest(ring: KeyRing, use: Literal["sig", "enc"], at: datetime, using: str) -> None:
    kid, jwk = ring.public_jwks()[0]
    if DirectoryKey.objects.using(using).filter(kid=kid).exists():
        return
    key = PublicKey(body=CORE, kid=kid, use=use, jwk=jwk, valid_from=at, valid_to=at + service().key)
    publish(using=using, key=key, at=at)
