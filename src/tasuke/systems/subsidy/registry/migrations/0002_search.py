"""Ways to a person besides number and name: birthday, phone, address. Made beside running work."""

from django.db import migrations

INDEXES = {
    "subsidy_resident_birth": "(birth_date)",
    "subsidy_resident_phone": "(regexp_replace(phone, '[^0-9]', '', 'g')) WHERE phone <> ''",
    "subsidy_resident_address": "(normalize(address, NFKC) text_pattern_ops)",
}


class Migration(migrations.Migration):
    atomic = False  # CREATE INDEX CONCURRENTLY cannot run in a transaction
    dependencies = [("subsidy_registry", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql=f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON subsidy_resident_record {columns}",
            reverse_sql=f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        )
        for name, columns in INDEXES.items()
    ]
