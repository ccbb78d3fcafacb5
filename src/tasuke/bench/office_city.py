"""The city of the bench `office`: a register, its recipients with papers, and twelve months of claims.

Residents and one month of claims come in through the product's own imports, recipients by COPY; the eleven months
before are the first one again, moved back, with a query in every forty claims. The database stays for the next run.
"""

import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from tasuke.bench.claims_month import record_recipients
from tasuke.bench.database import drop_databases, in_own_process
from tasuke.bench.importing import timed_import
from tasuke.bench.recipients import MONTH, PROFILE, Books, write_books

RESIDENTS, CLAIMS_A_MONTH, MONTHS = 2_000_000, 333_334, 12
_OPEN_MONTHS = 2  # queries of older months are decided
_COMPLETE = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
_REASON = "COPAY_TOO_LOW"
_OF_FILE = "WHERE c.id >= %(file)s * 4294967296 AND c.id < (%(file)s + 1) * 4294967296"
# every fortieth claim of the months that are moved back says another burden than ours
_ODD = "(c.state = 'accepted' AND c.line %% 40 = 0)"
_CLAIM = {
    "id": "%(new)s * 4294967296 + c.line",
    "file_id": "%(new)s",
    "billed_month": "c.billed_month - make_interval(months => %(back)s)",
    "service_month": "c.service_month - make_interval(months => %(back)s)",
    "state": f"CASE WHEN {_ODD} THEN 'query' ELSE c.state END",
    "subsidy": f"CASE WHEN {_ODD} THEN 0 ELSE c.subsidy END",
    "meals_subsidy": f"CASE WHEN {_ODD} THEN 0 ELSE c.meals_subsidy END",
    "reasons": f"CASE WHEN {_ODD} THEN ARRAY['{_REASON}'] ELSE c.reasons END",
}
_FINDING = {
    "claim_id": "c.id", "reason": "r.reason", "billed": "c.billed_burden::text", "ours": "c.burden::text",
    "rule": "'計測'",
}  # fmt: skip
_ENTRY = {
    "claim_id": "c.id", "kind": "'accept'", "sign": "1", "booked_month": "c.billed_month", "burden": "c.burden",
    "subsidy": "c.expected_subsidy", "meals_subsidy": "c.expected_meals", "note": "'照会して確かめた'",
    "decided_by": "'bench'", "decided_at": "c.billed_month",
}  # fmt: skip
_APPLICATION = {
    "application_no": "'B' || lpad(c.id::text, 9, '0')", "scheme": "c.scheme", "kind": "'1'", "atena_no": "c.atena_no",
    "applicant_atena_no": "c.atena_no", "role": "'1'", "received_on": "lower(c.valid)", "channel": "'1'",
    "reason": "'1'", "event_date": "lower(c.valid)", "state": "'decided'",
}  # fmt: skip
_CERTIFICATE = {
    "scheme": "c.scheme", "atena_no": "c.atena_no", "entitlement_id": "c.id", "recipient_no": "c.recipient_no",
    "payer_no": "c.payer_no", "copay_class": "c.copay_class", "valid": "c.valid", "kind": "'new'",
    "state": "'issued'", "issued_on": "lower(c.valid)", "content": "'{}'", "file_sha256": "repeat('0', 64)",
    "page": "1", "issued_by": "'bench'",
}  # fmt: skip
_FILE = """
INSERT INTO exchange_inbound_file SELECT (jsonb_populate_record(f, jsonb_build_object(
  'id', nextval(pg_get_serial_sequence('exchange_inbound_file', 'id')),
  'sha256', encode(sha256(convert_to(sha256 || %(back)s, 'UTF8')), 'hex'),
  'received_at', received_at - make_interval(months => %(back)s)))).*
FROM exchange_inbound_file f WHERE id = %(file)s RETURNING id
"""


