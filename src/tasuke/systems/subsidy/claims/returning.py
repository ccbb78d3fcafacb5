"""Which claim a returned receipt means: by 検索番号, else by レセプト番号 of the same institution and month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.claims.frames import Schema

_KNOWN: Schema = {
    "claim_id": pl.Int64,
    "search_no": pl.String,
    "institution_code": pl.String,
    "service_month": pl.Date,
    "receipt_no": pl.Int64,
    "cost": pl.Int64,
    "billed_burden": pl.Int64,
    "standing": pl.String,
}
# standing today: of the last entry, else of the import
_CANDIDATES = """
SELECT c.id, c.search_no, c.institution_code, c.service_month, c.receipt_no, c.cost, c.billed_burden,
    coalesce((SELECT CASE e.kind WHEN 'accept' THEN 'accepted' ELSE 'return' END FROM subsidy_claim_entry e
        WHERE e.claim_id = c.id ORDER BY e.id DESC LIMIT 1), c.state) AS standing
FROM subsidy_claim c
WHERE (c.search_no <> '' AND c.search_no = ANY(%(numbers)s))
    OR (c.service_month = ANY(%(months)s) AND c.institution_code = ANY(%(institutions)s) AND c.receipt_no IS NOT NULL)
"""
_RANK = {"accepted": 0, "query": 1, "return": 2}


@dataclass(frozen=True, slots=True)
class Named:
    """How a record of a returned file names its receipt."""

    search_no: str
    institution_code: str
    service_month: date | None
    receipt_no: int | None


@dataclass(frozen=True, slots=True)
class Meant:
    """The claim that is meant, as it stands today; none or several: claim_id None."""

    claim_id: int | None
    candidates: int
    standing: str = ""
    cost: int = 0
    billed_burden: int = 0


def find_meant(*, using: str, named: Sequence[Named]) -> list[Meant]:
    """For each the claim that it means. One that stands (paid, then asked) goes before one that has gone back."""
    known = copy_out(
        connections[using],
        _CANDIDATES,
        {
            "numbers": sorted({n.search_no for n in named if n.search_no}),
            "months": sorted({n.service_month for n in named if n.service_month}),
            "institutions": sorted({n.institution_code for n in named if n.institution_code}),
        },
        schema=_KNOWN,
    )
    rows = list(known.iter_rows(named=True))
    by_number: dict[str, list[dict[str, object]]] = {}
    by_receipt: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in rows:
        by_number.setdefault(str(row["search_no"] or ""), []).append(row)
        key = (row["institution_code"], row["service_month"], row["receipt_no"])
        by_receipt.setdefault(key, []).append(row)
    return [_meant(by_number, by_receipt, n) for n in named]


def _meant(
    by_number: dict[str, list[dict[str, object]]],
    by_receipt: dict[tuple[object, ...], list[dict[str, object]]],
    n: Named,
) -> Meant:
    found = by_number.get(n.search_no, []) if n.search_no else []
    if not found and n.receipt_no is not None:
        found = by_receipt.get((n.institution_code, n.service_month, n.receipt_no), [])
        # a claim that has another search number is another receipt
        found = [row for row in found if not n.search_no or not row["search_no"]]
    if not found:
        return Meant(None, 0)
    first = min(_RANK[str(row["standing"])] for row in found)
    best = [row for row in found if _RANK[str(row["standing"])] == first]
    if len(best) > 1 and first != _RANK["return"]:
        return Meant(None, len(best))
    row = max(best, key=lambda r: int(str(r["claim_id"])))
    return Meant(
        int(str(row["claim_id"])), 1, str(row["standing"]), int(str(row["cost"])), int(str(row["billed_burden"]))
    )
