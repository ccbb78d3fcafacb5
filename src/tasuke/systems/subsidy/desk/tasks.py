"""One kind of work on the page of today."""

from dataclasses import dataclass

CEILING = 1000  # nobody needs to know more exactly than "1,000 and more"


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of work: what it is called, where it is done, how much of it waits (at most CEILING)."""

    label: str
    url_name: str
    query: str
    count: int
    unit: str
    hint: str
    urgent: bool

    @property
    def many(self) -> bool:
        """There may be more than the count says."""
        return self.count >= CEILING