def stand_city(residents: int, claims_a_month: int) -> dict[str, int]:
    """The database of a city of that size in this process, made unless it stands; counts of what is in it."""
    os.environ["TASUKE_DATABASE_PREFIX"] = f"tasuke_bench_office_{residents}"

    from tasuke.deploy.profiles import open_profile
    from tasuke.deploy.setup import configure, prepare_databases
    from tasuke.systems.subsidy.profile import set_profile

    configure()
    prepare_databases()
    set_profile(open_profile(PROFILE))
    if _one(_COMPLETE) is None:
        drop_databases()  # of a run that was broken off
        prepare_databases()
        _build(residents, claims_a_month)
        _run(f"COMMENT ON DATABASE {_one('SELECT current_database()')} IS 'complete'")
    tables = {"residents": "resident_record", "recipients": "entitlement", "claims": "claim", "decided": "claim_entry"}
    counts = {name: int(_one(f"SELECT count(*) FROM subsidy_{table}")) for name, table in tables.items()}  # noqa: S608 names of ours
    counts["open_queries"] = int(_one("SELECT count(*) FROM subsidy_claim WHERE state = 'query'")) - counts["decided"]
    return counts


def _build(residents: int, claims_a_month: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tasuke-bench-office-") as name:
        folder = Path(name)
        os.environ["TASUKE_ARCHIVE"] = str(folder / "archive")
        timed_import("residents", in_own_process(write_register, residents, folder))
        books: Books = in_own_process(write_books, residents, claims_a_month, folder, whole=True)
        record_recipients(books)
        _add_papers()
        for path in books.files:
            timed_import("claims", path, form="uke")
    _move_back()
    _run("VACUUM ANALYZE")


def write_register(residents: int, folder: Path) -> Path:
    """The resident file of the same city as `write_books` draws its recipients from."""
    from tasuke.city.parts import residents_only
    from tasuke.deploy.profiles import open_profile

    start = date(MONTH.year, MONTH.month, 1)
    return residents_only(profile=open_profile(PROFILE), residents=residents, seed=1, start=start, out=folder)


def _add_papers() -> None:
    """Everybody once applied, and holds a certificate."""
    from tasuke.systems.subsidy.certificates.models import Certificate
    from tasuke.systems.subsidy.entitlements.models import Application

    _insert(Application, _APPLICATION, "FROM subsidy_entitlement c")
    _insert(Certificate, _CERTIFICATE, "FROM subsidy_entitlement c")


def _move_back() -> None:
    """The months before the imported one, one file after the other."""
    from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, ClaimFinding

    claim = {str(f.column): f'c."{f.column}"' for f in Claim._meta.concrete_fields} | _CLAIM
    first = [int(row[0]) for row in _rows("SELECT id FROM exchange_inbound_file WHERE kind = 'claims' ORDER BY id")]
    for back in range(1, MONTHS):
        for file in first:
            new = _one(_FILE, {"file": file, "back": back})
            _insert(Claim, claim, f"FROM subsidy_claim c {_OF_FILE}", {"file": file, "new": new, "back": back})
            _insert(
                ClaimFinding, _FINDING, f"FROM subsidy_claim c, unnest(c.reasons) r(reason) {_OF_FILE}", {"file": new}
            )
            if back > _OPEN_MONTHS:
                _insert(ClaimEntry, _ENTRY, f"FROM subsidy_claim c {_OF_FILE} AND c.state = 'query'", {"file": new})


def _insert(model: Any, values: dict[str, str], source: str, known: Any = None) -> None:
    """INSERT … SELECT; columns that are not named take what the model says, as rows of the ORM do."""
    filled = dict(values)
    for field in model._meta.concrete_fields:
        if field.column not in filled and not field.null and not field.primary_key:
            default = field.get_default()
            filled[field.column] = "false" if default is False else f"'{default}'"
    columns = ", ".join(f'"{column}"' for column in filled)
    _run(f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {", ".join(filled.values())} {source}', known)


def _rows(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    from django.db import connections

    with connections["subsidy"].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _one(statement: str, values: Any = None) -> Any:
    return _rows(statement, values)[0][0]


def _run(statement: str, values: Any = None) -> None:
    from django.db import connections

    with connections["subsidy"].cursor() as cursor:
        cursor.execute(statement, values)
