"""Each constraint is broken once."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement, RecipientNumber

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NOW = datetime(2026, 4, 1, tzinfo=ZoneInfo("Asia/Tokyo"))


def decision(**more):
    values = {"kind": "application", "scheme": "s", "atena_no": "1", "judged_on": NOW.date(), "decided_on": NOW.date()}
    values |= {"outcome": "eligible", "version": "v", "version_hash": "h", "facts": {}, "recorded_at": NOW}
    return Decision.objects.create(**values | more)


def test_entitlement_refuses_two_current_ones_on_one_day_but_not_of_two_schemes():
    values = {"atena_no": "1", "recipient_no": "0000018", "payer_no": "88149018", "role": "child", "coverage": "both"}
    values |= {"copay_class": "free", "funding": "city", "decision": decision(), "recorded_from": NOW}
    period = (date(2026, 4, 1), date(2027, 4, 1))
    first = Entitlement.objects.create(scheme="s", valid=period, **values)
    Entitlement.objects.create(scheme="t", valid=period, **values)

    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Entitlement.objects.create(scheme="s", valid=(date(2027, 3, 31), None), **values)

    assert Entitlement.objects.current().of_scheme("s").of_person("1").in_force_on(date(2027, 3, 31)).get() == first
    first.recorded_to = NOW
    first.save()
    Entitlement.objects.create(scheme="s", valid=(date(2027, 3, 31), None), **values)


def test_decision_refuses_a_period_that_ends_before_it_begins():
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        decision(start=date(2026, 4, 1), end=date(2026, 4, 1))


def test_recipient_number_refuses_a_second_one_and_one_that_is_taken():
    RecipientNumber.objects.create(scheme="s", atena_no="1", recipient_no="0000018")
    for other in ({"atena_no": "1", "recipient_no": "0000026"}, {"atena_no": "2", "recipient_no": "0000018"}):
        with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
            RecipientNumber.objects.create(scheme="s", **other)


def test_application_refuses_the_same_one_again():
    values = {
        "application_no": "A1",
        "scheme": "s",
        "kind": "1",
        "atena_no": "1",
        "applicant_atena_no": "2",
        "role": "1",
    }
    values |= {"received_on": NOW.date(), "channel": "1", "reason": "1", "event_date": NOW.date(), "state": "received"}
    Application.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Application.objects.create(**values)
