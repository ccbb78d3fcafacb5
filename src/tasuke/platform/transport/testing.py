"""For tests: wire systems together with the real handlers, in process or by any transport."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Literal

import httpx
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import override_settings
from django.urls import clear_url_caches, include, path

from tasuke.contracts.kit import Handlers, Link
from tasuke.platform.transport.clients import register_client
from tasuke.platform.transport.files import FileLink, serve_folder
from tasuke.platform.transport.http_client import HttpLink
from tasuke.platform.transport.http_server import api_urls
from tasuke.platform.transport.links import bind, unbind_all
from tasuke.platform.transport.local import LocalLink


@contextmanager
def wire(
    ways: Mapping[tuple[str, str], Handlers], *, clock: Callable[[], datetime], bodies: Mapping[str, str] | None = None
) -> Iterator[None]:
    """ways: (provider, consumer) → the provider's HANDLERS. bodies: consumer → its 機関コード.

    A consumer may be named `midserver:B011002`: the link is bound for that name, as the system `midserver` of the body.
    Every operation of the provider is in the scopes.
    """
    unbind_all()
    for (provider, consumer), handlers in ways.items():
        system, _, body = consumer.partition(":")
        bind(
            provider,
            consumer,
            LocalLink(
                handlers=handlers,
                using=provider,
                system=system,
                clock=clock,
                scopes=frozenset(operation.scope for operation in handlers),
                body=body or (bodies or {}).get(consumer, ""),
            ),
        )
    try:
        yield
    finally:
        unbind_all()


Transport = Literal["local", "http", "files"]
TRANSPORTS: tuple[Transport, ...] = ("local", "http", "files")


@contextmanager
def link_by(
    transport: Transport,
    *,
    provider: str,
    handlers: Handlers,
    system: str,
    clock: Callable[[], datetime],
    folder: Path,
    body: str = "",
    scopes: frozenset[str] | None = None,
) -> Iterator[Link]:
    """A link to a provider by this transport: for suites of a contract that run on all of them.

    http: through the real client, token end point and views, without a socket. folder: where files are exchanged.
    """
    granted = frozenset(o.scope for o in handlers) if scopes is None else scopes
    if transport == "local":
        yield LocalLink(handlers=handlers, using=provider, system=system, body=body, clock=clock, scopes=granted)
        return
    if transport == "files":

        def serve() -> int:
            return serve_folder(
                folder=folder,
                handlers=handlers,
                using=provider,
                caller_system=system,
                scopes=granted,
                clock=clock,
                body=body,
            )

        yield FileLink(folder, provider, serve)
        return
    urls = ModuleType("urls_of_one_provider")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path(f"{provider}/", include(api_urls(system=provider, handlers=handlers, clock=clock)))
    ]
    with override_settings(ROOT_URLCONF=urls, ALLOWED_HOSTS=["127.0.0.1"], SECURE_SSL_REDIRECT=False):
        clear_url_caches()
        # a test holds its transactions open; a request that ends must not drop them (Django's own test client likewise)
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        link = HttpLink(
            base=f"http://127.0.0.1/{provider}/",
            provider=provider,
            credentials=register_client(using=provider, system=system, scopes=granted, at=clock(), body=body),
            clock=clock,
            wire=httpx.WSGITransport(app=get_wsgi_application()),
            pause=lambda _: None,
        )
        try:
            yield link
        finally:
            link.close()
            clear_url_caches()
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)
