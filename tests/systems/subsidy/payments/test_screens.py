"""Payments on screen: drafted by one, approved by another, the file once, what came back."""

from datetime import date, datetime

import pytest
from django.db import connections

import tasuke.deploy.urls
import tasuke.systems.subsidy.payments.jobs as jobs
from tasuke.deploy.clock import TOKYO
from tasuke.formats import zengin
from tasuke.platform.access.testing import signed_in
from tasuke.platform.batch.desk import DESK
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.services.apply_started import apply_started
from tasuke.systems.subsidy.payments.models import AccountCorrection, Payment, PaymentBatch, TransferDownload

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
assert jobs
assert tasuke.deploy.urls  # opens the desk
MAY = date(2026, 5, 25)
DAY = "/payments/2026-05-25/"


def body(response):
    return " ".join(response.content.decode().split())


def events():
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT kind, atena_no, detail FROM audit_event ORDER BY id")
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def office_clock(monkeypatch):
    """The office's day, which a test may move on."""
    moment = datetime(2026, 5, 15, 9, tzinfo=TOKYO)

    def move(day):
        monkeypatch.setattr("tasuke.deploy.clock.now", lambda: datetime.combine(day, moment.timetz()))

    move(moment.date())
    return move


@pytest.fixture
def family(city, monkeypatch):
    monkeypatch.setattr(DESK, "launch", lambda using, run_id: None)
    city.person("101", name="髙橋 葛之介")
    city.person("201", name="髙橋 太郎", birth=date(1985, 1, 1))
    city.person("202", name="﨑山 花子", birth=date(1985, 1, 1), household_no="2")
    city.protect("202")
    city.account("201")
    city.account("202", account_no="1112223")
    city.reimbursement("101", "201", 3_000)
    city.reimbursement("101", "202", 700)
    return city


def settle(city, job):
    """What a worker does with the run that was started."""
    run = Run.objects.using("subsidy").get(job=job)
    return apply_started(using="subsidy", run_id=run.pk, clock=lambda: city.NOW)


def drafted(drafter):
    return drafter.post("/payments/new/", {"pay_on": "令和8年5月25日"})


@pytest.fixture
def people(family):
    return signed_in("payment_drafter"), signed_in("payment_approver")


@pytest.fixture
def sent(family, people):
    """Both steps done: the file is there."""
    drafter, approver = people
    drafted(drafter)
    approver.post(DAY + "approve/")
    settle(family, "select-payments")
    drafter.post(DAY + "transfers/")
    approver.post(DAY + "approve/")
    settle(family, "write-transfers")
    return drafter, approver


def test_the_whole_way_with_two_people(family, people, django_assert_max_num_queries):
    drafter, approver = people
    assert drafted(drafter).url == DAY
    text = body(drafter.get(DAY))
    assert "別の人の承認を待っています" in text
    assert "支払金額</dt><dd>3,700" in text
    assert not Payment.objects.using("subsidy").exists()
    assert drafter.post(DAY + "approve/").status_code == 403
    assert "抽出の承認待ち" in body(approver.get("/payments/"))
    assert approver.post(DAY + "approve/").url == DAY
    assert settle(family, "select-payments").state == RunState.DONE
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(drafter.get(DAY))
    assert "振込データを起案する" in text
    assert "髙橋 太郎" in text
    assert "****654" not in text
    assert "****321" in text
    drafter.post(DAY + "transfers/")
    approver.post(DAY + "approve/")
    assert settle(family, "write-transfers").state == RunState.DONE
    assert "まだ取り出していません" in body(approver.get(DAY))
    assert "振込データの取出し待ち" in body(approver.get("/payments/"))
    assert "比べる前回がありません" in text
    kinds = [kind for kind, _, _ in events() if kind.startswith("run-")]
    assert kinds == ["run-planned", "run-approved", "run-started", "run-done"] * 2


def test_todays_work_tells_each_of_the_next_step(family, people, office_clock):
    drafter, approver = people

    def waits(client):
        return body(client.get("/")).partition("待ちのない仕事")[0]

    assert "支払を待つ償還払い" in waits(drafter)
    drafted(drafter)
    assert "承認を待つ支払" in waits(approver)
    approver.post(DAY + "approve/")
    settle(family, "select-payments")
    assert "承認を待つ支払" not in waits(approver)
    assert "支払を待つ償還払い" not in waits(drafter)
    assert "振込データの起案" in waits(drafter)
    drafter.post(DAY + "transfers/")
    assert "振込データの起案" not in waits(drafter)
    assert "承認を待つ支払" in waits(approver)  # the file too is for the second person
    assert "承認を待つ処理" not in waits(signed_in("head_office"))  # who cannot approve money
    approver.post(DAY + "approve/")
    settle(family, "write-transfers")
    assert "取り出していない振込データ" in waits(drafter)
    drafter.post(DAY + "file/")
    assert "取り出していない振込データ" not in waits(drafter)
    office_clock(date(2026, 5, 26))
    assert "結果を記録していない支払" in waits(signed_in("payment_drafter"))


