"""What came and what was handed over is never changed: not by the program, not by its role."""

from django.db import migrations

_SQL = """
CREATE FUNCTION resident_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER resident_state_append_only BEFORE UPDATE OR DELETE ON resident_state
  FOR EACH STATEMENT EXECUTE FUNCTION resident_append_only();
CREATE TRIGGER resident_delivery_record_append_only BEFORE UPDATE OR DELETE ON resident_delivery_record
  FOR EACH STATEMENT EXECUTE FUNCTION resident_append_only();
"""
_BACK = """
DROP TRIGGER resident_state_append_only ON resident_state;
DROP TRIGGER resident_delivery_record_append_only ON resident_delivery_record;
DROP FUNCTION resident_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("resident", "0001_initial")]
    operations = [migrations.RunSQL(_SQL, _BACK)]
