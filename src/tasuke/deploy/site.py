"""Whose office this is, for every page: from the municipality's profile."""

from functools import lru_cache

from tasuke.deploy.profiles import open_profile
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.ui.site import Site
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.profile import NoProfile, active_profile, set_profile

# system → where its rooms begin, and how the bar names it; {city} is the municipality. Those of other organisations
# name no city: whoever sits there must see at once that this is no system of the city's.
_BRANDS = {
    "subsidy": ("", "{city} 医療費助成"),
    "resident": ("/resident/", "{city} 住民情報の配信"),
    "welfare": ("/welfare/", "{city} 社会保障宛名"),
    "unified_id": ("/unified-id/", "{city} 団体内統合宛名"),
    "gateway": ("/gateway/", "{city} 市中間サーバ"),
    "midserver": ("/midserver/", "中間サーバー・プラットフォーム"),
    "nis": ("/nis/", "情報提供ネットワークシステム(国の代役)"),
}


def office_site() -> Site:
    """The municipality that was set, or the one that TASUKE_PROFILE names (a command that serves pages sets it)."""
    try:
        profile = active_profile()
    except NoProfile:
        profile = open_profile()
        set_profile(profile)
    return _site_of(profile.id, profile.name, profile.fictitious, _pairs(profile), tuple(profile.schemes))


def _pairs(profile: Profile) -> tuple[tuple[str, str], ...]:
    return tuple((ward.code, ward.name) for ward in profile.wards)


@lru_cache(maxsize=8)
def _site_of(
    profile_id: str, name: str, fictitious: bool, wards: tuple[tuple[str, str], ...], schemes: tuple[str, ...]
) -> Site:
    """Read the scheme files once, not for every page."""
    brands = {system: (address, brand.format(city=name)) for system, (address, brand) in _BRANDS.items()}
    here = next((system for system in brands if system in SYSTEMS), "subsidy")
    return Site(
        name,
        fictitious,
        dict(wards),
        {scheme: load_scheme(scheme).name for scheme in schemes},
        brands[here][1],
        {address: brand for address, brand in brands.values() if address},
    )
