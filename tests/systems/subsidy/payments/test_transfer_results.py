"""振込結果 as a file: what comes back with it stands as if it had been recorded by hand; twice changes nothing."""

from datetime import date, datetime

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import tasuke.deploy.urls
import tasuke.systems.subsidy.payments.jobs as jobs
from tasuke.deploy.clock import TOKYO
from tasuke.formats import transfer_result_feed
from tasuke.platform.access.testing import signed_in
from tasuke.platform.batch.desk import DESK
from tasuke.platform.batch.models import Run, RunProblem, RunState
from tasuke.platform.batch.services.apply_started import apply_started
from tasuke.systems.subsidy.payments.models import FailedTransfer, FailureReason, Payment, PaymentItem, TransferDownload
from tasuke.systems.subsidy.payments.services.download_transfer import download_transfer
from tasuke.systems.subsidy.payments.services.record_failed_transfer import record_failed_transfer

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
assert jobs
assert tasuke.deploy.urls  # opens the desk
MAY = date(2026, 5, 25)
NOW = datetime(2026, 5, 28, 9, tzinfo=TOKYO)
UPLOAD = "/payments/results/"


@pytest.fixture
def drafter(city, office, monkeypatch, tmp_path):
    """Somebody who records results, after a pay day whose file went to the bank."""
    monkeypatch.setattr("tasuke.deploy.clock.now", lambda: NOW)
    monkeypatch.setattr("tasuke.deploy.run_desk.data_folder", lambda: tmp_path)
    monkeypatch.setattr(DESK, "launch", lambda using, run_id: None)
    city.person("101")
    for payee, account_no, amount in (("201", "7654321", 3_000), ("202", "1112223", 700), ("203", "4445556", 900)):
        city.person(payee, birth=date(1985, 1, 1), household_no=payee)
        city.account(payee, account_no=account_no)
        city.reimbursement("101", payee, amount)
    office.run("select-payments", pay_on=MAY)
    office.run("write-transfers", pay_on=MAY)
    download_transfer(using="subsidy", pay_on=MAY, reason="", by="起案", now=city.NOW)
    return signed_in("payment_drafter")


def rows_of(*payees, **changes):
    """What a bank would write of these payees' payments."""
    paid = [Payment.objects.using("subsidy").get(payee_atena_no=payee) for payee in payees]
    return [
        {
            "seq": n, "pay_on": MAY, "payment_no": p.payment_no, "bank_code": p.bank_code,
            "branch_code": p.branch_code, "account_kind": p.account_kind, "account_no": p.account_no,
            "amount": p.amount, "result": "1", "reason": "03", "returned_on": date(2026, 5, 27), "fee": None, **changes,
        }
        for n, p in enumerate(paid, start=1)
    ]  # fmt: skip


def file_of(rows, name="結果.csv", **totals):
    whole = {"total_rows": len(rows), "total_amount": sum(r["amount"] for r in rows)} | totals
    schema = {f.name: f.dtype for f in transfer_result_feed.LAYOUT.fields}
    frame = pl.DataFrame([r | whole for r in rows], schema=schema)
    return SimpleUploadedFile(name, transfer_result_feed.render(frame))


def taken_in(drafter, rows, **totals):
    response = drafter.post(UPLOAD, {"file": file_of(rows, **totals)})
    assert response.status_code == 302, response.content.decode()
    return response.url


def recorded(drafter, page):
    drafter.post(f"{page}record/")
    run = Run.objects.using("subsidy").get(pk=page.rstrip("/").rpartition("/")[2])
    if run.state == RunState.APPLYING:
        run = apply_started(using="subsidy", run_id=run.pk, clock=lambda: NOW)
    return run


def codes(page):
    run_id = page.rstrip("/").rpartition("/")[2]
    return list(RunProblem.objects.using("subsidy").filter(run_id=run_id).order_by("pk").values_list("code", flat=True))


def failures():
    found = FailedTransfer.objects.using("subsidy").order_by("payment__payee_atena_no")
    return list(found.values_list("payment__payee_atena_no", "reason", "returned_amount", "payment__state"))


def body(response):
    return " ".join(response.content.decode().split())


