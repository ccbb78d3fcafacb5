"""返戻 (HEN) and 再審査等 (SAH) against the claims that they mean."""

import hashlib
from datetime import date

import pytest
from django.db import DatabaseError, transaction

from tasuke.formats import uke
from tasuke.platform.batch.models import RunProblem
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.platform.exchange.models import InboundFile
from tasuke.systems.subsidy.claims.jobs.import_returns import ReturnsChanged
from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, ClaimReturn
from tasuke.systems.subsidy.claims.queries import ledger_frame
from tasuke.systems.subsidy.claims.services.decide_query import decide_query

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NUMBER = "13450607940000030"
HR = "8,98,0,HR,202608,1,,1020,資格喪失後の受診,証の返納を確認,,,,"
MK = "4,98,0,MK,1,20260801,2,202608,0102,{},連絡事項,,,"


class Agency:
    """What 審査支払機関 sends back."""

    def __init__(self, town):
        self.town = town

    def file(self, claims, kohis, *records, name="r.hen"):
        """A payer's file of these receipts, each with its record."""
        claims, kohis = self.town.frames(claims, kohis)
        data = uke.render(kind=uke.UkeKind.MEDICAL, claims=claims, kohi=kohis, form="payer")
        rows = data.decode("cp932").removesuffix("\x1a").split("\r\n")[:-1]
        ends = [i for i, row in enumerate(rows) if ",RC," in row]
        for end, record in sorted(zip(ends, records, strict=True), reverse=True):
            rows.insert(end, record)
        path = self.town.folder / name
        path.write_bytes("\r\n".join(["HI,1,202608", *rows, ""]).encode("cp932"))
        return path

    def plan(self, path):
        target = f"returns:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        parameters = {"path": str(path)}
        return plan_run(
            using="subsidy", job="import-returns", target=target, parameters=parameters, by="担当", now=self.town.NOW
        )

    def run(self, path):
        try:
            run, plan = self.plan(path)
        except RunAlreadyDone:
            return None
        return apply_run(using="subsidy", run=run, plan=plan, clock=lambda: self.town.NOW)


@pytest.fixture
def agency(town):
    return Agency(town)


def test_a_returned_claim_is_booked_out_in_the_month_of_the_return(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi()]))
    path = agency.file([desk.claim(search_no=NUMBER, cost=9_999)], [desk.kohi()], HR)

    run = agency.run(path)

    entry = ClaimEntry.objects.get()
    assert (entry.kind, entry.subsidy, entry.booked_month) == ("return", -3000, date(2026, 8, 1))
    assert entry.reason == "RETURNED_BY_AGENCY"
    assert "1020 資格喪失後の受診 証の返納を確認" in entry.note
    assert ledger_frame(using="subsidy")["subsidy"].to_list() == [3000, -3000]
    back = ClaimReturn.objects.get()
    assert (back.outcome, back.claim_id, back.entry_id, back.search_no) == (
        "returned",
        entry.claim_id,
        entry.pk,
        NUMBER,
    )
    assert run.counts["過誤(戻入れ)"] == 1
    file = InboundFile.objects.using("subsidy").get(kind="returns")
    assert (file.rows, file.accepted, file.rejected, file.run_id) == (1, 1, 0, run.pk)


def test_the_same_return_twice_changes_nothing(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi()]))
    path = agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], HR)
    agency.run(path)
    assert agency.run(path) is None
    # nor does another file that names the claim again
    other = agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], HR.replace("202608", "202609"), name="b.hen")
    assert agency.run(other).counts["既に過誤"] == 1
    assert ClaimEntry.objects.count() == 1


def test_a_claim_is_found_by_number_institution_and_month_without_a_search_number(town, desk, agency):
    others = [desk.claim(line=n, institution_code=f"14100001{n}") for n in (10, 20)]
    town.run(town.write(others, [desk.kohi(line=10), desk.kohi(line=20)]))
    meant = Claim.objects.get(institution_code="1410000120")
    assert meant.receipt_no is not None
    receipt = desk.claim(institution_code="1410000120", receipt_no=meant.receipt_no, search_no=NUMBER)
    agency.run(agency.file([receipt], [desk.kohi()], HR))
    assert ClaimReturn.objects.get().claim_id == meant.pk


