"""Every address × role × office, by real requests, against the table in this folder.

After a change of addresses or roles make the table anew, and read what changed before it is committed:
  .venv/bin/python -m tasuke.deploy.addresses > tests/platform/access/access_table.csv
"""

import csv
import re
from pathlib import Path

import pytest
from django.test import Client

from tasuke.deploy.addresses import ALLOWED, PUBLIC, REFUSED, addresses, table
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.roles import roles
from tasuke.platform.access.testing import signed_in
from tasuke.platform.database.systems import ALL_SYSTEMS
from tasuke.systems.subsidy.profile import set_profile

TABLE = Path(__file__).with_name("access_table.csv")
# nothing of this exists: who is allowed gets "not found" or an empty form, who is not must not even learn that
SAMPLES = {
    "int": "999999999",
    "str": "000000000000000",
    "slug": "none",
    "path": "none",
    "date": "2026-04-01",
    "day": "2026-04-01",
}
WARD = "141313"


@pytest.fixture(autouse=True)
def city():
    set_profile(open_profile("kawasaki"))


def rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def path_of(route):
    def sample(match):
        kind, _, _ = match.group(1).rpartition(":")
        return SAMPLES.get(kind or "str", SAMPLES["str"])

    return re.sub(r"<([^>]+)>", sample, route)


def ask(client, route):
    """GET, or POST where GET is not known; what came of it."""
    path = path_of(route)
    response = client.get(path)
    if response.status_code == 405:
        response = client.post(path)
    return response


def outcome(response):
    if response.status_code == 302 and response.url.startswith("/signin/?next="):
        return "stranger"
    if response.status_code == 403:
        return REFUSED
    # 503: open to the role, and the page says that the system behind it does not answer (here there is none)
    fine = response.status_code < 500 or response.status_code == 503
    return ALLOWED if fine else f"status {response.status_code}"


def test_the_table_in_the_repository_is_the_program():
    assert rows() == table(), "python -m tasuke.deploy.addresses > tests/platform/access/access_table.csv"


def test_every_public_address_says_why():
    between_systems = {
        f"/{system}/{end}"
        for system in ("subsidy", "resident", "welfare", "unified_id", "gateway", "midserver", "nis")
        for end in ("oauth/token", "api/<slug:contract>/v<int:version>/<slug:name>")
    }
    assert {a.route: a.reason for a in addresses() if a.action is None}.keys() == between_systems | {
        "/healthz",
        "/metrics",
        "/signin/",
        "/signin/code/",
        "/signin/key/",
        "/signout/",
        "/terminal/",
    }


@pytest.mark.django_db(databases=ALL_SYSTEMS)
def test_a_stranger_gets_no_further_than_the_sign_in_page():
    guarded = [row["アドレス"] for row in rows() if row["操作"]]
    got = {route: outcome(ask(Client(), route)) for route in guarded}
    assert {route: what for route, what in got.items() if what != "stranger"} == {}


@pytest.mark.django_db(databases=ALL_SYSTEMS)
@pytest.mark.parametrize("office", [None, WARD], ids=["everywhere", "one-ward"])
@pytest.mark.parametrize("role", list(roles()))
def test_each_role_gets_what_the_table_says(role, office):
    client = signed_in(role, offices=None if office is None else [office])
    expected = {row["アドレス"]: row[role] for row in rows() if row[role] != PUBLIC}
    got = {route: outcome(ask(client, route)) for route in expected}
    assert {r: (got[r], expected[r]) for r in expected if got[r] != expected[r]} == {}
