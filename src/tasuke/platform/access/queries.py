"""Queries on grants."""

from datetime import date

from tasuke.platform.access.models import Grant

USING = "accounts"


def grants_in_force(*, personal_id: str, on: date) -> list[Grant]:
    """The person's grants on a day: asked for at every request, so that a revocation holds at once."""
    return list(Grant.objects.using(USING).in_force_on(on).of_person(personal_id).order_by("id"))
