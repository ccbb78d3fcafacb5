"""For tests: wire systems together in process, with the real handlers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from tasuke.contracts.kit import Handlers
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
