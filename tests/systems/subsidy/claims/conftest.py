"""A small city by hand: three recipients of two schemes, and claims made from a plain one by changing single values."""

import hashlib
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

import tasuke.systems.subsidy.claims.jobs  # noqa: F401 - registers import-claims
from tasuke.core.numbers import NumberKind, with_check_digit
from tasuke.deploy import profiles
from tasuke.formats import uke
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import load_profile
from tasuke.systems.subsidy.claims.decision import decide
from tasuke.systems.subsidy.claims.frames import (
    CLAIM_SCHEMA,
    EARLIER_SCHEMA,
    ENTITLEMENT_SCHEMA,
    INSURANCE_SCHEMA,
    KOHI_SCHEMA,
    PAYER_SCHEMA,
    PERSON_SCHEMA,
    REIMBURSED_SCHEMA,
    YIELDS_SCHEMA,
    Register,
    typed,
)
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry.models import Insurance, ResidentRecord

HITORIOYA, SHONI = "kawasaki-hitorioya", "kawasaki-shoni"
PAYER = {HITORIOYA: "81149015", SHONI: "88149018"}
MAY = date(2026, 5, 1)
NUMBER = [with_check_digit(NumberKind.RECIPIENT, f"{n:06}") for n in range(10)]


def bits(*days):
    return sum(1 << (day - 1) for day in days)


def entitlement(**changes):
    return {
        "entitlement_id": 11,
        "scheme": HITORIOYA,
        "atena_no": "000000000000001",
        "recipient_no": NUMBER[1],
        "payer_no": PAYER[HITORIOYA],
        "valid_from": date(2025, 1, 1),
        "valid_to": None,
        "band": "child",
        "coverage": "both",
        "copay_class": "none",
        "funding": "city",
        "ward_code": "141313",
        "loss_reason": "",
    } | changes


ENTITLEMENTS = [
    entitlement(),
    entitlement(entitlement_id=12, atena_no="000000000000002", recipient_no=NUMBER[2]),
    entitlement(
        entitlement_id=21,
        scheme=SHONI,
        atena_no="000000000000003",
        recipient_no=NUMBER[1],
        payer_no=PAYER[SHONI],
        copay_class="all",
    ),
]


def person(**changes):
    return {
        "atena_no": "000000000000001",
        "name": "髙橋 花子",
        "name_kana": "タカハシ ハナコ",
        "alias": None,
        "resident_status": "1",
        "sex": "2",
        "birth_date": date(2015, 6, 1),
    } | changes


PERSONS = [
    person(),
    person(
        atena_no="000000000000002", name="佐藤 一郎", name_kana="サトウ イチロウ", sex="1", birth_date=date(2012, 2, 3)
    ),
    person(
        atena_no="000000000000003", name="田中 次郎", name_kana="タナカ ジロウ", sex="1", birth_date=date(2022, 8, 9)
    ),
]
INSURANCE = [
    {"atena_no": a, "valid_from": date(2020, 1, 1), "valid_to": None, "insurance_kind": "1", "insurer_no": "140012"}
    for a in ("000000000000001", "000000000000002", "000000000000003")
]


def claim(**changes):
    """A1 at a clinic on 5 and 12 May: 10,000 yen, 7割, nothing to pay at the window."""
    return {
        "line": 2,
        "agency": "2",
        "care": "medical",
        "institution_code": "1410000011",
        "institution_name": "架空医院",
        "billed_month": date(2026, 6, 1),
        "service_month": MAY,
        "receipt_type": "1126",
        "inpatient": False,
        "name": "髙橋　花子",
        "sex": "2",
        "birth_date": date(2015, 6, 1),
        "insurer_no": "140012",
        "benefit_rate": 70,
        "cost": 10_000,
        "days": 2,
        "visit_days": bits(5, 12),
        "first_visits": 1,
        "name_has_replaced": False,
    } | changes


def kohi(**changes):
    return {
        "line": 2,
        "kohi_line": 4,
        "order": 1,
        "payer_no": PAYER[HITORIOYA],
        "recipient_no": NUMBER[1],
        "days": 2,
        "cost": 10_000,
        "copay": 0,
    } | changes


def frame(rows, schema):
    return (
        pl.DataFrame(rows, schema_overrides={k: v for k, v in schema.items() if rows and k in rows[0]})
        if rows
        else pl.DataFrame(schema=schema)
    )


def register(**changes):
    values = {
        "entitlements": frame(ENTITLEMENTS, ENTITLEMENT_SCHEMA),
        "persons": frame(PERSONS, PERSON_SCHEMA),
        "insurance": frame(INSURANCE, INSURANCE_SCHEMA),
        "payers": pl.DataFrame([{"payer_no": n, "scheme": s} for s, n in PAYER.items()], schema=PAYER_SCHEMA),
        "prefecture_code": "14",
        "yields": pl.DataFrame([{"scheme": SHONI, "other": HITORIOYA}], schema=YIELDS_SCHEMA),
        "earlier": pl.DataFrame(schema=EARLIER_SCHEMA),
        "reimbursed": pl.DataFrame(schema=REIMBURSED_SCHEMA),
    }
    return Register(**(values | changes))


