"""The bank master, read from the JSON of its package."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl

from tasuke.formats import bank_master


def test_the_master_holds_every_branch_once() -> None:
    master = bank_master.load()
    assert master.columns == ["bank_code", "bank_name", "bank_kana", "branch_code", "branch_name", "branch_kana"]
    assert master.null_count().row(0) == (0,) * 6
    assert master.height > 25_000
    assert master.select("bank_code", "branch_code").is_duplicated().sum() == 0
    assert master["bank_code"].str.contains("^[0-9]{4}$").all()
    assert master["branch_code"].str.contains("^[0-9]{3}$").all()


def test_known_branches() -> None:
    master = bank_master.load()
    row = master.row(by_predicate=(pl.col("bank_code") == "9900") & (pl.col("branch_code") == "058"), named=True)
    assert (row["bank_name"], row["bank_kana"]) == ("ゆうちょ", "ﾕｳﾁﾖ")
    assert (row["branch_name"], row["branch_kana"]) == ("〇五八", "ｾﾞﾛｺﾞﾊﾁ")
    assert master.filter(bank_code="9900", branch_code="009").is_empty()
    assert master.filter(bank_code="9999").is_empty()


def test_kana_fits_the_fields_of_a_transfer() -> None:
    master = bank_master.load()
    for column in ("bank_kana", "branch_kana"):
        assert master[column].str.len_chars().max() <= 15
        assert not master[column].str.contains("[^ｱ-ﾝﾞﾟA-Z0-9 .-]").any()


def test_the_date_of_the_data() -> None:
    found = bank_master.data_date()
    assert found is not None
    assert found >= date(2026, 8, 24)


def test_the_package_itself_is_not_imported() -> None:
    code = "import sys; from tasuke.formats import bank_master as b; b.load(); print('zengin_code.bank' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_newer_download_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "branches").mkdir()
    bank = {"code": "0001", "name": "試験", "kana": "シケン", "hira": "しけん", "roma": "shiken"}
    branch = {"code": "001", "name": "本店", "kana": "ホンテン", "hira": "ほんてん", "roma": "honten"}
    (tmp_path / "banks.json").write_text(json.dumps({"0001": bank, "0002": {**bank, "code": "0002"}}), encoding="utf-8")
    (tmp_path / "branches" / "0001.json").write_text(json.dumps({"001": branch}), encoding="utf-8")
    master = bank_master.read_folder(tmp_path)
    assert master.rows() == [("0001", "試験", "ｼｹﾝ", "001", "本店", "ﾎﾝﾃﾝ")]


def test_at_without_validity_is_everything() -> None:
    master = bank_master.load()
    assert bank_master.at(master, date(2026, 1, 1)).height == master.height
