"""Any single change of what is sealed is found, and its place is named."""

import hashlib

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.audit.archive import AT

from tasuke.platform.audit.chain import Rows, entries
from tasuke.platform.audit.services.seal_trail import seal_trail
from tasuke.platform.audit.trail import row_lines

BLOCKS = (3, 1, 5, 2)
COLUMNS = {
    "xid": "xid + 1000000",
    "at": "at + interval '1 microsecond'",
    "personal_id": "personal_id || 'x'",
    "office": "'141003'",
    "terminal": "'t-9'",
    "session": "'0'",
    "action": "'view-home'",
    "screen": "' '",
    "purpose": "'payment'",
    "kind": "'printed'",
    "atena_no": "'0000999'",
    "detail": "'{}'",
}
BLOCK_COLUMNS = {
    "snapshot": "snapshot || '1'",
    "rows_sha256": "sha256('x')",
    "row_index": "overlay(row_index placing '\\x00' from 9)",
    "sealed_at": "sealed_at - interval '1 second'",
    "previous": "sha256('y')",
    "hash": "sha256('z')",
    "key_id": "'0123456789abcdef'",
    "signature": "sha512('s')",
}

OFFSET = "CREATE OR REPLACE FUNCTION audit_offset() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT {}::bigint'"


@pytest.fixture
def ids(archive):
    """Ids of the rows of each block."""
    made = []
    for size in BLOCKS:
        made.append(archive.write(*(f"{n:07}" for n in range(size))))
        archive.seal()
    assert archive.verify().sound
    return made


places = st.integers(0, len(BLOCKS) - 1).flatmap(lambda b: st.tuples(st.just(b), st.integers(0, BLOCKS[b] - 1)))
many = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Undone:
    """Keeps copies of the tables, so that each example starts from the same sealed trail."""

    def __init__(self, archive):
        self.archive = archive

    def __enter__(self):
        with self.archive.tampering() as connection:
            connection.execute("CREATE TABLE kept_event AS TABLE audit_event")
            connection.execute("CREATE TABLE kept_block AS TABLE audit_block")
        return self

    def __exit__(self, *fault):
        with self.archive.tampering() as connection:
            connection.execute("TRUNCATE audit_event, audit_block")
            connection.execute("INSERT INTO audit_event OVERRIDING SYSTEM VALUE TABLE kept_event")
            connection.execute("INSERT INTO audit_block TABLE kept_block")
            connection.execute("DROP TABLE kept_event, kept_block")


@many
@given(place=places, column=st.sampled_from(sorted(COLUMNS)))
def test_a_changed_row_is_named(archive, ids, place, column):
    block, row = place
    with Undone(archive):
        archive.tamper(f"UPDATE audit_event SET {column} = {COLUMNS[column]} WHERE id = %s", ids[block][row])

        assert archive.first() == ("row-changed", block + 1, ids[block][row], None)
    assert archive.verify().sound


@many
@given(place=places)
def test_a_removed_row_is_named(archive, ids, place):
    block, row = place
    with Undone(archive):
        archive.tamper("DELETE FROM audit_event WHERE id = %s", ids[block][row])

        assert archive.first() == ("row-removed", block + 1, ids[block][row], None)


@many
@given(place=places, new_id=st.sampled_from([-5, 10**9]))
def test_a_row_inserted_among_sealed_ones_is_named(archive, ids, place, new_id):
    block, row = place
    with Undone(archive):
        archive.tamper(
            "INSERT INTO audit_event (id, xid, at, personal_id, kind) OVERRIDING SYSTEM VALUE"
            " SELECT %s, xid, at, personal_id, kind FROM audit_event WHERE id = %s",
            new_id,
            ids[block][row],
        )

        assert archive.first() == ("row-inserted", block + 1, new_id, None)


