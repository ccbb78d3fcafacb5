"""税情報 into the figures by year: what differs is a new row, a correction is never undone by old news."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import polars as pl
from django.db import connections

from tasuke.platform.bulk import staging
from tasuke.systems.welfare.publishing import publishing

_TYPES = {
    "atena_no": "varchar(15)",
    "tax_year": "smallint",
    "status_code": "varchar(1)",
    "corrected": "boolean",
    "corrected_on": "date",
    "items": "jsonb",
    "digest": "bytea",
    "line": "integer",
}
# first assessments (or older corrections) of what is held as corrected: old news
_OUTDATED = """
DELETE FROM {staged} n USING welfare_tax_figure t
WHERE t.atena_no = n.atena_no AND t.tax_year = n.tax_year AND t.recorded_to IS NULL AND t.corrected
  AND (NOT n.corrected OR n.corrected_on < t.corrected_on)
"""
_UNCHANGED = """
DELETE FROM {staged} n USING welfare_tax_figure t
WHERE t.atena_no = n.atena_no AND t.tax_year = n.tax_year AND t.recorded_to IS NULL AND t.digest = n.digest
"""
_CLOSE = """
UPDATE welfare_tax_figure t SET recorded_to = %(at)s FROM {staged} n
WHERE t.atena_no = n.atena_no AND t.tax_year = n.tax_year AND t.recorded_to IS NULL
"""
_INSERT = """
INSERT INTO welfare_tax_figure (atena_no, tax_year, status_code, corrected, corrected_on, items, digest, line, file_id,
  recorded_from, recorded_by)
SELECT atena_no, tax_year, status_code, corrected, corrected_on, items, digest, line, %(file)s, %(at)s, %(by)s
FROM {staged} ORDER BY line
"""
_CHANGES = """
INSERT INTO welfare_change (kind, atena_no, valid_from, recorded_at, items, only_for)
SELECT 'tax', n.atena_no, COALESCE(n.corrected_on, make_date(n.tax_year, 6, 1)), %(at)s,
  n.items || jsonb_build_object('protection', EXISTS (
    SELECT 1 FROM welfare_protection p WHERE p.atena_no = n.atena_no AND p.ended_at IS NULL)),
  CASE WHEN i.hidden THEN i.business_id ELSE '' END
FROM {staged} n LEFT JOIN welfare_issued_number i ON i.atena_no = n.atena_no ORDER BY n.line
"""


def receive_tax(*, using: str, rows: pl.DataFrame, at: datetime, by: str, file_id: int | None) -> Mapping[str, int]:
    """Store the figures that are new or differ, and tell the businesses. Counts: added, superseded, unchanged,
    older_than_correction.

    rows: columns of the 税情報 layout and `line`. Of two rows for one year the corrected one counts, then the later.
    """
    frame = _frame(rows)
    counts = {"added": 0, "superseded": 0, "unchanged": 0, "older_than_correction": 0}
    if frame.is_empty():
        return counts
    facts: dict[str, Any] = {"at": at, "by": by, "file": file_id}
    with publishing(using=using, at=at):
        connection = connections[using]
        with staging(connection, frame, _TYPES) as staged, connection.cursor() as cursor:
            for name, statement in (
                ("older_than_correction", _OUTDATED),
                ("unchanged", _UNCHANGED),
                ("superseded", _CLOSE),
                ("added", _INSERT),
            ):
                cursor.execute(statement.format(staged=staged), facts)
                counts[name] = int(cursor.rowcount)
            cursor.execute(_CHANGES.format(staged=staged), facts)
    return counts


def _frame(rows: pl.DataFrame) -> pl.DataFrame:
    ranked = rows.sort("corrected", "corrected_on", "seq", nulls_last=False).unique(
        ["atena_no", "tax_year"], keep="last", maintain_order=True
    )
    names = [name for name in ranked.columns if name not in ("line", "seq", "atena_no")]
    texts = [pl.col(n).dt.to_string("%Y-%m-%d") if ranked.schema[n] == pl.Date else pl.col(n) for n in names]
    items = ranked.select(pl.struct(texts).struct.json_encode().alias("items"))["items"]
    digests = [f"\\x{sha256(text.encode()).hexdigest()}" for text in items]
    return ranked.with_columns(items, pl.Series("digest", digests, dtype=pl.String)).select(*_TYPES).sort("line")
