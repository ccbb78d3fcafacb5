"""Decisions on receipts are written once: the database itself refuses to change or delete them."""

from django.db import migrations

TABLES = ("subsidy_reimbursement", "subsidy_reimbursement_line", "subsidy_receipt_hold")

FUNCTION = """
CREATE FUNCTION subsidy_reimbursements_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: book a new row instead', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def _trigger(table):
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION subsidy_reimbursements_append_only()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("subsidy_reimbursements", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION subsidy_reimbursements_append_only()"),
        *[_trigger(table) for table in TABLES],
    ]