def test_a_file_becomes_what_the_hand_would_record_and_twice_changes_nothing(drafter, django_assert_max_num_queries):
    first, second = rows_of("201", "202")
    rows = [first, second | {"result": "2", "reason": None, "fee": 440}]
    page = taken_in(drafter, rows)
    assert failures() == []
    with django_assert_max_num_queries(15, using="subsidy"):
        assert "振込不能を記録する" in body(drafter.get(page))
    assert recorded(drafter, page).counts == {"振込不能にした支払": 2, "戻った金額(円)": 3_700}
    stands = [("201", "closed", 3_000, "failed"), ("202", "recalled", 700, "failed")]
    assert failures() == stands
    one = FailedTransfer.objects.using("subsidy").get(payment__payee_atena_no="202")
    assert (one.fee, one.recorded_by, one.returned_on) == (440, "test-payment-drafter", date(2026, 5, 27))
    assert set(PaymentItem.objects.using("subsidy").filter(returned=True).values_list("amount", flat=True)) == {
        3000,
        700,
    }
    assert Payment.objects.using("subsidy").get(payee_atena_no="203").state == "sent"
    assert "振込不能で、再振込を待つもの" in body(drafter.get(page))
    again = drafter.post(UPLOAD, {"file": file_of(rows)}, follow=True)
    assert "取り込み済みです。何も変わりません" in body(again)
    other = taken_in(drafter, [r | {"seq": r["seq"] + 6} for r in rows])  # the same rows in another file
    assert [c for c in codes(other) if c != "sequence_gap"] == ["recorded_already"] * 2
    assert recorded(drafter, other).counts["記録済み"] == 2
    assert failures() == stands


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payment_no": "9999999999"}, "unknown_payment"),
        ({"pay_on": date(2026, 4, 24)}, "pay_day_differs"),
        ({"account_no": "0000001"}, "account_differs"),
        ({"amount": 2_999}, "amount_differs"),
        ({"returned_on": date(2026, 5, 29)}, "returned_on_ahead"),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_the_good_ones_go_on(drafter, changes, code):
    wrong, good = rows_of("201", "203")
    page = taken_in(drafter, [wrong | changes, good])
    assert codes(page) == [code]
    shown = body(drafter.get(page))
    assert "エラー" in shown
    assert "0000001" not in shown
    recorded(drafter, page)
    assert [payee for payee, *_ in failures()] == ["203"]


def test_a_file_that_was_cut_is_refused_as_a_whole(drafter):
    page = taken_in(drafter, rows_of("201"), total_rows=2)
    shown = body(drafter.get(page))
    assert "ファイルの件数は2件とありますが、行は1件です" in shown
    assert "振込不能を記録する" not in shown
    assert recorded(drafter, page).state == RunState.PLANNED
    assert failures() == []
    assert "読み取った振込結果" in body(drafter.get("/")).partition("待ちのない仕事")[0]
    assert "取り消しました" in body(drafter.post(f"{page}cancel/", follow=True))
    assert drafter.get(page).status_code == 404
    assert "読み取った振込結果" not in body(drafter.get("/")).partition("待ちのない仕事")[0]


def test_a_file_before_the_bank_had_ours_can_only_be_taken_back_and_come_again(drafter, city):
    rows = rows_of("201")
    taken = TransferDownload.objects.using("subsidy").get()
    TransferDownload.objects.using("subsidy").filter(pk=taken.pk).delete()
    page = taken_in(drafter, rows)
    assert codes(page) == ["not_transferred"]
    shown = body(drafter.get(page))
    assert "記録できる行がありません" in shown
    assert "振込不能を記録する" not in shown  # it would end the file, and the same one could not come again
    assert page in body(drafter.get(UPLOAD))
    drafter.post(f"{page}cancel/")
    assert page not in body(drafter.get(UPLOAD))  # its page is gone
    download_transfer(using="subsidy", pay_on=MAY, reason="", by="起案", now=city.NOW)
    page = taken_in(drafter, rows)
    assert "振込不能を記録する" in body(drafter.get(page))
    recorded(drafter, page)
    assert [payee for payee, *_ in failures()] == ["201"]


def by_hand(payee, reason=FailureReason.CLOSED):
    payment = Payment.objects.using("subsidy").get(payee_atena_no=payee)
    record_failed_transfer(
        using="subsidy", payment_no=payment.payment_no, returned_on=date(2026, 5, 27), reason=reason,
        returned_amount=payment.amount, by="手", now=NOW,
    )  # fmt: skip


def test_what_the_hand_recorded_stands(drafter):
    by_hand("201")
    by_hand("202", FailureReason.NO_ACCOUNT)
    page = taken_in(drafter, rows_of("201", "202", "203"))
    assert codes(page) == ["recorded_already", "recorded_otherwise"]
    by_hand("203")  # between reading and recording
    assert recorded(drafter, page).counts == {"振込不能にした支払": 0, "記録済み": 2}
    assert [reason for _, reason, *_ in failures()] == ["closed", "no_account", "closed"]
    assert "取り消せません" in body(drafter.post(f"{page}cancel/", follow=True))  # what is recorded stays
    assert len(failures()) == 3


def test_who_may_bring_results(drafter):
    page = taken_in(drafter, rows_of("201"))
    for role in ("payment_approver", "operator", "clerk", "auditor"):
        client = signed_in(role)
        assert client.get(UPLOAD).status_code == client.get(page).status_code == 403, role
        assert client.post(f"{page}record/").status_code == 403
    ward = signed_in("payment_drafter", offices=["141321"], personal_id="other-ward")
    assert ward.get(UPLOAD).status_code == ward.post(f"{page}record/").status_code == 404
    assert drafter.get(f"{UPLOAD}999999/").status_code == 404
    assert "取り込んだファイル" in body(drafter.get(UPLOAD))
    assert "振込結果" not in body(signed_in("operator").get("/runs/import/"))
