"""Somebody gives their saved choice another name, or shares it, or no longer."""

from django.db import IntegrityError, transaction

from tasuke.systems.subsidy.statistics.models import SavedChoice
from tasuke.systems.subsidy.statistics.services.save_choice import NameTaken


def rename_choice(*, using: str, choice_id: int, name: str, shared: bool, by: str) -> SavedChoice:
    """Change name and sharing of one's own. Raises SavedChoice.DoesNotExist (also for somebody else's), NameTaken."""
    try:
        with transaction.atomic(using=using):
            choice = SavedChoice.objects.using(using).select_for_update(of=("self",)).get(pk=choice_id, owner=by)
            choice.name, choice.shared = name, shared
            choice.save(using=using, update_fields=["name", "shared"])
    except IntegrityError:
        raise NameTaken("同じ名前の条件があります。別の名前にしてください") from None
    return choice
