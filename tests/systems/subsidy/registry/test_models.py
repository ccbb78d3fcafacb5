"""Each constraint is broken once."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import DataError, IntegrityError, transaction

from tasuke.systems.subsidy.registry.models import (
    Account,
    Income,
    Insurance,
    Protection,
    Relation,
    ResidentRecord,
    SingleParentStatus,
    WelfareFact,
)

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NOW = datetime(2026, 4, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
RESIDENT = {"household_no": "1", "resident_type": "1", "resident_status": "1", "name": "a", "name_key": "A", "sex": "1"}
RESIDENT |= {"municipality_code": "141305", "address": "x", "event_code": "20"}
INSURANCE = {"insurance_kind": "1", "insurer_no": "140012", "number": "1", "source": "nhi_feed"}
ACCOUNT = {"bank_code": "0001", "branch_code": "001", "account_kind": "1", "account_no": "1234567", "holder_kana": "ｱ"}
TABLES = [
    (ResidentRecord, RESIDENT),
    (Insurance, INSURANCE),
    (WelfareFact, {"fact_code": "10"}),
    (Account, ACCOUNT),
    (Relation, {"scheme": "s", "kind": "child", "other_atena_no": "9"}),
    (SingleParentStatus, {"reason": "2"}),
]


@pytest.mark.parametrize(("model", "values"), TABLES, ids=[m.__name__ for m, _ in TABLES])
def test_history_refuses_two_current_rows_on_one_day(model, values):
    first = model.objects.create(
        atena_no="101", valid=(date(2026, 1, 1), date(2026, 2, 1)), recorded_from=NOW, **values
    )
    model.objects.create(atena_no="101", valid=(date(2026, 2, 1), None), recorded_from=NOW, **values)
    model.objects.create(atena_no="102", valid=(date(2026, 1, 1), None), recorded_from=NOW, **values)

    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        model.objects.create(atena_no="101", valid=(date(2026, 1, 31), date(2026, 2, 1)), recorded_from=NOW, **values)

    first.recorded_to = NOW
    first.save()
    model.objects.create(atena_no="101", valid=(date(2026, 1, 1), date(2026, 2, 1)), recorded_from=NOW, **values)


def test_history_refuses_a_person_number_that_is_no_number():
    with pytest.raises(DataError), transaction.atomic(using="subsidy"):
        WelfareFact.objects.create(atena_no="X1", fact_code="10", valid=(date(2026, 1, 1), None), recorded_from=NOW)


def test_relation_to_two_people_of_one_kind_may_hold_at_once():
    for other in ("8", "9"):
        Relation.objects.create(
            atena_no="101",
            scheme="s",
            kind="child",
            other_atena_no=other,
            valid=(date(2026, 1, 1), None),
            recorded_from=NOW,
        )

    assert Relation.objects.in_force_on(date(2026, 5, 1)).of_person("101").count() == 2


def test_income_refuses_two_current_rows_of_one_year():
    values = {"atena_no": "101", "tax_year": 2026, "status_code": "3", "source": "tax_feed", "recorded_from": NOW}
    Income.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Income.objects.create(**values)


def test_protection_refuses_two_open_ones_and_an_end_without_name_and_reason():
    Protection.objects.create(atena_no="101", since=date(2026, 1, 1), source="申出")
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Protection.objects.create(atena_no="101", since=date(2026, 2, 1), source="申出")
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Protection.objects.update(ended_on=date(2026, 3, 1))
    Protection.objects.update(ended_on=date(2026, 3, 1), ended_by="係長", ended_reason="本人の申出")
