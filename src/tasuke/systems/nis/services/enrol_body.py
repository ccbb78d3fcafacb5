"""Let a body take part: its row in the master, its first keys, its client for the interface system."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.mediation import JUKI, MEDIATION, PublicKey
from tasuke.platform.transport.clients import Credentials, register_client
from tasuke.systems.nis.directory import publish, raise_version
from tasuke.systems.nis.master import day_of
from tasuke.systems.nis.models import Body
from tasuke.systems.nis.services.open_network import open_network
from tasuke.systems.nis.settings_holder import USING, service

Jwk = dict[str, str]


class BodyKnown(ValueError):
    """The body takes part already."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a body gets on joining: clients of its 中間サーバー and its 住基GW, and the certificate of the authority."""

    midserver: Credentials
    juki: Credentials
    authority: str


def enrol_body(
    *,
    code: str,
    name: str,
    kind: str,
    signing: tuple[str, Jwk],
    sealing: tuple[str, Jwk],
    at: datetime,
    valid_from: date | None = None,
    municipality_code: str | None = None,
    using: str = USING,
) -> Enrolment:
    """Enrol a body. kind: municipality, prefecture, insurer, account_registry. signing, sealing: (kid, public JWK).

    The first keys are handed over by the body's people, not over the network; later ones are proven with the key in
    force. valid_from: first day on which it may ask and be asked (none: the day of `at`). Raises BodyKnown.
    """
    authority = open_network(at=at, using=using)
    with transaction.atomic(using=using):
        if Body.objects.using(using).filter(code=code).exists():
            raise BodyKnown(f"{code} は登録済みです")
        Body.objects.using(using).create(
            code=code,
            name=name,
            kind=kind,
            municipality_code=municipality_code,
            valid_from=valid_from or day_of(at),
            enrolled_at=at,
        )
        until = at + service().key
        for use, (kid, jwk) in (("sig", signing), ("enc", sealing)):
            key = PublicKey(
                body=code, kid=kid, use="sig" if use == "sig" else "enc", jwk=jwk, valid_from=at, valid_to=until
            )
            publish(using=using, key=key, at=at)
        raise_version("master", using=using, at=at)
        mediation = frozenset(operation.scope for operation in MEDIATION.operations)
        juki = frozenset(operation.scope for operation in (*JUKI.operations, SEALING_KEYS))
        return Enrolment(
            midserver=register_client(using=using, system="midserver", scopes=mediation, at=at, body=code),
            juki=register_client(using=using, system="unified_id", scopes=juki, at=at, body=code),
            authority=authority,
        )
