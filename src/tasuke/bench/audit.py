"""audit-verify: prove a sealed trail of 10,000,000 events; beside it COPY alone of the same bytes."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from tasuke.bench.database import in_own_process, own_database
from tasuke.bench.result import BenchResult, result, seconds
from tasuke.deploy.clock import now
from tasuke.platform.audit.keys import open_key, trusted_keys
from tasuke.platform.audit.services.seal_trail import seal_trail
from tasuke.platform.audit.services.verify_trail import verify_trail
from tasuke.platform.audit.trail import Trail, row_lines, trail_of

_EVENTS = 10_000_000
_BLOCK = 2_000  # events of five seconds of a very large office

_INSERT = """
INSERT INTO audit_event (at, personal_id, office, terminal, session, action, screen, purpose, kind, atena_no, detail)
SELECT %(at)s + make_interval(secs => n / 400.0), 'k-' || 1000 + n %% 800, '141' || 100 + n %% 10, 't-' || n %% 500,
       md5((n %% 800)::text)::char(16), 'view-household', 'systems.subsidy.desk.web.households.household', 'counter',
       'read', lpad((n * 7919 %% 2000000)::text, 15, '0'), '{"what":"household"}'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""


def measure(scale: float) -> BenchResult:
    """Seconds of `tasuke audit verify` over sealed events; peak memory is that of the check."""
    events = int(_EVENTS * scale)
    with own_database("audit", profile="sapporo") as folder:
        filled = in_own_process(fill, events, folder, os.environ["TASUKE_DATABASE_PREFIX"])
        trail = _trail(folder)
        verdicts: list[Any] = []
        taken = seconds(lambda: verdicts.append(verify_trail(trail=trail, trust=trusted_keys(folder))))
        peer = seconds(lambda: _copy_alone(trail))
    verdict = verdicts[0]
    return result(
        "audit-verify", taken, "s", target="<= 300 s for 10,000,000", peer_name="COPY alone of the same rows",
        peer=peer, events=verdict.rows, blocks=verdict.blocks, sound=verdict.sound, pending=verdict.pending,
        events_per_second=int(verdict.rows / taken), fill_and_seal_seconds=round(filled["seconds"], 1),
        seal_milliseconds_per_block=round(filled["seal"] * 1000 / verdict.blocks, 2),
    )  # fmt: skip


def fill(events: int, folder: Path, prefix: str) -> dict[str, float]:
    """Write and seal, block by block as it would happen; gives the seconds in all and those of sealing."""
    from tasuke.deploy.setup import configure

    os.environ["TASUKE_DATABASE_PREFIX"] = prefix
    configure()
    trail, key = _trail(folder), open_key(folder / "key.pem")
    moment, sealing = now(), 0.0

    def write() -> None:
        nonlocal sealing
        with psycopg.connect(trail.conninfo, autocommit=True) as connection:
            for first in range(0, events, _BLOCK):
                last = min(first + _BLOCK, events) - 1
                connection.execute(_INSERT, {"at": moment, "first": first, "last": last})
                at = moment + timedelta(seconds=last / 400)
                sealing += seconds(lambda at=at: seal_trail(trail=trail, key=key, now=at))  # type: ignore[misc]

    return {"seconds": seconds(write), "seal": sealing}


def _trail(folder: Path) -> Trail:
    known = trail_of("subsidy", home=folder)
    return Trail(known.system, known.conninfo, folder / "checkpoints.jsonl")


def _copy_alone(trail: Trail) -> None:
    with psycopg.connect(trail.conninfo) as connection:
        for _ in row_lines(connection, "TRUE", []):
            pass
