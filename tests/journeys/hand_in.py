"""Run by the journeys' site in a process of its own: the office takes in what came after the demo.

python hand_in.py RECEIPTS TAX     the city by TASUKE_DATABASE_PREFIX, TASUKE_ARCHIVE and TASUKE_PROFILE
"""

import sys
from pathlib import Path

from tasuke.deploy.setup import configure

configure()

from tasuke.deploy.imports import import_request  # noqa: E402 the settings stand first
from tasuke.deploy.profiles import open_profile  # noqa: E402
from tasuke.deploy.runs import run_job  # noqa: E402
from tasuke.systems.subsidy.profile import set_profile  # noqa: E402

set_profile(open_profile())
receipts, tax = map(Path, sys.argv[1:])
for request in (
    import_request("receipts", receipts),
    import_request("tax", tax),
    {"job": "decide-reimbursements", "target": "2026-07-01", "parameters": {"on": "2026-07-01"}},
):
    run, fresh = run_job(**request, by="demo-operator")
    assert (run.state, fresh) == ("done", True), run