def test_an_open_query_is_closed_without_money(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi(copay=500)]))
    assert Claim.objects.get().state == "query"
    agency.run(agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], HR))
    assert (ClaimEntry.objects.get().kind, ClaimReturn.objects.get().outcome) == ("refuse", "refused")
    assert ledger_frame(using="subsidy").is_empty()


def test_a_return_of_nobody_is_a_problem_with_its_line_and_the_others_are_booked(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi()]))
    strange = desk.claim(line=9, search_no="99999999999999999", institution_code="1410009999")
    path = agency.file([desk.claim(search_no=NUMBER), strange], [desk.kohi(), desk.kohi(line=9)], HR, HR)

    run = agency.run(path)

    problem = RunProblem.objects.using("subsidy").get(run=run, severity="error")
    assert (problem.code, problem.field, problem.value) == ("RETURN_NOT_FOUND", "検索番号", "99999999999999999")
    assert problem.line == ClaimReturn.objects.get(outcome="not_found").line
    assert (ClaimEntry.objects.count(), run.counts["該当なし"]) == (1, 1)
    assert InboundFile.objects.using("subsidy").get(kind="returns").rejected == 1


def test_a_reexamination_that_changes_nothing_books_nothing(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi()]))
    path = agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], MK.format("原審どおり"), name="r.sah")
    assert agency.run(path).counts["原審どおり"] == 1
    assert not ClaimEntry.objects.exists()


def test_a_reexamined_receipt_takes_the_place_of_its_claim_when_a_person_agrees(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi()]))
    old = Claim.objects.get()
    less = desk.claim(search_no=NUMBER, cost=8_000)
    agency.run(agency.file([less], [desk.kohi(cost=8_000)], MK.format("査定"), name="r.sah"))

    new = Claim.objects.exclude(pk=old.pk).get()
    assert (new.state, new.reasons, new.cost, new.expected_subsidy) == ("query", ["REEXAMINED"], 8_000, 2_400)
    assert ClaimEntry.objects.get().claim_id == old.pk
    assert ledger_frame(using="subsidy")["subsidy"].sum() == 0

    decide_query(using="subsidy", claim_id=new.pk, outcome="accept", note="査定どおり", by="係長", now=town.NOW)

    ledger = ledger_frame(using="subsidy")
    assert (ledger["subsidy"].sum(), ledger["count"].sum()) == (2_400, 1)
    # and what comes back later is the new claim
    agency.run(agency.file([less], [desk.kohi(cost=8_000)], HR, name="c.hen"))
    assert ClaimReturn.objects.order_by("id").last().claim_id == new.pk
    assert ledger_frame(using="subsidy")["subsidy"].sum() == 0


def test_a_plan_that_is_overtaken_is_planned_again(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi()]))
    path = agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], HR)
    run, plan = agency.plan(path)
    agency.run(agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], HR.replace("1020", "1030"), name="b.hen"))
    with pytest.raises(ReturnsChanged):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: town.NOW)
    assert ClaimEntry.objects.count() == 1


def test_a_file_of_claims_is_refused_as_returns_and_the_other_way_round(town, desk, agency):
    claims = town.write([desk.claim(search_no=NUMBER)], [desk.kohi()])
    _, plan = agency.plan(claims)
    assert [p.code for p in plan.problems] == ["NOT_RETURNED_FILE"]
    refused = InboundFile.objects.using("subsidy").get(kind="returns")
    assert (refused.state, refused.received_by, refused.run_id) == ("refused", "担当", None)
    assert "返戻(HR)・再審査結果(MK)の記録がありません" in refused.reason
    path = agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], HR)
    town.plan(path)
    assert InboundFile.objects.using("subsidy").get(kind="claims").state == "refused"


def test_a_return_is_never_changed(town, desk, agency):
    town.run(town.write([desk.claim(search_no=NUMBER)], [desk.kohi()]))
    agency.run(agency.file([desk.claim(search_no=NUMBER)], [desk.kohi()], HR))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using="subsidy"):
        ClaimReturn.objects.update(note="x")
