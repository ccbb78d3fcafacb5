"""tasuke zengin: JSON on stdout, messages on stderr, one meaning per exit status."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tasuke.cli.zengin import app
from tasuke.formats.zengin import payments_csv

RUNNER = CliRunner()
HEAD = ",".join(field.label for field in payments_csv.LAYOUT.fields)
GOOD = "0000012345,サンプルシ,2026-11-30,0001,001,1,9000001,9900,058,1,1234567,コウノ　イチロウ,1500,0,1,,"


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    file = tmp_path / "payments.csv"
    file.write_text("\n".join([HEAD, GOOD, GOOD.replace(",1500,", ",2500,"), ""]), encoding="utf-8")
    return file


def test_write_then_read(payments: Path) -> None:
    wrote = RUNNER.invoke(app, ["write", str(payments)])
    assert wrote.exit_code == 0
    told = json.loads(wrote.stdout)
    target = payments.with_suffix(".zengin")
    assert (told["count"], told["total"], told["problems"]) == (2, 4000, [])
    assert told["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    read = RUNNER.invoke(app, ["read", str(target)])
    assert read.exit_code == 0
    [file] = json.loads(read.stdout)["transfer_files"]
    assert file["header"]["pay_day"] == "1130"
    assert [t["amount"] for t in file["transfers"]] == [1500, 2500]
    assert [t["bank_name"] for t in file["transfers"]] == ["ﾕｳﾁﾖ", "ﾕｳﾁﾖ"]


def test_read_summary_leaves_the_payments_out(payments: Path) -> None:
    out = payments.with_name("out.dat")
    assert RUNNER.invoke(app, ["write", str(payments), "--out", str(out), "--separator", "none"]).exit_code == 0
    assert len(out.read_bytes()) == 600
    read = RUNNER.invoke(app, ["read", str(out), "--summary"])
    [file] = json.loads(read.stdout)["transfer_files"]
    assert "transfers" not in file
    assert file["total"] == 4000


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("コウノ　イチロウ", "河野一郎", "zengin.character"),
        ("9900,058", "9900,009", "zengin.branch"),
        ("2026-11-30", "2026-11-29", "zengin.holiday"),
        ("コウノ　イチロウ", "サヲリ", "zengin.character"),
        ("コウノ　イチロウ", "ガギグゲゴ" * 4, "zengin.too_long"),
    ],
)
def test_write_refuses_and_writes_nothing(payments: Path, old: str, new: str, code: str) -> None:
    payments.write_text(payments.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    result = RUNNER.invoke(app, ["write", str(payments)])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert {p["code"] for p in told["problems"]} == {code}
    assert told["problems"][0]["file"] == "payments.csv"
    assert told["file"] is None
    assert result.stderr
    assert not payments.with_suffix(".zengin").exists()


def test_write_with_other_settings(payments: Path) -> None:
    text = payments.read_text(encoding="utf-8").replace("コウノ　イチロウ", "サヲリ").replace("9900,058", "9900,009")
    payments.write_text(text, encoding="utf-8")
    assert RUNNER.invoke(app, ["write", str(payments), "--wo", "o", "--no-master"]).exit_code == 0
    assert RUNNER.invoke(app, ["write", str(payments), "--wo", "keep", "--no-master"]).exit_code == 0


def test_read_reports_problems(tmp_path: Path) -> None:
    file = tmp_path / "bad.dat"
    file.write_bytes(b"1" * 119)
    result = RUNNER.invoke(app, ["read", str(file)])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["transfer_files"] == []
    assert [p["code"] for p in told["problems"]] == ["zengin.length"]
    assert "bad.dat" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["read", "/no/such/file"],
        ["write", "/no/such/file.csv"],
        ["read"],
    ],
)
def test_wrong_use(arguments: list[str]) -> None:
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("option", [["--separator", "lf"], ["--wo", "x"], ["--out", "/no/such/folder/x.dat"]])
def test_wrong_options(payments: Path, option: list[str]) -> None:
    result = RUNNER.invoke(app, ["write", str(payments), *option])
    assert result.exit_code == 2
    assert result.stdout == ""
