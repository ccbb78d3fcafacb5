import pytest
from tests.systems.nis.stations import Clock, Station

from tasuke.platform.transport.testing import wire
from tasuke.systems.nis.api import HANDLERS
from tasuke.systems.nis.settings_holder import set_policy, set_service

CODES = ("B011002", "B012033", "B141305", "C000001")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def network(db_of_nis, clock, monkeypatch, tmp_path):
    """The stand-in with its keys in a folder of the test, and links for four bodies."""
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    set_policy(accept="synthetic")
    ways = {("nis", f"{system}:{code}"): HANDLERS for code in CODES for system in ("midserver", "unified_id")}
    with wire(ways, clock=clock):
        yield
    set_service(None)


@pytest.fixture
def db_of_nis(request):
    request.getfixturevalue("db")


@pytest.fixture
def sapporo(network, clock):
    return Station("B011002", clock).enrol()


@pytest.fixture
def otaru(network, clock):
    return Station("B012033", clock).enrol()


@pytest.fixture
def kawasaki(network, clock):
    return Station("B141305", clock).enrol()
