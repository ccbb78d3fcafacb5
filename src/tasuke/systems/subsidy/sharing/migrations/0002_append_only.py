"""What was moved is never changed, and neither is what a permit was applied for: the database itself refuses."""

from django.db import migrations

RECORDS = ("subsidy_sharing_record", "subsidy_sharing_person")
APPEND_ONLY = """
CREATE FUNCTION subsidy_sharing_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
# state, decision and end of a permit are written later, what was applied for stands; a decision stands as well
PERMIT_STANDS = """
CREATE FUNCTION subsidy_sharing_permit_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.rule, NEW.scheme, NEW.recipient, NEW.system, NEW.legal_basis, NEW.use, NEW.applicant, NEW.purpose,
        NEW.items, NEW.valid, NEW.requested_by, NEW.requested_at)
       IS DISTINCT FROM
       (OLD.rule, OLD.scheme, OLD.recipient, OLD.system, OLD.legal_basis, OLD.use, OLD.applicant, OLD.purpose,
        OLD.items, OLD.valid, OLD.requested_by, OLD.requested_at)
       OR (OLD.decided_at IS NOT NULL AND (NEW.decided_by, NEW.decided_at, NEW.note)
           IS DISTINCT FROM (OLD.decided_by, OLD.decided_at, OLD.note))
       OR OLD.state IN ('refused', 'withdrawn', 'ended') THEN
        RAISE EXCEPTION 'a permit stands as it was applied for and decided' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""
AGREEMENT_STANDS = """
CREATE FUNCTION subsidy_sharing_agreement_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting' OR (NEW.permit_id, NEW.atena_no, NEW.purpose, NEW.requested_by, NEW.requested_at)
       IS DISTINCT FROM (OLD.permit_id, OLD.atena_no, OLD.purpose, OLD.requested_by, OLD.requested_at) THEN
        RAISE EXCEPTION 'an agreement stands as it was asked for and decided' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def _refuse(table, what):
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE {what} ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION subsidy_sharing_append_only()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


def _stands(table, function):
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_stands BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
        f"DROP TRIGGER {table}_stands ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("subsidy_sharing", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, "DROP FUNCTION subsidy_sharing_append_only()"),
        migrations.RunSQL(PERMIT_STANDS, "DROP FUNCTION subsidy_sharing_permit_stands()"),
        migrations.RunSQL(AGREEMENT_STANDS, "DROP FUNCTION subsidy_sharing_agreement_stands()"),
        *(_refuse(table, "UPDATE OR DELETE") for table in RECORDS),
        *(_refuse(table, "DELETE") for table in ("subsidy_sharing_permit", "subsidy_sharing_agreement")),
        _stands("subsidy_sharing_permit", "subsidy_sharing_permit_stands"),
        _stands("subsidy_sharing_agreement", "subsidy_sharing_agreement_stands"),
    ]
