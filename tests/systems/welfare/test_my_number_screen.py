"""The one page on which a 個人番号 is typed: it leaves sealed, and stands in clear in no table, log or page."""

import logging
from datetime import UTC, datetime

import pytest
from django.db import connections
from tests.systems.unified_id.conftest import my_number
from tests.systems.welfare.conftest import NOW, TODAY, event, facts
from tests.systems.welfare.test_screens import NEW

from tasuke.core.numbers import my_number_check_digit
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.transport.links import unbind_all
from tasuke.platform.transport.testing import wire
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.unified_id.api import HANDLERS as UNIFIED
from tasuke.systems.unified_id.models import BusinessNumber, NumberRow
from tasuke.systems.unified_id.my_number import open_at_rest
from tasuke.systems.unified_id.policy import set_policy as set_unified_policy
from tasuke.systems.welfare.models import IssuedNumber, NumberNotice
from tasuke.systems.welfare.policy import NoPolicy, _accept, accepted_numbers, set_policy
from tasuke.systems.welfare.rounds import tell_numbers
from tasuke.systems.welfare.services.issue_nonresident import end_nonresident, issue_nonresident
from tasuke.systems.welfare.services.take_events import take_events

W = "welfare"
pytestmark = pytest.mark.django_db(databases=[W, "unified_id", "accounts", "subsidy"])
REAL = f"12345678901{my_number_check_digit('12345678901')}"
TYPED = my_number(1)
WIDE = TYPED.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
TEXTS = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


@pytest.fixture(autouse=True)
def city(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    set_profile(open_profile("kawasaki"))
    set_policy(accept="synthetic")
    set_unified_policy(accept="synthetic", body="B011002")
    with wire({("unified_id", W): UNIFIED}, clock=lambda: NOW):
        yield


@pytest.fixture
def number():
    """宛名番号 of a 住登外者 under 支援措置."""
    given = {"using": W, "business_id": "900", "by": "S", "on": TODAY, "at": NOW}
    return issue_nonresident(facts=facts(protection=True), **given).atena_no


def page_of(atena_no):
    return f"/welfare/persons/{atena_no}/my-number/"


def standing(*systems):
    """Every row of every table, as text."""
    rows = []
    for system in systems:
        with connections[system].cursor() as cursor:
            cursor.execute(TEXTS)
            for (table,) in cursor.fetchall():
                cursor.execute(f'SELECT t::text FROM "{table}" t')
                rows += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_it_goes_sealed_to_the_one_who_may_open_it_and_stands_nowhere_else(number, caplog):
    caplog.set_level(logging.DEBUG)
    browser = signed_in("welfare_official")
    assert page_of(number) in browser.get(f"/welfare/persons/{number}/").content.decode()
    form = browser.get(page_of(number))
    assert form.content.decode().count('type="password"') == 2
    assert "no-store" in form.headers["Cache-Control"]
    assert facts().address not in form.content.decode()
    answer = browser.post(page_of(number), {"number": TYPED, "again": WIDE}, follow=True)
    assert "団体内統合宛名に送ります" in answer.content.decode()
    assert NumberNotice.objects.using(W).get(atena_no=number).my_number_sealed
    assert TYPED not in standing(W, "accounts", "subsidy", "unified_id")
    assert tell_numbers(using=W, at=datetime.now(UTC))["told"] == 1
    assert NumberNotice.objects.using(W).get(atena_no=number).my_number_sealed == ""
    (sealed,) = NumberRow.objects.using("unified_id").values_list("sealed", flat=True)
    assert open_at_rest([bytes(sealed)])[0].reveal() == TYPED
    assert BusinessNumber.objects.using("unified_id").get().atena_no == number
    assert "連携済み" in browser.get(page_of(number)).content.decode()
    everything = standing(W, "accounts", "subsidy", "unified_id") + caplog.text + answer.content.decode()
    assert TYPED not in everything + str(dict(browser.session))
    assert WIDE not in everything
    entered = AuditEvent.objects.using(W).get(kind="changed", detail__contains="my-number-entered")
    assert (entered.atena_no, entered.action) == (number, "enter-my-number")


@pytest.mark.parametrize(
    ("typed", "again", "told"),
    [
        ("", "", "個人番号を入力してください"),
        (TYPED[:11], TYPED[:11], "12けた"),
        (REAL, REAL, "架空の個人番号だけ"),
        (f"{TYPED[:11]}{(int(TYPED[11]) + 1) % 10}",) * 2 + ("架空の個人番号だけ",),
        (TYPED, my_number(2), "二つの番号が違います"),
        ("12345678901x", TYPED, "数字だけ"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_never_shown_again(number, typed, again, told):
    before = NumberNotice.objects.using(W).get(atena_no=number).version
    answer = signed_in("welfare_official").post(page_of(number), {"number": typed, "again": again})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'class="error"' in text
    assert told in text
    assert not typed or typed not in text
    assert not again or again not in text
    assert NumberNotice.objects.using(W).get(atena_no=number).version == before


def test_a_real_city_takes_real_numbers_and_their_check_digit_alone(number):
    set_policy(accept="real")
    browser = signed_in("welfare_official")
    wrong = f"{REAL[:11]}{(int(REAL[11]) + 1) % 10}"
    assert "検査用数字" in browser.post(page_of(number), {"number": wrong, "again": wrong}).content.decode()
    assert "架空の個人番号は" in browser.post(page_of(number), {"number": TYPED, "again": TYPED}).content.decode()
    assert browser.post(page_of(number), {"number": REAL, "again": REAL}).status_code == 302
    assert REAL not in standing(W, "accounts", "subsidy", "unified_id")


def test_without_the_other_side_nothing_is_kept(number):
    unbind_all()
    answer = signed_in("welfare_official").post(page_of(number), {"number": TYPED, "again": TYPED})
    assert "番号は残していません" in answer.content.decode()
    assert NumberNotice.objects.using(W).get(atena_no=number).my_number_sealed == ""


def test_who_gives_a_number_may_go_on_to_it():
    browser = signed_in("welfare_official")
    answer = browser.post("/welfare/nonresidents/new/", {**NEW, "onward": "my-number"})
    assert answer.url == page_of(IssuedNumber.objects.using(W).get().atena_no)
    assert browser.get(answer.url).status_code == 200


def test_it_is_for_nonresidents_in_use_and_for_who_has_the_permission(number):
    take_events(using=W, events=[event(1)], last=1, at=NOW)
    browser = signed_in("welfare_official")
    assert browser.get(page_of("1")).status_code == 404
    assert signed_in("clerk").get(page_of(number)).status_code == 403
    given = {"using": W, "by": "S", "on": TODAY, "at": NOW}
    end_nonresident(atena_no=number, resident_atena_no="", reason="死亡", **given)
    assert browser.post(page_of(number), {"number": TYPED, "again": TYPED}).status_code == 404


def test_an_installation_that_does_not_say_which_numbers_it_takes_takes_none():
    _accept.clear()
    with pytest.raises(NoPolicy):
        accepted_numbers()
