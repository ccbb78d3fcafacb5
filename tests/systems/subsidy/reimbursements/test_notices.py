import io
from datetime import date

import polars as pl
import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from tasuke.platform.batch.models import RunProblem
from tasuke.platform.batch.services.apply_run import NotApproved, apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.registry.models import Protection, ResidentRecord
from tasuke.systems.subsidy.reimbursements.jobs import issue_reimbursement_notices
from tasuke.systems.subsidy.reimbursements.models import Reimbursement, ReimbursementNotice
from tasuke.systems.subsidy.reimbursements.notices import select_reimbursement_letters
from tasuke.systems.subsidy.reimbursements.queries import decisions_frame, untold_lines_frame

pytestmark = pytest.mark.django_db(databases=["subsidy"])
CHILD, PARENT = "000000000000001", "000000000000002"
LATE = {"service_date": date(2024, 5, 9), "paid_on": date(2024, 5, 9)}


def plan(office, on="2026-07-01"):
    job = issue_reimbursement_notices.NAME
    return plan_run(using="subsidy", job=job, target=on, parameters={"on": on}, by="担当", now=office.NOW)


def issue(office, on="2026-07-01"):
    try:
        run, made = plan(office, on)
    except RunAlreadyDone:
        return None
    if run.state == "planned":
        run = approve_run(using="subsidy", run_id=run.pk, by="係長", now=office.NOW)
    return apply_run(using="subsidy", run=run, plan=made, clock=lambda: office.NOW)


def files(title):
    return list(
        OutboundFile.objects.using("subsidy").filter(kind="notices", name__startswith=f"{title}_").order_by("id")
    )


def pages(file):
    return ["".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(fetch(file.sha256))).pages]


@pytest.fixture
def mailable(office):
    """The people of the office with an address that a letter finds."""
    ResidentRecord.objects.update(postal_code="2100001")
    return office


@pytest.fixture
def decided(mailable):
    """A receipt with two lines paid and one refused."""
    rows = [
        mailable.feed_row(high_cost=0, extra_benefit=400),
        mailable.feed_row(line_no=2, service_date=date(2026, 5, 9)),
        mailable.feed_row(line_no=3, **LATE),
    ]
    mailable.receive(mailable.write(*rows))
    mailable.decide()
    return mailable


def test_a_granted_and_a_refused_decision_are_told_with_how_they_came_about(decided):
    run = issue(decided)
    assert run.counts == {
        "支給決定通知書": 1,
        "不支給決定通知書": 1,
        "うち手渡し(支援措置)": 0,
        "通知した支給額": 5_600,
    }
    (file,) = files("償還払い決定通知書")
    granted, refused = pages(file)
    assert "支給決定通知書" in granted
    # paid, given back by the insurer, what is subsidised, the copayment, the subsidy; then the sums
    assert "都内架空医院3,0004002,60002,600" in granted
    assert "合計6,0004005,60005,600" in granted
    assert "付加給付を差し引きました" in granted
    assert "支給額5,600円" in granted
    assert "不支給決定通知書" in refused
    assert "資格の開始前の診療です" in refused
    for page in (granted, refused):
        assert "審査請求" in page
    (register,) = files("償還払い決定通知簿")
    assert "合計2通5,600" in pages(register)[0]


def test_letters_and_yen_are_compared_with_the_decisions(decided):
    run, _ = plan(decided)
    assert [(c["now"], c["before"]) for c in run.comparison] == [(2, 2), (5_600, 5_600)]


def test_letters_need_a_second_person(decided):
    run, made = plan(decided)
    with pytest.raises(NotApproved):
        apply_run(using="subsidy", run=run, plan=made, clock=lambda: decided.NOW)
    assert ReimbursementNotice.objects.count() == 0


def test_nobody_is_told_twice(decided):
    issue(decided)
    assert issue(decided) is None
    assert issue(decided, on="2026-07-02").chunks_total == 0
    assert ReimbursementNotice.objects.count() == Reimbursement.objects.count() == 2


def test_a_later_decision_waits_for_its_day(decided):
    assert issue(decided, on="2026-06-30").chunks_total == 0


