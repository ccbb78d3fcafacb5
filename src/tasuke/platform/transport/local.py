"""A link inside one process: the same checks and the same JSON as over the wire, without the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tasuke.contracts.kit import Caller, Handlers, Operation, Q, R
from tasuke.platform.transport.answering import answer


@dataclass(frozen=True, slots=True)
class LocalLink:
    """using: the provider's database. system, body: who calls. clock gives the moment of each call."""

    handlers: Handlers
    using: str
    system: str
    clock: Callable[[], datetime]
    scopes: frozenset[str]
    body: str = ""

    def call(self, operation: Operation[Q, R], request: Q, *, key: str = "") -> R:
        """Ask. Raises Refused."""
        caller = Caller(
            client_id=f"local-{self.system}-{self.body}"[:32],
            system=self.system,
            body=self.body,
            scopes=self.scopes,
            at=self.clock(),
        )
        reply = answer(
            handlers=self.handlers,
            operation=operation,
            body=request.model_dump_json().encode(),
            caller=caller,
            key=key,
            using=self.using,
        )
        return operation.reply.model_validate_json(reply)
