"""Queries on grants."""

from datetime import date

from tasuke.platform.access.models import Grant

USING = "accounts"
# asked at every request: written out, since putting it together again took twice as long as running it
_IN_FORCE = """
SELECT * FROM access_grant WHERE personal_id = %s AND state = 'approved' AND valid @> %s::date ORDER BY id
"""


def grants_in_force(*, personal_id: str, on: date) -> list[Grant]:
    """The person's grants on a day: asked for at every request, so that a revocation holds at once."""
    return list(Grant.objects.using(USING).raw(_IN_FORCE, [personal_id, on]))
