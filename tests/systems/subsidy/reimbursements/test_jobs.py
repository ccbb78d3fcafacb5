from datetime import date

import pytest

from tasuke.systems.subsidy.reimbursements.models import ReceiptLine, Reimbursement
from tasuke.systems.subsidy.reimbursements.queries import held_frame, payable_frame, reimbursement_ledger_frame

pytestmark = pytest.mark.django_db(databases=["subsidy"])


def test_a_receipt_is_received_decided_and_payable(office):
    assert office.receive(office.write(office.feed_row())).counts["lines"] == 1
    run = office.decide()
    assert (run.counts["granted"], run.counts["amount"]) == (1, 3000)
    payable = payable_frame(using="subsidy").row(0, named=True)
    assert (payable["amount"], payable["payee_atena_no"], payable["account_no"]) == (3000, "000000000000002", "1234567")
    ledger = reimbursement_ledger_frame(using="subsidy", months=[date(2026, 7, 1)])
    assert ledger.select("subsidy", "band", "funding", "ward_code").rows() == [(3000, "child", "city", "141313")]


def test_the_same_file_and_the_same_day_twice_change_nothing(office):
    path = office.write(office.feed_row())
    office.receive(path)
    office.decide()
    before = list(Reimbursement.objects.values())
    assert office.receive(path) is None
    assert office.decide() is None
    assert office.decide(on="2026-07-02").chunks_total == 0
    assert list(Reimbursement.objects.values()) == before


def test_a_line_without_an_account_waits_and_is_decided_when_the_account_is_there(office):
    bare = dict.fromkeys(("bank_code", "branch_code", "account_kind", "account_no", "account_holder_kana"))
    office.receive(
        office.write(office.feed_row(**bare), office.feed_row(receipt_no="R2", service_date=date(2026, 5, 3)))
    )
    assert office.decide().counts["held"] == 1
    assert held_frame(using="subsidy")["reasons"].to_list() == [["ACCOUNT_MISSING"]]
    office.register_account()
    run = office.decide(on="2026-07-02")
    assert (run.counts["lines"], run.counts["granted"]) == (1, 1)
    assert held_frame(using="subsidy").is_empty()
    assert ReceiptLine.objects.open().count() == 0
