"""Sealed at rest: nothing opens that was changed or moved, keys rotate, the index finds and gives nothing away."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.platform.crypto.files import KeyFileUnusable, keys_folder
from tasuke.platform.crypto.vault import OVERHEAD, CannotOpen, Vault, vault_of


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    return Vault(tmp_path_factory.mktemp("vault"))


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_again(vault, data, context):
    blob = vault.seal(data, context=context)
    assert vault.open(blob, context=context) == data
    assert len(blob) == len(data) + OVERHEAD


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_flipped_bit_is_refused(vault, data, draw):
    blob = bytearray(vault.seal(data, context="c"))
    bit = draw.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CannotOpen):
        vault.open(bytes(blob), context="c")


@given(st.binary(max_size=60), st.integers(1, 40))
def test_a_cut_value_is_refused(vault, data, cut):
    with pytest.raises(CannotOpen):
        vault.open(vault.seal(data, context="c")[:-cut], context="c")


@given(st.text(max_size=10), st.text(max_size=10))
def test_a_value_opens_only_where_it_was_sealed_for(vault, one, other):
    blob = vault.seal(b"x", context=one)
    if one != other:
        with pytest.raises(CannotOpen):
            vault.open(blob, context=other)


def test_the_same_value_is_never_sealed_alike(vault):
    assert len(set(vault.seal_many([b"x"] * 100, context="c"))) == 100


def test_another_vault_opens_nothing(vault, tmp_path):
    with pytest.raises(CannotOpen):
        Vault(tmp_path).open(vault.seal(b"x", context="c"), context="c")


def test_old_values_open_after_a_rotation_and_new_ones_use_the_new_key(tmp_path):
    vault = Vault(tmp_path)
    old = vault.seal(b"old", context="c")
    index = vault.index("1", context="c")
    assert vault.rotate() == 2
    new = vault.seal(b"new", context="c")
    assert (vault.key_of(old), vault.key_of(new)) == (1, 2)
    assert vault.open_many([old, new], context="c") == [b"old", b"new"]
    assert vault.index("1", context="c") == index  # a search still finds


def test_another_process_sees_a_rotation(tmp_path):
    here, there = Vault(tmp_path), Vault(tmp_path)
    there.seal(b"x", context="c")
    here.rotate()
    assert there.key_of(there.seal(b"x", context="c")) == 2
    assert there.open(here.seal(b"y", context="c"), context="c") == b"y"


def test_many_at_once_make_one_set_of_keys(tmp_path):
    vaults = [Vault(tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        blobs = list(pool.map(lambda v: v.seal(b"x", context="c"), vaults))
    assert all(vault.open_many(blobs, context="c") == [b"x"] * 8 for vault in vaults)
    assert len({vault.index("1", context="c") for vault in vaults}) == 1


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_index_finds_equal_values_and_no_others(vault, one, other):
    assert (vault.index(one, context="c") == vault.index(other, context="c")) == (one == other)
    assert len(vault.index(one, context="c")) == 32
    assert vault.index_many([one, other], context="c")[1] == vault.index(other, context="c")


def test_the_index_differs_by_context_and_by_vault(vault, tmp_path):
    made = {vault.index("1", context="a"), vault.index("1", context="b"), Vault(tmp_path).index("1", context="a")}
    assert len(made) == 3


def test_key_files_belong_to_the_program_alone(tmp_path):
    vault = Vault(tmp_path / "v")
    vault.rotate()
    assert stat.S_IMODE((tmp_path / "v").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "v").iterdir()} == {0o600}
    os.chmod(tmp_path / "v" / "master.key", 0o640)
    with pytest.raises(KeyFileUnusable, match="chmod 600"):
        Vault(tmp_path / "v").seal(b"x", context="c")


def test_data_keys_do_not_lie_about_in_clear(tmp_path):
    """A data key without the master key opens nothing: it is wrapped."""
    vault = Vault(tmp_path)
    vault.seal(b"x", context="c")
    (tmp_path / "master.key").write_bytes(os.urandom(32))
    with pytest.raises(KeyFileUnusable):
        Vault(tmp_path).seal(b"x", context="c")


@pytest.mark.parametrize("name", ["", "..", "a/../b", "/a", "a/", "a b", "名"])
def test_a_folder_of_keys_has_a_plain_name(name):
    with pytest.raises(ValueError, match="letters"):
        keys_folder(name)


def test_one_vault_per_name(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_HOME", str(tmp_path))
    assert vault_of("midserver/B011002") is vault_of("midserver/B011002")
    assert vault_of("midserver/B011002") is not vault_of("midserver/B012033")