@pytest.fixture(scope="session")
def schemes():
    return {name: load_scheme(name) for name in (HITORIOYA, SHONI)}


class Desk:
    """What the tests call: builders of rows, and the decision on them."""

    HITORIOYA, SHONI, PAYER, NUMBER, MAY = HITORIOYA, SHONI, PAYER, NUMBER, MAY
    bits = staticmethod(bits)
    entitlement = staticmethod(entitlement)
    person = staticmethod(person)
    claim = staticmethod(claim)
    kohi = staticmethod(kohi)
    register = staticmethod(register)

    def __init__(self, schemes):
        self.schemes = schemes

    def entitlements(self, *rows):
        return frame(list(rows), ENTITLEMENT_SCHEMA)

    def decide(self, claims, kohis, *, register=None, **options):
        return decide(
            frame(claims, CLAIM_SCHEMA),
            frame(kohis, KOHI_SCHEMA),
            register or globals()["register"](),
            self.schemes,
            **options,
        )

    def one(self, claim_changes=None, kohi_changes=None, **options):
        """The decided row of the plain claim with changes."""
        decided = self.decide([claim(**(claim_changes or {}))], [kohi(**(kohi_changes or {}))], **options)
        assert decided.claims.height == 1
        return decided.claims.row(0, named=True)


@pytest.fixture(scope="session")
def desk(schemes):
    return Desk(schemes)


TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 7, 10, 9, 0, tzinfo=TOKYO)


class Town:
    """The same small city in the database, and the import of files into it."""

    def __init__(self, folder):
        self.folder = folder
        set_profile(load_profile(Path(profiles.__file__).parent / "kawasaki.toml"))
        self._fill()

    def _fill(self):
        valid = (date(2000, 1, 1), None)
        for p in PERSONS:
            ResidentRecord.objects.create(
                atena_no=p["atena_no"],
                valid=valid,
                household_no=p["atena_no"],
                resident_type="1",
                resident_status="1",
                name=p["name"],
                name_kana=p["name_kana"],
                name_key=p["name"],
                sex=p["sex"],
                birth_date=p["birth_date"],
                municipality_code="141305",
                ward_code="141313",
                address="川崎市",
                event_code="20",
                recorded_from=NOW,
            )
        for i in INSURANCE:
            Insurance.objects.create(
                atena_no=i["atena_no"],
                valid=(i["valid_from"], None),
                insurance_kind=i["insurance_kind"],
                insurer_no=i["insurer_no"],
                number="1",
                source="nhi_feed",
                recorded_from=NOW,
            )
        for e in ENTITLEMENTS:
            self.entitle(e)

    def entitle(self, e):
        decision = Decision.objects.create(
            kind="application",
            scheme=e["scheme"],
            atena_no=e["atena_no"],
            judged_on=e["valid_from"],
            decided_on=e["valid_from"],
            outcome="eligible",
            reasons=[],
            start=e["valid_from"],
            version="x",
            version_hash="x",
            facts={},
            recorded_at=NOW,
        )
        kept = {k: v for k, v in e.items() if k not in ("valid_from", "valid_to", "entitlement_id", "ward_code")}
        Entitlement.objects.create(
            id=e["entitlement_id"],
            valid=(e["valid_from"], e["valid_to"]),
            role="child",
            decision=decision,
            recorded_from=NOW,
            **kept,
        )

    def write(self, claims, kohis, name="a.uke", **options):
        data = uke.render(
            kind=uke.UkeKind.MEDICAL, claims=frame(claims, CLAIM_SCHEMA), kohi=frame(kohis, KOHI_SCHEMA), **options
        )
        path = self.folder / name
        path.write_bytes(data)
        return path

    NOW = NOW

    @staticmethod
    def frames(claims, kohis):
        """Neutral frames with all columns."""
        return typed(frame(claims, CLAIM_SCHEMA), CLAIM_SCHEMA), typed(frame(kohis, KOHI_SCHEMA), KOHI_SCHEMA)

    def plan(self, path, **parameters):
        target = f"claims:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        values = {"path": str(path), **parameters}
        return plan_run(using="subsidy", job="import-claims", target=target, parameters=values, by="担当", now=NOW)

    def run(self, path, **parameters):
        """Import a file; the run, or None when it had been done."""
        try:
            run, plan = self.plan(path, **parameters)
        except RunAlreadyDone:
            return None
        return apply_run(using="subsidy", run=run, plan=plan, clock=lambda: NOW)


@pytest.fixture
def town(db, tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    return Town(tmp_path)
