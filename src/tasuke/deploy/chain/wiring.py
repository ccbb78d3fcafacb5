"""Bind every link: in process where provider and consumer are both here, over HTTP where a contact was left."""

from collections.abc import Callable, Iterable
from datetime import datetime

from tasuke.deploy.chain.grants import AS_A_BODY, GRANTS, scopes_of
from tasuke.deploy.chain.handover import contact_of
from tasuke.deploy.chain.rooms import handlers_of
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.transport.http_client import HttpLink
from tasuke.platform.transport.links import bind
from tasuke.platform.transport.local import LocalLink

Clock = Callable[[], datetime]


def wire(*, body: str, bodies: Iterable[str], clock: Clock, systems: tuple[str, ...] = SYSTEMS) -> list[str]:
    """Bind what can be bound; give the ways that are missing, as `provider ← consumer`.

    body: 機関コード of this city. bodies: all that 中間サーバー serves here (a process without it gives only its own).
    """
    missing = []
    for provider, consumer in GRANTS:
        if consumer not in systems:
            continue
        for name, of in _names(provider, consumer, body, bodies):
            if not _bind(provider, consumer, name, of, clock, systems):
                missing.append(f"{provider} ← {name}")
    return missing


def _names(provider: str, consumer: str, body: str, bodies: Iterable[str]) -> list[tuple[str, str]]:
    """Under which names a consumer asks, and as which body each.

    中間サーバー asks for each of its bodies. The city's own gateway and unified numbers ask under their plain names;
    those of another body (a neighbour played for a test) under `gateway:B…`.
    """
    if (provider, consumer) not in AS_A_BODY:
        return [(consumer, "")]
    if consumer == "midserver":
        return [(f"midserver:{one}", one) for one in bodies]
    return [(consumer, body), *((f"{consumer}:{one}", one) for one in bodies if one != body)]


def _bind(provider: str, consumer: str, name: str, body: str, clock: Clock, systems: tuple[str, ...]) -> bool:
    if provider in systems:
        handlers = handlers_of(provider)
        local = LocalLink(
            handlers=handlers,
            using=provider,
            system=consumer,
            clock=clock,
            scopes=scopes_of(provider, consumer),
            body=body,
        )
        bind(provider, name, local)
        return True
    contact = contact_of(provider=provider, consumer=consumer, body=body)
    if contact is None:
        return False
    bind(provider, name, HttpLink(contact.base, provider, contact.credentials, clock, contact.ca))
    return True
