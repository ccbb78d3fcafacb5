"""Bring an installation up: find or start the server, make databases, migrate, load Django."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO


def configure() -> None:
    """Make Django usable in this process: starts the embedded server when no other is named."""
    from tasuke.platform.database.embedded import ensure_server
    from tasuke.platform.logs.setup import set_up_logs

    ensure_server()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tasuke.deploy.settings")
    import django

    django.setup()
    set_up_logs()
    # A message or file of 10,000 rows lives until its last row is done. Looking for cycles after every 700 objects, as
    # Python does, took a third of the time of such a batch and found nothing.
    gc.set_threshold(10_000, 20, 20)


def prepare_databases() -> list[str]:
    """Create missing databases and bring every schema up to date; give the names of what was created or migrated."""
    from django.core.management import call_command

    from tasuke.platform.database.embedded import ensure_server
    from tasuke.platform.database.migrating import migrate_own_tables_alone
    from tasuke.platform.database.systems import SYSTEMS, create_missing

    migrate_own_tables_alone()
    made = create_missing(ensure_server())
    for system in SYSTEMS:
        if _up_to_date(system):
            continue
        output = StringIO()
        with _trail_handed_over(system):
            call_command("migrate", database=system, interactive=False, verbosity=1, stdout=output)
        if "Applying" in output.getvalue():
            made.append(f"{system}: スキーマを更新")
    return made


def _up_to_date(system: str) -> bool:
    """Whether every migration is applied: spares each command the long way through `migrate`."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[system])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@contextmanager
def _trail_handed_over(system: str) -> Iterator[None]:
    """The audit trail's tables belong to a role of their own behind the block; a migration of theirs gets them back.

    So do the records of 番号法23条, where the system keeps some.

    Only where we administer the server ourselves. Elsewhere `tasuke audit protect` does it, and `tasuke doctor` asks.
    """
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    from tasuke.deploy.chain import guarding
    from tasuke.deploy.sealing import protect_system, release_for_migration
    from tasuke.platform.database.embedded import ensure_server

    if os.environ.get("TASUKE_DATABASE_EMBEDDED") != "1" or os.environ.get(f"TASUKE_DATABASE_URL_{system.upper()}"):
        yield
        return
    known = connections[system].settings_dict
    place = ensure_server(), str(known["NAME"]), str(known["USER"])
    executor = MigrationExecutor(connections[system])
    apps = {step.app_label for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())}
    if "audit" in apps:
        release_for_migration(*place)
    guarded = guarding.own_place(system) if system in guarding.GUARDED else None
    if guarded is not None and system in apps:
        guarding.release(system, conninfo=guarded[0], program=guarded[1])
    yield
    protect_system(*place)
    if guarded is not None:
        guarding.guard(system, conninfo=guarded[0], program=guarded[1])