@many
@given(one=places, other=places)
def test_two_rows_that_changed_places_are_named(archive, ids, one, other):
    a, b = sorted({ids[one[0]][one[1]], ids[other[0]][other[1]]} | {ids[0][0]})[:2] if one != other else ids[0][:2]
    block = 1 + next(n for n, listed in enumerate(ids) if a in listed)
    with Undone(archive):
        archive.tamper("UPDATE audit_event SET id = -1 WHERE id = %s", a)
        archive.tamper("UPDATE audit_event SET id = %s WHERE id = %s", a, b)
        archive.tamper("UPDATE audit_event SET id = %s WHERE id = -1", b)

        kind, found, row, _ = archive.first()
        assert (kind in ("row-changed", "row-removed"), found, row) == (True, block, a)


@many
@given(block=st.integers(1, len(BLOCKS)), column=st.sampled_from(sorted(BLOCK_COLUMNS)))
def test_a_changed_block_is_named(archive, ids, block, column):
    with Undone(archive):
        changed = BLOCK_COLUMNS[column]
        archive.tamper(f"UPDATE audit_block SET {column} = {changed} WHERE number = %s", block)

        kind, found, row, _ = archive.first()
        # the key's id and the signature stand outside the hash: they are what the signature's check finds
        expected = "block-unsigned" if column in ("key_id", "signature") else "block-changed"
        assert (kind, found, row) == (expected, block, ids[block - 1][0])


@pytest.mark.parametrize("block", [1, 2, 3])
def test_a_removed_block_is_named(archive, ids, block):
    archive.tamper("DELETE FROM audit_block WHERE number = %s", block)

    assert archive.first()[:2] == ("block-removed", block)


def test_a_removed_block_with_all_its_rows_is_named(archive, ids):
    archive.tamper("DELETE FROM audit_event WHERE id = ANY(%s)", ids[1])
    archive.tamper("DELETE FROM audit_block WHERE number = 2")

    assert archive.first()[:2] == ("block-removed", 2)


def test_an_emptied_trail_is_found(archive, ids):
    with archive.tampering() as connection:
        connection.execute("TRUNCATE audit_event, audit_block")

    assert archive.first() == ("checkpoint-ahead", 1, None, 1)


def reseal(archive, number, key, *, from_number):
    """What somebody with all rights in the database, but without the key, would do: compute everything anew."""
    with archive.tampering() as connection:
        rows = Rows()
        found = connection.execute("SELECT row_index FROM audit_block WHERE number = %s", [number]).fetchone()[0]
        members = [key for key, _ in entries(bytes(found))]
        rows.add(row_lines(connection, "id = ANY(%s)", [members]))
        connection.execute(
            "UPDATE audit_block SET rows_sha256 = %s, row_index = %s WHERE number = %s",
            [rows.sha256(), bytes(rows.index), number],
        )
        rehash(connection, from_number, key)


def rehash(connection, from_number, key):
    from tasuke.platform.audit.chain import GENESIS, signed_text
    from tasuke.platform.audit.trail import blocks

    previous = None
    for block in list(blocks(connection, "subsidy")):
        if block.number >= from_number:
            fresh = type(block)(
                **{
                    **{n: getattr(block, n) for n in block.__slots__},
                    "previous": previous or GENESIS,
                    "key_id": key.id if key else block.key_id,
                }
            )
            digest = fresh.expected_hash()
            text = signed_text(system="subsidy", number=block.number, digest=digest, key_id=fresh.key_id)
            connection.execute(
                "UPDATE audit_block SET previous = %s, hash = %s, key_id = %s, signature = %s WHERE number = %s",
                [fresh.previous, digest, fresh.key_id, key.sign(text) if key else block.signature, block.number],
            )
            previous = digest
        else:
            previous = block.hash


def test_a_whole_chain_computed_anew_without_the_key_is_found(archive, ids):
    archive.tamper("UPDATE audit_event SET atena_no = '0000999' WHERE id = %s", ids[1][0])
    reseal(archive, 2, None, from_number=2)

    assert archive.first() == ("block-unsigned", 2, ids[1][0], None)


