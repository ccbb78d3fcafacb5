from datetime import date

import pytest
from tests.systems.subsidy.registry.conftest import feed_bytes

from tasuke.platform.batch.models import RunProblem
from tasuke.systems.subsidy.registry.models import Income, Insurance, WelfareFact

pytestmark = pytest.mark.django_db(databases=["subsidy"])


def periods(model, **filters):
    rows = model.objects.current().filter(**filters).order_by("valid")
    return [(r.valid.lower, r.valid.upper) for r in rows]


def test_import_tax_correction_supersedes_and_older_rows_do_not_come_back(import_feed):
    import_feed("tax", [{}])
    import_feed("tax", [{"total_income": 2_000_000, "corrected": True, "corrected_on": date(2026, 9, 1)}])
    assert Income.objects.current().get().total_income == 2_000_000
    assert Income.objects.filter(recorded_to__isnull=False).get().total_income == 3_000_000

    run, _ = import_feed("tax", [{}, {"atena_no": "102"}])

    assert Income.objects.current().get(atena_no="101").total_income == 2_000_000
    assert run.counts["older_than_correction"] == 1
    assert RunProblem.objects.using("subsidy").get(run=run).code == "older_than_correction"


def test_import_tax_first_row_and_correction_in_one_file_the_correction_counts(import_feed):
    import_feed(
        "tax", [{"total_income": 1, "corrected": True, "corrected_on": date(2026, 9, 1)}, {"total_income": 3_000_000}]
    )

    assert Income.objects.current().get().total_income == 1


def test_import_tax_undeclared_is_not_zero(import_feed):
    import_feed("tax", [{"status_code": "4", "total_income": None, "income_levy": None}])

    assert Income.objects.get().total_income is None


def test_import_nhi_new_membership_ends_the_one_before(import_feed):
    import_feed("nhi", [{}])

    import_feed("nhi", [{"acquired_on": date(2026, 7, 1), "insurance_kind": "3", "insurer_no": "01140016"}])

    assert periods(Insurance) == [(date(2020, 4, 1), date(2026, 7, 1)), (date(2026, 7, 1), None)]


def test_import_nhi_loss_closes_the_same_membership(import_feed):
    import_feed("nhi", [{}])
    import_feed("nhi", [{"lost_on": date(2026, 8, 1)}])
    assert not RunProblem.objects.using("subsidy").exists()
    run, _ = import_feed("nhi", [{}, {"atena_no": "102", "acquired_on": date(2021, 1, 1), "lost_on": date(2022, 1, 1)}])

    assert periods(Insurance, atena_no="102") == [(date(2021, 1, 1), date(2022, 1, 1))]
    assert periods(Insurance, atena_no="101") == [(date(2020, 4, 1), None)]  # taken back by the newer file
    # or it is no newer file: an old one, saved anew, would insure again whoever has left
    told = RunProblem.objects.using("subsidy").get(run=run)
    assert (told.code, told.line, told.severity) == ("membership_open_again", 2, "warning")
    assert "2026-08-01" in told.message


def test_import_welfare_last_day_is_inclusive_in_the_feed_and_facts_are_apart(import_feed):
    import_feed(
        "welfare",
        [{"valid_to": date(2026, 8, 31)}, {"fact_code": "30", "grade": "1N", "valid_from": date(2020, 1, 1)}],
    )

    assert periods(WelfareFact, fact_code="10") == [(date(2026, 6, 1), date(2026, 9, 1))]
    assert periods(WelfareFact, fact_code="30") == [(date(2020, 1, 1), None)]


def test_import_welfare_same_content_in_a_new_file_changes_nothing(import_feed):
    import_feed("welfare", [{}])
    before = list(WelfareFact.objects.values())

    run, done = import_feed("welfare", [{}, {"atena_no": "102"}])

    assert done
    assert run.counts["unchanged"] == 1
    assert [v for v in WelfareFact.objects.values() if v["atena_no"] == "101"] == before


def test_a_refused_row_is_not_told_again_as_a_gap(import_feed):
    file = feed_bytes("tax", [{"seq": n, "atena_no": str(100 + n)} for n in (1, 2, 3, 6)])
    broken = file.replace(b",102,2026,", b",102,20x6,", 1)
    assert broken != file

    run, _ = import_feed("tax", broken)

    told = list(RunProblem.objects.using("subsidy").filter(run=run).values_list("severity", "line", "code"))
    assert [(severity, line) for severity, line, _ in told] == [("error", 3), ("warning", None)]
    gap = RunProblem.objects.using("subsidy").get(run=run, code="sequence_gap")
    assert "4から5まで" in gap.message
    assert Income.objects.current().count() == 3
