from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connections, transaction
from django.test.utils import CaptureQueriesContext

import tasuke.systems.subsidy.payments.jobs as jobs
from tasuke.formats import zengin
from tasuke.systems.subsidy.payments.days import NotABankBusinessDay
from tasuke.systems.subsidy.payments.jobs import select_payments, write_transfers
from tasuke.systems.subsidy.payments.models import (
    AccountCorrection,
    FailedTransfer,
    FailureReason,
    Payment,
    PaymentBatch,
    PaymentItem,
)
from tasuke.systems.subsidy.payments.services.confirm_transfers import (
    FileNotTaken,
    PayDayNotOver,
    confirm_transfers,
)
from tasuke.systems.subsidy.payments.services.correct_account import AlreadyReplaced, correct_account
from tasuke.systems.subsidy.payments.services.download_transfer import download_transfer
from tasuke.systems.subsidy.payments.services.record_failed_transfer import (
    NotTransferred,
    ReturnedAmountDiffers,
    ReturnedOnImpossible,
    record_failed_transfer,
)

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs
MAY, JUNE = date(2026, 5, 25), date(2026, 6, 25)
NOW = datetime(2026, 5, 27, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
RECEIPT_ACCOUNT = {
    "bank_code": "0005", "branch_code": "001", "account_kind": "1", "account_no": "1234567",
    "holder_kana": "タカハシ タロウ",
}  # fmt: skip


@pytest.fixture
def family(city):
    city.person("101", name="髙橋 葛󠄀之介")
    city.person("102", name="髙橋 𠮷子")
    city.person("201", name="髙橋 太郎", birth=date(1985, 1, 1))
    city.person("202", name="﨑山 花子", birth=date(1985, 1, 1))
    city.account("201")
    city.reimbursement("101", "201", 3_000)
    city.reimbursement("102", "201", 1_500)
    city.reimbursement("102", "202", 700, account=RECEIPT_ACCOUNT)


def pay(office, day=MAY):
    office.run("select-payments", pay_on=day)
    run = office.run("write-transfers", pay_on=day)
    take(day)
    return run


def take(day=MAY):
    """The file goes to the bank."""
    download_transfer(using="subsidy", pay_on=day, reason="", by="担当", now=NOW)


def fail(payment, **more):
    values = {"returned_on": date(2026, 5, 27), "reason": FailureReason.NAME_DIFFERS, "by": "担当", "now": NOW}
    return record_failed_transfer(
        using="subsidy", payment_no=payment.payment_no, **({"returned_amount": payment.amount} | values | more)
    )


def correct(payment, **more):
    values = {
        "bank_code": "0009", "branch_code": "001", "account_kind": "1", "account_no": "7777777",
        "holder_kana": "タカハシ タロウ", "by": "担当", "now": NOW,
    }  # fmt: skip
    return correct_account(using="subsidy", payment_no=payment.payment_no, **(values | more))


def test_two_receipts_of_one_payee_become_one_payment(office, family):
    run = office.run("select-payments", pay_on=MAY)
    assert (run.counts["支払"], run.counts["支払金額"]) == (2, 5_200)
    assert [(p.payee_atena_no, p.amount, p.items.count()) for p in Payment.objects.order_by("payment_no")] == [
        ("201", 4_500, 2), ("202", 700, 1),
    ]  # fmt: skip
    assert all(c["now"] == c["before"] for c in run.comparison[2:])


def test_the_bank_file_says_what_was_selected(office, family):
    run = pay(office)
    assert run.counts["振込"] == 2
    (file,) = office.files("zengin")
    parsed, problems = zengin.parse(office.bytes_of(file))
    assert problems == []
    assert (parsed.count, parsed.total, parsed.header.pay_day) == (2, 5_200, "0525")
    assert parsed.transfers["customer_code1"].to_list() == ["0000000001", "0000000002"]
    assert parsed.transfers["holder"].to_list() == ["ﾀｶﾊｼ ﾊﾅｺ", "ﾀｶﾊｼ ﾀﾛｳ"]
    batch = PaymentBatch.objects.get()
    assert (batch.file_sha256, batch.payments, batch.total) == (file.sha256, 2, 5_200)
    assert set(Payment.objects.values_list("state", flat=True)) == {"sent"}


def test_the_papers_of_a_pay_day_can_be_read_back(office, family):
    pay(office)
    (notices,) = office.files("notices-")
    first, second = office.pages(notices)
    assert "髙橋太郎様" in first
    assert "4,500円" in first
    assert "髙橋葛󠄀之介" in first
    assert "****321" in first
    assert "7654321" not in first
    assert "﨑山花子様" in second
    (payees,), (banks,) = office.files("payees"), office.files("banks")
    assert "架空町" not in "".join(office.pages(payees))
    assert "合計2件5,200" in "".join(office.pages(payees)).replace("件", "件", 1)
    assert "合計25,200" in "".join(office.pages(banks))


def test_a_protected_childs_notice_is_set_aside(office, city, family):
    city.protect("102")
    for no, birth in (("103", date(2015, 6, 1)), ("203", date(1980, 1, 1))):
        city.person(no, birth=birth, household_no="7")
    city.reimbursement("103", "203", 900, account=RECEIPT_ACCOUNT | {"account_no": "1111111"})
    run = pay(office)
    assert (run.counts["支払通知書"], run.counts["うち手渡し"]) == (3, 2)
    mailed, by_hand = office.files("notices-")
    assert (len(office.pages(mailed)), len(office.pages(by_hand))) == (1, 2)
    assert "𠮷子" not in "".join(office.pages(mailed))


def test_a_payee_without_account_is_held_and_told(office, city, family):
    city.reimbursement("101", "202", 800)
    run = office.run("select-payments", pay_on=MAY)
    problem = run.problems.get()
    assert (problem.code, problem.message) == ("account.missing", "口座が登録されていません")
    assert [c for c in run.comparison if c["now"] != c["before"] and c["before"] is not None] == []
    city.account("202")
    assert office.run("select-payments", pay_on=JUNE).counts["支払金額"] == 800


def test_the_same_pay_day_again_changes_nothing(office, family):
    pay(office)
    assert office.run("select-payments", pay_on=MAY) is None
    assert office.run("write-transfers", pay_on=MAY) is None
    assert office.run("select-payments", pay_on=JUNE).counts == {}
    assert Payment.objects.count() == 2


def test_a_killed_selection_goes_on_and_pays_nobody_twice(office, family, monkeypatch):
    monkeypatch.setattr(select_payments, "PER_CHUNK", 1)
    real, calls = select_payments._payment_numbers, []

    def dies_at_the_second(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return real(*arguments)

    monkeypatch.setattr(select_payments, "_payment_numbers", dies_at_the_second)
    with pytest.raises(RuntimeError):
        office.run("select-payments", pay_on=MAY)
    assert Payment.objects.count() == 1
    run = office.run("select-payments", pay_on=MAY)
    assert (run.state, run.counts["支払"], run.counts["支払金額"]) == ("done", 2, 5_200)
    batch = PaymentBatch.objects.get()
    assert (batch.payments, batch.total, Payment.objects.count()) == (2, 5_200, 2)


def test_killed_papers_go_on(office, family, monkeypatch):
    office.run("select-payments", pay_on=MAY)
    monkeypatch.setattr(write_transfers, "_mark_sent", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        office.run("write-transfers", pay_on=MAY)
    assert office.files("zengin") == []
    monkeypatch.undo()


def test_a_failed_transfer_is_paid_again_into_the_corrected_account(office, family):
    pay(office)
    payment = Payment.objects.get(payee_atena_no="201")
    fail(payment)
    held = office.run("select-payments", pay_on=date(2026, 6, 10))
    assert (held.counts, held.problems.count()) == ({}, 2)  # two receipts wait for the correction
    correct(payment)
    pay(office, JUNE)
    again = Payment.objects.get(batch__pay_on=JUNE)
    assert (again.amount, again.account_no, again.replaces_id) == (4_500, "7777777", payment.pk)
    assert list(payment.items.values_list("returned", flat=True)) == [True, True]
    assert PaymentItem.objects.filter(returned=False).count() == 3
    with pytest.raises(AlreadyReplaced):
        correct(payment)


def test_a_second_failure_of_the_same_money_is_followed_too(office, family):
    pay(office)
    payment = Payment.objects.get(payee_atena_no="201")
    fail(payment)
    correct(payment)
    pay(office, JUNE)
    again = Payment.objects.get(batch__pay_on=JUNE)
    fail(again, returned_on=JUNE, now=NOW.replace(month=6))
    correct(again, account_no="8888888")
    pay(office, date(2026, 7, 27))
    assert Payment.objects.get(batch__pay_on=date(2026, 7, 27)).account_no == "8888888"
    assert PaymentItem.objects.filter(returned=False, payment__payee_atena_no="201").count() == 2


def test_failures_that_cannot_be_are_refused(office, family):
    office.run("select-payments", pay_on=MAY)
    payment = Payment.objects.get(payee_atena_no="201")
    with pytest.raises(NotTransferred):
        fail(payment)
    office.run("write-transfers", pay_on=MAY)
    with pytest.raises(NotTransferred, match="まだ取り出していません"):
        fail(payment)
    take()
    with pytest.raises(ReturnedAmountDiffers):
        fail(payment, returned_amount=1)
    for impossible in (date(2026, 5, 22), date(2026, 5, 28)):  # before the pay day; tomorrow
        with pytest.raises(ReturnedOnImpossible, match="令和8年5月25日"):
            fail(payment, returned_on=impossible)
    fail(payment, fee=880)
    with pytest.raises(NotTransferred):
        fail(payment)
    with pytest.raises(FailedTransfer.DoesNotExist):
        correct(Payment.objects.get(payee_atena_no="202"))


def test_what_did_not_come_back_is_paid(office, family):
    pay(office)
    fail(Payment.objects.get(payee_atena_no="201"))
    with pytest.raises(PayDayNotOver):
        confirm_transfers(using="subsidy", pay_on=MAY, on=date(2026, 5, 22))
    assert confirm_transfers(using="subsidy", pay_on=MAY, on=MAY) == 1
    assert sorted(Payment.objects.values_list("state", flat=True)) == ["failed", "paid"]


def test_nothing_is_paid_while_nobody_has_taken_the_file(office, family):
    office.run("select-payments", pay_on=MAY)
    office.run("write-transfers", pay_on=MAY)
    with pytest.raises(FileNotTaken):
        confirm_transfers(using="subsidy", pay_on=MAY, on=MAY)
    assert set(Payment.objects.values_list("state", flat=True)) == {"sent"}


def test_a_day_without_banks_is_refused(office, city):
    with pytest.raises(NotABankBusinessDay):
        office.plan("select-payments", pay_on=date(2026, 5, 24))


def test_nothing_selected_is_said(office, city):
    with pytest.raises(write_transfers.NothingToTransfer):
        office.plan("write-transfers", pay_on=MAY)


def test_a_branch_that_vanished_after_the_selection_stops_the_file(office, family):
    office.run("select-payments", pay_on=MAY)
    Payment.objects.filter(payee_atena_no="202").update(branch_code="999")
    with pytest.raises(zengin.TransfersRejected, match="支店"):
        office.plan("write-transfers", pay_on=MAY)


def test_the_number_of_queries_does_not_grow_with_the_payments(office, city, family):
    def queries_of(day):
        with CaptureQueriesContext(connections["subsidy"]) as caught:
            pay(office, day)
        return len(caught)

    few = queries_of(MAY)
    for n in range(30):
        city.reimbursement("101", "201", 100, account=RECEIPT_ACCOUNT | {"account_no": f"{n:07}"})
    assert queries_of(JUNE) <= few
    assert Payment.objects.count() == 32


def make(model, **values):
    def do():
        model.objects.create(**values)

    return do


def test_the_database_keeps_the_rules_of_payments(office, family):
    pay(office)
    payment = Payment.objects.get(payee_atena_no="201")
    item = payment.items.first()
    fields = {f.attname: getattr(payment, f.attname) for f in Payment._meta.concrete_fields if f.name != "id"}
    failure = {"payment": payment, "returned_on": MAY, "reason": "other", "recorded_at": NOW, "recorded_by": "a"}
    breaks = {
        "subsidy_payment_positive": make(Payment, **(fields | {"payment_no": "0000000099", "amount": 0})),
        "subsidy_payment_no_digits": make(Payment, **(fields | {"payment_no": "99"})),
        "subsidy_payment_payment_no": make(Payment, **fields),
        "subsidy_payment_batch_pay_on": make(PaymentBatch, pay_on=MAY, run_id=1),
        "subsidy_payment_batch_sent_pair": make(PaymentBatch, pay_on=JUNE, run_id=1, file_sha256="x"),
        "subsidy_payment_item_once": make(
            PaymentItem, payment=payment, source=item.source, source_id=item.source_id, scheme="s", atena_no="1",
            amount=1,
        ),
        "subsidy_payment_item_positive": make(
            PaymentItem, payment=payment, source="x", source_id=1, scheme="s", atena_no="1", amount=0
        ),
        "subsidy_failed_transfer_amounts": make(FailedTransfer, **failure, returned_amount=0),
        "subsidy_account_correction_whole": make(
            AccountCorrection, failure=FailedTransfer.objects.create(**failure, returned_amount=1), bank_code="1",
            branch_code="001", account_kind="1", account_no="1234567", holder_kana="x",
            recorded_at=NOW, recorded_by="a",
        ),
    }  # fmt: skip
    for name, do in breaks.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic(using="subsidy"):
            do()
