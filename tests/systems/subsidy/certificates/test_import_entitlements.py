import csv
import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasuke.core.numbers import NumberKind, with_check_digit
from tasuke.deploy.imports import import_request
from tasuke.formats import entitlement_feed
from tasuke.platform.batch.models import RunProblem
from tasuke.platform.batch.services.apply_run import NotApproved, apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.certificates import jobs
from tasuke.systems.subsidy.certificates.models import Certificate, Notice
from tasuke.systems.subsidy.entitlements import jobs as more_jobs
from tasuke.systems.subsidy.entitlements.judging import rules_of
from tasuke.systems.subsidy.entitlements.ledger import number_recipients
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement, RecipientNumber, TakenOver
from tasuke.systems.subsidy.registry.models import Insurance, Relation

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs
assert more_jobs
NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
GO_LIVE = date(2026, 4, 1)
SHONI = "kawasaki-shoni"
NUMBER = [with_check_digit(NumberKind.RECIPIENT, f"{n:06}") for n in range(500, 506)]
ROW = {
    "scheme": SHONI, "atena_no": "101", "recipient_no": NUMBER[0], "payer_no": "88149018", "role": "1",
    "valid_from": date(2019, 6, 1), "valid_to": date(2028, 3, 31), "band": "child", "coverage": "both",
    "copay_class": "none", "funding": "city", "certificate_issued_on": date(2025, 6, 1),
    "certificate_from": date(2025, 6, 1), "certificate_until": date(2028, 3, 31), "applicant_atena_no": "201",
    "breadwinner_atena_no": "201",
}  # fmt: skip


EARLIER = {"valid_from": date(2010, 1, 1), "valid_to": date(2012, 1, 1)}


@pytest.fixture
def town(city):
    for no in ("101", "102", "103"):
        city.person(no, birth=date(2018, 6, 1), since=date(2018, 6, 1))
        Insurance.objects.create(
            atena_no=no, valid=(date(2018, 6, 1), None), insurance_kind="1", insurer_no="140012", number="1",
            source="nhi_feed", recorded_from=NOW,
        )  # fmt: skip
    city.person("201", birth=date(1988, 1, 1))
    return city


@pytest.fixture
def take(town, tmp_path):
    """take({…}, …) imports rows as a take-over on GO_LIVE, approved by a second person."""

    def go(*rows, approved=True):
        fields = entitlement_feed.LAYOUT.fields
        full = [{**ROW, "seq": n, **row} for n, row in enumerate(rows, start=1)]
        data = {f.name: [row.get(f.name) for row in full] for f in fields}
        path = tmp_path / "entitlements.csv"
        path.write_bytes(entitlement_feed.render(pl.DataFrame(data, schema={f.name: f.dtype for f in fields})))
        request = import_request("entitlements", path, on=f"{GO_LIVE}")
        run, plan = plan_run(using="subsidy", **request, by="担当", now=NOW)
        if approved:
            run = approve_run(using="subsidy", run_id=run.pk, by="係長", now=NOW)
        return apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW)

    return go


def codes(run, severity="error"):
    return sorted(RunProblem.objects.using("subsidy").filter(run=run, severity=severity).values_list("code", flat=True))


def test_a_right_is_taken_over_as_it_is(take, office):
    run = take({})
    assert run.counts == {"資格の引継ぎ": 1, "証の引継ぎ": 1}
    held = Entitlement.objects.get()
    assert (held.recipient_no, held.valid.lower, held.valid.upper) == (NUMBER[0], date(2019, 6, 1), date(2028, 4, 1))
    decision = Decision.objects.get()
    assert (decision.kind, decision.outcome, decision.judged_on) == ("take_over", "eligible", GO_LIVE)
    assert decision.facts["person"]["birth_date"] == "2018-06-01"
    assert TakenOver.objects.get().row["certificate_issued_on"] == "2025-06-01"
    assert set(Relation.objects.values_list("kind", "other_atena_no")) == {("applicant", "201"), ("breadwinner", "201")}
    paper = Certificate.objects.get()
    assert (paper.kind, paper.state, paper.issued_on) == ("takeover", "issued", date(2025, 6, 1))


def test_it_needs_a_second_person(take):
    with pytest.raises(NotApproved):
        take({}, approved=False)
    assert not Entitlement.objects.exists()


def test_neither_paper_nor_letter_goes_out_for_it(take, office):
    take({})
    office.run("apply-changes", on="2026-04-30")
    office.run("issue-certificates", scheme=SHONI, on="2026-05-01")
    office.run("issue-notices", on="2026-05-01")
    assert (Certificate.objects.count(), Notice.objects.count(), Decision.objects.count()) == (1, 0, 1)


