"""Each database takes its own system's migrations alone, and lacks nothing by that."""

import pytest
from django.apps import apps
from django.db import connections, router
from django.db.migrations.recorder import MigrationRecorder

from tasuke.platform.database.migrating import OwnMigrations
from tasuke.platform.database.systems import SYSTEMS

pytestmark = pytest.mark.django_db(databases=list(SYSTEMS))


def missing(system):
    """Apps with migrations that this database has not noted."""
    executor = OwnMigrations(connections[system])
    return {step.app_label for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_database_has_all_tables_of_its_own_system_and_no_others(system):
    own = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if router.allow_migrate_model(system, model)
    }
    found = set(connections[system].introspection.table_names())

    assert own - found == set()
    strange = {name for name in found - own if not name.startswith("procrastinate_")}
    assert strange == {"django_migrations"}
    assert missing(system) == set()


def test_migrations_of_another_system_are_noted_and_make_no_table():
    connection = connections["resident"]
    MigrationRecorder(connection).migration_qs.filter(app="subsidy_claims").delete()
    assert missing("resident") == {"subsidy_claims"}
    tables = connection.introspection.table_names()

    executor = OwnMigrations(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    assert missing("resident") == set()
    assert connection.introspection.table_names() == tables
