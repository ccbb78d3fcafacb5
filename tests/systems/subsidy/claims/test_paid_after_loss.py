"""支給後の資格喪失: what was paid for days that an entitlement covered then and covers no longer."""

from datetime import date

import pytest

from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.claims.jobs.list_paid_after_loss import paid_after_loss
from tasuke.systems.subsidy.claims.models import Claim
from tasuke.systems.subsidy.claims.reasons import ClaimReason
from tasuke.systems.subsidy.claims.services.return_claim import return_claim
from tasuke.systems.subsidy.entitlements.models import Decision, Entitlement

pytestmark = pytest.mark.django_db(databases=["subsidy"])
ON = date(2026, 7, 31)


@pytest.fixture
def paid(town, desk):
    """A claim of May, accepted."""
    town.run(town.write([desk.claim()], [desk.kohi()]))
    return Claim.objects.get()


def end(town, claim, day):
    """The entitlement ends on a day, as entitlements write it."""
    old = Entitlement.objects.get(pk=claim.entitlement_id)
    lost = Decision.objects.create(
        kind="change", scheme=old.scheme, atena_no=old.atena_no, judged_on=day, decided_on=date(2026, 7, 20),
        outcome="lost", reasons=["INCOME_OVER"], start=old.valid.lower, end=day, version="x", version_hash="x",
        facts={}, recorded_at=town.NOW,
    )  # fmt: skip
    Entitlement.objects.filter(pk=old.pk).update(recorded_to=town.NOW)
    state = {f.attname: getattr(old, f.attname) for f in old._meta.concrete_fields if f.attname not in ("id",)}
    ended = {"valid": (old.valid.lower, day), "decision_id": lost.pk, "loss_reason": "INCOME_OVER"}
    Entitlement.objects.create(**{**state, **ended, "id": 9_999})


def found():
    return paid_after_loss(using="subsidy", on=ON)


def days_of(claim):
    return [claim.service_month.replace(day=k + 1) for k in range(31) if claim.visit_days >> k & 1]


def test_nothing_is_listed_while_the_entitlement_stands(town, paid):
    assert found().height == 0
    end(town, paid, date(2026, 7, 1))  # after the days of the claim
    assert found().height == 0


def test_a_paid_claim_of_a_day_that_is_no_longer_covered_is_listed_with_the_reason(town, paid):
    last = days_of(paid)[-1]
    end(town, paid, last)
    [row] = found().iter_rows(named=True)
    assert (row["行"], row["資格のない最初の診療日"], row["助成額"]) == (
        paid.line,
        last,
        paid.subsidy + paid.meals_subsidy,
    )
    assert (row["喪失の決定日"], row["喪失の理由"]) == (date(2026, 7, 20), "所得が限度額を超えています")


def test_a_claim_that_went_back_is_not_listed(town, paid):
    end(town, paid, paid.service_month)
    assert found().height == 1
    return_claim(using="subsidy", claim_id=paid.pk, reason=ClaimReason.AFTER_INCOME, note="遡及喪失", by="係長",
                 now=town.NOW)  # fmt: skip
    assert found().height == 0


def test_the_job_writes_the_list_and_nothing_else(town, paid):
    end(town, paid, paid.service_month)
    before = Claim.objects.values().get()
    run, plan = plan_run(using="subsidy", job="list-paid-after-loss", target=f"{ON}", parameters={"on": f"{ON}"},
                         by="担当", now=town.NOW)  # fmt: skip
    assert plan.counts["レセプト"] == 1
    apply_run(using="subsidy", run=run, plan=plan, clock=lambda: town.NOW)
    files = list(OutboundFile.objects.using("subsidy").filter(kind="paid-after-loss").order_by("name"))
    assert [f.name for f in files] == ["支給後の資格喪失_20260731.csv", "支給後の資格喪失_20260731.xlsx"]
    assert "所得が限度額を超えています" in fetch(files[0].sha256).decode("utf-8-sig")
    assert Claim.objects.values().get() == before
