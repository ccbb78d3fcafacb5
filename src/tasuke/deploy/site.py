"""Whose office this is, for every page: from the municipality's profile."""

from functools import lru_cache

from tasuke.deploy.profiles import open_profile
from tasuke.platform.ui.site import Site
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.profile import NoProfile, active_profile, set_profile


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
    return Site(name, fictitious, dict(wards), {scheme: load_scheme(scheme).name for scheme in schemes})
