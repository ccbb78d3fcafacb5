"""Batches refuse to rest on 未確認 values that the municipality has not confirmed; nothing is written."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from tasuke.deploy.profiles import open_profile
from tasuke.deploy.runs import run_job
from tasuke.formats import uke
from tasuke.platform.batch.models import Run
from tasuke.schemes.confirmation import UnconfirmedRules
from tasuke.systems.subsidy.profile import set_profile

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NOW = datetime(2026, 4, 1, tzinfo=UTC)
DECIDING = {
    "decide-applications": {"scheme": "kawasaki-shoni", "on": "2026-04-01"},
    "renew": {"scheme": "kawasaki-hitorioya", "on": "2026-01-01"},
    "decide-reimbursements": {"on": "2026-04-01"},
}


@pytest.fixture(autouse=True)
def nothing_confirmed():
    shipped = open_profile("kawasaki")
    set_profile(shipped.model_copy(update={"confirmations": []}))
    yield
    set_profile(shipped)


@pytest.mark.parametrize("job", DECIDING)
def test_a_batch_that_decides_names_every_value_that_is_not_confirmed(job):
    with pytest.raises(UnconfirmedRules, match="未確認の規則が"):
        run_job(job=job, target="t", parameters=DECIDING[job], by="a", approver="b", clock=lambda: NOW)
    assert not Run.objects.using("subsidy").exists()


def test_claims_are_not_computed_by_rules_that_nobody_confirmed(tmp_path):
    claims = pl.DataFrame(
        {
            "agency": ["1"], "care": ["medical"], "institution_code": ["1410000008"], "institution_name": ["架空医院"],
            "billed_month": [date(2026, 5, 1)], "service_month": [date(2026, 4, 1)], "receipt_type": ["1126"],
            "inpatient": [False], "name": ["架空 太郎"], "sex": ["1"], "birth_date": [date(2020, 5, 5)],
            "insurer_no": ["01140011"], "number": ["1"], "cost": [5000], "days": [1], "visit_days": [1],
            "first_visits": [1], "line": [1],
        }
    )  # fmt: skip
    path = tmp_path / "kikin.uke"
    path.write_bytes(uke.render(kind="medical", claims=claims))
    with pytest.raises(UnconfirmedRules):
        run_job(
            job="import-claims", target="c", parameters={"path": str(path), "form": "uke"}, by="a", clock=lambda: NOW
        )
