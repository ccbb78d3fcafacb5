"""Found the chain: bodies at the national stand-in, municipalities at 中間サーバー, clients, approved consumers.

Every step may be done again and changes nothing then. In processes of their own the steps meet in the handover folder:
run it for 中間サーバー, for the national side, for 中間サーバー again, then for the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tasuke.deploy.chain import handover
from tasuke.deploy.chain.grants import AS_A_BODY, GRANTS, scopes_of
from tasuke.deploy.chain.guarding import guard_own, own_place, release
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.transport.clients import register_client
from tasuke.platform.transport.models import Client
from tasuke.schemes.profile import Profile

_FOUNDER, _SECOND = "founding-1", "founding-2"  # two hands, as for every approval
# what 団体内統合宛名 needs of a resident, and nothing else
_FOUR_INFO = ("name", "name_kana", "sex", "birth_date", "birth_text", "address", "address_detail", "resident_status")


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
) -> None:
    """Do for the systems of this process what is not done yet.

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
    for provider, consumer in GRANTS:
        if provider in systems and provider != "nis" and consumer not in systems:
            _register_clients(provider, consumer, own, bodies, at)
    if "resident" in systems:
        _approve_consumers(at)
    if "welfare" in systems:
        _approve_subscriber(at)
    guard_own(systems)


def _join(bodies: Iterable[Body], at: datetime) -> None:
    from tasuke.systems.midserver.services.join_tenant import join_tenant
    from tasuke.systems.midserver.services.upgrade_tenants import pending
    from tasuke.systems.midserver.tenancy import inside

    place = own_place("midserver")
    if place is not None and pending():
        release("midserver", conninfo=place[0], program=place[1])

    for body in bodies:
        join_tenant(body=body.code, name=body.name, by=_FOUNDER, at=at)
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
    for code in codes:
        known = Client.objects.using(provider).filter(system=consumer, body=code, revoked_at__isnull=True)
        if known.exists():
            continue
        made = register_client(using=provider, system=consumer, body=code, scopes=scopes_of(provider, consumer), at=at)
        handover.put_contact(provider=provider, consumer=consumer, body=code, credentials=made)


def _approve_consumers(at: datetime) -> None:
    from tasuke.systems.resident.items import ITEMS
    from tasuke.systems.resident.models import UsageApplication
    from tasuke.systems.resident.services.apply_for_items import apply_for_items, decide_application

    wanted = (
        ("unified_id", "団体内統合宛名", "032", _FOUR_INFO, True, "番号法 統合宛名番号の付番と紐付け"),
        ("welfare", "社会保障宛名", "020", tuple(ITEMS), False, "社会保障の宛名の管理"),
    )
    for system, name, business_id, items, with_my_number, purpose in wanted:
        approved = UsageApplication.objects.using("resident").filter(consumer__system=system, state="approved")
        if approved.exists():
            continue
        made = apply_for_items(
            using="resident",
            system=system,
            name=name,
            business_id=business_id,
            items=items,
            with_my_number=with_my_number,
            legal_basis="架空の市の利用承認(住民基本台帳法、番号法)",
            purpose=purpose,
            valid_from=date(2017, 4, 1),
            valid_to=None,
            by=_FOUNDER,
            at=at,
        )
        decide_application(using="resident", application_id=made.pk, approve=True, by=_SECOND, at=at)


def _approve_subscriber(at: datetime) -> None:
    from tasuke.systems.welfare.models import Subscriber
    from tasuke.systems.welfare.services.subscribe import apply_for_changes, decide_subscription

    if Subscriber.objects.using("welfare").filter(system="subsidy").exists():
        return
    made = apply_for_changes(
        using="welfare",
        system="subsidy",
        name="医療費助成",
        business_id="900",
        kinds=("person", "nonresident", "merge", "tax", "account", "mailing"),
        legal_basis="架空の市の利用承認(条例)",
        purpose="医療費助成の資格審査と支給",
        by=_FOUNDER,
        at=at,
    )
    decide_subscription(using="welfare", subscriber_id=made.pk, approve=True, by=_SECOND, at=at)
