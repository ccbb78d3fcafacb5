"""Two approvals may stand, one after the other: the index that allowed only one goes, without stopping readers."""

from django.db import migrations

_BACK = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS resident_usage_one_approved ON resident_usage_application (consumer_id)
  WHERE state = 'approved'
"""


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY

    dependencies = [("resident", "0003_intake_and_periods")]
    operations = [migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS resident_usage_one_approved", _BACK)]
