"""A clock that stands until it is moved, and a person with a PIN and an authenticator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django.urls import include, path
from tests.platform.accounts.authenticator import Authenticator
from tests.platform.accounts.key_steps import ORIGIN, browser, register

from tasuke.deploy import clock as deployed
from tasuke.platform.access.testing import make_grant, make_user
from tasuke.platform.accounts.models import OneTimeCode
from tasuke.platform.accounts.services.change_pin import change_pin
from tasuke.platform.accounts.services.enrol_code import enrol_code
from tasuke.platform.accounts.totp import present_code

PIN = "saku-ra 2026"
SECRET = b"12345678901234567890"  # of RFC 6238, appendix B


class Clock:
    """The moment that every request reads."""

    def __init__(self):
        self.moment = datetime(2026, 11, 20, 9, 0, 0, tzinfo=deployed.TOKYO)

    def now(self):
        return self.moment

    def pass_by(self, **time):
        self.moment += timedelta(**time)


@dataclass
class Signing:
    """Signs a person in, step by step."""

    clock: Clock
    personal_id: str = "k-00123"
    known_pin: str = PIN

    def code(self):
        return present_code(secret=SECRET, at=self.clock.moment)

    def pin(self, client, pin=PIN, personal_id=None):
        return client.post("/signin/", {"personal_id": personal_id or self.personal_id, "pin": pin, "next": "/pin/"})

    def type_code(self, client, code=None):
        return client.post("/signin/code/", {"code": code or self.code(), "next": "/pin/"})

    def fully(self, client=None):
        browser = client or Client()
        self.pin(browser)
        assert self.type_code(browser).url == "/pin/"
        return browser


@pytest.fixture
def clock(monkeypatch):
    standing = Clock()
    monkeypatch.setattr(deployed, "now", standing.now)
    return standing


class Addresses:
    """Sign-in and administration alone: these tests do not wait for other rooms."""

    urlpatterns: ClassVar = [
        path("", include("tasuke.platform.access.web.urls")),
        path("admin/accounts/", include("tasuke.platform.access.web.admin_urls")),
    ]
    handler404 = "tasuke.deploy.errors.not_found"


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.ROOT_URLCONF = Addresses


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """The same hash with less work: what it costs a thief is not what these tests are about."""
    for name, value in (("memory_cost", 512), ("time_cost", 1), ("parallelism", 1)):
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture
def signing(db, clock, settings):
    settings.REQUIRE_TERMINAL = False
    user = make_user("k-00123", at=clock.moment, name="試験 花子")
    change_pin(user=user, pin=PIN)
    enrol_code(user=user, by="setup", at=clock.moment, secret=SECRET)
    OneTimeCode.objects.using("accounts").update(confirmed_at=clock.moment)
    make_grant(user, "administrator", at=clock.moment)
    return Signing(clock)


@pytest.fixture
def on_localhost(settings):
    """As `tasuke serve` on the loopback address."""
    settings.WEBAUTHN_ORIGIN, settings.WEBAUTHN_ON_LOCALHOST = "", True


@pytest.fixture
def key(signing, on_localhost):
    """Registered to the person of `signing`, who has signed out since."""
    device = Authenticator(ORIGIN)
    client = signing.fully(browser())
    assert register(signing, client, device).url == "/account/"
    client.post("/signout/")
    return device


@pytest.fixture
def other(signing, on_localhost):
    """Somebody else with a PIN, a code and a key of their own."""
    user = make_user("k-00999", at=signing.clock.moment, name="試験 次郎")
    change_pin(user=user, pin=PIN)
    enrol_code(user=user, by="setup", at=signing.clock.moment, secret=SECRET)
    OneTimeCode.objects.using("accounts").update(confirmed_at=signing.clock.moment)
    device = Authenticator(ORIGIN)
    client = browser()
    signing.pin(client, personal_id="k-00999")
    signing.type_code(client)
    register(signing, client, device)
    return device
