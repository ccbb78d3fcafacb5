"""The list of queries goes on by id; built beside running work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # CREATE INDEX CONCURRENTLY cannot run in a transaction

    dependencies = [("subsidy_claims", "0003_returns")]

    operations = [
        AddIndexConcurrently(
            "claim", models.Index(fields=["id"], name="subsidy_claim_query_id", condition=models.Q(state="query"))
        ),
    ]
