from datetime import date
from itertools import pairwise

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tasuke.platform.batch.models import RunProblem
from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement
from tasuke.systems.subsidy.registry.models import ResidentRecord, SingleParentStatus

pytestmark = pytest.mark.django_db(databases=["subsidy"])
SHONI, HITORIOYA = "kawasaki-shoni", "kawasaki-hitorioya"
CHILD = {"person_atena_no": "101", "applicant_atena_no": "201", "breadwinner_atena_no": "201"}
FAMILY = {
    "scheme": HITORIOYA,
    "reason": "5",
    "applicant_atena_no": "201",
    "breadwinner_atena_no": "201",
    "single_parent_reason": "2",
    "single_parent_since": date(2026, 5, 1),
    "event_date": date(2026, 5, 1),
    "received_on": date(2026, 5, 12),
    "application_no": "H1",
}


@pytest.fixture
def newborn(town, apply_for, run):
    town.child()
    apply_for(CHILD)
    run("decide-applications", scheme=SHONI, on="2026-04-30")


@pytest.fixture
def family(town, apply_for, run):
    town.child("101", date(2018, 5, 1))
    apply_for(
        {**FAMILY, "person_atena_no": "201", "role": "2", "child_atena_nos": "101"},
        {**FAMILY, "person_atena_no": "101", "role": "1"},
    )
    run("decide-applications", scheme=HITORIOYA, on="2026-05-31")


def test_apply_changes_nothing_changed_writes_nothing(newborn, run):
    before = list(Decision.objects.values()), list(Entitlement.objects.values())

    done = run("apply-changes", on="2026-05-31")

    assert done.counts == {"lost": 0, "split": 0, "reopened": 0, "gave_way": 0, "asked": 0, "notices": 0}
    assert (list(Decision.objects.values()), list(Entitlement.objects.values())) == before


def test_apply_changes_move_out_ends_on_the_day_even_when_told_late(newborn, town, run, entitled, decided):
    town.leave("101", date(2026, 5, 10))

    run("apply-changes", on="2026-07-31")

    assert entitled("101") == [(SHONI, date(2026, 4, 1), date(2026, 5, 10), "NOT_RESIDENT")]
    assert decided("101")[-1][:2] == ("change", "lost")
    old = Entitlement.objects.get(recorded_to__isnull=False)
    assert old.valid.upper != date(2026, 5, 10)
    run("apply-changes", on="2026-08-31")
    assert len(decided("101")) == 2


def test_apply_changes_death_ends(newborn, town, run, entitled):
    town.leave("101", date(2026, 6, 1), status="3")

    run("apply-changes", on="2026-06-30")

    assert entitled("101")[0][2:] == (date(2026, 6, 1), "NOT_RESIDENT")


@pytest.mark.parametrize(
    ("code", "reason"), [("10", "PUBLIC_ASSISTANCE"), ("20", "IN_INSTITUTION"), ("21", "IN_FOSTER_CARE")]
)
def test_apply_changes_welfare_fact_ends(newborn, town, run, entitled, code, reason):
    town.fact("101", code, date(2026, 5, 15))

    run("apply-changes", on="2026-05-31")

    assert entitled("101")[0][2:] == (date(2026, 5, 15), reason)


def test_apply_changes_fact_of_tomorrow_waits(newborn, town, run, entitled):
    town.fact("101", "10", date(2026, 6, 1))

    run("apply-changes", on="2026-05-31")

    assert entitled("101")[0][3] == ""


def test_apply_changes_return_after_a_gap_needs_an_application(newborn, town, apply_for, run, entitled):
    town.leave("101", date(2026, 5, 10))
    away = ResidentRecord.objects.current().get(atena_no="101", resident_status="2")
    state = {f.attname: getattr(away, f.attname) for f in away._meta.concrete_fields if f.attname != "id"}
    away.valid = (date(2026, 5, 10), date(2026, 8, 1))
    away.save()
    ResidentRecord.objects.create(**{**state, "valid": (date(2026, 8, 1), None), "resident_status": "1"})

    run("apply-changes", on="2026-08-31")
    assert [b for _, _, b, _ in entitled("101")] == [date(2026, 5, 10)]

    back = {**CHILD, "application_no": "B1", "reason": "2"}
    apply_for({**back, "event_date": date(2026, 8, 1), "received_on": date(2026, 8, 20)})
    run("decide-applications", scheme=SHONI, on="2026-08-31")
    assert [a for _, a, _, _ in entitled("101")] == [date(2026, 4, 1), date(2026, 8, 1)]
    assert len({e.recipient_no for e in Entitlement.objects.all()}) == 1


def test_decide_applications_settles_the_move_out_of_who_comes_back(newborn, town, apply_for, run, entitled):
    town.leave("101", date(2026, 5, 10))
    away = ResidentRecord.objects.current().get(atena_no="101", resident_status="2")
    state = {f.attname: getattr(away, f.attname) for f in away._meta.concrete_fields if f.attname != "id"}
    away.valid = (date(2026, 5, 10), date(2026, 8, 1))
    away.save()
    ResidentRecord.objects.create(**{**state, "valid": (date(2026, 8, 1), None), "resident_status": "1"})
    back = {**CHILD, "application_no": "B1", "reason": "2"}
    apply_for({**back, "event_date": date(2026, 8, 1), "received_on": date(2026, 8, 20)})

    run("decide-applications", scheme=SHONI, on="2026-08-31")

    assert next((a, b) for _, a, b, _ in entitled("101")) == (date(2026, 4, 1), date(2026, 5, 10))
    assert [a for _, a, _, _ in entitled("101")] == [date(2026, 4, 1), date(2026, 8, 1)]


