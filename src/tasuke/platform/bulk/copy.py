"""COPY between Polars frames and tables.

All functions take a Django connection (`connections["subsidy"]`) and work inside its current transaction.
Columns are matched by name. List columns of strings become `text[]`. Ranges are given as text: see `daterange`.
"""

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import polars as pl
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, sql

_names = itertools.count()
# About 4 MB per write keeps the peak small and costs nothing measurable against one big write.
_ROWS_PER_WRITE = 50_000


class CopyMismatch(ValueError):
    """The number of rows that PostgreSQL took is not the number that was sent."""


def copy_in(connection: BaseDatabaseWrapper, table: str, frame: pl.DataFrame) -> int:
    """Append all rows of `frame` to `table`; columns of the table that the frame lacks take their default.

    Returns the number of rows. Database errors (constraints) propagate; the transaction is the caller's.
    """
    if frame.is_empty():
        return 0
    target = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    flat = _flatten(frame)
    with _psycopg(connection).cursor() as cursor:
        with cursor.copy(target) as copy:
            for piece in flat.iter_slices(_ROWS_PER_WRITE):
                buffer = io.BytesIO()
                piece.write_csv(buffer, include_header=False)
                copy.write(buffer.getbuffer())
        if cursor.rowcount not in (frame.height, -1):
            raise CopyMismatch(f"{table}: {frame.height} rows sent, {cursor.rowcount} taken")
    return frame.height


def copy_out(
    connection: BaseDatabaseWrapper,
    query: str,
    params: Sequence[Any] | Mapping[str, Any] = (),
    *,
    schema: Mapping[str, pl.DataType | type[pl.DataType]],
) -> pl.DataFrame:
    """Result of a SELECT as a frame with exactly the columns and types of `schema`, in that order.

    query: SQL with psycopg placeholders; values are bound by the client, since COPY takes no parameters.
    pl.List(pl.String) columns are read from `text[]` results joined by the unit separator: select
    `array_to_string(col, E'\\x1f')`. Booleans and dates come as PostgreSQL writes them.
    """
    raw = _psycopg(connection)
    with raw.cursor() as cursor:
        bound = cursor.mogrify(query, params) if hasattr(cursor, "mogrify") else _bind(raw, query, params)
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(sql.SQL(cast("Any", bound)))
        with cursor.copy(statement) as copy:
            data = b"".join(bytes(block) for block in copy)
    names = list(schema)
    if not data:
        return pl.DataFrame(schema=dict(schema))
    wire = {name: _wire_type(kind) for name, kind in schema.items()}
    frame = pl.read_csv(io.BytesIO(data), has_header=False, new_columns=names, schema=wire)
    return frame.with_columns([_from_wire(name, kind) for name, kind in schema.items()])


@contextmanager
def staging(connection: BaseDatabaseWrapper, frame: pl.DataFrame, types: Mapping[str, str]) -> Iterator[str]:
    """A temporary table that holds `frame` until the end of the block or the transaction; yields its name.

    types: PostgreSQL type of each column, in the frame's order.
    """
    name = f"staging_{next(_names)}"
    columns = ", ".join(f'"{c}" {types[c]}' for c in frame.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP")
        copy_in(connection, name, frame)
        cursor.execute(f"ANALYZE {name}")
        yield name
        cursor.execute(f"DROP TABLE {name}")


def upsert_new(
    connection: BaseDatabaseWrapper, table: str, frame: pl.DataFrame, *, key: Sequence[str], types: Mapping[str, str]
) -> int:
    """Append the rows whose `key` is not in `table` yet (a unique index must cover it); give their number."""
    with staging(connection, frame, types) as name, connection.cursor() as cursor:
        columns = ", ".join(f'"{c}"' for c in frame.columns)
        conflict = ", ".join(f'"{c}"' for c in key)
        cursor.execute(
            f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM {name} ON CONFLICT ({conflict}) DO NOTHING'  # noqa: S608
        )
        return int(cursor.rowcount)


def daterange_expr(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """A `daterange` literal from two date columns, end-exclusive; a null end is open."""
    return pl.format("[{},{})", start.dt.to_string("%Y-%m-%d"), end.dt.to_string("%Y-%m-%d").fill_null(""))


def _psycopg(connection: BaseDatabaseWrapper) -> Connection[Any]:
    connection.ensure_connection()
    return cast("Connection[Any]", connection.connection)


def _bind(raw: Connection[Any], query: str, params: Sequence[Any] | Mapping[str, Any]) -> str:
    from psycopg import ClientCursor

    return ClientCursor(raw).mogrify(cast("Any", query), params)


def _flatten(frame: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns([_array_literal(pl.col(name)).alias(name) for name in lists]) if lists else frame


def _array_literal(column: pl.Expr) -> pl.Expr:
    # codes and keys only (letters, digits, - _ .): nothing in them needs quoting inside an array literal
    return (
        pl.when(column.is_null()).then(None).otherwise(pl.concat_str([pl.lit("{"), column.list.join(","), pl.lit("}")]))
    )


def _wire_type(kind: pl.DataType | type[pl.DataType]) -> pl.DataType:
    if kind in (pl.Boolean, pl.Date, pl.Datetime) or isinstance(kind, pl.List | pl.Datetime):
        return pl.String()
    return cast("pl.DataType", kind)


def _from_wire(name: str, kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.Boolean:
        return column == "t"
    if kind == pl.Date:
        return column.str.to_date("%Y-%m-%d")
    if isinstance(kind, pl.List):
        parts = column.str.split("\x1f")
        return pl.when(column == "").then(parts.list.head(0)).otherwise(parts)  # an empty array is an empty text
    return column
