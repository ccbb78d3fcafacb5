"""The approved data as a file, made at the moment of the download and kept nowhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import polars as pl
from django.db import connections, transaction
from django.db.models import F
from django.utils.timezone import localdate

from tasuke.platform.access import Scope
from tasuke.platform.bulk import copy_out
from tasuke.platform.export.tables import to_csv, to_xlsx
from tasuke.schemes.profile import Profile
from tasuke.systems.subsidy.statistics.extracts import DATASETS, rows_query
from tasuke.systems.subsidy.statistics.models import Extract, ExtractState
from tasuke.systems.subsidy.statistics.words import HEADS, in_words

DAYS_VALID = 7  # after that the purpose is asked for again
Form = Literal["csv", "xlsx"]


class ExtractNotReady(Exception):
    """Not approved, not one's own, or too long ago."""


@dataclass(frozen=True, slots=True)
class TakenExtract:
    """The file, and everybody whose data are in it."""

    extract: Extract
    data: bytes
    rows: int
    persons: list[str]


def take_extract(
    *, using: str, extract_id: int, form: Form, scope: Scope, profile: Profile, by: str, now: datetime
) -> TakenExtract:
    """Make the file within the limits of whoever takes it. Raises Extract.DoesNotExist, ExtractNotReady."""
    with transaction.atomic(using=using):
        extract = Extract.objects.using(using).get(pk=extract_id)
        _check(extract, by, now)
        query, parameters, schema = rows_query(
            extract.dataset, extract.items, extract.filters, scope, on=localdate(now)
        )
        frame = copy_out(connections[using], query, parameters, schema=schema)
        Extract.objects.using(using).filter(pk=extract_id).update(taken=F("taken") + 1)
    persons = frame["__person"].unique().sort().to_list() if "__person" in frame.columns else []
    told = _told(extract, frame, profile)
    data = to_csv(told) if form == "csv" else to_xlsx({DATASETS[extract.dataset].title: told})
    return TakenExtract(extract, data, frame.height, [p for p in persons if p])


def _told(extract: Extract, frame: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The chosen items in their order, heads and codes in the words of the office."""
    items = DATASETS[extract.dataset].items
    codes = {key: items[key].codes for key in extract.items if items[key].codes}
    words = in_words(frame.select(list(codes)).rename(codes), profile)
    columns = [
        (words[HEADS[codes[key]]] if key in codes else frame[key]).alias(items[key].label) for key in extract.items
    ]
    return pl.DataFrame(columns)


def _check(extract: Extract, by: str, now: datetime) -> None:
    if extract.requested_by != by:
        raise ExtractNotReady("取り出せるのは、申請した人だけです")
    if extract.state != ExtractState.APPROVED:
        raise ExtractNotReady(f"この抽出は{extract.get_state_display()}です")
    if now > (extract.decided_at or extract.requested_at) + timedelta(days=DAYS_VALID):
        raise ExtractNotReady(f"承認から{DAYS_VALID}日を過ぎました。もう一度申請してください")
