"""Two recipients, and receipts made from a plain one by changing single values."""

import hashlib
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

import tasuke.systems.subsidy.reimbursements.jobs  # noqa: F401 - registers the jobs
from tasuke.deploy import profiles
from tasuke.formats import receipt_feed
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import load_profile
from tasuke.systems.subsidy.claims.frames import EARLIER_SCHEMA
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import Account, ResidentRecord
from tasuke.systems.subsidy.reimbursements.decision import Books, decide_lines
from tasuke.systems.subsidy.reimbursements.queries import LINE_SCHEMA

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
HITORIOYA = "kawasaki-hitorioya"
CHILD, PARENT = "000000000000001", "000000000000002"
ENTITLED = {
    "entitlement_id": 11,
    "scheme": HITORIOYA,
    "atena_no": CHILD,
    "recipient_no": "0000018",
    "valid_from": date(2025, 1, 1),
    "valid_to": date(2027, 1, 1),
    "band": "child",
    "coverage": "both",
    "copay_class": "none",
    "funding": "city",
}


def line(**changes):
    """A child at a clinic in Tokyo on 2 May: 10,000 yen, 3,000 paid; nothing stays with the parent."""
    return {
        "line_id": 1,
        "receipt_id": 1,
        "receipt_no": "R1",
        "line_no": 1,
        "applicant_atena_no": PARENT,
        "received_on": date(2026, 6, 10),
        "has_account": True,
        "scheme": HITORIOYA,
        "atena_no": CHILD,
        "recipient_no": "0000018",
        "service_date": date(2026, 5, 2),
        "institution_code": "1310000012",
        "institution_name": "都内架空医院",
        "care": "medical",
        "inpatient": False,
        "first_visits": 1,
        "visits": 1,
        "days": 1,
        "cost": 10_000,
        "benefit_rate": 70,
        "patient_share": 3_000,
        "high_cost": 0,
        "extra_benefit": 0,
        "meals": 0,
        "public_share": None,
        "paid": 3_000,
        "paid_on": date(2026, 5, 2),
        "reason": "1",
        "decided": False,
        "granted": False,
        "burden": None,
    } | changes


class Counter:
    """What the tests call."""

    CHILD, PARENT, HITORIOYA, ENTITLED = CHILD, PARENT, HITORIOYA, ENTITLED
    line = staticmethod(line)

    def __init__(self):
        self.schemes = {name: load_scheme(name) for name in (HITORIOYA, "kawasaki-shoni", "sapporo-kodomo")}

    def books(self, **changes):
        values = {
            "entitlements": pl.DataFrame([ENTITLED]),
            "births": pl.DataFrame({"atena_no": [CHILD], "birth_date": [date(2015, 6, 1)]}),
            "decided": pl.DataFrame(schema=LINE_SCHEMA),
            "in_kind": pl.DataFrame(schema=EARLIER_SCHEMA),
            "accounts": pl.Series([], dtype=pl.String),
            "prefecture_code": "14",
            "prior": {},
        }
        return Books(**(values | changes))

    def decide(self, *lines, books=None, confirmed=None):
        frame = pl.DataFrame(list(lines), schema=LINE_SCHEMA)
        decided = decide_lines(
            frame, books or self.books(), self.schemes, confirmed=confirmed or {}, on=date(2026, 7, 1)
        )
        assert decided.height == len(lines)
        return decided

    def one(self, *, books=None, confirmed=None, **changes):
        return self.decide(line(**changes), books=books, confirmed=confirmed).row(0, named=True)


@pytest.fixture(scope="session")
def counter():
    return Counter()


def feed_row(**changes):
    """The plain receipt as a row of the feed."""
    return {
        "receipt_no": "R2026-000001",
        "line_no": 1,
        "scheme": HITORIOYA,
        "person_atena_no": CHILD,
        "applicant_atena_no": PARENT,
        "recipient_no": "0000018",
        "received_on": date(2026, 6, 10),
        "service_date": date(2026, 5, 2),
        "institution_code": None,
        "institution_name": "都内架空医院",
        "care": "medical",
        "inpatient": False,
        "first_visits": 1,
        "visits": 1,
        "days": 1,
        "cost": 10_000,
        "benefit_rate": 70,
        "patient_share": 3_000,
        "high_cost": 0,
        "extra_benefit": 0,
        "meals": 0,
        "public_program": None,
        "public_share": None,
        "paid": 3_000,
        "paid_on": date(2026, 5, 2),
        "reason": "1",
        "bank_code": "0001",
        "branch_code": "001",
        "account_kind": "1",
        "account_no": "1234567",
        "account_holder_kana": "タスケ ハナコ",
    } | changes


class Office:
    """The database with one entitled child, and the two jobs."""

    feed_row = staticmethod(feed_row)
    NOW = NOW

    def __init__(self, folder):
        self.folder = folder
        set_profile(load_profile(Path(profiles.__file__).parent / "kawasaki.toml"))
        for atena_no, birth in ((CHILD, date(2015, 6, 1)), (PARENT, date(1985, 1, 1))):
            ResidentRecord.objects.create(
                atena_no=atena_no,
                valid=(date(2015, 6, 1), None),
                household_no="1",
                resident_type="1",
                resident_status="1",
                name="試験 花子",
                name_key="試験花子",
                sex="2",
                birth_date=birth,
                municipality_code="141305",
                ward_code="141313",
                address="川崎市",
                event_code="20",
                recorded_from=NOW,
            )
        decision = Decision.objects.create(
            kind="application",
            scheme=HITORIOYA,
            atena_no=CHILD,
            judged_on=date(2025, 1, 1),
            decided_on=date(2025, 1, 1),
            outcome="eligible",
            version="x",
            version_hash="x",
            facts={},
            recorded_at=NOW,
        )
        Entitlement.objects.create(
            scheme=HITORIOYA,
            atena_no=CHILD,
            recipient_no="0000018",
            payer_no="81149015",
            valid=(date(2025, 1, 1), date(2027, 1, 1)),
            role="child",
            band="child",
            coverage="both",
            copay_class="none",
            funding="city",
            decision=decision,
            recorded_from=NOW,
        )

    def register_account(self):
        Account.objects.create(
            atena_no=PARENT,
            valid=(date(2020, 1, 1), None),
            bank_code="0001",
            branch_code="001",
            account_kind="1",
            account_no="7654321",
            holder_kana="タスケ",
            recorded_from=NOW,
        )

    def write(self, *rows, name="receipts.csv"):
        path = self.folder / name
        schema = {f.name: None for f in receipt_feed.LAYOUT.fields}
        frame = pl.DataFrame(list(rows), infer_schema_length=None).select(list(schema))
        path.write_bytes(receipt_feed.render(frame))
        return path

    def run(self, job, target, **parameters):
        try:
            run, plan = plan_run(using="subsidy", job=job, target=target, parameters=parameters, by="担当", now=NOW)
        except RunAlreadyDone:
            return None
        return apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW)

    def receive(self, path):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.run("import-receipts", f"receipts:{digest}", path=str(path))

    def decide(self, on="2026-07-01", **parameters):
        return self.run("decide-reimbursements", on, on=on, **parameters)


@pytest.fixture
def office(db, tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    return Office(tmp_path)
