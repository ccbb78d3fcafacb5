"""A small office with people in it, a signed-in browser, and a count of the statements of a page."""

from contextlib import contextmanager
from datetime import date, datetime

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tasuke.core.kana import kana_key
from tasuke.core.text import search_key
from tasuke.deploy.clock import TOKYO
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement, RecipientNumber
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import Protection, ResidentRecord

NOW = datetime(2026, 4, 1, 9, tzinfo=TOKYO)
TODAY = date(2026, 11, 24)
MIYAMAE, NAKAHARA = "141364", "141330"


class People:
    """Makes rows as the imports make them."""

    def resident(self, atena_no, name="髙橋　はな", *, start=date(2020, 4, 1), end=None, **changes):
        values = {
            "household_no": "0000000001", "resident_type": "1", "resident_status": "1", "name": name,
            "name_kana": "タカハシ　ハナ", "sex": "2", "birth_date": date(2020, 4, 1), "relationship_code": "20",
            "relationship": "子", "head_name": "髙橋　太郎", "postal_code": "2160000", "municipality_code": "141305",
            "ward_code": MIYAMAE, "address": "川崎市宮前区宮前平２丁目２０番５号", "phone": "044-000-0001",
            "resident_since": start, "event_code": "20", **changes,
        }  # fmt: skip
        values["name_key"], values["kana_key"] = search_key(values["name"]), kana_key(values["name_kana"])
        return ResidentRecord.objects.using("subsidy").create(
            atena_no=atena_no, valid=(start, end), recorded_from=NOW, **values
        )

    def protect(self, atena_no, *, until=None):
        ended = {"ended_on": until, "ended_by": "k-1", "ended_reason": "期間の満了"} if until else {}
        Protection.objects.using("subsidy").create(
            atena_no=atena_no, since=date(2025, 1, 1), source="住民情報", **ended
        )

    def entitle(self, atena_no, recipient_no="1234567", scheme="kawasaki-shoni"):
        RecipientNumber.objects.using("subsidy").create(scheme=scheme, atena_no=atena_no, recipient_no=recipient_no)
        decision = Decision.objects.using("subsidy").create(
            kind="application", scheme=scheme, atena_no=atena_no, judged_on=date(2026, 4, 1),
            decided_on=date(2026, 4, 1), outcome="eligible", version="x", version_hash="x", facts={}, recorded_at=NOW,
        )  # fmt: skip
        return Entitlement.objects.using("subsidy").create(
            scheme=scheme, atena_no=atena_no, recipient_no=recipient_no, payer_no="12345678",
            valid=(date(2026, 4, 1), date(2036, 4, 1)), role="child", coverage="both", copay_class="a",
            funding="city", decision=decision, recorded_from=NOW,
        )  # fmt: skip


@pytest.fixture
def people(settings):
    set_profile(open_profile("kawasaki"))
    settings.OFFICE_CLOCK = f"{__name__}.clock"
    return People()


def clock():
    return datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=TOKYO)


@pytest.fixture
def browser(people):
    return lambda role="clerk", **limits: signed_in(role, **limits)


@pytest.fixture
def at_most():
    """`with at_most(15):` – statements of both databases, without those that only open and close a transaction."""

    @contextmanager
    def guard(limit):
        with (
            CaptureQueriesContext(connections["subsidy"]) as one,
            CaptureQueriesContext(connections["accounts"]) as two,
        ):
            yield
        real = [q["sql"] for q in [*one, *two] if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
        assert len(real) <= limit, "\n".join(real)

    return guard
