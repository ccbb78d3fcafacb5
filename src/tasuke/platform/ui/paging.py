"""Lists in pieces, by key: the next piece begins after the last row shown; nothing is counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """rows: at most `limit`; next_key: where the next piece begins ("" at the end); first: nothing lies before."""

    rows: Sequence[T]
    next_key: str
    first: bool
    limit: int = PAGE_ROWS

    @property
    def more(self) -> bool:
        """Whether rows follow."""
        return bool(self.next_key)


def page_of(found: Sequence[T], *, key: Callable[[T], object], after: str = "", limit: int = PAGE_ROWS) -> Page[T]:
    """Make a page of what a query found. found: up to `limit` + 1 rows after the key `after`, in order of key."""
    rows = found[:limit]
    next_key = str(key(rows[-1])) if len(found) > limit else ""
    return Page(rows=rows, next_key=next_key, first=not after, limit=limit)
