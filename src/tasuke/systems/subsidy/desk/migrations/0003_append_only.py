"""What was said at the counter is not rewritten: the database itself refuses to change or delete it."""

from django.db import migrations

TABLES = ("subsidy_notification", "subsidy_contact_note")
FUNCTION = """
CREATE FUNCTION subsidy_desk_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$
"""


def _trigger(table):
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION subsidy_desk_append_only()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("subsidy_desk", "0002_notifications")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION subsidy_desk_append_only()"),
        *[_trigger(table) for table in TABLES],
    ]
