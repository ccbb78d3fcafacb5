"""The commands on a database of their own, each in a process of its own as an operator runs them."""

import json
import os
import subprocess
import sys

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from tasuke.platform.database.embedded import data_folder, ensure_server
from tasuke.platform.database.systems import SYSTEMS

pytestmark = pytest.mark.slow  # two databases are made, and each command is a process

PREFIX = f"tasuke_cli_{os.getpid()}"


def run(*arguments, **more):
    """(exit status, what stdout says as JSON, stderr) of `tasuke audit …`."""
    code = "from tasuke.cli.main import run; run()"
    environment = {**os.environ, "TASUKE_DATABASE_PREFIX": PREFIX, **more}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    try:
        return done.returncode, json.loads(done.stdout), done.stderr
    except json.JSONDecodeError:
        return done.returncode, None, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module", autouse=True)
def installation(folder):
    """Databases made by `tasuke setup`; keys and checkpoints lie in a folder of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TASUKE_AUDIT_FOLDER", str(folder / "checkpoints"))
        patch.setenv("TASUKE_AUDIT_KEY", str(folder / "key" / "key.pem"))
        status, _, said = run("setup")
        assert status == 0, said
        run("audit", "seal")  # what the setup itself recorded
        yield
    with psycopg.connect(ensure_server(), autocommit=True) as connection:
        for system in SYSTEMS:
            name = sql.Identifier(f"{PREFIX}_{system}")
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("DROP ROLE {}").format(name))


def connect(*, admin=False):
    name = f"{PREFIX}_subsidy"
    return psycopg.connect(make_conninfo(ensure_server(), dbname=name, **({} if admin else {"user": name})))


def write(atena_no):
    with connect() as connection:
        connection.execute(
            "INSERT INTO audit_event (at, personal_id, kind, atena_no) VALUES (now(), 'k-1', 'read', %s)", [atena_no]
        )


def test_setup_leaves_the_program_no_right_to_change_the_trail():
    with pytest.raises(psycopg.errors.InsufficientPrivilege), connect() as connection:
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")


def test_setup_again_changes_nothing():
    status, _, said = run("setup")

    assert status == 0
    assert "変更はありません" in said


def test_seal_then_verify(folder):
    write("0000001")
    status, sealed, _ = run("audit", "seal")
    assert (status, sealed["subsidy"]["rows"], sealed["accounts"]) == (0, 1, None)

    status, verdicts, said = run("audit", "verify")

    assert status == 0, said
    assert [(v["system"], v["sound"], v["weaknesses"]) for v in verdicts] == [(s, True, []) for s in SYSTEMS]
    assert (folder / "key" / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_changed_row_is_named_and_the_status_says_so(folder):
    write("0000002")
    run("audit", "seal")
    change = "UPDATE audit_event SET atena_no = %s WHERE atena_no = %s RETURNING id"
    with connect(admin=True) as connection:
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")
        row = connection.execute(change, ["0000003", "0000002"]).fetchone()[0]
    try:
        status, verdicts, said = run("audit", "verify", "--system", "subsidy")
    finally:
        with connect(admin=True) as connection:
            connection.execute(change, ["0000002", "0000003"])
            connection.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_grows")

    assert status == 1
    assert (verdicts[0]["first"]["kind"], verdicts[0]["first"]["row"]) == ("row-changed", row)
    assert f"証跡 {row}" in said


def test_copies_that_were_kept_elsewhere_prove_the_trail(folder):
    write("0000004")
    run("audit", "seal")
    file = folder / "checkpoints" / f"checkpoints-{PREFIX}_subsidy.jsonl"
    copy = folder / "copy.jsonl"
    copy.write_bytes(file.read_bytes())
    write("0000005")
    run("audit", "seal")

    status, _, said = run(
        "audit", "verify", "--system", "subsidy", "--checkpoints", str(copy),
        "--public-key", str(folder / "key" / "key.pem.pub"),
    )  # fmt: skip

    assert status == 0, said


def test_a_trail_that_lost_its_rights_is_protected_again_by_an_administrator():
    with connect(admin=True) as connection:
        connection.execute(sql.SQL("ALTER TABLE audit_event OWNER TO {}").format(sql.Identifier(f"{PREFIX}_subsidy")))
    _, verdicts, _ = run("audit", "verify", "--system", "subsidy")
    assert any("所有者" in told for told in verdicts[0]["weaknesses"])
    _, findings, _ = run("doctor")
    assert [f["ok"] for f in findings if f["what"] == "証跡 subsidy"] == [False]

    status, _, said = run("audit", "protect", ensure_server())

    assert (status, "subsidy" in said) == (0, True)
    _, findings, _ = run("doctor")
    assert [f["ok"] for f in findings if f["what"] == "証跡 subsidy"] == [True]


def test_a_restore_that_never_was_cannot_be_claimed():
    status, _, said = run("audit", "restored", "subsidy", "--by", "op-1", "--reason", "試験")

    assert status == 1
    assert "前に戻っていません" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "verify", "--system", "other"),
        ("audit", "verify", "--checkpoints", "x.jsonl"),
        ("audit", "verify", "--system", "subsidy", "--checkpoints", "no-such-file"),
        ("audit", "restored", "subsidy", "--by", "op-1", "--reason", " "),
    ],
)
def test_wrong_use_is_told(arguments):
    from tasuke.cli.main import app

    assert CliRunner().invoke(app, list(arguments)).exit_code == 2


def test_a_key_that_others_can_read_stops_the_seal(folder):
    key = folder / "key" / "key.pem"
    key.chmod(0o644)
    try:
        status, _, said = run("audit", "seal")
    finally:
        key.chmod(0o600)

    assert status == 1
    assert "chmod 600" in said


def test_the_data_folder_is_the_default_place(monkeypatch):
    from tasuke.platform.audit.trail import audit_folder, key_file

    monkeypatch.delenv("TASUKE_AUDIT_FOLDER")
    monkeypatch.delenv("TASUKE_AUDIT_KEY")

    assert audit_folder(data_folder()) == data_folder() / "audit"
    assert key_file(data_folder()) == data_folder() / "audit-key" / "key.pem"
