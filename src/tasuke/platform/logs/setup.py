"""Set up structlog and the standard library's logging alike: one JSON line per record on stderr, masked.

    log = structlog.get_logger(__name__)
    log.info("file received", kind="residents", rows=120)

Messages are static English, facts are keys. No person's number and no name is ever put into a fact; the mask is there
for what slips through, above all texts of exceptions and records of other people's libraries.
"""

import logging
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, ExcInfo, Processor

from tasuke.platform.logs.mask import BLOT, mask_message, mask_text

# Facts that tell who somebody is. By key, since a romanised name looks like any other text.
# A word of the key is enough: name, person_name, holder_kana.
_PRIVATE = frozenset(
    [
        "name", "kana", "alias", "address", "phone", "birth", "birthday", "holder", "account", "my", "recipient",
        "mail", "pin", "password", "secret", "token", "cookie", "query", "body", "value", "values",
    ]
)  # fmt: skip
_OURS = frozenset({"logger_name", "file_name", "job_name", "task_name", "terminal_name", "thread_name"})
_LIBRARY = frozenset({"event", "level", "logger", "timestamp"})


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, to be found again when logging is set up a second time."""


def set_up_logs(*, level: str | None = None, stream: TextIO | None = None) -> None:
    """Send all records of this process to `stream` (stderr). level: TASUKE_LOG_LEVEL, WARNING when neither is given."""
    chosen = (level or os.environ.get("TASUKE_LOG_LEVEL") or "WARNING").upper()
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
    ]
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last()],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(chosen)
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _last() -> list[Processor]:
    return [
        tell_exception,
        mask,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=_unknown),
    ]


def tell_exception(logger: Any, method: str, event: EventDict) -> EventDict:
    """Where and of which type, and the first line of what it says: PostgreSQL puts whole rows into the lines below."""
    found: ExcInfo | bool | BaseException | None = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()  # type: ignore[assignment]
    error = found[1] if isinstance(found, tuple) else found
    event.pop("exception", None)
    event.pop("stack_info", None)
    if isinstance(error, BaseException):
        event["exception"] = [_told(one) for one in _chain(error)]
        event["frames"] = [
            f"{frame.filename.rpartition('/src/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    return event


def mask(logger: Any, method: str, event: EventDict) -> EventDict:
    """Blot out what must not stand in a line: private facts whole, other texts where they look like persons."""
    return {key: value if key == "level" else _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: Any) -> Any:
    lower = str(key).lower()
    if value and lower not in _LIBRARY | _OURS and not _PRIVATE.isdisjoint(lower.split("_")):
        return BLOT
    if isinstance(value, Mapping):
        return {mask_text(str(k)): _masked(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if len(str(value).lstrip("-")) < 12 else BLOT
    return mask_text(str(value))


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, then what it came from."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain and len(chain) < 10:
        chain.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _told(error: BaseException) -> str:
    said = str(error).strip().split("\n", 1)[0][:200]
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return f"{kind}: {mask_message(said)}" if said else kind


def _unknown(value: object) -> str:
    return f"<{type(value).__name__}>"
