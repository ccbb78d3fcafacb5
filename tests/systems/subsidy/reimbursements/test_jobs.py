from datetime import date

import pytest
from django.db import transaction
from django.db.utils import DatabaseError, IntegrityError

from tasuke.platform.batch.models import Run, RunProblem
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.systems.subsidy.reimbursements.models import (
    Receipt,
    ReceiptHold,
    ReceiptLine,
    Reimbursement,
    ReimbursementLine,
)
from tasuke.systems.subsidy.reimbursements.queries import (
    decisions_frame,
    held_frame,
    payable_frame,
    reimbursed_frame,
    reimbursement_ledger_frame,
)

pytestmark = pytest.mark.django_db(databases=["subsidy"])
BARE = dict.fromkeys(("bank_code", "branch_code", "account_kind", "account_no", "account_holder_kana"))


def test_a_receipt_is_received_decided_and_payable(office):
    assert office.receive(office.write(office.feed_row())).counts["lines"] == 1
    run = office.decide()
    assert (run.counts["granted"], run.counts["amount"]) == (1, 3000)
    payable = payable_frame(using="subsidy").row(0, named=True)
    assert (payable["amount"], payable["payee_atena_no"], payable["account_no"]) == (3000, "000000000000002", "1234567")
    ledger = reimbursement_ledger_frame(using="subsidy", months=[date(2026, 7, 1)])
    assert ledger.select("subsidy", "band", "funding", "ward_code").rows() == [(3000, "child", "city", "141313")]
    assert reimbursement_ledger_frame(using="subsidy", months=[date(2026, 5, 1)]).is_empty()


def test_lines_of_a_receipt_are_one_decision_and_a_refused_one_is_another(office):
    rows = [
        office.feed_row(),
        office.feed_row(line_no=2, service_date=date(2026, 5, 9)),
        office.feed_row(line_no=3, service_date=date(2024, 5, 9), paid_on=date(2024, 5, 9)),
    ]
    office.receive(office.write(*rows))
    office.decide()
    told = decisions_frame(using="subsidy", decided_on=date(2026, 7, 1))
    assert told.select("outcome", "amount", "reasons").sort("outcome").rows() == [
        ("granted", 6000, None),
        ("rejected", 0, ["BEFORE_START"]),
    ]
    assert payable_frame(using="subsidy")["amount"].to_list() == [6000]


def test_the_same_file_and_the_same_day_twice_change_nothing(office):
    path = office.write(office.feed_row())
    office.receive(path)
    office.decide()
    before = list(Reimbursement.objects.values())
    assert office.receive(path) is None
    assert office.decide() is None
    assert office.decide(on="2026-07-02").chunks_total == 0
    assert list(Reimbursement.objects.values()) == before


def test_a_line_that_is_known_is_a_problem_and_not_taken_again(office):
    office.receive(office.write(office.feed_row()))
    rows = [office.feed_row(paid=1), office.feed_row(line_no=2, service_date=date(2026, 5, 3))]
    run = office.receive(office.write(*rows, name="b.csv"))
    assert (run.counts["lines"], run.counts["known"]) == (1, 1)
    problem = RunProblem.objects.using("subsidy").get(run=run, code="receipt_line_known")
    assert (problem.line, problem.value) == (2, "R2026-000001")
    assert Receipt.objects.count() == 1
    assert sorted(ReceiptLine.objects.values_list("line_no", "paid")) == [(1, 3000), (2, 3000)]


def test_a_line_without_an_account_waits_and_is_decided_when_the_account_is_there(office):
    office.receive(
        office.write(office.feed_row(**BARE), office.feed_row(receipt_no="R2", service_date=date(2026, 5, 3)))
    )
    assert office.decide().counts["held"] == 1
    assert held_frame(using="subsidy")["reasons"].to_list() == [["ACCOUNT_MISSING"]]
    office.register_account()
    run = office.decide(on="2026-07-02")
    assert (run.counts["lines"], run.counts["granted"]) == (1, 1)
    assert held_frame(using="subsidy").is_empty()
    assert ReceiptLine.objects.open().count() == 0


def test_receipts_that_come_in_later_wait_for_their_day(office):
    office.receive(office.write(office.feed_row()))
    assert office.decide(on="2026-06-09").chunks_total == 0
    assert office.decide(on="2026-06-10").counts["granted"] == 1


def test_the_second_receipt_for_the_same_care_is_refused_in_a_later_run(office):
    office.receive(office.write(office.feed_row()))
    office.decide()
    office.receive(office.write(office.feed_row(receipt_no="R9"), name="b.csv"))
    assert office.decide(on="2026-07-02").counts["rejected"] == 1
    assert reimbursed_frame(
        using="subsidy", months=[date(2026, 5, 1)]
    ).is_empty()  # no institution code: cannot be compared


