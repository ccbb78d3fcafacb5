"""History tables as frames: read the current rows of some persons, write what a merge found out. Set-based only."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl
from django.contrib.postgres.fields import DateRangeField
from django.db import connections, models, transaction

from tasuke.platform.bulk import copy_in, copy_out, daterange_expr, staging
from tasuke.systems.subsidy.registry.history import Changes, merge_periods, merge_values
from tasuke.systems.subsidy.registry.models import Recorded

_FEW = 100
_PLAIN = r"^[0-9A-Za-z]{1,15}$"  # of a 宛名番号 that needs no quoting
_BOOKKEEPING = frozenset({"id", "valid", "recorded_from", "recorded_to", "file_id", "line"})


@dataclass(frozen=True)
class HistoryTable:
    """How a model's rows change. key: what has one state at a time; ignored: columns whose change alone is no change;
    own_ends: see merge_periods."""

    model: type[Recorded]
    key: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    own_ends: bool = True

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.model._meta.db_table

    @cached_property
    def has_periods(self) -> bool:
        """Whether rows hold for a period (else one row per key holds until it is corrected)."""
        return any(isinstance(f, DateRangeField) for f in self.model._meta.concrete_fields)

    @cached_property
    def columns(self) -> dict[str, pl.DataType]:
        """The table's own columns (no id, period, recorded time, origin) with their types."""
        fields = [f for f in self.model._meta.concrete_fields if f.column not in _BOOKKEEPING]
        return {str(f.column): frame_type(f) for f in fields}

    @cached_property
    def content(self) -> tuple[str, ...]:
        """Columns that make a difference."""
        return tuple(c for c in self.columns if c not in self.key and c not in self.ignored)


def frame_type(field: "models.Field[object, object]") -> pl.DataType:
    """Polars type of a model field."""
    if isinstance(field, models.BooleanField):
        return pl.Boolean()
    if isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
        return pl.Date()
    return pl.Int64() if isinstance(field, models.IntegerField) else pl.String()


def texts_without_null(frame: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The frame with '' for unknown text, as the tables hold it."""
    return frame.with_columns([pl.col(c).fill_null("") for c, kind in columns.items() if kind == pl.String])


@contextmanager
def people_table(*, using: str, atena_nos: pl.Series) -> Iterator[str]:
    """What to join some persons with: `JOIN {…} p ON p.atena_no = …`; works inside and outside of a transaction.

    Many stand in a temporary table. A few, as a screen asks for them, stand in the statement itself: making, filling
    and dropping a table takes five statements, more than the question.
    """
    people = atena_nos.drop_nulls().unique()
    if 0 < people.len() <= _FEW and bool(people.str.contains(_PLAIN).all()):
        listed = ",".join(people.sort())
        yield f"(SELECT unnest('{{{listed}}}'::text[]) AS atena_no)"
        return
    frame = pl.DataFrame({"atena_no": people}, schema={"atena_no": pl.String()})
    with transaction.atomic(using=using), staging(connections[using], frame, {"atena_no": "varchar(15)"}) as name:
        yield name


def select_current(
    *,
    using: str,
    table: HistoryTable,
    atena_nos: pl.Series | None = None,
    where: str = "TRUE",
    params: Sequence[object] = (),
) -> pl.DataFrame:
    """Current rows: id, start, end (where the table has periods) and the table's columns; of some persons or of all.

    where: SQL condition on the table, aliased t.
    """
    period = ["lower(t.valid)", "upper(t.valid)"] if table.has_periods else []
    listed = ", ".join(["t.id", *period, *[f't."{c}"' for c in table.columns]])
    schema = _schema(table)
    connection = connections[using]
    base = f"SELECT {listed} FROM {table.name} t"  # noqa: S608
    condition = f" WHERE t.recorded_to IS NULL AND ({where})"
    if atena_nos is None:
        return texts_without_null(copy_out(connection, base + condition, params, schema=schema), table.columns)
    with people_table(using=using, atena_nos=atena_nos) as name:
        query = f"{base} JOIN {name} p ON p.atena_no = t.atena_no{condition}"
        return texts_without_null(copy_out(connection, query, params, schema=schema), table.columns)


def _schema(table: HistoryTable) -> dict[str, pl.DataType]:
    period: dict[str, pl.DataType] = {"start": pl.Date(), "end": pl.Date()} if table.has_periods else {}
    return {"id": pl.Int64(), **period, **table.columns}


def record(
    *,
    using: str,
    table: HistoryTable,
    incoming: pl.DataFrame,
    now: datetime,
    file_id: int | None,
    nobody_known: bool = False,
) -> Mapping[str, int]:
    """Lay incoming rows over what is current and write the difference; counts: added, superseded, unchanged (rows).

    incoming: the table's columns, `order` i, `line` i?, and for tables with periods `start` d, `end` d? and perhaps
    `final_until` d? (see merge_periods). nobody_known: the table holds nothing of these persons, so it is not read.
    The transaction is the caller's.
    """
    if incoming.is_empty():
        return {"added": 0, "superseded": 0, "unchanged": 0}
    prepared = texts_without_null(incoming, table.columns)
    if nobody_known:
        existing = pl.DataFrame(schema=_schema(table))
    else:
        existing = select_current(using=using, table=table, atena_nos=prepared["atena_no"])
    if table.has_periods:
        changes = merge_periods(
            existing=existing, incoming=prepared, key=table.key, content=table.content, own_ends=table.own_ends
        )
    else:
        changes = merge_values(existing=existing, incoming=prepared, key=table.key, content=table.content)
    write_changes(using=using, table=table, changes=changes, now=now, file_id=file_id)
    people = prepared.select(table.key).unique().height
    return {
        "added": changes.added.height,
        "superseded": changes.superseded.len(),
        "unchanged": max(people - changes.touched, 0),
    }


def write_changes(*, using: str, table: HistoryTable, changes: Changes, now: datetime, file_id: int | None) -> None:
    """Close the superseded rows and append the added ones, both at the recorded time `now`."""
    connection = connections[using]
    if not changes.superseded.is_empty():
        ids = changes.superseded.rename("id").to_frame()
        with staging(connection, ids, {"id": "bigint"}) as name, connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table.name} t SET recorded_to = %s FROM {name} s WHERE s.id = t.id",  # noqa: S608
                [now],
            )
    period = [daterange_expr(pl.col("start"), pl.col("end")).alias("valid")] if table.has_periods else []
    origin = [] if "file_id" in changes.added.columns else [pl.lit(file_id, dtype=pl.Int64).alias("file_id")]
    rows = changes.added.with_columns(*period, *origin, pl.lit(now.isoformat()).alias("recorded_from"))
    wanted = [*table.columns, "recorded_from", "file_id", "line", *(["valid"] if table.has_periods else [])]
    copy_in(connection, table.name, rows.select(wanted))
