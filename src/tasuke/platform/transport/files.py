"""A link through files: the caller puts a request into a folder that the provider reads, and takes the reply there.

For systems that share a file server only (共通機能標準仕様書: ファイル連携). A file is written under a temporary name
and renamed when it is whole; its name carries the idempotency key, so a file put twice is answered once.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from tasuke.contracts.book import operation_at
from tasuke.contracts.kit import Caller, ContractError, Handlers, Operation, Q, R, Refused, Unreachable
from tasuke.platform.transport.answering import answer


@dataclass(frozen=True, slots=True)
class FileLink:
    """folder: that of one caller at one provider, with `requests/` and `replies/`.

    serve: what to do while waiting (a test lets the provider do its round); deployments wait.
    """

    folder: Path
    provider: str
    serve: Callable[[], object] | None = None
    patience: float = 60.0
    pause: Callable[[float], None] = time.sleep
    ticks: Callable[[], float] = time.monotonic

    def call(self, operation: Operation[Q, R], request: Q, *, key: str = "") -> R:
        """Ask. Raises Refused; Unreachable when no reply comes in `patience` seconds (the request stays there)."""
        name = f"{operation.contract}.v{operation.version}.{operation.name}.{_safe(key) if key else uuid4().hex}.json"
        reply = self.folder / "replies" / name
        if not reply.exists():
            write_whole(
                self.folder / "requests" / name,
                json.dumps({"key": key, "request": json.loads(request.model_dump_json())}, ensure_ascii=False),
            )
            self._wait_for(reply)
        facts = json.loads(reply.read_text(encoding="utf-8"))
        if "refused" in facts:
            errors = tuple(ContractError.model_validate(error) for error in facts["errors"])
            raise Refused(facts["refused"], errors, status=facts["status"])
        return operation.reply.model_validate(facts["reply"])

    def _wait_for(self, reply: Path) -> None:
        end = self.ticks() + self.patience
        while True:
            if self.serve is not None:
                self.serve()
            if reply.exists():
                return
            if self.serve is not None or self.ticks() >= end:
                raise Unreachable(f"{self.provider} から返事のファイルが来ません")
            self.pause(0.2)


def serve_folder(
    *,
    folder: Path,
    handlers: Handlers,
    using: str,
    caller_system: str,
    scopes: frozenset[str],
    clock: Callable[[], datetime],
    body: str = "",
) -> int:
    """One round of the provider: answer every request in the folder, oldest name first; give how many.

    Who calls is decided by the folder, whose permissions are those of one caller. A request goes to `done/` only after
    its reply is whole: a crash in between answers it again, from the stored answer.
    """
    count = 0
    for path in sorted((folder / "requests").glob("*.json")):
        reply = _reply_to(path, handlers, using, caller_system, body, scopes, clock)
        if reply is None:
            continue
        write_whole(folder / "replies" / path.name, json.dumps(reply, ensure_ascii=False))
        (folder / "done").mkdir(exist_ok=True)
        path.replace(folder / "done" / path.name)
        count += 1
    return count


def _reply_to(
    path: Path,
    handlers: Handlers,
    using: str,
    system: str,
    body: str,
    scopes: frozenset[str],
    clock: Callable[[], datetime],
) -> dict[str, object] | None:
    contract, _, rest = path.name.partition(".v")
    version, _, rest = rest.partition(".")
    operation = operation_at(contract, int(version) if version.isdigit() else 0, rest.partition(".")[0])
    caller = Caller(f"file-{system}-{body}"[:32], system, body, scopes, clock())
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if operation is None or not isinstance(facts, dict) or not {"key", "request"} <= set(facts):
            raise Refused("要求のファイルの形が約束と違います")
        text = answer(
            handlers=handlers,
            operation=operation,
            body=json.dumps(facts["request"], ensure_ascii=False).encode(),
            caller=caller,
            key=str(facts["key"]),
            using=using,
        )
    except Refused as error:
        return {"refused": error.title, "errors": [e.model_dump() for e in error.errors], "status": error.status}
    except (UnicodeDecodeError, json.JSONDecodeError):
        return {"refused": "要求のファイルを読めません", "errors": [], "status": 400}
    except Unreachable:
        return None  # closed for now: the request stays
    return {"reply": json.loads(text)}


def write_whole(path: Path, text: str) -> None:
    """Write a file that nobody ever sees half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _safe(key: str) -> str:
    """A file name for a key: keys may hold anything."""
    return sha256(key.encode()).hexdigest()[:32]
