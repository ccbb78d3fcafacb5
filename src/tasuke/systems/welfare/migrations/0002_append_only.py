"""What came, what changed and what was handed over is never changed: not by the program, not by its role."""

from django.db import migrations

_TABLES = ("welfare_person_state", "welfare_change", "welfare_delivery_record", "welfare_contact_note")
_FUNCTION = """
CREATE FUNCTION welfare_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("welfare", "0001_initial")]
    operations = [
        migrations.RunSQL(_FUNCTION, "DROP FUNCTION welfare_append_only()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION welfare_append_only()",
                f"DROP TRIGGER {table}_append_only ON {table}",
            )
            for table in _TABLES
        ),
    ]
