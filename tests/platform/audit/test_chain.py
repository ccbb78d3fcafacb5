import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.platform.audit.chain import (
    GENESIS,
    Rows,
    Snapshot,
    SnapshotInvalid,
    entries,
    row_id,
    seal_rows,
    stamp,
)
from tasuke.platform.audit.keys import open_key

AT = datetime(2026, 11, 21, 9, 0, 0, 5, tzinfo=UTC)
LINES = [
    b"800\t1\t1795251600000000\tk-1\t\t\t\t\t\t\tread\t0000001\t\n",
    b"800\t2\t1795251600000000\tk-1\t\t\t\t\t\t\tread\t0000002\t\n",
]


@pytest.fixture
def key(tmp_path):
    return open_key(tmp_path / "key.pem")


def rows(lines=LINES):
    made = Rows()
    made.add(lines)
    return made


def test_the_documented_bytes_of_a_block_give_its_hash(key):
    index = b"".join(n.to_bytes(8, "big") + hashlib.sha256(line).digest()[:16] for n, line in enumerate(LINES, 1))
    text = (
        "tasuke audit block 1\nsystem subsidy\nnumber 1\nsnapshot 801:801:\nrows 2\n"
        f"rows-sha256 {hashlib.sha256(b''.join(LINES)).hexdigest()}\nindex-sha256 {hashlib.sha256(index).hexdigest()}\n"
        f"sealed-at 2026-11-21T09:00:00.000005Z\nprevious {'0' * 64}\n"
    )
    block = seal_rows(system="subsidy", last=None, snapshot=Snapshot(801, 801), rows=rows(), sealed_at=AT, key=key)

    assert block.hash == hashlib.sha256(text.encode()).digest() == block.expected_hash()
    signed = f"tasuke audit checkpoint 1\nsystem subsidy\nnumber 1\nhash {block.hash.hex()}\nkey {key.id}\n"
    key.private.public_key().verify(block.signature, signed.encode())


def test_each_block_carries_the_hash_of_the_one_before(key):
    first = seal_rows(system="subsidy", last=None, snapshot=Snapshot(801, 801), rows=rows(), sealed_at=AT, key=key)
    second = seal_rows(system="subsidy", last=first, snapshot=Snapshot(802, 802), rows=rows(), sealed_at=AT, key=key)

    assert first.previous == GENESIS
    assert (second.number, second.previous) == (2, first.hash)


def test_an_index_gives_back_ids_and_marks():
    made = list(entries(bytes(rows().index)))

    assert made == [(n, hashlib.sha256(line).digest()[:16]) for n, line in enumerate(LINES, 1)]
    assert [row_id(line) for line in LINES] == [1, 2]


def test_a_moment_is_the_same_text_in_every_time_zone():
    assert stamp(AT.astimezone(timezone(timedelta(hours=9)))) == "2026-11-21T09:00:00.000005Z"


@given(st.integers(0, 50), st.integers(0, 50), st.sets(st.integers(0, 100), max_size=5))
def test_a_snapshot_survives_its_text(low, more, running):
    snapshot = Snapshot(low, low + more, frozenset(running))

    assert Snapshot.parse(str(snapshot)) == snapshot


@pytest.mark.parametrize("text", ["", "1", "1:2", "a:b:", "1:2:x", "1:2:3,,x"])
def test_what_is_no_snapshot_is_refused(text):
    with pytest.raises(SnapshotInvalid):
        Snapshot.parse(text)


def test_a_snapshot_sees_what_had_ended():
    snapshot = Snapshot(10, 20, frozenset({12, 15}))

    assert [xid for xid in range(8, 22) if snapshot.sees(xid)] == [8, 9, 10, 11, 13, 14, 16, 17, 18, 19]
    assert str(snapshot.shifted(100)) == "110:120:112,115"
