"""A small city of two wards, and browsers of people who mean no good."""

from datetime import date, datetime
from html.parser import HTMLParser

import pytest

from tasuke.core.kana import kana_key
from tasuke.core.text import search_key
from tasuke.deploy.clock import TOKYO
from tasuke.deploy.profiles import open_profile
from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement, RecipientNumber
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import ResidentRecord

NOW = datetime(2026, 4, 1, 9, tzinfo=TOKYO)
OURS, THEIRS = "141313", "141330"  # 川崎区, 中原区
SCHEME = "kawasaki-shoni"


class Page(HTMLParser):
    """Links and forms of a page, as a browser would follow and send them."""

    def __init__(self, text):
        super().__init__()
        self.links, self.forms, self._select, self._area = [], [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "form":
            self.forms.append(
                {"method": found.get("method", "get").lower(), "action": found.get("action") or "", "fields": []}
            )
        elif self.forms and found.get("name") and tag in ("input", "select", "textarea", "button"):
            kind = {"input": found.get("type", "text")}.get(tag, tag)
            field = {"name": found["name"], "kind": kind, "value": found.get("value") or "", "options": []}
            self.forms[-1]["fields"].append(field)
            if tag == "select":
                self._select = field
        elif tag == "option" and self._select is not None:
            self._select["options"].append(found.get("value", ""))
            if "selected" in found:
                self._select["value"] = found.get("value", "")

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None


def resident(atena_no, ward, household, name="攻撃　される子"):
    return ResidentRecord.objects.using("subsidy").create(
        atena_no=atena_no, valid=(date(2020, 4, 1), None), recorded_from=NOW, household_no=household,
        resident_type="1", resident_status="1", name=name, name_kana="コウゲキ　サレルコ", name_key=search_key(name),
        kana_key=kana_key("コウゲキ　サレルコ"), sex="1", birth_date=date(2020, 4, 1), relationship_code="20",
        relationship="子", head_name=name, postal_code="2100001", municipality_code="141305", ward_code=ward,
        address="川崎市架空町1-1", phone="044-000-0001", resident_since=date(2020, 4, 1), event_code="20",
    )  # fmt: skip


def application(atena_no):
    return Application.objects.using("subsidy").create(
        application_no=f"A{atena_no}", kind="1", role="1", received_on=date(2026, 3, 20), channel="1", reason="5",
        event_date=date(2026, 3, 20), state="received", atena_no=atena_no, applicant_atena_no=atena_no, scheme=SCHEME,
    )  # fmt: skip


def entitled(atena_no, recipient_no):
    RecipientNumber.objects.using("subsidy").create(scheme=SCHEME, atena_no=atena_no, recipient_no=recipient_no)
    decision = Decision.objects.using("subsidy").create(
        kind="application", scheme=SCHEME, atena_no=atena_no, judged_on=date(2026, 4, 1), decided_on=date(2026, 4, 1),
        outcome="eligible", version="x", version_hash="x", facts={}, recorded_at=NOW,
    )  # fmt: skip
    return Entitlement.objects.using("subsidy").create(
        scheme=SCHEME, atena_no=atena_no, recipient_no=recipient_no, payer_no="88149018",
        valid=(date(2026, 4, 1), date(2036, 4, 1)), role="child", coverage="both", copay_class="none", funding="city",
        decision=decision, recorded_from=NOW,
    )  # fmt: skip


@pytest.fixture
def city():
    set_profile(open_profile("kawasaki"))
    for atena_no, ward, household in (("101", OURS, "1"), ("201", THEIRS, "2")):
        resident(atena_no, ward, household)
        entitled(atena_no, f"00000{atena_no}"[-7:])
    return {"ours": application("101"), "theirs": application("201")}


@pytest.fixture
def read_page():
    return lambda answer: Page(answer.content.decode())
