"""Plan, approve and apply a run in one call: for the command line, the demo and the workers."""

import getpass
import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tasuke.core.problems import is_fatal
from tasuke.deploy.clock import now
from tasuke.platform.audit import Origin
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.services.apply_run import Progress, apply_run
from tasuke.platform.batch.services.approve_run import approve_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.platform.database.systems import SYSTEMS

# Order of the areas; importing a package of jobs registers them.
_JOB_ROOMS = ("registry", "entitlements", "certificates", "claims", "reimbursements", "payments", "statistics", "desk")


def load_jobs() -> None:
    """Register every job of every system."""
    if "subsidy" in SYSTEMS:
        for room in _JOB_ROOMS:
            importlib.import_module(f"tasuke.systems.subsidy.{room}.jobs")
    for system in ("resident", "welfare"):
        if system in SYSTEMS:
            importlib.import_module(f"tasuke.systems.{system}.jobs")


def run_job(
    *,
    job: str,
    target: str,
    parameters: Mapping[str, Any],
    by: str,
    approver: str | None = None,
    using: str = "subsidy",
    clock: Callable[[], datetime] = now,
    progress: Progress | None = None,
) -> tuple[Run, bool]:
    """Run a job to its end; the flag says whether anything was done.

    False: this run had been done before, or its input is unusable as a whole (a FATAL problem). Such a run stays
    planned with its problems, so that the same file can be taken once a mapping or the program has been mended.
    approver: the second person, for jobs that need one. Raises NotApproved without one, and what the job raises.
    """
    load_jobs()
    origin = command_origin(by)
    try:
        run, plan = plan_run(
            using=using, job=job, target=target, parameters=parameters, by=by, now=clock(), origin=origin
        )
    except RunAlreadyDone as done:
        return done.run, False
    if is_fatal(plan.problems):
        return run, False
    if run.needs_approval and approver and run.state == RunState.PLANNED:
        run = approve_run(using=using, run_id=run.pk, by=approver, now=clock(), origin=command_origin(approver))
    run = apply_run(using=using, run=run, plan=plan, clock=clock, progress=progress, origin=origin)
    return run, True


def command_origin(by: str) -> Origin:
    """Who stands behind a command: the id that was given, and the account of the machine that it was typed under."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        account = "?"
    return Origin(personal_id=by, terminal=f"command:{account}", screen="command")
