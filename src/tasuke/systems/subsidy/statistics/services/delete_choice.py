"""Somebody throws a saved choice away. Requests that were made with it stay."""

from django.db import transaction

from tasuke.systems.subsidy.statistics.models import SavedChoice


def delete_choice(*, using: str, choice_id: int, by: str) -> SavedChoice:
    """Delete one's own and give what it was. Raises SavedChoice.DoesNotExist, also for somebody else's."""
    with transaction.atomic(using=using):
        choice = SavedChoice.objects.using(using).select_for_update(of=("self",)).get(pk=choice_id, owner=by)
        SavedChoice.objects.using(using).filter(pk=choice.pk).delete()
    return choice
