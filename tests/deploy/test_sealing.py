"""The trail is sealed by itself while the office works: nobody has to think of it."""

import inspect
import runpy
import threading

import pytest

from tasuke.deploy import sealing
from tasuke.platform.audit.services.seal_trail import TrailBroken


@pytest.fixture
def rounds(monkeypatch):
    """Rounds of sealing, the first of which fails; gives what is set when three have begun."""
    begun, enough = [], threading.Event()

    def seal_all():
        begun.append(len(begun))
        if len(begun) == 3:
            enough.set()
        if len(begun) == 1:
            raise TrailBroken("checkpoints do not fit")

    monkeypatch.setattr(sealing, "seal_all", seal_all)
    return enough


def test_sealing_goes_on_after_a_round_that_failed(rounds):
    stop = threading.Event()
    thread = sealing.start_sealing(every=0.001, stop=stop)
    assert rounds.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_row_waits_for_half_of_the_promised_ten_seconds_at_most():
    assert inspect.signature(sealing.start_sealing).parameters["every"].default <= 5


def test_whoever_serves_the_site_seals(monkeypatch):
    """Any WSGI server, not only that of `tasuke serve`."""
    started = []
    monkeypatch.setattr(sealing, "start_sealing", lambda: started.append(True))
    monkeypatch.setattr("tasuke.deploy.chain.opening.open_chain", lambda **_: None)
    monkeypatch.setattr("tasuke.systems.subsidy.profile.set_profile", lambda _: None)
    assert callable(runpy.run_module("tasuke.deploy.wsgi")["application"])
    assert started == [True]
