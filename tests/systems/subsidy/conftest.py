"""A small city for the areas that make papers: rows put straight into the tables, jobs run by the real runner."""

import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from tasuke.deploy.profiles import open_profile
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import Account, Protection, ResidentRecord
from tasuke.systems.subsidy.reimbursements.models import Receipt, ReceiptLine, Reimbursement, ReimbursementLine

NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
HITORIOYA = "kawasaki-hitorioya"


class City:
    """What the tests say of people, in the tables of the areas to the left."""

    HITORIOYA, NOW = HITORIOYA, NOW

    def __init__(self):
        self.serial = 0

    def person(self, atena_no, *, name="髙橋 花子", birth=date(2015, 6, 1), since=date(2015, 6, 1), **more):
        values = {
            "household_no": "1", "resident_type": "1", "resident_status": "1", "name_key": "x", "sex": "2",
            "name_kana": "タカハシ ハナコ", "municipality_code": "141305", "ward_code": "141313",
            "postal_code": "2100001", "address": "神奈川県川崎市川崎区架空町1丁目1番1号", "event_code": "20",
        }  # fmt: skip
        return ResidentRecord.objects.create(
            atena_no=atena_no, name=name, birth_date=birth, valid=(since, None), recorded_from=NOW, **(values | more)
        )

    def protect(self, atena_no):
        return Protection.objects.create(atena_no=atena_no, since=date(2026, 1, 1), source="試験")

    def decision(self, atena_no, *, scheme=HITORIOYA, outcome="eligible", kind="application", **more):
        values = {
            "judged_on": date(2026, 4, 1), "decided_on": date(2026, 4, 1), "version": "2023-01-01",
            "version_hash": "x", "facts": {}, "recorded_at": NOW,
        }  # fmt: skip
        return Decision.objects.create(atena_no=atena_no, scheme=scheme, outcome=outcome, kind=kind, **(values | more))

    def application(self, atena_no, applicant, *, scheme=HITORIOYA, **more):
        self.serial += 1
        values = {
            "application_no": f"A{self.serial}", "kind": "1", "role": "1", "received_on": date(2026, 3, 20),
            "channel": "1", "reason": "5", "event_date": date(2026, 3, 20), "state": "decided",
        }  # fmt: skip
        return Application.objects.create(
            atena_no=atena_no, applicant_atena_no=applicant, scheme=scheme, **(values | more)
        )

    def entitled(self, atena_no, recipient_no, *, scheme=HITORIOYA, valid=(date(2026, 4, 1), None), **more):
        values = {
            "payer_no": "81149015", "role": "child", "band": "child", "coverage": "both", "copay_class": "none",
            "funding": "city",
        }  # fmt: skip
        return Entitlement.objects.create(
            atena_no=atena_no, recipient_no=recipient_no, scheme=scheme, valid=valid,
            decision=self.decision(atena_no, scheme=scheme), recorded_from=NOW, **(values | more),
        )  # fmt: skip

    def end(self, entitlement, day):
        """The entitlement ends earlier, as entitlements write it."""
        start = entitlement.valid[0] if isinstance(entitlement.valid, tuple) else entitlement.valid.lower
        Entitlement.objects.filter(pk=entitlement.pk).update(recorded_to=NOW)
        if day > start:
            entitlement.pk, entitlement.valid = None, (start, day)
            entitlement.save(force_insert=True)

    def account(self, atena_no, *, since=date(2020, 1, 1), **more):
        values = {
            "bank_code": "0001", "branch_code": "001", "account_kind": "1", "account_no": "7654321",
            "holder_kana": "タカハシ ハナコ",
        }  # fmt: skip
        return Account.objects.create(atena_no=atena_no, valid=(since, None), recorded_from=NOW, **(values | more))

    def reimbursement(
        self, child, payee, amount, *, scheme=HITORIOYA, account=None, decided_on=date(2026, 4, 10), band="child"
    ):
        self.serial += 1
        receipt = Receipt.objects.create(
            receipt_no=f"R{self.serial:06}", applicant_atena_no=payee, received_on=date(2026, 4, 1), file_id=1,
            **(account or {}),
        )  # fmt: skip
        line = ReceiptLine.objects.create(
            receipt=receipt, line_no=1, file_line=2, scheme=scheme, atena_no=child, service_date=date(2026, 3, 5),
            institution_name="架空医院", care="medical", inpatient=False, first_visits=1, visits=1, days=1,
            cost=amount * 10 // 3, benefit_rate=70, patient_share=amount, high_cost=0, extra_benefit=0, meals=0,
            paid=amount, paid_on=date(2026, 3, 5), reason="1",
        )  # fmt: skip
        made = Reimbursement.objects.create(
            receipt=receipt, scheme=scheme, atena_no=child, payee_atena_no=payee, ward_code="141313", funding="city",
            outcome="granted", amount=amount, decided_on=decided_on, run_id=1, recorded_at=NOW,
        )  # fmt: skip
        ReimbursementLine.objects.create(
            receipt_line=line, reimbursement=made, outcome="granted", band=band, basis=amount, burden=0,
            subsidy=amount, meals_subsidy=0,
        )  # fmt: skip
        return made


class Office:
    """Runs jobs as two clerks do, and reads what they made."""

    def plan(self, job, now=NOW, **parameters):
        target = ":".join(str(v) for v in parameters.values())
        values = {k: str(v) for k, v in parameters.items()}
        return plan_run(using="subsidy", job=job, target=target, parameters=values, by="担当", now=now)

    def run(self, job, now=NOW, **parameters):
        try:
            run, plan = self.plan(job, now, **parameters)
        except RunAlreadyDone:
            return None
        if run.needs_approval and run.state == RunState.PLANNED:
            run = approve_run(using="subsidy", run_id=run.pk, by="係長", now=now)
        return apply_run(using="subsidy", run=run, plan=plan, clock=lambda: now)

    def files(self, kind):
        return list(OutboundFile.objects.using("subsidy").filter(kind__startswith=kind).order_by("id"))

    def bytes_of(self, file):
        return fetch(file.sha256)

    def pages(self, file):
        """Text of each page, without blanks and line breaks."""
        pages = PdfReader(io.BytesIO(fetch(file.sha256))).pages
        return ["".join(page.extract_text().split()) for page in pages]

    def last_run(self, job):
        return Run.objects.using("subsidy").filter(job=job).order_by("-id").first()


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))


@pytest.fixture
def city(archive):
    set_profile(open_profile("kawasaki"))
    return City()


@pytest.fixture
def office(city):
    return Office()
