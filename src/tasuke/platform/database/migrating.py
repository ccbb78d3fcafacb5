"""`migrate` in an installation of many databases: each database takes its own system's migrations alone.

Django carries every migration of every app out on every database: what the router keeps away from a database changes
nothing there, and still costs the whole computation of its models. With eight databases that was most of the time that
a new installation took. Relations never cross systems, so nothing of another system is needed to know one's own tables.
"""

from django.core.management.commands import migrate
from django.db import router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState


def migrate_own_tables_alone() -> None:
    """From now on `migrate` in this process notes other systems' migrations as applied without computing them."""
    migrate.MigrationExecutor = OwnMigrations  # type: ignore[attr-defined]  # it takes no executor from outside


class OwnMigrations(MigrationExecutor):
    """Migrations of apps that have no tables in this database are noted only."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        """As Django's; `state` stays as it is for a migration of others."""
        own = router.allow_migrate(self.connection.alias, migration.app_label)
        return super().apply_migration(state, migration, fake=fake or not own, fake_initial=fake_initial)
