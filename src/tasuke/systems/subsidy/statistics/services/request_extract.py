"""Somebody asks for data as a file: items, conditions, what for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.timezone import localdate

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.statistics.extracts import DATASETS, MOST_ROWS, count_rows
from tasuke.systems.subsidy.statistics.models import Extract, ExtractState


class TooManyRows(ValueError):
    """More than one file may hold."""


class NothingToExtract(ValueError):
    """No row fulfils the conditions."""


def request_extract(
    *,
    using: str,
    dataset: str,
    items: Sequence[str],
    filters: Mapping[str, Any],
    purpose: str,
    scope: Scope,
    by: str,
    now: datetime,
) -> Extract:
    """Record the request; sums without persons need nobody's approval. filters: scheme, ward, first, last (ISO days).

    Raises TooManyRows, NothingToExtract, KeyError (unknown data set or item).
    """
    chosen = DATASETS[dataset]
    wanted = [key for key in chosen.items if key in set(items)]
    if len(wanted) != len(set(items)):
        raise KeyError(sorted(set(items) - set(wanted)))
    rows = count_rows(using=using, dataset=dataset, filters=filters, scope=scope, on=localdate(now))
    if rows > MOST_ROWS:
        raise TooManyRows(f"{MOST_ROWS:,}件を超えます。制度、区、期間で絞ってください")
    if rows == 0:
        raise NothingToExtract("条件に合うものがありません")
    return Extract.objects.using(using).create(
        dataset=dataset,
        items=wanted,
        filters=dict(filters),
        purpose=purpose,
        rows=rows,
        state=ExtractState.REQUESTED if chosen.person else ExtractState.APPROVED,
        requested_at=now,
        requested_by=by,
    )
