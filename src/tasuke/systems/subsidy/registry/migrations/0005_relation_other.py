"""Whose cases a person touches is asked by the other side of a relation, too; built beside running work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # CREATE INDEX CONCURRENTLY cannot run in a transaction

    dependencies = [("subsidy_registry", "0004_changes")]

    operations = [
        AddIndexConcurrently("relation", models.Index(fields=["other_atena_no"], name="subsidy_relation_other")),
    ]