def test_a_whole_chain_signed_by_another_key_is_found(archive, ids, tmp_path):
    from tasuke.platform.audit.keys import open_key

    archive.tamper("UPDATE audit_event SET atena_no = '0000999' WHERE id = %s", ids[1][0])
    reseal(archive, 2, open_key(tmp_path / "thief.pem"), from_number=2)

    assert archive.first() == ("block-unsigned", 2, ids[1][0], None)


def test_a_chain_computed_anew_with_the_stolen_key_is_found_by_the_file(archive, ids):
    archive.tamper("UPDATE audit_event SET atena_no = '0000999' WHERE id = %s", ids[1][0])
    reseal(archive, 2, archive.key, from_number=2)

    assert archive.first() == ("checkpoint-changed", 2, None, 2)


@many
@given(data=st.data())
def test_any_changed_byte_of_the_checkpoint_file_is_found(archive, ids, data):
    good = archive.trail.checkpoints.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[at]))
    archive.trail.checkpoints.write_bytes(good[:at] + bytes([other]) + good[at + 1 :])
    try:
        assert archive.first()[0].startswith("checkpoint-")
    finally:
        archive.trail.checkpoints.write_bytes(good)


def test_only_the_first_broken_blocks_are_read_again(archive):
    for number in range(25):
        archive.write(f"{number:07}")
        archive.seal()
    archive.tamper("UPDATE audit_event SET kind = 'printed'")

    verdict = archive.verify()
    assert len(verdict.faults) == 20
    assert verdict.unexamined_blocks == 5
    assert verdict.first.block == 1


def test_with_very_many_blocks_every_nth_signature_still_finds_the_first_bad_one(archive, monkeypatch):
    from tasuke.platform.audit import walk_blocks

    monkeypatch.setattr(walk_blocks, "_MOST_SIGNATURES", 3)
    for number in range(10):
        archive.write(f"{number:07}")
        archive.seal()
    assert archive.verify().sound
    archive.tamper("UPDATE audit_event SET kind = 'printed' WHERE atena_no = '0000005'")
    reseal(archive, 6, None, from_number=6)

    assert archive.first()[:2] == ("block-unsigned", 6)


def test_a_dump_restored_into_a_younger_server_goes_on(archive, ids):
    """There the transaction numbers start below those of the trail; the administrator's connection lifts them."""
    from tasuke.platform.audit.protection import protect
    from tasuke.platform.audit.services.seal_trail import TrailBroken

    role = psycopg.conninfo.conninfo_to_dict(archive.trail.conninfo)["user"]
    with psycopg.connect(archive.admin) as connection:  # the same as numbers that fall back by a million
        connection.execute(OFFSET.format(-1_000_000))
    try:
        with pytest.raises(TrailBroken, match="tasuke setup"):
            archive.seal()
        protect(archive.admin, program=role)
        new = archive.write("0000042")
        assert archive.seal().rows == 1

        assert archive.verify().sound
        archive.tamper("UPDATE audit_event SET kind = 'printed' WHERE id = %s", new[0])
        assert archive.first() == ("row-changed", len(BLOCKS) + 1, new[0], None)
    finally:
        with psycopg.connect(archive.admin) as connection:
            connection.execute(OFFSET.format(0))


def test_a_row_is_marked_by_the_first_half_of_its_hash(archive, ids):
    with psycopg.connect(archive.admin) as connection:
        line = next(row_lines(connection, "id = %s", [ids[0][0]]))
        index = connection.execute("SELECT row_index FROM audit_block WHERE number = 1").fetchone()[0]

    assert next(entries(bytes(index))) == (ids[0][0], hashlib.sha256(line).digest()[:16])
    assert seal_trail(trail=archive.trail, key=archive.key, now=AT) is None
