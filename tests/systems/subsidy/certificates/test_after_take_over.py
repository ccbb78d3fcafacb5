"""What is told after a take-over of days that we decided, and of days that the old system decided."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasuke.core.numbers import NumberKind, with_check_digit
from tasuke.deploy.imports import import_request
from tasuke.deploy.profiles import open_profile
from tasuke.formats import entitlement_feed
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.systems.subsidy.certificates import jobs
from tasuke.systems.subsidy.entitlements import jobs as more_jobs
from tasuke.systems.subsidy.entitlements.models import Entitlement, TakenOver
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import Income, Insurance, ResidentRecord, WelfareFact

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs
assert more_jobs
NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
GO_LIVE, BEGAN = date(2026, 4, 1), date(2021, 4, 1)
KODOMO, HITORIOYA = "sapporo-kodomo", "sapporo-hitorioya"
CHILD, PARENT, NUMBER = "101", "201", with_check_digit(NumberKind.RECIPIENT, "000776")
ROW = {
    "seq": 1, "scheme": KODOMO, "atena_no": CHILD, "recipient_no": NUMBER, "payer_no": "90019027", "role": "1",
    "valid_from": BEGAN, "valid_to": date(2037, 3, 31), "band": "elementary", "coverage": "both",
    "copay_class": "standard", "funding": "city", "applicant_atena_no": PARENT, "breadwinner_atena_no": PARENT,
}  # fmt: skip


@pytest.fixture
def town(city):
    """A child of eight and its father, who earned 6.36 million yen in 2024; 6.98 million would be too much."""
    set_profile(open_profile("sapporo"))
    home = {"municipality_code": "011002", "ward_code": "011045"}
    city.person(CHILD, birth=date(2018, 4, 24), since=date(2018, 4, 24), **home)
    city.person(PARENT, birth=date(1985, 1, 1), since=date(2015, 1, 1), **home)
    Insurance.objects.create(
        atena_no=CHILD, valid=(date(2018, 4, 24), None), insurance_kind="1", insurer_no="010017", number="1",
        source="nhi_feed", recorded_from=NOW,
    )  # fmt: skip
    for year in (2024, 2025):
        earned(6_440_000, tax_year=year)
    return city


def earned(total, *, tax_year=2025, status="3"):
    """What the father earned; what was known before is put right."""
    Income.objects.filter(tax_year=tax_year).delete()
    Income.objects.create(
        atena_no=PARENT, tax_year=tax_year, status_code=status, total_income=total, salary_income=0, dependents=2,
        income_levy=1 if status == "3" else 0, source="tax_feed", recorded_from=NOW,
    )  # fmt: skip


@pytest.fixture
def take(town, tmp_path):
    """take(…) imports the row as a take-over on GO_LIVE."""

    def go(**more):
        fields = entitlement_feed.LAYOUT.fields
        data = {f.name: [(ROW | more).get(f.name)] for f in fields}
        path = tmp_path / "entitlements.csv"
        path.write_bytes(entitlement_feed.render(pl.DataFrame(data, schema={f.name: f.dtype for f in fields})))
        request = import_request("entitlements", path, on=f"{GO_LIVE}")
        run, plan = plan_run(using="subsidy", **request, by="担当", now=NOW)
        run = approve_run(using="subsidy", run_id=run.pk, by="係長", now=NOW)
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW)

    return go


def spells():
    return [
        (e.valid.lower, e.valid.upper, e.copay_class, e.loss_reason)
        for e in Entitlement.objects.current().order_by("valid")
    ]


def test_a_corrected_income_ends_what_was_taken_over_from_the_day_of_the_take_over(take, office):
    take()
    assert TakenOver.objects.get().our_outcome == "eligible"
    earned(7_090_000)
    assert office.run("apply-changes", on="2026-05-31").counts["lost"] == 1
    assert spells() == [(BEGAN, GO_LIVE, "standard", "INCOME_OVER")]
    # put right once more: it goes on as if nothing had been
    earned(6_500_000)
    office.run("apply-changes", on="2026-06-30")
    assert spells() == [(BEGAN, date(2037, 4, 1), "standard", "")]
    assert office.run("apply-changes", on="2026-07-31").counts["lost"] == 0


def test_an_income_of_an_earlier_year_is_the_old_systems_business(take, office):
    take()
    earned(9_000_000, tax_year=2024)
    assert office.run("apply-changes", on="2026-05-31").counts["lost"] == 0


def test_what_ended_before_and_is_told_after_ends_with_the_take_over(take, office):
    take()
    ResidentRecord.objects.filter(atena_no=CHILD).update(valid=(date(2018, 4, 24), date(2026, 3, 20)))
    office.run("apply-changes", on="2026-04-30")
    assert spells() == [(BEGAN, GO_LIVE, "standard", "NOT_RESIDENT")]


def test_what_the_old_system_ended_on_that_day_stays_ended(take, office):
    take(valid_to=date(2026, 3, 31))
    office.run("apply-changes", on="2026-04-30")
    assert spells() == [(BEGAN, GO_LIVE, "standard", "")]


def test_a_corrected_tax_changes_the_class_from_the_take_over_on_and_not_before(take, town, office):
    earned(0, status="1")
    family = {"single_parent_reason": "1", "single_parent_since": BEGAN, "funding": "unknown", "band": "child"}
    take(scheme=HITORIOYA, payer_no="93019016", copay_class="untaxed", **family)
    earned(1_400_000)
    office.run("apply-changes", on="2026-05-31")
    end = date(2037, 4, 1)
    assert spells() == [(BEGAN, GO_LIVE, "untaxed", ""), (GO_LIVE, end, "taxed", "")]
    office.run("apply-changes", on="2026-06-30")
    assert spells() == [(BEGAN, GO_LIVE, "untaxed", ""), (GO_LIVE, end, "taxed", "")]


def test_what_our_rules_objected_to_is_forgiven_until_a_decision_of_ours_and_not_by_it(take, office):
    """In an institution until June: an objection on the day of the take-over, none at the renewal."""
    WelfareFact.objects.create(atena_no=CHILD, fact_code="20", valid=(date(2025, 1, 1), date(2026, 6, 1)),
                               grade="", recorded_from=NOW)  # fmt: skip
    take()
    assert TakenOver.objects.get().our_reasons == ["IN_INSTITUTION"]
    earned(6_440_000, tax_year=2026)
    assert office.run("renew", scheme=KODOMO, on="2026-08-01").counts["continued"] == 1
    assert office.run("apply-changes", on="2026-08-31").counts["lost"] == 0