@pytest.mark.parametrize("protected", [CHILD, PARENT])
def test_a_letter_of_protected_people_is_handed_over(decided, protected):
    Protection.objects.create(atena_no=protected, since=date(2026, 1, 1), source="試験")
    assert issue(decided).counts["うち手渡し(支援措置)"] == 2
    (file,) = files("償還払い決定通知書")
    assert file.name.endswith("_手渡し.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(fetch(file.sha256))).pages)
    assert "(手渡し)" in text
    assert "〒" not in text
    assert set(ReimbursementNotice.objects.values_list("hand_delivery", flat=True)) == {True}


def test_mail_and_hand_delivery_are_never_in_one_file(mailable):
    ResidentRecord.objects.create(
        atena_no="000000000000003", valid=(date(1985, 1, 1), None), household_no="2", resident_type="1",
        resident_status="1", name="試験 次郎", name_key="x", sex="1", birth_date=date(1985, 1, 1),
        municipality_code="141305", address="川崎市", event_code="20", recorded_from=mailable.NOW,
    )  # fmt: skip
    Protection.objects.create(atena_no="000000000000003", since=date(2026, 1, 1), source="試験")
    other = mailable.feed_row(receipt_no="R2", service_date=date(2026, 5, 3), applicant_atena_no="000000000000003")
    mailable.receive(mailable.write(mailable.feed_row(), other))
    mailable.decide()
    issue(mailable)
    mailed, by_hand = files("償還払い決定通知書")
    assert ("次郎" in pages(mailed)[0], "次郎" in pages(by_hand)[0]) == (False, True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resident_status": "3"}, "reimbursement_notice.addressee_dead"),
        ({"address": ""}, "reimbursement_notice.no_address"),
        ({"atena_no": "000000000000009"}, "reimbursement_notice.addressee_unknown"),
    ],
)
def test_a_letter_that_cannot_be_written_is_held_and_told(decided, change, code):
    ResidentRecord.objects.filter(atena_no=PARENT).update(**change)
    run, made = plan(decided)
    assert (made.counts["保留"], made.chunks) == (2, 0)
    assert set(RunProblem.objects.using("subsidy").filter(run=run).values_list("code", flat=True)) == {code}


def test_lines_that_do_not_add_up_to_the_decision_are_not_told(decided):
    decisions = decisions_frame(using="subsidy").with_columns(pl.col("amount") + 1)
    lines = untold_lines_frame(using="subsidy", until=date(2026, 7, 1))
    persons = pl.DataFrame(
        {"atena_no": [CHILD, PARENT], "name": ["a", "b"], "postal_code": ["", ""], "printed_address": ["x", "x"],
         "resident_status": ["1", "1"], "protection": [False, False]}
    )  # fmt: skip
    chosen = select_reimbursement_letters(decisions, lines, persons)
    assert {p.code for p in chosen.problems} == {"reimbursement_notice.sum"}


def test_a_long_receipt_goes_on_to_a_second_page(mailable):
    rows = [mailable.feed_row(line_no=n, service_date=date(2026, 5, n)) for n in range(1, 10)]
    late = mailable.feed_row(receipt_no="R3", service_date=date(2026, 5, 20))
    mailable.receive(mailable.write(*rows, late))
    mailable.decide()
    issue(mailable)
    first, second, third = pages(files("償還払い決定通知書")[0])
    assert ("合計" in first, "次の頁に続きます" in first, "合計27,000" in second) == (False, True, True)
    assert "R3" in third
    assert list(ReimbursementNotice.objects.order_by("page").values_list("page", flat=True)) == [1, 3]


def test_a_killed_run_goes_on_and_tells_nobody_twice(decided, monkeypatch):
    monkeypatch.setattr(issue_reimbursement_notices, "PER_SHARD", 1)
    real, calls = issue_reimbursement_notices._print, []

    def dies_at_the_second(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return real(*arguments)

    monkeypatch.setattr(issue_reimbursement_notices, "_print", dies_at_the_second)
    with pytest.raises(RuntimeError):
        issue(decided)
    assert ReimbursementNotice.objects.count() == 1
    run = issue(decided)
    assert (run.state, ReimbursementNotice.objects.count()) == ("done", 2)
    assert len(files("償還払い決定通知書")) == 2


def test_the_constraints_of_notices_hold(decided):
    issue(decided)
    notice = ReimbursementNotice.objects.first()
    fields = {f.attname: getattr(notice, f.attname) for f in notice._meta.concrete_fields if not f.primary_key}
    breaks = {
        "reimbursement_id": lambda: ReimbursementNotice.objects.create(**fields),
        "page_from_one": lambda: ReimbursementNotice.objects.filter(pk=notice.pk).update(page=0),
        "to_someone": lambda: ReimbursementNotice.objects.filter(pk=notice.pk).update(addressee_atena_no=""),
    }
    for name, do in breaks.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic(using="subsidy"):
            do()
