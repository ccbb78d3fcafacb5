"""Somebody keeps items and conditions under a name, to use them again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from tasuke.systems.subsidy.statistics.extracts import DATASETS
from tasuke.systems.subsidy.statistics.models import SavedChoice

MOST_CHOICES = 50  # of one person: more is no list that anybody reads


class NameTaken(ValueError):
    """This person has another choice of this name."""


class TooManyChoices(ValueError):
    """This person keeps as many as they may."""


def save_choice(
    *,
    using: str,
    dataset: str,
    name: str,
    items: Sequence[str],
    filters: Mapping[str, Any],
    shared: bool,
    overwrite: bool,
    by: str,
    now: datetime,
) -> SavedChoice:
    """Keep a choice. overwrite: one's own choice of this name and data set gives way. filters: as of an extract.

    Raises NameTaken, TooManyChoices, KeyError (unknown data set or item).
    """
    offered = DATASETS[dataset].items
    wanted = [key for key in offered if key in set(items)]
    if len(wanted) != len(set(items)):
        raise KeyError(sorted(set(items) - set(wanted)))
    values = {"items": wanted, "filters": dict(filters), "shared": shared, "saved_at": now}
    mine = SavedChoice.objects.using(using).filter(owner=by)
    try:
        with transaction.atomic(using=using):
            found = mine.select_for_update(of=("self",)).filter(dataset=dataset, name=name).first()
            if found is None:
                if mine.count() >= MOST_CHOICES:
                    raise TooManyChoices(f"保存できるのは1人{MOST_CHOICES}件までです。使わないものを削除してください")
                return SavedChoice.objects.using(using).create(owner=by, dataset=dataset, name=name, **values)
            if not overwrite:
                raise NameTaken("同じ名前の条件があります。置き換えるか、別の名前にしてください")
            for key, value in values.items():
                setattr(found, key, value)
            found.save(using=using, update_fields=list(values))
            return found
    except IntegrityError:  # saved under this name in another window at this very moment
        raise NameTaken("同じ名前の条件が、いま保存されました。一覧を確かめてください") from None
