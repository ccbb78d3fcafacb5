"""自動応答不可 and 不開示該当, for one piece of a person's information or for all of it. Nothing is overwritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tasuke.systems.midserver.tenancy import Inside

Kind = Literal["manual", "undisclosed"]
_ALL = ""  # information_code of a flag on the person


@dataclass(frozen=True, slots=True)
class Flagged:
    """Flags in force of some persons: (person's key, kind, information or "" for all)."""

    held: frozenset[tuple[bytes, str, str]]

    def manual(self, person: bytes, information: str) -> bool:
        """No automatic answer."""
        return self._has(person, "manual", information)

    def undisclosed(self, person: bytes, information: str) -> bool:
        """Not to be shown in the person's own history of exchanges."""
        return self._has(person, "undisclosed", information)

    def _has(self, person: bytes, kind: Kind, information: str) -> bool:
        return (person, kind, _ALL) in self.held or (person, kind, information) in self.held


def flags_of(room: Inside, persons: Sequence[bytes]) -> Flagged:
    """Flags in force of these persons."""
    if not persons:
        return Flagged(frozenset())
    rows = room.rows(
        "SELECT person_key, kind, information_code FROM flag WHERE lifted_at IS NULL AND person_key = ANY(%s)",
        [list(set(persons))],
    )
    return Flagged(frozenset((bytes(key), kind, information) for key, kind, information in rows))
