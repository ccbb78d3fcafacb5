"""`python -m tasuke.deploy.migrations_check`: no model change without a migration, and no risky statement in one."""

import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

# Rules of the linter that do not fit: nothing is released yet, so a first migration may make tables and constraints
# in one go; widths are the field's own limits; ids are bigint identities already; a column that may become empty
# (`ban-drop-not-null`) is read by this program alone, in the same release.
_EXCLUDED = ",".join(
    (
        "prefer-robust-stmts",
        "require-concurrent-index-creation",
        "constraint-missing-not-valid",
        "prefer-text-field",
        "adding-foreign-key-constraint",
        "disallowed-unique-constraint",
        "require-timeout-settings",
        "prefer-bigint-over-int",
        "prefer-bigint-over-smallint",
        "ban-drop-not-null",
    )
)


def _apps_with_migrations() -> list[str]:
    from django.apps import apps

    return [
        config.label
        for config in apps.get_app_configs()
        if config.name.startswith("tasuke.") and list(Path(config.path).glob("migrations/0*.py"))
    ]


def _squawk(folder: Path) -> int:
    squawk = str(Path(sys.executable).parent / "squawk")
    from django.core.management import call_command
    from django.db.migrations.loader import MigrationLoader

    from tasuke.platform.database.systems import SYSTEMS, SystemRouter

    loader = MigrationLoader(None)
    for label, name in sorted(loader.disk_migrations):
        if label in _apps_with_migrations():
            out = StringIO()
            database = next(name for name in SYSTEMS if SystemRouter().allow_migrate(name, label))
            call_command("sqlmigrate", label, name, database=database, stdout=out)
            (folder / f"{label}_{name}.sql").write_text(out.getvalue())
    status = 0
    for initial in (True, False):  # a first migration makes new tables: a required column in it breaks nobody
        files = sorted(str(f) for f in folder.glob("*.sql") if f.stem.endswith("0001_initial") == initial)
        rules = _EXCLUDED + (",adding-required-field" if initial else "")
        if files:
            status |= subprocess.run([squawk, "--exclude", rules, *files], check=False).returncode
    return status


def main() -> int:
    """Exit status 1 when a migration is missing or risky."""
    from tasuke.deploy.setup import configure

    configure()
    from django.core.management import call_command

    from tasuke.platform.database.embedded import ensure_server
    from tasuke.platform.database.systems import create_missing

    create_missing(ensure_server())  # a fresh machine: the commands below connect, though they change nothing
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    with tempfile.TemporaryDirectory() as folder:
        return _squawk(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
