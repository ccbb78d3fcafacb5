import os
import signal
import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
from tests.platform.audit.archive import AT, insert

from tasuke.platform.audit.checkpoints import Checkpoint, parse_line
from tasuke.platform.audit.keys import KeyUnusable, open_key, public_key, trusted_keys
from tasuke.platform.audit.services.seal_trail import TrailBroken, accept_restore, seal_trail


def test_sealed_rows_are_proved(archive):
    archive.write("0000001", "0000002")
    assert archive.seal().rows == 2
    archive.write("0000003")
    assert archive.seal().number == 2

    verdict = archive.verify()

    assert verdict.sound
    assert (verdict.rows, verdict.blocks, verdict.pending, verdict.weaknesses) == (3, 2, 0, ())


def test_nothing_new_makes_no_block(archive):
    assert archive.seal() is None
    archive.write("0000001")
    archive.seal()

    assert archive.seal() is None
    assert archive.verify().blocks == 1


def test_rows_that_wait_are_told_and_are_no_fault(archive):
    archive.write("0000001")
    archive.seal()
    archive.write("0000002", "0000003")

    verdict = archive.verify()

    assert verdict.sound
    assert (verdict.pending, verdict.oldest_pending) == (2, AT)


def test_an_empty_trail_is_sound(archive):
    assert archive.verify().sound


def test_a_row_that_was_numbered_early_and_committed_late_is_sealed_after_its_commit(archive):
    with psycopg.connect(archive.trail.conninfo) as slow:
        early = insert(slow, "0000001")
        late = archive.write("0000002")[0]
        assert early < late
        assert archive.seal().rows == 1  # the slow one is not committed
        archive.write("0000003")
        assert archive.seal().rows == 1
        slow.commit()
    assert archive.seal().rows == 1

    verdict = archive.verify()
    assert verdict.sound
    assert (verdict.rows, verdict.blocks) == (3, 3)


def test_many_connections_at_once_lose_nothing(archive):
    connections = [psycopg.connect(archive.trail.conninfo) for _ in range(6)]
    for round_ in range(12):
        for place, connection in enumerate(connections):
            insert(connection, f"{round_:03}{place:04}")
            if (round_ * 7 + place * 3) % 4 == 0:
                connection.commit()
            elif (round_ + place) % 5 == 0:
                connection.rollback()
        archive.seal()
    for connection in connections:
        connection.commit()
        connection.close()
    archive.seal()

    verdict = archive.verify()
    with psycopg.connect(archive.admin) as connection:
        assert verdict.rows == connection.execute("SELECT count(*) FROM audit_event").fetchone()[0]
    assert verdict.sound
    assert verdict.pending == 0


def test_numbers_that_a_rolled_back_transaction_used_are_no_fault(archive):
    archive.write("0000001")
    with psycopg.connect(archive.trail.conninfo) as connection:
        insert(connection, "0000002")
        connection.rollback()
    archive.write("0000003")
    archive.seal()

    assert archive.verify().sound


def test_rows_written_inside_a_savepoint_belong_to_their_transaction(archive):
    with psycopg.connect(archive.trail.conninfo) as connection:
        insert(connection, "0000001")
        with connection.transaction():
            insert(connection, "0000002")
        assert archive.seal() is None
    assert archive.seal().rows == 2
    assert archive.verify().sound


def test_while_one_process_seals_the_others_leave_it_alone(archive):
    archive.write("0000001")
    with psycopg.connect(archive.trail.conninfo) as other:
        other.execute("SELECT pg_advisory_lock(7106, 0)")
        assert archive.seal() is None
    assert archive.seal().rows == 1


@pytest.mark.parametrize("detail", ["\\N", "a\tb\nc\\", "😀 ﾔﾏﾀﾞ", "\\.", '{"what":"\\u0000"}', "\x01\x7f\v\f\r\b"])
def test_any_text_is_sealed_and_proved(archive, detail):
    with psycopg.connect(archive.trail.conninfo) as connection:
        insert(connection, "0000001", detail=detail)
    archive.seal()

    assert archive.verify().sound


