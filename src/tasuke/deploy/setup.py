"""Bring an installation up: find or start the server, make databases, migrate, load Django."""

import os
from io import StringIO


def configure() -> None:
    """Make Django usable in this process: starts the embedded server when no other is named."""
    from tasuke.platform.database.embedded import ensure_server

    ensure_server()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tasuke.deploy.settings")
    import django

    django.setup()


def prepare_databases() -> list[str]:
    """Create missing databases and bring every schema up to date; give the names of what was created or migrated."""
    from django.core.management import call_command

    from tasuke.platform.database.embedded import ensure_server
    from tasuke.platform.database.systems import SYSTEMS, create_missing

    made = create_missing(ensure_server())
    for system in SYSTEMS:
        output = StringIO()
        call_command("migrate", database=system, interactive=False, verbosity=1, stdout=output)
        if "Applying" in output.getvalue():
            made.append(f"{system}: スキーマを更新")
    return made
