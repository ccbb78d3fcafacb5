"""Every job is killed with SIGKILL between two chunks; run again, it ends with the rows of an undisturbed run."""

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from tasuke.deploy.imports import import_request
from tasuke.deploy.profiles import open_profile
from tasuke.platform.batch.models import Run
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.systems.subsidy.entitlements.jobs import apply_changes, decide_applications, renew
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.registry import feeds

pytestmark = [pytest.mark.django_db(databases=["subsidy"], transaction=True), pytest.mark.slow]
SHONI, HITORIOYA = "kawasaki-shoni", "kawasaki-hitorioya"
FAMILIES = 4

# The child process: the same small chunks, and a kill after a chunk has been committed.
CHILD = """
import json, os, signal, sys
from datetime import datetime
from zoneinfo import ZoneInfo
order = json.loads(sys.argv[1])
from tasuke.deploy.setup import configure
configure()
from tasuke.deploy.profiles import open_profile
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.models import Run
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.subsidy.entitlements.jobs import apply_changes, decide_applications, renew
from tasuke.systems.subsidy.registry import feeds
set_profile(open_profile("kawasaki"))
apply_changes.PERSONS_PER_CHUNK = renew.PERSONS_PER_CHUNK = decide_applications.CASES_PER_CHUNK = 2
whole = feeds.person_slices
feeds.person_slices = lambda persons, size: whole(persons, 2)
def progress(done, total):
    if done == order["after"]:
        os.kill(os.getpid(), signal.SIGKILL)
clock = lambda: datetime.fromisoformat(order["now"])
run = Run.objects.using("subsidy").get(pk=order["run"])
apply_run(using="subsidy", run=run, plan=None, clock=clock, progress=progress)
"""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch, tmp_path):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setattr(apply_changes, "PERSONS_PER_CHUNK", 2)
    monkeypatch.setattr(renew, "PERSONS_PER_CHUNK", 2)
    monkeypatch.setattr(decide_applications, "CASES_PER_CHUNK", 2)
    whole = feeds.person_slices
    monkeypatch.setattr(feeds, "person_slices", lambda persons, size: whole(persons, 2))
    set_profile(open_profile("kawasaki"))


def database_url():
    values = connections["subsidy"].settings_dict
    return f"dbname={values['NAME']} user={values['USER']} host={values['HOST']} port={values['PORT'] or 5432}"


def kill_between_chunks(run_id, after, now):
    order = json.dumps({"run": run_id, "after": after, "now": now.isoformat()})
    environment = {**os.environ, "TASUKE_DATABASE_URL_SUBSIDY": database_url(), "POLARS_MAX_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", CHILD, order], env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def go(clock, killed, *, job, target, parameters):
    """Run a job to its end; when it is the one to be killed, only after that has happened."""
    run, plan = plan_run(using="subsidy", job=job, target=target, parameters=parameters, by="a", now=clock())
    if run.needs_approval:
        run = approve_run(using="subsidy", run_id=run.pk, by="b", now=clock())
    if job == killed:
        assert plan.chunks >= 2, job
        kill_between_chunks(run.pk, plan.chunks // 2, clock())
        run, plan = plan_again(run, clock)
        assert 0 < run.chunks_done < plan.chunks
    return apply_run(using="subsidy", run=run, plan=plan, clock=clock)


def plan_again(run, clock):
    if run.needs_approval:  # approved once: a worker takes it up without a new plan
        fresh = Run.objects.using("subsidy").get(pk=run.pk)
        from tasuke.platform.batch.job import RunContext, get_job

        context = RunContext(using="subsidy", parameters=fresh.parameters, by="a", now=clock(), run_id=fresh.pk)
        return fresh, get_job(fresh.job).plan(context)
    return plan_run(using="subsidy", job=run.job, target=run.target, parameters=run.parameters, by="a", now=clock())


def year(town, clock, folder: Path, write, killed):
    """Applications, decisions, changes and a renewal of four families; one job of them killed on the way."""
    rows = []
    for number in range(1, FAMILIES + 1):
        parent, child, baby = f"20{number}", f"10{number}", f"30{number}"
        town.child(child, date(2018, 5, 1), parent)
        town.child(baby, date(2026, 4, 1), parent)
        common = {"applicant_atena_no": parent, "breadwinner_atena_no": parent}
        alone = {"single_parent_reason": "2", "single_parent_since": date(2026, 5, 1), "event_date": date(2026, 5, 1)}
        alone |= {"scheme": HITORIOYA, "reason": "5", "received_on": date(2026, 5, 12), "application_no": f"H{number}"}
        rows.append({**common, **alone, "person_atena_no": parent, "role": "2", "child_atena_nos": child})
        rows.append({**common, **alone, "person_atena_no": child, "role": "1"})
        rows.append({**common, "person_atena_no": baby, "application_no": f"S{number}"})
        rows.append({**common, "person_atena_no": child, "application_no": f"T{number}", "reason": "9"})
    path = folder / f"applications-{killed}.csv"
    path.write_bytes(write(rows))
    go(clock, killed, **import_request("applications", path))
    for scheme in (SHONI, HITORIOYA):
        parameters = {"scheme": scheme, "on": "2026-05-31"}
        go(clock, killed, job="decide-applications", target=scheme, parameters=parameters)
        killed = None if killed == "decide-applications" else killed
    for number in range(1, FAMILIES + 1):
        town.leave(f"30{number}", date(2026, 6, 10))
    go(clock, killed, job="apply-changes", target="x", parameters={"on": "2026-06-30"})
    go(clock, killed, job="renew", target="x", parameters={"scheme": HITORIOYA, "on": "2027-01-01"})


_SNAPSHOTS = """
SELECT scheme, atena_no, recipient_no, payer_no, valid, role, band, coverage, copay_class, funding, loss_reason,
  recorded_to IS NULL FROM subsidy_entitlement ORDER BY 1, 2, 5, 12, 11;
SELECT kind, scheme, atena_no, judged_on, outcome, reasons, start, "end", band, version_hash, facts::text
  FROM subsidy_decision ORDER BY 1, 2, 3, 4, 5;
SELECT scheme, atena_no, recipient_no FROM subsidy_recipient_number ORDER BY 1, 2;
SELECT application_no, scheme, atena_no, state FROM subsidy_application ORDER BY 1, 2, 3;
SELECT atena_no, scheme, kind, other_atena_no, valid, recorded_to IS NULL FROM subsidy_relation
  ORDER BY 1, 2, 3, 4, 5;
SELECT atena_no, valid, reason FROM subsidy_single_parent_status ORDER BY 1, 2
"""


def snapshot():
    found = []
    with connections["subsidy"].cursor() as cursor:
        for query in _SNAPSHOTS.split(";"):
            cursor.execute(query)
            found.append(cursor.fetchall())
    return found


def test_killed_jobs_end_with_the_rows_of_an_undisturbed_run(town, clock, tmp_path, write_applications):
    year(town, clock, tmp_path, write_applications, killed=None)
    undisturbed = snapshot()
    assert len(undisturbed[0]) > 3 * FAMILIES

    for job in ("import-applications", "decide-applications", "apply-changes", "renew"):
        call_command("flush", database="subsidy", interactive=False, verbosity=0)
        year(town, clock, tmp_path, write_applications, killed=job)
        assert snapshot() == undisturbed, job
