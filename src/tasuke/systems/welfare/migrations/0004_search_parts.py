"""A way to a person by a part of a name: pairs of characters, since people are sought by the two of a given name.

A trigram index (pg_trgm) finds nothing by fewer than three characters, and would have to be read as a whole.
"""

from django.db import migrations

# One expression, so that it costs no call: single characters, the pairs from the first one on, those from the second on.
FUNCTION = r"""
CREATE FUNCTION welfare_grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN string_to_array(words, NULL)
  || string_to_array(regexp_replace(words, '(..)', E'\\1\n', 'g'), E'\n')
  || string_to_array(regexp_replace(substr(words, 2), '(..)', E'\\1\n', 'g'), E'\n')
"""
INDEX = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS welfare_state_grams ON welfare_person_state
  USING gin (welfare_grams(name_key || ' ' || kana_key || ' ' || alias_key))
"""


class Migration(migrations.Migration):
    atomic = False  # CREATE INDEX CONCURRENTLY cannot run in a transaction
    dependencies = [("welfare", "0003_sealed_numbers")]
    operations = [
        migrations.RunSQL(sql=FUNCTION, reverse_sql="DROP FUNCTION IF EXISTS welfare_grams(text)"),
        migrations.RunSQL(sql=INDEX, reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS welfare_state_grams"),
    ]
