"""The ward is asked of the address history for the day that matters, and no longer frozen here.

The column itself stays, empty for new rows, until no program of the version before writes it any more.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subsidy_entitlements", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE subsidy_entitlement ALTER COLUMN ward_code DROP NOT NULL",
                    reverse_sql=migrations.RunSQL.noop,
                )
            ],
            state_operations=[migrations.RemoveField("entitlement", "ward_code")],
        )
    ]