def test_one_person_with_both_roles_still_needs_another(family):
    drafter = signed_in("payment_drafter", personal_id="both")
    signed_in("payment_approver", personal_id="both", client=drafter)
    drafted(drafter)
    assert "承認する</button>" not in body(drafter.get(DAY))
    assert "別の人が承認してください" in body(drafter.post(DAY + "approve/", follow=True))
    assert Run.objects.using("subsidy").get().state == RunState.PLANNED


def test_the_file_leaves_once_and_again_with_a_reason(sent, django_assert_max_num_queries):
    drafter, approver = sent
    assert approver.post(DAY + "file/").status_code == 403
    with django_assert_max_num_queries(15, using="subsidy"):
        first = drafter.post(DAY + "file/")
    file, problems = zengin.parse(first.content)
    assert problems == []
    assert sum(file.transfers["amount"]) == 3_700
    assert "attachment" in first["Content-Disposition"]
    assert {no for kind, no, _ in events() if kind == "exported"} == {"201", "202"}
    again = drafter.post(DAY + "file/")
    assert again.status_code == 422
    assert "試験 職員(test-payment-drafter) が既に取り出しています" in body(again)
    second = drafter.post(DAY + "file/", {"reason": "媒体が壊れた"})
    assert second.content == first.content
    assert [d.reason for d in TransferDownload.objects.using("subsidy").order_by("pk")] == ["", "媒体が壊れた"]
    assert "媒体が壊れた" in body(drafter.get(DAY))


def test_the_next_pay_day_is_compared_with_the_last_one(sent, family, django_assert_max_num_queries):
    drafter, _ = sent
    family.reimbursement("101", "201", 1_000)
    drafter.post("/payments/new/", {"pay_on": "令和8年6月25日"})
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(drafter.get("/payments/2026-06-25/"))
    assert "前回との比較" in text
    assert '<th scope="row">支払金額</th><td class="number">1,000</td><td class="number">3,700</td>' in text
    assert "差が大きい" in text


def test_papers_are_opened_on_record(sent):
    _, approver = sent
    text = approver.get(DAY).content.decode()
    papers = [part.split('"')[0] for part in text.split('href="/payments/2026-05-25/papers/')[1:]]
    assert len(papers) == 4  # notices by mail and by hand, list, sums
    for paper in papers:
        response = approver.get(f"{DAY}papers/{paper}")
        assert response.content.startswith(b"%PDF")
    assert {no for kind, no, _ in events() if kind == "printed"} >= {"101", "201", "202"}
    assert approver.get(DAY + "papers/999999/").status_code == 404


def test_what_came_back_gets_another_account(sent, office_clock, django_assert_max_num_queries):
    office_clock(date(2026, 5, 28))
    drafter = signed_in("payment_drafter")
    payment = Payment.objects.using("subsidy").get(payee_atena_no="201")
    address = f"/payments/no/{payment.payment_no}/"
    assert "振込不能・組戻しを記録する" not in body(drafter.get(address))  # nobody has taken the file yet
    drafter.post(DAY + "file/")
    with django_assert_max_num_queries(15, using="subsidy"):
        assert "振込不能・組戻しを記録する" in body(drafter.get(address))
    given = {"returned_on": "R8.5.27", "reason": "closed", "returned_amount": "2999", "fee": "0"}
    wrong = drafter.post(address + "failed/", given)
    assert wrong.status_code == 422
    assert "3,000円です" in body(wrong)
    future = drafter.post(address + "failed/", given | {"returned_amount": "3000", "returned_on": "R10.1.5"})
    assert future.status_code == 422
    assert "返金日は、支払日(令和8年5月25日)から今日までの日です" in body(future)
    assert drafter.post(address + "failed/", given | {"returned_amount": "3000"}).url == address
    assert "振込不能で、再振込を待つもの" in body(drafter.get("/payments/"))
    assert payment.payment_no in body(drafter.get("/payments/"))
    account = {
        "bank_code": "0001",
        "branch_code": "999",
        "account_kind": "1",
        "account_no": "123",
        "holder_kana": "漢字",
    }
    text = body(drafter.post(address + "account/", account))
    assert "7けたの数字を入力してください" in text
    assert "1文字目の「漢」" in text
    assert "店番号999はありません" in text
    good = account | {"branch_code": "001", "account_no": "１２３４５６７", "holder_kana": "タカハシ タロウ"}
    assert drafter.post(address + "account/", good).url == address
    assert AccountCorrection.objects.using("subsidy").get().account_no == "1234567"
    assert [detail for kind, no, detail in events() if kind == "changed" and "1234567" in detail] == []
    again = drafter.post(address + "failed/", given | {"returned_amount": "3000"})
    assert "振込不能は記録できません" in body(again)