def rows_without_ids():
    lines = ReimbursementLine.objects.order_by("receipt_line__receipt__receipt_no", "receipt_line__line_no")
    fields = ("receipt_line__receipt__receipt_no", "outcome", "reasons", "subsidy", "reimbursement__amount")
    return [
        *lines.values_list(*fields),
        *ReceiptHold.objects.values_list("receipt_line__receipt__receipt_no", "reasons"),
    ]


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_killed_run_resumes_to_the_same_decisions(office, stop):
    rows = [office.feed_row(receipt_no=f"R{n}", service_date=date(2026, 5, n)) for n in range(1, 5)]
    twin = office.feed_row(receipt_no="R5", service_date=date(2026, 5, 1))
    office.receive(office.write(*rows, twin, office.feed_row(receipt_no="R6", service_date=date(2026, 5, 8), **BARE)))

    class Killed(Exception):
        pass

    def kill(done, total):
        if done == stop:
            raise Killed

    parameters = {"on": "2026-07-01", "chunk_size": 2}
    run, plan = plan_run(
        using="subsidy",
        job="decide-reimbursements",
        target="2026-07-01",
        parameters=parameters,
        by="担当",
        now=office.NOW,
    )
    assert plan.chunks == 3
    with pytest.raises(Killed):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: office.NOW, progress=kill)
    again = office.decide(chunk_size=2)
    assert (again.pk, again.chunks_done) == (run.pk, 3)
    assert [row[:2] for row in rows_without_ids()] == [
        ("R1", "granted"),
        ("R2", "granted"),
        ("R3", "granted"),
        ("R4", "granted"),
        ("R5", "rejected"),
        ("R6", ["ACCOUNT_MISSING"]),
    ]
    assert (again.counts["lines"], again.counts["amount"]) == (6, 12_000)
    assert Run.objects.using("subsidy").filter(job="decide-reimbursements").count() == 1


def refused(constraint, work):
    with pytest.raises((IntegrityError, DatabaseError), match=constraint), transaction.atomic(using="subsidy"):
        work()


@pytest.fixture
def decided(office):
    office.receive(
        office.write(office.feed_row(), office.feed_row(receipt_no="R6", service_date=date(2026, 5, 8), **BARE))
    )
    office.decide()
    return Reimbursement.objects.get()


@pytest.mark.parametrize(
    ("model", "field"), [(Reimbursement, "decided_on"), (ReimbursementLine, "band"), (ReceiptHold, "held_on")]
)
def test_decisions_are_neither_changed_nor_deleted(decided, model, field):
    refused("append-only", lambda: model.objects.update(**{field: "2026-01-01"}))
    refused("append-only", lambda: model.objects.all()._raw_delete("subsidy"))


def copy_of(row, **changes):
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    return type(row)(**(fields | changes))


def test_the_constraints_of_decisions_hold(decided, office):
    refused("subsidy_reimbursement_once", lambda: copy_of(decided).save(using="subsidy"))
    refused("subsidy_reimbursement_amount", lambda: copy_of(decided, run_id=99, amount=0).save(using="subsidy"))
    refused(
        "subsidy_reimbursement_amount", lambda: copy_of(decided, run_id=99, outcome="rejected").save(using="subsidy")
    )
    line = decided.lines.get()
    refused("receipt_line_id", lambda: copy_of(line).save(using="subsidy"))
    other = ReceiptLine.objects.open().get()
    wrong = {"receipt_line_id": other.pk, "outcome": "rejected"}
    refused("subsidy_reimbursement_line_amount", lambda: copy_of(line, **wrong).save(using="subsidy"))
    refused(
        "subsidy_reimbursement_line_amount", lambda: copy_of(line, **wrong, subsidy=0, reasons=[]).save(using="subsidy")
    )
    hold = ReceiptHold.objects.get()
    refused("subsidy_receipt_hold_once", lambda: copy_of(hold).save(using="subsidy"))
    refused("subsidy_receipt_hold_says_why", lambda: copy_of(hold, run_id=99, reasons=[]).save(using="subsidy"))


def test_the_constraints_of_receipts_hold(decided, office):
    receipt = Receipt.objects.get(receipt_no="R6")
    refused("receipt_no", lambda: copy_of(receipt).save(using="subsidy"))
    refused(
        "subsidy_receipt_account_whole",
        lambda: copy_of(receipt, receipt_no="R7", bank_code="0001").save(using="subsidy"),
    )
    line = ReceiptLine.objects.open().get()
    refused("subsidy_receipt_line_once", lambda: copy_of(line).save(using="subsidy"))
    refused("subsidy_receipt_line_amounts", lambda: copy_of(line, line_no=9, paid=-1).save(using="subsidy"))
