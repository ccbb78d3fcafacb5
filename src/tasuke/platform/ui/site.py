"""Whose office this is. The systems know the municipality; this room only asks for what stands on every page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Site:
    """name: the municipality; fictitious: every page says so; wards: code → name; schemes: id → short title.

    municipality_code: the six digits, by which 中間サーバー limits grants of its municipalities' staff.
    brand: organisation and system as the bar names them; brands: those of the rooms of other systems, by the beginning
    of their address.
    """

    name: str = ""
    fictitious: bool = False
    wards: Mapping[str, str] = field(default_factory=dict)
    schemes: Mapping[str, str] = field(default_factory=dict)
    brand: str = "tasuke"
    brands: Mapping[str, str] = field(default_factory=dict)
    municipality_code: str = ""

    @property
    def places(self) -> Mapping[str, str]:
        """Where a person works or what a grant is limited to: the wards and the municipality itself, code → name."""
        return {**self.wards, self.municipality_code: self.name} if self.municipality_code else self.wards

    def brand_of(self, path: str) -> str:
        """Whose system a page belongs to, by its address."""
        return next((brand for address, brand in self.brands.items() if path.startswith(address)), self.brand)


_ask: list[Callable[[], Site]] = []


def offer_site(ask: Callable[[], Site]) -> None:
    """Say where to ask for the site; asked anew for every page, so that a test may change the municipality."""
    _ask[:] = [ask]


def site() -> Site:
    """The site, or an empty one before anybody offered it."""
    return _ask[0]() if _ask else Site()
