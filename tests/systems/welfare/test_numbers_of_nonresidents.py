"""A 住登外者 gets a unified number through the real systems: sealed all the way, told at last, ended when moved in."""

import json
from datetime import date, timedelta

import pytest
from tests.systems.unified_id.conftest import my_number
from tests.systems.welfare.conftest import NOW, TODAY, event
from tests.systems.welfare.test_persons import FOUR

from tasuke.contracts.unified import REGISTER, RegisterRequest, Registration
from tasuke.contracts.welfare import ASSIGN_NONRESIDENT, NonresidentRequest
from tasuke.platform.crypto.sealed import seal_for
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.testing import wire
from tasuke.systems.unified_id.api import HANDLERS as UNIFIED
from tasuke.systems.unified_id.models import BusinessNumber, Person
from tasuke.systems.unified_id.my_number import keypair
from tasuke.systems.unified_id.policy import set_policy
from tasuke.systems.welfare.api import HANDLERS
from tasuke.systems.welfare.models import NumberNotice
from tasuke.systems.welfare.rounds import tell_numbers
from tasuke.systems.welfare.services.issue_nonresident import end_nonresident
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["welfare", "unified_id"])
W = "welfare"


@pytest.fixture(autouse=True)
def wired(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    set_policy(accept="synthetic", body="B011002")
    ways = {
        (W, "subsidy"): HANDLERS,
        ("unified_id", W): UNIFIED,
        ("unified_id", "resident"): UNIFIED,
    }
    with wire(ways, clock=lambda: NOW):
        yield


def sealed(number):
    kid, jwk = keypair().public_jwks()[0]
    return seal_for({**jwk, "kid": kid}, number.encode(), context="my_number")


def assign(key="k1", **more):
    given = {"shorikubun": "0", "shikuchosonkodo": "011002", "four_info": FOUR, "gyomuid": "900", "sosashaid": "S0001"}
    request = NonresidentRequest.model_validate({**given, **more})
    return link_to(W, consumer="subsidy").call(ASSIGN_NONRESIDENT, request, key=key).atenabango


def links():
    rows = BusinessNumber.objects.using("unified_id").filter(unlinked_at__isnull=True)
    return sorted(rows.values_list("business_id", "atena_no"))


def register(atena_no, number, key):
    one = Registration(
        atena_no=atena_no, my_number_sealed=sealed(number), resident=True, name="佐藤　太郎", birth_date="1985-03-02",
        sex="1",
    )  # fmt: skip
    request = RegisterRequest(business_id="001", registrations=(one,))
    return link_to("unified_id", consumer="resident").call(REGISTER, request, key=key)


def test_the_number_travels_sealed_and_is_gone_here_once_told():
    number = assign(kojinbango_sealed=sealed(my_number(1)))
    notice = NumberNotice.objects.using(W).get()
    assert my_number(1) not in json.dumps(list(NumberNotice.objects.using(W).values()), default=str)
    assert tell_numbers(using=W, at=NOW)["told"] == 1
    notice.refresh_from_db(using=W)
    assert (notice.state, notice.my_number_sealed) == (NumberNotice.State.TOLD, "")
    assert links() == [("031", number)]


def test_a_number_that_comes_later_goes_with_the_next_notice():
    number = assign()
    assert tell_numbers(using=W, at=NOW)["failed"] == 1
    again = assign("k2", shorikubun="1", atenabango=number, kojinbango_sealed=sealed(my_number(1)))
    assert again == number
    assert tell_numbers(using=W, at=NOW + timedelta(days=1))["told"] == 1
    assert links() == [("031", number)]


def test_who_has_no_number_for_weeks_is_still_told_when_it_comes():
    number = assign()
    for hours in range(0, 24 * 30, 7):
        assert tell_numbers(using=W, at=NOW + timedelta(hours=hours)).get("dead", 0) == 0
    register(number, my_number(1), "r1")
    assert tell_numbers(using=W, at=NOW + timedelta(days=40))["told"] == 1


@pytest.mark.parametrize("same_number", [True, False], ids=["keeps the number", "under another number"])
def test_a_nonresident_who_moves_in_stays_one_person_with_one_unified_number(same_number):
    number = assign(kojinbango_sealed=sealed(my_number(1)))
    tell_numbers(using=W, at=NOW)
    before = Person.objects.using("unified_id").get()
    here = number if same_number else "77"
    moved_in = event(1, here, on=date(2026, 6, 1), name="佐藤　太郎", sex="1", birth_date="1985-03-02")
    take_events(using=W, events=[moved_in], last=1, at=NOW)
    if not same_number:
        end_nonresident(
            using=W, atena_no=number, resident_atena_no=here, reason="転入", by="S", on=TODAY, at=NOW
        )  # fmt: skip
    assert register(here, my_number(1), "r1").errors == ()
    tell_numbers(using=W, at=NOW + timedelta(minutes=1))
    person = Person.objects.using("unified_id").get()
    assert (person.pk, person.resident, person.state) == (before.pk, True, "in_use")
    assert links() == [("001", here)]
