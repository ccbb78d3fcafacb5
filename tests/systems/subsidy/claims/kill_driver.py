"""Run by test_kill_and_resume in a process of its own: an undisturbed import, then one that is killed KILLS times.

    python kill_driver.py FOLDER KILLS

Writes calm.json and storm.json into FOLDER. Starting Python for each of the imports would take minutes, so this process
only loads the program and forks; it touches no database and computes nothing itself (Polars does not survive a fork).
The database is chosen by TASUKE_DATABASE_PREFIX.
"""

import importlib.util
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tasuke.deploy.setup import configure, prepare_databases

ROUNDS = 30
CHUNK = 4


def _town_module():
    spec = importlib.util.spec_from_file_location("town", Path(__file__).parent / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _claims(town):
    """Rounds of four: good, wrong number, an exact copy, too much charged at the window."""
    claims, kohi = [], []
    for n in range(ROUNDS):
        base = {"institution_code": f"14100{n:05}", "cost": 10_000 + n * 10}
        rows = [
            (base, {}),
            (base | {"institution_code": f"14110{n:05}"}, {"recipient_no": "9999999"}),
            (base, {}),
            (base | {"care": "medical", "institution_code": f"14120{n:05}"}, {"copay": 500}),
        ]
        for place, (claim, own) in enumerate(rows):
            line = n * 10 + place + 1
            claims.append(town.claim(line=line, **claim))
            kohi.append(town.kohi(line=line, **own))
            if place == 0:
                kohi.append(town.kohi(line=line, order=2, payer_no="88131248", recipient_no="0000018"))
    return claims, kohi


def prepare(folder):
    from django.apps import apps
    from django.db import connections

    prepare_databases()
    areas = [a.label for a in apps.get_app_configs() if a.label.startswith("subsidy_")] + ["batch", "exchange"]
    tables = [m._meta.db_table for m in apps.get_models() if m._meta.app_label in areas]
    with connections["subsidy"].cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
    town = TOWN.Town(folder)
    town.write(*_claims(TOWN), name="claims.uke")


def apply(folder, tell=lambda done: None):
    TOWN.set_profile(TOWN.load_profile(Path(TOWN.profiles.__file__).parent / "kawasaki.toml"))
    path = folder / "claims.uke"
    parameters = {"path": str(path), "chunk_size": CHUNK}
    target = f"claims:{TOWN.hashlib.sha256(path.read_bytes()).hexdigest()}"
    run, plan = TOWN.plan_run(
        using="subsidy", job="import-claims", target=target, parameters=parameters, by="担当", now=TOWN.NOW
    )
    tell(0)
    TOWN.apply_run(using="subsidy", run=run, plan=plan, clock=lambda: TOWN.NOW, progress=lambda done, total: tell(done))


def show(target):
    """Rows without ids (a file row that was rolled back uses up an id), totals, chunks and the run's counts."""
    from django.db import connections

    queries = {
        "claims": "SELECT line, (to_jsonb(c) - 'id' - 'file_id')::text FROM subsidy_claim c ORDER BY 1",
        "kohi": "SELECT claim_id % (2::bigint ^ 32)::bigint, (to_jsonb(k) - 'claim_id')::text FROM subsidy_claim_kohi k"
        ' ORDER BY 1, "order"',
        "findings": "SELECT claim_id % (2::bigint ^ 32)::bigint, (to_jsonb(f) - 'claim_id')::text"
        " FROM subsidy_claim_finding f ORDER BY 1, reason",
        "file": "SELECT rows, accepted, rejected, totals::text FROM exchange_inbound_file",
        "run": "SELECT state, counts::text, chunks_done FROM batch_run",
        "chunks": "SELECT number, counts::text FROM batch_run_chunk ORDER BY 1",
    }
    found = {}
    with connections["subsidy"].cursor() as cursor:
        for name, query in queries.items():
            cursor.execute(query)
            found[name] = [list(row) for row in cursor.fetchall()]
    target.write_text(json.dumps(found, ensure_ascii=False))


def fork(work: Callable[[], None]) -> int:
    """Do the work in a child process; give its id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(status)  # no clean-up: the server belongs to the parent
    return child


def finish(work):
    _, status = os.waitpid(fork(work), 0)
    if status:
        raise SystemExit(f"{work} ended with {status}")


def killed(folder, chance):
    """Import and be killed some chunks later, in the middle of one; False when the import was done before that."""
    reader, writer = os.pipe()
    child = fork(lambda: apply(folder, lambda done: os.write(writer, b".")))
    os.close(writer)
    for _ in range(chance.randrange(1, 4)):
        os.read(reader, 1)
    time.sleep(chance.random() * 0.02)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reader)
    return os.WIFSIGNALED(status)


def main(folder, kills):
    finish(lambda: prepare(folder))
    finish(lambda: apply(folder))
    finish(lambda: show(folder / "calm.json"))
    finish(lambda: prepare(folder))
    chance, count, rounds = random.Random(20261122), 0, 1
    while count < kills:
        if killed(folder, chance):
            count += 1
        else:
            finish(lambda: prepare(folder))
            rounds += 1
    finish(lambda: apply(folder))
    finish(lambda: show(folder / "storm.json"))
    print(f"killed {count} times in {rounds} rounds")


if __name__ == "__main__":
    os.environ["TASUKE_ARCHIVE"] = str(Path(sys.argv[1]) / "archive")
    configure()
    TOWN = _town_module()
    main(Path(sys.argv[1]), int(sys.argv[2]))
