"""tasuke uke: JSON on stdout, messages on stderr, one meaning per exit status."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from tasuke.cli.uke import app
from tasuke.formats.uke import UkeKind, render

RUNNER = CliRunner()


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    claims = pl.DataFrame(
        {
            "line": [1], "agency": ["1"], "institution_code": ["0111234567"], "institution_name": ["札幌病院"],
            "billed_month": [date(2026, 6, 1)], "service_month": [date(2026, 5, 1)], "receipt_type": ["1122"],
            "name": ["山田　花子"], "cost": [12340], "visit_days": [0b1011], "first_visits": [1],
            "insurer_no": ["138057"], "admitted_on": [date(2026, 5, 1)],
        }
    )  # fmt: skip
    kohi = pl.DataFrame({"line": [1], "order": [1], "payer_no": ["81136244"], "copay": [500]})
    file = tmp_path / "RECEIPTC.UKE"
    file.write_bytes(render(kind=UkeKind.MEDICAL, claims=claims, kohi=kohi, filler=1))
    return file


def test_read_tells_the_receipts(bill: Path) -> None:
    result = RUNNER.invoke(app, ["read", str(bill)])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["kind"], told["receipts"], told["cost"], told["problems"]) == ("medical", 1, 12340, [])
    assert told["head"]["institution_name"] == "札幌病院"
    [claim] = told["claims"]
    assert (claim["name"], claim["service_month"], claim["first_visits"]) == ("山田　花子", "2026-05-01", 1)
    assert claim["kohi"][0]["copay"] == 500
    assert claim["extras"]["admitted_on"] == "2026-05-01"
    assert "details" not in claim


def test_read_with_details_tells_days_and_records(bill: Path) -> None:
    result = RUNNER.invoke(app, ["read", str(bill), "--details"])
    [claim] = json.loads(result.stdout)["claims"]
    assert [day["day"] for day in claim["daily"]] == [1, 2, 4]
    assert sum(day["cost"] for day in claim["daily"]) == 12340
    assert {row["record"] for row in claim["details"]} == {"SY", "SI"}


def test_read_summary_leaves_the_receipts_out(bill: Path) -> None:
    told = json.loads(RUNNER.invoke(app, ["read", str(bill), "--summary"]).stdout)
    assert "claims" not in told
    assert told["totals"][0]["found_count"] == 1


def test_read_ends_with_1_when_there_are_problems(bill: Path) -> None:
    bill.write_bytes(bill.read_bytes().replace(b"KO,81136244", b"KO,8113624x"))
    result = RUNNER.invoke(app, ["read", str(bill)])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["claims"] == []
    assert {problem["code"] for problem in told["problems"]} == {"BAD_CODE", "BAD_PART"}
    assert "公費負担者番号" in result.stderr


def test_read_ends_with_2_when_there_is_no_file(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["read", str(tmp_path / "none.uke")])
    assert result.exit_code == 2
    assert "ファイルがありません" in result.stderr
