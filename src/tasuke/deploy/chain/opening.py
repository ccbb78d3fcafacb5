"""What every process does at its start: say whose systems these are, and bind the links."""

from typing import Literal

from tasuke.deploy.chain.founding import body_of
from tasuke.deploy.chain.wiring import Clock, wire
from tasuke.platform.database.systems import SYSTEMS
from tasuke.schemes.profile import Profile


def open_chain(*, profile: Profile, clock: Clock, systems: tuple[str, ...] = SYSTEMS) -> list[str]:
    """Set the policies and wire; gives the ways that are missing. May be done again."""
    own = body_of(profile).code
    # a fictitious city takes numbers that can be nobody's, a real one takes real ones, and neither takes the other's
    accept: Literal["synthetic", "real"] = "synthetic" if profile.fictitious else "real"
    bodies = [own]
    if "welfare" in systems:
        from tasuke.systems.welfare.policy import set_policy as set_welfare_policy

        set_welfare_policy(accept=accept)
    if "unified_id" in systems:
        from tasuke.systems.unified_id.policy import set_policy as set_unified_policy

        set_unified_policy(accept=accept, body=own)
    if "gateway" in systems:
        from tasuke.systems.gateway.policy import set_policy as set_gateway_policy

        set_gateway_policy(body=own)
    if "nis" in systems:
        from tasuke.systems.nis.settings_holder import set_policy as set_national_policy

        set_national_policy(accept=accept)
    if "midserver" in systems:
        from tasuke.systems.midserver.tenancy import tenants

        bodies = [*dict.fromkeys([own, *(tenant.body for tenant in tenants())])]
    return wire(body=own, bodies=bodies, clock=clock, systems=systems)
