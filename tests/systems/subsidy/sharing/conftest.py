"""A city whose single-parent scheme is asked for by two other departments."""

from datetime import date

import pytest
from tests.systems.subsidy.conftest import HITORIOYA, NOW

from tasuke.deploy.profiles import open_profile
from tasuke.platform.access import Scope
from tasuke.systems.subsidy.profile import active_profile, set_profile
from tasuke.systems.subsidy.sharing.services.apply_permit import apply_permit
from tasuke.systems.subsidy.sharing.services.decide_permit import decide_permit
from tasuke.systems.subsidy.sharing.services.share_persons import Asked, share_persons

TODAY = NOW.date()
RECIPIENT, APPLICANT, FORMER, STRANGER, UNKNOWN = "1001", "1002", "1003", "1004", "999999"
PROTECTED, SIBLING = "1005", "1006"
RULE = "severe-disability"
ITEMS = ("name", "ward", "recipient_no", "period", "application")


def permitted(rule=RULE, *, items=ITEMS, first=date(2026, 4, 1), last=date(2027, 3, 31), at=NOW):
    """A permit by two people."""
    made = apply_permit(
        using="subsidy", rule=active_profile().sharing_rule(rule), applicant="国民年金・福祉医療課 試験", items=items,
        purpose="併給の確認", first=first, last=last, by="head-1", at=at,
    )  # fmt: skip
    return decide_permit(using="subsidy", permit_id=made.pk, permit=True, note="確認", by="head-2", at=at)


def moved(*numbers, rule=RULE, items=(), scope=None, on=TODAY, at=NOW, means="screen", by="head-1"):
    """One move."""
    asked = Asked(atena_nos=numbers, purpose="申請の審査", means=means, by=by, items=items)
    return share_persons(
        using="subsidy", rule=active_profile().sharing_rule(rule), asked=asked, scope=scope or Scope(), on=on, at=at
    )


def widened(*items, confirmed=True):
    """The city allows other items."""
    profile = open_profile("kawasaki")
    changes = {"items": list(items)} | ({} if confirmed else {"items_confirmed": None})
    rules = [rule.model_copy(update=changes) for rule in profile.sharing]
    set_profile(profile.model_copy(update={"sharing": rules}))


@pytest.fixture
def town(city):
    for no, ward, home in (
        (RECIPIENT, "141313", "1"), (APPLICANT, "141313", "1"), (FORMER, "141321", "3"), (STRANGER, "141313", "4"),
        (PROTECTED, "141313", "5"), (SIBLING, "141313", "5"),
    ):  # fmt: skip
        city.person(no, name=f"試験 {no}", ward_code=ward, household_no=home)
    city.entitled(RECIPIENT, "0000018", valid=(date(2026, 4, 1), date(2027, 1, 1)))
    city.application(RECIPIENT, APPLICANT)
    city.entitled(FORMER, "0000026", valid=(date(2020, 4, 1), date(2022, 1, 1)))
    city.entitled(STRANGER, "0000034", scheme="kawasaki-shoni")  # of another scheme: not in range
    city.entitled(PROTECTED, "0000042")
    city.entitled(SIBLING, "0000059")
    city.protect(PROTECTED)
    assert HITORIOYA == "kawasaki-hitorioya"
    return city