@pytest.mark.parametrize(
    "settings", ["SET timezone = 'America/New_York'", "SET datestyle = 'German'", "SET client_encoding = 'EUC_JP'"]
)
def test_settings_of_the_database_change_no_byte(archive, settings):
    archive.write("0000001")
    archive.seal()
    role = psycopg.conninfo.conninfo_to_dict(archive.trail.conninfo)["user"]
    name, value = settings.removeprefix("SET ").split(" = ")
    with psycopg.connect(archive.admin) as connection:
        connection.execute(f"ALTER ROLE {role} SET {name} = {value}")
    try:
        assert archive.verify().sound
    finally:
        with psycopg.connect(archive.admin) as connection:
            connection.execute(f"ALTER ROLE {role} RESET {name}")


# --- killed processes -------------------------------------------------------------------------------------------------
SEAL_AND_DIE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tasuke.platform.audit.keys import open_key
from tasuke.platform.audit.services import seal_trail as room
from tasuke.platform.audit.trail import Trail

conninfo, file, key, point = sys.argv[1:]

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def half(path, data):
    with open(path, "ab") as out:
        out.write(data[:40])
    die()

if point == "before-block":
    room.seal_rows = die
else:
    room.append = half if point == "half-a-line" else die
now = datetime(2026, 11, 21, 9, tzinfo=UTC)
room.seal_trail(trail=Trail("subsidy", conninfo, Path(file)), key=open_key(Path(key)), now=now)
"""


def seal_and_die(archive, point):
    arguments = [archive.trail.conninfo, str(archive.trail.checkpoints), str(archive.folder / "key.pem"), point]
    done = subprocess.run([sys.executable, "-c", SEAL_AND_DIE, *arguments], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("point", ["before-block", "before-checkpoint", "half-a-line"])
def test_a_sealer_killed_at_any_point_is_made_good_by_the_next(archive, point, rounds):
    for number in range(rounds):
        archive.write(f"000000{number}")
        if number < rounds - 1:
            archive.seal()
    seal_and_die(archive, point)
    archive.write("0000009")

    sealed = archive.seal()

    assert sealed.mended == (point != "before-block")
    archive.seal()  # the trail's own word about the mending
    verdict = archive.verify()
    assert verdict.sound
    assert verdict.rows == rounds + 1 + sealed.mended


def test_a_writer_killed_before_its_commit_leaves_nothing(archive):
    writer = (
        "import os, signal, sys, psycopg\n"
        "c = psycopg.connect(sys.argv[1])\n"
        "c.execute(\"INSERT INTO audit_event (at, personal_id, kind) VALUES (now(), 'k', 'read')\")\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", writer, archive.trail.conninfo], env=dict(os.environ), check=False)
    archive.write("0000001")

    assert archive.seal().rows == 1
    assert archive.verify().sound


# --- the checkpoint file ----------------------------------------------------------------------------------------------
@pytest.fixture
def three(archive):
    for number in range(3):
        archive.write(f"000000{number}")
        archive.seal(now=AT + timedelta(seconds=number))
    return archive


def lines_of(archive):
    return archive.trail.checkpoints.read_bytes().splitlines(keepends=True)


def test_each_block_has_one_line(three):
    told = [parse_line(line) for line in lines_of(three)]

    assert [line.number for line in told] == [1, 2, 3]
    assert all(isinstance(line, Checkpoint) for line in told)


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lambda lines: lines[:-1], ("checkpoint-missing", 3, None, None)),
        (lambda lines: lines[:-2], ("checkpoint-missing", 2, None, None)),
        (lambda lines: [], ("checkpoint-missing", 1, None, None)),
        (lambda lines: lines[1:], ("checkpoint-changed", 1, None, 1)),
        (lambda lines: [lines[0], lines[2]], ("checkpoint-changed", 2, None, 2)),
        (lambda lines: [lines[1], lines[0], lines[2]], ("checkpoint-changed", 1, None, 1)),
        (lambda lines: [*lines, lines[2]], ("checkpoint-ahead", 4, None, 4)),
        (lambda lines: [*lines, b"x"], ("checkpoint-ahead", 4, None, 4)),
        (lambda lines: [*lines[:2], lines[2][:-5]], ("checkpoint-changed", 3, None, 3)),
    ],
)
def test_a_cut_or_edited_checkpoint_file_is_found(three, change, first):
    three.trail.checkpoints.write_bytes(b"".join(change(lines_of(three))))

    assert three.first() == first


def test_a_copy_of_the_file_that_was_kept_elsewhere_may_be_older(three):
    three.trail.checkpoints.write_bytes(b"".join(lines_of(three)[:2]))

    assert three.verify(older_file=True).sound


def test_nothing_is_sealed_on_top_of_a_cut_file(three):
    three.trail.checkpoints.write_bytes(lines_of(three)[0])
    three.write("0000009")

    with pytest.raises(TrailBroken, match="切り詰め"):
        three.seal()


def test_blocks_cut_off_at_the_end_are_missed_by_the_file(three):
    three.tamper("DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event)")
    three.tamper("DELETE FROM audit_block WHERE number = 3")

    assert three.first() == ("checkpoint-ahead", 3, None, 3)
    with pytest.raises(TrailBroken, match="restored"):
        three.seal()


def test_a_restored_database_goes_on_after_somebody_answered_for_it(three):
    three.tamper("DELETE FROM audit_event WHERE id > (SELECT min(id) FROM audit_event)")
    three.tamper("DELETE FROM audit_block WHERE number > 1")

    accept_restore(trail=three.trail, key=three.key, now=AT, by="op-1", reason="ディスク交換のためバックアップから復元")
    three.write("0000009")
    assert three.seal().number == 2
    three.write("0000010")
    three.seal()

    verdict = three.verify()
    assert verdict.sound
    assert verdict.restores[0]["by"] == "op-1"
    assert len(lines_of(three)) == 6


def test_a_restoration_that_nobody_signed_is_a_fault(three):
    forged = parse_line(lines_of(three)[0])
    line = Checkpoint(**{**{n: getattr(forged, n) for n in forged.__slots__}, "restored": {"by": "x"}}).line()
    three.trail.checkpoints.write_bytes(b"".join([*lines_of(three), line]))

    assert three.first() == ("checkpoint-changed", 1, None, 4)


def test_a_restore_cannot_be_claimed_without_one(three):
    with pytest.raises(TrailBroken, match="前に戻っていません"):
        accept_restore(trail=three.trail, key=three.key, now=AT, by="op-1", reason="x")


# --- keys -------------------------------------------------------------------------------------------------------------
def test_the_key_is_readable_by_its_owner_alone(tmp_path):
    open_key(tmp_path / "key" / "key.pem")

    assert (tmp_path / "key" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o700


def test_a_key_that_others_can_read_is_not_used(tmp_path):
    open_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o640)

    with pytest.raises(KeyUnusable, match="chmod 600"):
        open_key(tmp_path / "key.pem")


def test_a_file_without_a_key_is_told(tmp_path):
    (tmp_path / "key.pem").write_text("no key")
    (tmp_path / "key.pem").chmod(0o600)

    with pytest.raises(KeyUnusable):
        open_key(tmp_path / "key.pem")


def test_after_a_change_of_keys_the_old_blocks_are_still_proved(three):
    (three.folder / "key.pem").rename(three.folder / "old.pem")
    (three.folder / "key.pem.pub").rename(three.folder / "old.pem.pub")
    three.write("0000009")
    three.seal()

    assert three.verify().sound
    (three.folder / "old.pem.pub").unlink()
    assert three.first() == ("block-unsigned", 1, three.verify().first.row, None)


def test_a_public_key_from_elsewhere_proves_the_trail(three):
    trust = public_key(three.folder / "key.pem.pub")

    assert trust.keys() == trusted_keys(three.folder).keys()


def test_a_trail_signed_by_another_key_is_not_believed(archive, tmp_path):
    archive.write("0000001")
    seal_trail(trail=archive.trail, key=open_key(tmp_path / "thief.pem"), now=AT)
    archive.key  # noqa: B018 makes ours

    assert archive.first()[0] == "block-unsigned"
