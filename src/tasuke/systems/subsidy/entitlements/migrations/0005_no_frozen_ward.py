"""The ward that 0002 left standing empty goes: no program writes it any more."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subsidy_entitlements", "0004_taken_over")]

    operations = [
        migrations.RunSQL(
            "-- squawk-ignore ban-drop-column\nALTER TABLE subsidy_entitlement DROP COLUMN IF EXISTS ward_code",
            reverse_sql="ALTER TABLE subsidy_entitlement ADD COLUMN ward_code varchar(6)",
        )
    ]
