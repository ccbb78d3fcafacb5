"""Real handlers of 団体内統合宛名 on its own database, keys in a folder of the test."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.unified import REGISTER, Empty, RegisterRequest, Registration
from tasuke.core.numbers import synthetic_my_number
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.testing import wire
from tasuke.systems.unified_id.api import HANDLERS
from tasuke.systems.unified_id.policy import set_policy

AT = datetime(2026, 6, 10, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))


def my_number(n):
    """The n-th number that can be nobody's."""
    return synthetic_my_number(f"{n * 7919 % 10**11:011}")


class Unified:
    """What a test does with the system: as a business that calls it."""

    def __init__(self, link):
        self.link = link
        self.calls = 0
        first = link.call(SEALING_KEYS, Empty()).keys[0]
        self.jwk = {**first.jwk, "kid": first.kid}

    def sealed(self, number):
        return seal_for(self.jwk, number.encode(), context="my_number")

    def row(self, atena_no, number=None, **more):
        facts = {
            "resident": True,
            "name": "試験　花子",
            "birth_date": "2019-05-01",
            "sex": "2",
            "address": "試験市一丁目",
        }
        sealed = self.sealed(number) if number else None
        return Registration(**{**facts, "atena_no": atena_no, "my_number_sealed": sealed, **more})

    def register(self, *rows, business="001", **more):
        self.calls += 1
        request = RegisterRequest(business_id=business, registrations=rows, **more)
        return self.link.call(REGISTER, request, key=f"register-{self.calls}")


@pytest.fixture
def keys(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))


@pytest.fixture
def unified(db, keys):
    set_policy(accept="synthetic", body="B011002")
    with wire({("unified_id", name): HANDLERS for name in ("subsidy", "gateway", "resident")}, clock=lambda: AT):
        yield Unified(link_to("unified_id", consumer="subsidy"))
