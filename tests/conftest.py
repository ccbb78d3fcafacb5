"""What all tests share."""

import os
import sys
from fnmatch import fnmatch

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo
from xdist.scheduler import LoadScopeScheduling

from tasuke.platform.database.embedded import data_folder, ensure_server

# the machines are shared and noisy: a deadline would measure the neighbours
settings.register_profile("tasuke", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tasuke")

# The tests start a hundred processes. Where the environment forbids to keep what Python has compiled, each would
# compile the whole program anew, half the work of its start: it is kept with the tests' data instead.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    sys.dont_write_bytecode = False
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(data_folder().resolve() / "bytecode")

# What takes long, in seconds with two busy workers: it starts first, so that in the end no worker waits for
# the other. What matches one pattern shares something dear (a site, a city, an installation) and stays on one worker.
LONG = {
    "tests/journeys/*": 250,
    "tests/attacks/test_every_form.py*": 150,
    "tests/deploy/chain/test_processes.py*": 110,
    "tests/platform/access/test_every_address.py*": 80,
    "tests/demo/*sapporo?": 80,
    "tests/demo/*kawasaki?": 55,
    "tests/deploy/chain/test_killed.py*": 50,
    "tests/systems/subsidy/claims/test_kill_and_resume.py*": 50,
    "tests/cli/test_audit.py*": 50,
    "tests/systems/midserver/test_faults.py*": 45,
    "tests/deploy/chain/test_invariants.py*": 40,
    "tests/bench/*": 40,
    "tests/deploy/chain/test_survival.py*": 30,
    "tests/systems/subsidy/claims/test_copay_notation.py*": 20,
    "tests/city/*": 20,
    "tests/systems/subsidy/entitlements/test_killed_runs.py*": 15,
}


def pytest_configure(config):
    """Nobody waits for the disk of a server that serves tests alone: after a power cut it is made anew.

    Dropping a database takes two seconds otherwise. What a killed process leaves is the same either way.
    """
    own = os.environ.get("TASUKE_DATABASE_EMBEDDED") == "1" and data_folder().name.startswith("test")
    if not own or hasattr(config, "workerinput"):
        return
    with psycopg.connect(ensure_server(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(autouse=True)
def trail_left_empty(request):
    """Django empties the tables of models after a test that commits. The trail is none of these, and nobody but the
    server's administrator can empty it: without this, the next file finds the events of this one."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        return
    from django.db import connections  # not before the settings stand

    for name in marker.kwargs["databases"]:
        url = make_conninfo(ensure_server(), dbname=connections[name].settings_dict["NAME"])
        with psycopg.connect(url) as connection:
            for table in ("audit_event", "audit_block"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
                connection.execute(f"TRUNCATE {table}")
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_grows")


def pytest_xdist_make_scheduler(config, log):
    """The scheduler of a plain `-n`."""
    if config.getvalue("dist") != "load":
        return None
    config.option.loadscopereorder = False  # it would end the random order of the files
    return LongestFirst(config, log)


class LongestFirst(LoadScopeScheduling):
    """Whole files, or what belongs together, to whoever has room: the longest first, the rest in random order.

    xdist's own groups do not work with pytest 9.2: they are written into an attribute of a test that pytest no longer
    reads.
    """

    def _split_scope(self, nodeid):
        return next((pattern for pattern in LONG if fnmatch(nodeid, pattern)), nodeid.partition("::")[0])

    def _assign_work_unit(self, node):
        self.workqueue.move_to_end(max(self.workqueue, key=self._seconds), last=False)
        super()._assign_work_unit(node)

    def _seconds(self, scope):
        """Of a file that is not named above: a guess, the same one for all small files."""
        return LONG.get(scope, len(self.workqueue[scope]) // 50 * 10)