def test_the_end_of_a_pay_day(sent, office_clock):
    drafter, _ = sent
    assert "より前に振込済みにはできません" in body(drafter.post(DAY + "confirm/", follow=True))
    office_clock(MAY)
    drafter = signed_in("payment_drafter")
    assert "振込済みにする" not in body(drafter.get(DAY))
    assert "まだ取り出していません" in body(drafter.post(DAY + "confirm/", follow=True))
    drafter.post(DAY + "file/")
    assert "振込依頼済み" in body(drafter.get("/payments/"))
    assert "2件を振込済みにしました" in body(drafter.post(DAY + "confirm/", follow=True))
    assert set(Payment.objects.using("subsidy").values_list("state", flat=True)) == {"paid"}
    assert "振込済み" in body(drafter.get("/payments/"))


def test_another_ward_sees_neither_payee_nor_buttons(sent):
    payment = Payment.objects.using("subsidy").first()
    ward = signed_in("payment_drafter", offices=["141321"], personal_id="other-ward")
    text = body(ward.get(DAY))
    assert "髙橋" not in text
    assert "振込データを取り出す" not in text
    assert ward.get(f"/payments/no/{payment.payment_no}/").status_code == 404
    for verb in ("approve", "transfers", "file", "resume", "cancel", "confirm"):
        assert ward.post(f"{DAY}{verb}/").status_code in (403, 404)
    scheme = signed_in("payment_drafter", schemes=["kawasaki-shoni"], personal_id="other-scheme")
    assert scheme.get(f"/payments/no/{payment.payment_no}/").status_code == 404


def test_a_draft_is_withdrawn_and_drafted_again(family, people):
    drafter, _ = people
    drafted(drafter)
    assert drafter.post(DAY + "cancel/").url == "/payments/"
    assert "起案を取り下げました" in body(drafter.get("/payments/"))
    assert drafter.get(DAY).status_code == 404
    drafted(drafter)
    assert drafter.get(DAY).status_code == 200


def test_days_that_no_bank_knows(people, family):
    drafter, _ = people
    assert "銀行の営業日ではありません" in body(drafter.post("/payments/new/", {"pay_on": "2026-05-24"}))
    assert "過ぎています" in body(drafter.post("/payments/new/", {"pay_on": "2026-05-15"}))
    assert "1年より先です" in body(drafter.post("/payments/new/", {"pay_on": "2027-05-25"}))
    assert drafter.get("/payments/2026-02-30/").status_code == 404
    assert drafter.get("/payments/2026-06-25/").status_code == 404
    assert "まだ支払がありません" in body(drafter.get("/payments/"))


def test_a_transfer_file_needs_a_selection(family, people):
    drafter, _ = people
    assert "先に支払対象の抽出" in body(drafter.post(DAY + "transfers/") and drafter.get("/payments/"))
    assert not PaymentBatch.objects.using("subsidy").exists()


@pytest.mark.parametrize(
    ("role", "status"), [("clerk", 403), ("reviewer", 403), ("head_office", 200), ("operator", 403), ("auditor", 403)]
)
def test_who_sees_payments(family, role, status):
    assert signed_in(role).get("/payments/").status_code == status


def test_head_office_cannot_approve_money_among_the_runs(family, people):
    drafter, _ = people
    drafted(drafter)
    run = Run.objects.using("subsidy").get()
    head = signed_in("head_office")
    assert head.post(f"/runs/{run.pk}/approve/").status_code == 404
    assert head.post(DAY + "approve/").status_code == 403


def test_the_second_of_two_is_told_and_loses_nothing(sent, office_clock):
    office_clock(date(2026, 5, 28))
    drafter = signed_in("payment_drafter")
    payment = Payment.objects.using("subsidy").get(payee_atena_no="201")
    address = f"/payments/no/{payment.payment_no}/"
    drafter.post(DAY + "file/")
    given = {"returned_on": "R8.5.27", "reason": "closed", "returned_amount": "3000", "fee": "0"}
    drafter.post(address + "failed/", given)
    second = drafter.post(address + "failed/", given | {"fee": "77"})
    assert second.status_code == 422
    assert "試験 職員(test-payment-drafter) が先に記録しています" in body(second)
    assert 'value="77"' in body(second)
    account = {
        "bank_code": "0001", "branch_code": "001", "account_kind": "1", "account_no": "7654321",
        "holder_kana": "タカハシ タロウ", "seen": "0",
    }  # fmt: skip
    assert drafter.post(address + "account/", account).url == address
    later = drafter.post(address + "account/", account | {"account_no": "1111111"})
    assert later.status_code == 422
    assert "が先に口座を訂正しています" in body(later)
    assert 'value="1111111"' in body(later)
    first = AccountCorrection.objects.using("subsidy").get()
    assert f'name="seen" value="{first.pk}"' in body(later)
    overruled = drafter.post(address + "account/", account | {"account_no": "1111111", "seen": str(first.pk)})
    assert overruled.url == address
