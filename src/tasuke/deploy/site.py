"""Whose office this is, for every page: from the municipality's profile."""

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

# the profile that was asked for last, and its site: a page of fifty rows asks two hundred times
_kept: list[tuple[Profile, Site]] = []


def office_site() -> Site:
    """The municipality that was set, or the one that TASUKE_PROFILE names (a command that serves pages sets it)."""
    try:
        profile = active_profile()
    except NoProfile:
        profile = open_profile()
        set_profile(profile)
    for known, site in _kept:
        if known is profile:
            return site
    site = _site_of(profile)
    _kept[:] = [(profile, site)]
    return site


def _site_of(profile: Profile) -> Site:
    brands = {system: (address, brand.format(city=profile.name)) for system, (address, brand) in _BRANDS.items()}
    here = next((system for system in brands if system in SYSTEMS), "subsidy")
    return Site(
        profile.name,
        profile.fictitious,
        {ward.code: ward.name for ward in profile.wards},
        {scheme: load_scheme(scheme).name for scheme in profile.schemes},
        brands[here][1],
        {address: brand for address, brand in brands.values() if address},
        profile.municipality_code,
    )
