"""tasuke held, and the take-over by tasuke import: what a person has to say, and what a second one."""

import json

import pytest
from typer.testing import CliRunner

from tasuke.cli.main import app
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.exchange.models import InboundFile

pytestmark = pytest.mark.django_db(databases=list(SYSTEMS))


@pytest.fixture
def tasuke(tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_PROFILE", "kawasaki")
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setattr("tasuke.deploy.setup.prepare_databases", list)

    def run(*arguments):
        told = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        return told.exit_code, json.loads(told.stdout) if told.stdout else None, told.stderr

    return run


@pytest.fixture
def file():
    return InboundFile.objects.using("subsidy").create(
        kind="claims", name="a.uke", sha256="0" * 64, size=1, state="held", reason="合計は 5、実際は 3",
        received_at="2026-05-10T09:00+09:00", received_by="k001",
    )  # fmt: skip


def test_a_held_file_is_listed_and_decided_once_with_a_name_and_a_note(tasuke, file):
    status, waiting, _ = tasuke("held", "list")
    assert (status, [(f["file"], f["name"], f["reason"]) for f in waiting]) == (
        0,
        [(file.pk, "a.uke", "合計は 5、実際は 3")],
    )
    assert waiting[0]["received_at"] == "2026-05-10T09:00:00+09:00"  # as the clock in the office shows it

    decided = ("held", "decide", file.pk, "--accept", "--by", "k002", "--note", "支払基金に電話で確認")
    assert tasuke(*decided)[:2] == (0, {"file": file.pk, "state": "accepted", "booked": 0})

    file.refresh_from_db()
    assert (file.state, file.decided_by, file.note) == ("accepted", "k002", "支払基金に電話で確認")
    assert tasuke("held", "list")[1] == []
    status, _, said = tasuke(*decided)
    assert (status, "合計不一致を承認" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--accept", "--by", "k"), 2, "--note"),
        (("--accept", "--by", "k", "--note", "  "), 2, "判断の内容"),
        (("--accept", "--by", "k", "--note", "長" * 401), 2, "400文字まで"),
        (("--by", "k", "--note", "確認"), 2, "--accept"),
    ],
)
def test_a_decision_without_its_parts_is_no_decision(tasuke, file, arguments, status, words):
    found, value, said = tasuke("held", "decide", file.pk, *arguments)
    assert (found, value) == (status, None)
    assert words in said
    file.refresh_from_db()
    assert file.state == "held"


def test_a_file_that_does_not_exist_is_wrong_use(tasuke):
    status, _, said = tasuke("held", "decide", 999, "--reject", "--by", "k", "--note", "x")
    assert (status, "ファイル 999 はありません" in said) == (2, True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "--approver"),
        (("--on", "2026-04-01"), "--approver"),
        (("--on", "2026-02-30", "--approver", "b"), "日付"),
        (("--on", "2026-04-01", "--approver", "a"), "別の人"),
    ],
)
def test_a_take_over_needs_its_day_and_a_second_person(tasuke, tmp_path, more, words):
    path = tmp_path / "entitlements.csv"
    path.write_text("x")
    status, _, said = tasuke("import", "entitlements", path, "--by", "a", *more)
    assert (status, words in said) == (2, True)


def test_other_files_take_no_day_and_no_approver(tasuke, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("x")
    status, _, said = tasuke("import", "tax", path, "--by", "a", "--on", "2026-04-01")
    assert (status, "entitlements だけ" in said) == (2, True)
