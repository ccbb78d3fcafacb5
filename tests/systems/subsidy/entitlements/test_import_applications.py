from datetime import date

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tasuke.platform.batch.models import RunProblem
from tasuke.systems.subsidy.entitlements.models import Application
from tasuke.systems.subsidy.registry.models import Account, Insurance, Relation, SingleParentStatus

pytestmark = pytest.mark.django_db(databases=["subsidy"])
HITORIOYA = "kawasaki-hitorioya"
CHILD = {"person_atena_no": "101", "applicant_atena_no": "201", "breadwinner_atena_no": "201"}
ACCOUNT = {"bank_code": "0001", "branch_code": "001", "account_kind": "1", "account_holder_kana": "タカハシ"}


def relations(kind, atena_no="101"):
    rows = Relation.objects.current().of_person(atena_no).filter(kind=kind).order_by("valid", "other_atena_no")
    return [(r.other_atena_no, r.valid.lower, r.valid.upper) for r in rows]


def codes(run):
    return sorted(RunProblem.objects.using("subsidy").filter(run=run).values_list("code", flat=True))


def test_import_applications_writes_application_relations_insurance_and_account(town, apply_for):
    town.child()
    Insurance.objects.all().delete()
    insured = {"insurance_kind": "1", "insurer_no": "140012", "number": "9", "insured_on": date(2026, 4, 1)}

    done = apply_for({**CHILD, **ACCOUNT, **insured, "account_no": "1234567", "benefit_rate": 80})

    assert done.counts["received"] == 1
    assert Application.objects.get().state == "received"
    assert relations("breadwinner") == [("201", date(2026, 4, 1), None)]
    insurance = Insurance.objects.get()
    assert (insurance.valid.lower, insurance.source, insurance.benefit_rate) == (date(2026, 4, 1), "application", 80)
    account = Account.objects.get()
    assert (account.atena_no, account.valid.lower, account.account_no) == ("201", date(2026, 4, 10), "1234567")


def test_import_applications_new_breadwinner_ends_the_one_before_and_others_stay(town, apply_for):
    town.child()
    apply_for({**CHILD, "supporter_atena_nos": "301;302"})

    apply_for(
        {
            **CHILD,
            "application_no": "C1",
            "kind": "5",
            "breadwinner_atena_no": "202",
            "event_date": date(2026, 6, 1),
            "received_on": date(2026, 6, 3),
        }
    )

    assert relations("breadwinner") == [
        ("201", date(2026, 4, 1), date(2026, 6, 1)),
        ("202", date(2026, 6, 1), None),
    ]
    assert [(o, end) for o, _, end in relations("supporter")] == [("301", None), ("302", None)]
    assert Application.objects.get(application_no="C1").state == "applied"


def test_import_applications_who_is_not_named_in_a_new_one_ends(town, apply_for):
    town.child()
    apply_for({**CHILD, "supporter_atena_nos": "301;302", "spouse_atena_no": "203"})
    again = {"application_no": "N2", "event_date": date(2026, 8, 1), "received_on": date(2026, 8, 2)}

    apply_for({**CHILD, **again, "supporter_atena_nos": "302"})

    assert relations("supporter") == [("301", date(2026, 4, 1), date(2026, 8, 1)), ("302", date(2026, 4, 1), None)]
    assert relations("spouse") == [("203", date(2026, 4, 1), date(2026, 8, 1))]
    assert relations("breadwinner") == [("201", date(2026, 4, 1), None)]


def test_import_applications_account_and_insurance_changes_are_histories(town, apply_for):
    town.child()
    apply_for({**CHILD, **ACCOUNT, "account_no": "1111111"})
    later = {"application_no": "K1", "kind": "3", "received_on": date(2026, 7, 1), "event_date": date(2026, 7, 1)}
    moved = {"application_no": "I1", "kind": "2", "received_on": date(2026, 7, 9), "event_date": date(2026, 7, 1)}
    insured = {"insurance_kind": "3", "insurer_no": "01140016", "number": "7", "insured_on": date(2026, 7, 1)}

    apply_for({**CHILD, **ACCOUNT, **later, "account_no": "2222222"}, {**CHILD, **moved, **insured})

    accounts = Account.objects.current().order_by("valid")
    assert [(a.account_no, a.valid.upper) for a in accounts] == [("1111111", date(2026, 7, 1)), ("2222222", None)]
    insurances = Insurance.objects.current().of_person("101").order_by("valid")
    assert [(i.insurance_kind, i.valid.lower) for i in insurances][-1] == ("3", date(2026, 7, 1))


def test_import_applications_public_account_waits_for_its_number(town, apply_for):
    town.child()

    apply_for({**CHILD, "public_account": True})

    assert Account.objects.get().public_account
    assert Account.objects.get().account_no == ""


def test_import_applications_de_facto_marriage_goes_on_from_the_known_reason(town, apply_for):
    town.child("101", date(2018, 5, 1))
    alone = {"scheme": HITORIOYA, "role": "2", "person_atena_no": "201", "child_atena_nos": "101"}
    since = {"single_parent_reason": "2", "single_parent_since": date(2025, 1, 1), "child_support": 360_000}
    apply_for({**CHILD, **alone, **since})
    married = {"application_no": "D1", "kind": "5", "de_facto_spouse": True, "event_date": date(2026, 6, 1)}

    apply_for({**CHILD, **alone, **married, "child_atena_nos": None, "received_on": date(2026, 6, 9)})

    rows = SingleParentStatus.objects.current().order_by("valid")
    assert [(r.valid.lower, r.reason, r.de_facto_spouse, r.child_support) for r in rows] == [
        (date(2025, 1, 1), "2", False, 360_000),
        (date(2026, 6, 1), "2", True, 360_000),
    ]


def test_import_applications_says_what_it_does_not_take(town, apply_for):
    town.child()
    apply_for(CHILD)

    again = apply_for(CHILD, {**CHILD, "scheme": "sapporo-kodomo"}, {**CHILD, "person_atena_no": "999"})

    assert codes(again) == ["already_received", "unknown_person", "unknown_scheme"]
    assert again.counts["received"] == 1
    assert Application.objects.count() == 2
    problem = RunProblem.objects.using("subsidy").get(run=again, code="already_received")
    assert problem.file.endswith(".csv")


def test_import_applications_number_of_queries_does_not_grow_with_rows(town, apply_for):
    town.child()

    def queries(start, count):
        rows = [
            {**CHILD, **ACCOUNT, "account_no": "1234567", "person_atena_no": str(n), "application_no": f"A{n}"}
            for n in range(start, start + count)
        ]
        with CaptureQueriesContext(connections["subsidy"]) as captured:
            apply_for(*rows)
        return len(captured)

    queries(500, 1)
    assert queries(1_000, 2) == queries(2_000, 50)