def test_new_numbers_begin_behind_those_taken_over(take, town):
    take({}, {"atena_no": "102", "recipient_no": NUMBER[4]})
    made = number_recipients(using="subsidy", rules=rules_of(SHONI), atena_nos=pl.Series("atena_no", ["103"]))
    assert made["recipient_no"].item() == NUMBER[5]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (({"atena_no": "999"},), ["unknown_person"]),
        (({"recipient_no": NUMBER[0][:-1] + str((int(NUMBER[0][-1]) + 1) % 10)},), ["check_digit"]),
        (({"recipient_no": "123"},), ["number_length"]),
        (({}, {"atena_no": "102"}), ["number_given_twice"] * 2),
        (({}, {"recipient_no": NUMBER[1], **EARLIER}), ["two_numbers"] * 2),
        (({}, {"valid_from": date(2020, 1, 1)}), ["overlap"]),
        (({"scheme": "sapporo-kodomo"},), ["unknown_scheme"]),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_right_is_named_and_left_out(take, rows, told):
    run = take(*rows, {"atena_no": "103", "recipient_no": NUMBER[3]})
    assert codes(run) == told
    assert Entitlement.objects.filter(atena_no="103").exists()
    assert Entitlement.objects.count() == 1 + (told == ["overlap"])


def test_a_number_that_we_gave_to_another_is_refused(take):
    RecipientNumber.objects.create(scheme=SHONI, atena_no="102", recipient_no=NUMBER[0])
    RecipientNumber.objects.create(scheme=SHONI, atena_no="103", recipient_no=NUMBER[2])
    run = take({}, {"atena_no": "103", "recipient_no": NUMBER[3]})
    assert codes(run) == ["has_other_number", "number_of_other"]
    assert not Entitlement.objects.exists()


def test_what_our_rules_would_not_allow_is_a_finding_and_ends_nothing_by_itself(take, office):
    Insurance.objects.filter(atena_no="101").delete()
    run = take({}, {"atena_no": "102", "recipient_no": NUMBER[1], "valid_to": date(2050, 3, 31)})
    assert codes(run, "warning") == ["takeover_differs"] * 2
    assert TakenOver.objects.get(atena_no="101").our_reasons[0] == "NOT_INSURED"
    office.run("apply-changes", on="2026-12-31")
    assert Entitlement.objects.current().get(atena_no="101").loss_reason == ""


def test_what_happens_after_the_day_counts_as_always(take, office, town):
    take({})
    Insurance.objects.filter(atena_no="101").update(valid=(date(2018, 6, 1), date(2026, 5, 1)))
    asked = office.run("apply-changes", on="2026-05-31")
    assert asked.counts["asked"] == 1
    office.run("apply-changes", on="2026-08-31")
    held = Entitlement.objects.current().get()
    assert (held.valid.lower, held.valid.upper, held.loss_reason) == (date(2019, 6, 1), date(2026, 5, 1), "NOT_INSURED")


def test_the_reconciliation_names_each_person_with_the_reason(take, office):
    Insurance.objects.filter(atena_no="102").delete()
    take({}, {"atena_no": "102", "recipient_no": NUMBER[1]})
    run = office.run("reconcile", on=GO_LIVE)
    (file,) = [f for f in office.files("reconcile") if f.name.endswith(".csv")]
    rows = {r["宛名番号"]: r for r in csv.DictReader(io.StringIO(office.bytes_of(file).decode("utf-8-sig")))}
    assert rows["102"]["照合"] == "非該当"
    assert "医療保険に加入していません" in rows["102"]["理由"]
    assert rows["101"]["制度"] == load_scheme(SHONI).name
    assert (run.plan["引継ぎ"], run.plan["非該当"]) == (2, 1)


def test_old_applications_bring_facts_and_no_decision(town, office, tmp_path):
    from tasuke.formats import application_feed
    from tasuke.systems.subsidy.entitlements.models import Application

    fields = application_feed.LAYOUT.fields
    row = {
        "application_no": "A1", "scheme": SHONI, "kind": "1", "received_on": date(2019, 6, 1), "channel": "1",
        "reason": "1", "event_date": date(2019, 6, 1), "applicant_atena_no": "201", "person_atena_no": "101",
        "role": "1", "breadwinner_atena_no": "201", "de_facto_spouse": False, "public_account": False,
    }  # fmt: skip
    rows = [row, {**row, "application_no": "A2", "person_atena_no": "102", "received_on": date(2026, 4, 2)}]
    path = tmp_path / "applications.csv"
    data = {f.name: [r.get(f.name) for r in rows] for f in fields}
    path.write_bytes(application_feed.render(pl.DataFrame(data, schema={f.name: f.dtype for f in fields})))
    request = import_request("applications", path, taken_over=f"{GO_LIVE}")
    run, plan = plan_run(using="subsidy", **request, by="担当", now=NOW)
    apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW)
    assert dict(Application.objects.values_list("application_no", "state")) == {"A1": "taken_over", "A2": "received"}
    assert Relation.objects.filter(atena_no="101", kind="breadwinner").exists()
    office.run("decide-applications", scheme=SHONI, on="2026-04-30")
    assert not Decision.objects.filter(atena_no="101").exists()
