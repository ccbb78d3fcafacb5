"""What all tests share."""

from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

# the machines are shared and noisy: a deadline would measure the neighbours
settings.register_profile("tasuke", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tasuke")


def pytest_xdist_make_scheduler(config, log):
    """All journeys on one worker, every other test wherever there is room.

    The journeys share one site and one city. xdist's own groups do not work with pytest 9.2: they are written into an
    attribute of a test that pytest no longer reads.
    """
    return JourneysTogether(config, log) if config.getvalue("dist") == "load" else None


class JourneysTogether(LoadScopeScheduling):
    def _split_scope(self, nodeid):
        return "journeys" if nodeid.startswith("tests/journeys/") else nodeid
