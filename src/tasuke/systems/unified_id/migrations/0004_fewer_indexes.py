"""Indexes for LIKE, which Django puts beside every key of text: nobody asks for a part of a 統合宛名番号, and each of
them is written for every person, number and link."""

from typing import ClassVar

from django.db import migrations

_INDEXES = (
    ("unified_id_person_unified_no_12874654_like", "unified_id_person", "unified_no"),
    ("unified_id_person_merged_into_id_6a0195bb_like", "unified_id_person", "merged_into_id"),
    ("unified_id_number_person_id_13beca16_like", "unified_id_number", "person_id"),
    ("unified_id_business_number_person_id_32122ed3_like", "unified_id_business_number", "person_id"),
)


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: nobody who reads or writes waits
    dependencies: ClassVar = [("unified_id", "0003_numberquestion")]

    operations: ClassVar = [
        migrations.RunSQL(
            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
            reverse_sql=f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({column} varchar_pattern_ops)",
        )
        for name, table, column in _INDEXES
    ]
