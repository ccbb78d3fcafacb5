"""Found the chain: bodies at the national stand-in, municipalities at 中間サーバー, clients, approved consumers.

Every step may be done again and changes nothing then. In processes of their own the steps meet in the handover folder:
run it for 中間サーバー, for the national side, for 中間サーバー again, then for the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasuke.deploy.chain import handover
from tasuke.deploy.chain.grants import AS_A_BODY, GRANTS, scopes_of
from tasuke.deploy.chain.guarding import guard_own, own_place, release
from tasuke.deploy.chain.subscriptions import FOUNDER, approve_consumers, approve_subscriber
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.transport.clients import register_client
from tasuke.platform.transport.models import Client
from tasuke.schemes.profile import Profile


@dataclass(frozen=True, slots=True)
class Body:
    """A body of the network."""

    code: str
    name: str
    kind: str = "municipality"
    municipality_code: str | None = None


def body_of(profile: Profile) -> Body:
    """The city's own body."""
    return Body(f"B{profile.municipality_code}", profile.name, "municipality", profile.municipality_code)


# Bodies that programs of ours play, so that a city has somebody to ask.
NEIGHBOURS = (Body("B012033", "小樽市(代役)", "municipality", "012033"),)


def found(
    *, profile: Profile, at: datetime, neighbours: Sequence[Body] = NEIGHBOURS, systems: tuple[str, ...] = SYSTEMS
) -> list[str]:
    """Do for the systems of this process what is not done yet; gives what is left to a person, in words.

    On our own server the records of 番号法23条 then belong to a role that the program cannot become, and the catalogue
    of 中間サーバー is closed; elsewhere `tasuke audit protect` does it.
    """
    own = body_of(profile)
    bodies = (own, *(body for body in neighbours if body.code != own.code))
    if "midserver" in systems:
        _join(bodies, at)
    if "nis" in systems:
        _enrol(bodies, at)
    if "midserver" in systems:
        _trust()
    departments = {rule.system for rule in profile.sharing}
    for provider, consumer in GRANTS:
        if provider == "subsidy" and consumer not in departments:
            continue  # this city moves nothing there
        if provider in systems and provider != "nis" and consumer not in systems:
            _register_clients(provider, consumer, own, bodies, at)
    left: list[str] = []
    if "resident" in systems:
        left += approve_consumers(at)
    if "welfare" in systems:
        left += approve_subscriber(at)
    guard_own(systems)
    return left


def _join(bodies: Iterable[Body], at: datetime) -> None:
    from tasuke.systems.midserver.services.join_tenant import join_tenant
    from tasuke.systems.midserver.services.upgrade_tenants import pending
    from tasuke.systems.midserver.tenancy import inside

    place = own_place("midserver")
    if place is not None and pending():
        release("midserver", conninfo=place[0], program=place[1])

    for body in bodies:
        join_tenant(body=body.code, name=body.name, by=FOUNDER, at=at)
        with inside(body.code) as room:
            signing, sealing = room.signing_keys.public_jwks()[0], room.opening_keys.public_jwks()[0]
        handover.put(f"keys/{body.code}.json", {"signing": signing, "sealing": sealing})


def _enrol(bodies: Iterable[Body], at: datetime) -> None:
    from tasuke.systems.nis.services.enrol_body import BodyKnown, enrol_body

    for body in bodies:
        keys = handover.get(f"keys/{body.code}.json")
        if keys is None:
            continue
        try:
            enrolled = enrol_body(
                code=body.code,
                name=body.name,
                kind=body.kind,
                municipality_code=body.municipality_code,
                signing=(keys["signing"][0], keys["signing"][1]),
                sealing=(keys["sealing"][0], keys["sealing"][1]),
                at=at,
            )
        except BodyKnown:
            continue
        handover.put_contact(provider="nis", consumer="midserver", body=body.code, credentials=enrolled.midserver)
        handover.put_contact(provider="nis", consumer="unified_id", body=body.code, credentials=enrolled.juki)
        handover.put("authority.json", {"certificate": enrolled.authority})


def _trust() -> None:
    from tasuke.systems.midserver.directory import trust_authority

    authority = handover.get("authority.json")
    if authority is not None:
        trust_authority(certificate=str(authority["certificate"]))


def _register_clients(provider: str, consumer: str, own: Body, bodies: Iterable[Body], at: datetime) -> None:
    codes = [body.code for body in bodies] if (provider, consumer) in AS_A_BODY else [""]
    scopes = scopes_of(provider, consumer)
    for code in codes:
        known = list(Client.objects.using(provider).filter(system=consumer, body=code, revoked_at__isnull=True))
        for client in known:
            if not scopes <= set(client.scopes):  # a version of ours that calls more than the one before
                client.scopes = sorted(scopes.union(client.scopes))
                client.save(using=provider, update_fields=["scopes"])
        if known:
            continue
        made = register_client(using=provider, system=consumer, body=code, scopes=scopes, at=at)
        handover.put_contact(provider=provider, consumer=consumer, body=code, credentials=made)
