"""Collects what one request or command did, and writes it in the transaction of what it records."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connections

from tasuke.platform.audit.events import EventKind
from tasuke.platform.logs.mask import BLOT, mask_numbers

if TYPE_CHECKING:
    from tasuke.platform.access.request import OfficeRequest

_LONGEST = 300  # characters of one fact: a path or a word, never a document
# Facts whose values say who somebody is or where they live: that they changed is recorded, not what they were.
_PRIVATE = ("name", "kana", "alias", "address", "phone", "postal", "holder", "account_no", "note", "my_number", "email")

_INSERT = """
INSERT INTO audit_event (at, personal_id, office, terminal, session, action, screen, purpose, kind, atena_no, detail)
SELECT COALESCE(%s, now()), %s, %s, %s, %s, %s, %s, %s, kind, atena_no, detail
FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS event (kind, atena_no, detail, place)
ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who, when, where from, what for. at None: the database's clock; session: a hash, never the key itself."""

    personal_id: str
    at: datetime | None = None
    office: str = ""
    terminal: str = ""
    session: str = ""
    action: str = ""
    screen: str = ""
    purpose: str = ""


class Recorder:
    """Events of one request. Each person is one row; nothing is written before `flush`.

    recorded: whether persons were recorded, or that there were none to show. No name and no 個人番号 goes in: facts
    that say who somebody is are blotted out, and so is any run of twelve digits.
    """

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.recorded = False
        self._rows: list[tuple[str, str, str]] = []  # kind, atena_no, detail

    @classmethod
    def of_request(cls, request: "OfficeRequest", *, screen: str) -> Self:
        """The recorder of a request to which `screen` has added who asks, from where and what for."""
        key = request.session.session_key or ""
        return cls(
            Origin(
                personal_id=request.actor.personal_id,
                at=request.at,
                office=request.actor.office,
                terminal=request.terminal,
                session=hashlib.sha256(key.encode()).hexdigest()[:16] if key else "",
                action=str(request.action),
                screen=screen.removeprefix("tasuke."),
                purpose=str(request.purpose or ""),
            )
        )

    def because(self, purpose: str) -> None:
        """The purpose that the screen's own form asked for; holds for all events of this request."""
        self.origin = replace(self.origin, purpose=purpose)

    def read(self, atena_nos: Iterable[str], what: str = "household") -> None:
        """These persons were shown. An empty list is recorded too: somebody looked, and there was nobody."""
        self._persons(EventKind.READ, atena_nos, {"what": what})

    def changed(
        self,
        atena_nos: Iterable[str],
        what: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Something of these persons was changed; of names, addresses and accounts only that they changed."""
        facts = {"what": what, "before": _public(before), "after": _public(after)}
        self._persons(EventKind.CHANGED, atena_nos, facts)

    def printed(self, atena_nos: Iterable[str], what: str) -> None:
        """A paper about these persons was made."""
        self._persons(EventKind.PRINTED, atena_nos, {"what": what})

    def exported(self, atena_nos: Iterable[str], what: str, *, rows: int, purpose: str) -> None:
        """Data left the system as a file of so many rows, with what purpose."""
        self._persons(EventKind.EXPORTED, atena_nos, {"what": what, "rows": rows, "purpose": purpose})

    def searched(self, query_kind: str, hits: int, atena_nos: Iterable[str]) -> None:
        """A search of this kind (never its text) found so many; these persons were shown."""
        self._persons(EventKind.SEARCHED, atena_nos, {"by": query_kind, "hits": hits})

    def event(self, kind: EventKind | str, what: str = "", **facts: Any) -> None:
        """Something that concerns no resident."""
        self._rows.append((str(kind), "", _json({"what": what, **facts})))

    def flush(self, using: str) -> int:
        """Write everything in the current transaction of `using` with one statement; give the number of rows."""
        if not self._rows:
            return 0
        rows, self._rows = self._rows, []
        o = self.origin
        # at the sign-in page people type what they have at hand, and that may be their 個人番号
        who = mask_numbers(o.personal_id) if o.personal_id.isdigit() else o.personal_id
        head = [o.at, who, o.office, o.terminal, o.session, o.action, o.screen, o.purpose]
        with connections[using].cursor() as cursor:
            cursor.execute(_INSERT, [*head, *(list(column) for column in zip(*rows, strict=True))])
        return len(rows)

    def _persons(self, kind: EventKind, atena_nos: Iterable[str], facts: Mapping[str, Any]) -> None:
        detail = _json(facts)
        listed = [atena_nos] if isinstance(atena_nos, str) else atena_nos
        self._rows += [(kind, no, detail) for no in dict.fromkeys(listed)] or [(kind, "", detail)]
        self.recorded = True


def _public(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {k: BLOT if v and any(word in k.lower() for word in _PRIVATE) else v for k, v in facts.items()}


def _json(facts: Mapping[str, Any]) -> str:
    """Facts as compact JSON with sorted keys; empty ones are left out."""
    kept = {key: _fact(value) for key, value in sorted(facts.items()) if value is not None and value != ""}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True) if kept else ""


def _fact(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _fact(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_fact(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if len(str(value)) < 12 else BLOT
    # a path may hold anything: PostgreSQL takes neither NUL nor half of a surrogate pair
    text = str(value).replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return mask_numbers(text[:_LONGEST])
