"""What is typed at the desk is kept in the form in which the feeds are kept, so that papers print the name rightly."""

from datetime import date

import pytest

from tasuke.core.text import normalize
from tasuke.systems.subsidy.registry.models import NameOnPapers

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
PERSON = "0000000010"
PATH = f"/notifications/new/{PERSON}/name/"
HEAD = {"received_on": "R8.11.24", "channel": "1", "notifier_atena_no": PERSON, "seen": "0", "digest": ""}
ALIAS = {**HEAD, "act": "alias", "effective_on": "R8.11.24", "name_kana": "カミダ　ガン"}
OLD_FORM = "\ufa19"  # the old form of 神: NFC alone would print the new one


@pytest.fixture
def client(people, browser):
    people.resident(PERSON, "髙橋　太郎", relationship="世帯主", relationship_code="02", sex="1",
                    birth_date=date(1985, 5, 5), name_kana="タカハシ　タロウ")  # fmt: skip
    return browser()


def test_a_name_keeps_its_form(client):
    typed = {**ALIAS, "name": f"{OLD_FORM}田　か\u3099ん"}
    shown = client.post(PATH, {**typed, "preview": "1"})
    saved = client.post(PATH, {**typed, "save": "1", "digest": shown.context["digest"]})
    assert saved.status_code == 302
    [kept] = NameOnPapers.objects.using("subsidy").filter(atena_no=PERSON, recorded_to=None)
    assert kept.name == normalize(f"{OLD_FORM}田　がん")
    assert kept.name.startswith("神\ufe00田")


def test_what_grows_too_long_in_the_form_kept_is_told_at_its_field(client):
    page = client.post(PATH, {**ALIAS, "name": OLD_FORM * 150, "preview": "1"})
    assert page.status_code == 422
    assert "name" in page.context["form"].errors
