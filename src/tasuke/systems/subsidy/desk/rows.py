"""Rows of a query as dictionaries: what a page shows, without models in between."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections

Row = dict[str, Any]


def fetch(using: str, query: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
    """Run one statement; give its rows by column name."""
    with connections[using].cursor() as cursor:
        cursor.execute(query, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