def test_apply_changes_move_between_wards_changes_nothing(newborn, run, entitled):
    row = ResidentRecord.objects.get(atena_no="101")
    state = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "id"}
    row.valid = (date(2026, 4, 1), date(2026, 5, 1))
    row.save()
    ResidentRecord.objects.create(**{**state, "valid": (date(2026, 5, 1), None), "ward_code": "141321"})

    done = run("apply-changes", on="2026-05-31")

    assert done.counts["lost"] == done.counts["split"] == 0


def test_apply_changes_retroactive_loss_before_the_start_annuls(newborn, run, entitled, decided):
    ResidentRecord.objects.filter(atena_no="101").update(resident_status="9")

    run("apply-changes", on="2026-05-31")

    assert entitled("101") == []
    assert decided("101")[-1][1] == "lost"
    assert Entitlement.objects.get().recorded_to is not None


def test_apply_changes_loss_notice_ends_and_is_settled(family, apply_for, run, entitled):
    apply_for({**FAMILY, "application_no": "L1", "kind": "4", "person_atena_no": "201", "role": "2",
               "single_parent_reason": None, "single_parent_since": None,
               "loss_reason": "婚姻", "event_date": date(2026, 6, 10), "received_on": date(2026, 6, 20)})  # fmt: skip

    done = run("apply-changes", on="2026-06-30")

    assert done.counts["notices"] == 1
    assert entitled("201")[0][2:] == (date(2026, 6, 10), "婚姻")
    assert Application.objects.get(application_no="L1").state == "applied"


def test_apply_changes_notice_without_entitlement_is_a_problem(town, apply_for, run):
    town.child()
    apply_for({**CHILD, "kind": "4", "loss_reason": "転出"})

    done = run("apply-changes", on="2026-04-30")

    assert RunProblem.objects.using("subsidy").get(run=done).code == "loss_without_entitlement"


def test_apply_changes_de_facto_marriage_of_the_parent_ends_parent_and_child(family, run, entitled):
    status = SingleParentStatus.objects.get(atena_no="201")
    start = status.valid.lower
    status.valid = (start, date(2026, 7, 1))
    status.save()
    SingleParentStatus.objects.create(
        atena_no="201",
        valid=(date(2026, 7, 1), None),
        reason="2",
        since=start,
        de_facto_spouse=True,
        recorded_from=status.recorded_from,
    )

    run("apply-changes", on="2026-07-31")

    assert entitled("201")[0][2:] == (date(2026, 7, 1), "DE_FACTO_SPOUSE")
    assert entitled("101")[0][2:] == (date(2026, 7, 1), "DE_FACTO_SPOUSE")


def test_apply_changes_parent_without_child_loses(family, town, run, entitled):
    town.leave("101", date(2026, 8, 5))

    run("apply-changes", on="2026-08-31")

    assert entitled("201")[0][2:] == (date(2026, 8, 5), "NO_CHILD")
    assert entitled("101")[0][2:] == (date(2026, 8, 5), "NOT_RESIDENT")


def test_apply_changes_income_correction_of_the_same_year_counts_from_the_start(family, town, run, entitled):
    from tasuke.systems.subsidy.registry.models import Income

    Income.objects.filter(atena_no="201").update(recorded_to="2026-06-01T00:00:00+09:00")
    for year in (2024, 2025):
        town.income("201", 9_000_000, year, corrected=True, corrected_on=date(2026, 6, 1))

    run("apply-changes", on="2026-06-30")

    assert entitled("201") == []
    assert Decision.objects.filter(atena_no="201").latest("id").reasons[0] == "INCOME_OVER"


def test_apply_changes_new_band_splits_with_an_age_decision(newborn, run, entitled):
    first = Entitlement.objects.get()

    done = run("apply-changes", on="2029-05-31")

    rows = list(Entitlement.objects.current().order_by("valid"))
    assert done.counts["split"] == 1
    assert rows[0].valid.lower == date(2026, 4, 1)
    assert rows[0].band == first.band
    assert len({r.band for r in rows}) == len(rows) >= 2
    assert all(a.valid.upper == b.valid.lower for a, b in pairwise(rows))
    assert rows[-1].valid.upper == first.valid.upper
    assert "age" in set(Decision.objects.values_list("kind", flat=True))
    again = run("apply-changes", on="2029-06-30")
    assert (again.counts["split"], again.counts["reopened"], again.counts["lost"]) == (0, 0, 0)


def test_apply_changes_number_of_queries_does_not_grow_with_rows(town, apply_for, run):
    def queries(start, count, on):
        rows = []
        for n in range(start, start + count):
            town.child(str(n), date(2026, 4, 1), "201")
            rows.append({**CHILD, "person_atena_no": str(n), "application_no": f"A{n}"})
        apply_for(*rows)
        run("decide-applications", scheme=SHONI, on=on)
        for n in range(start, start + count):
            town.leave(str(n), date(2026, 5, 1))
        with CaptureQueriesContext(connections["subsidy"]) as captured:
            done = run("apply-changes", on=on)
        assert done.counts["lost"] == count
        return len(captured)

    assert queries(1_000, 2, "2026-06-29") == queries(2_000, 30, "2026-06-30")
