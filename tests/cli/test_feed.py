"""`tasuke feed`: check a feed, write its page."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tasuke.cli.feed import app
from tasuke.formats import layout_docs
from tasuke.formats.feeds import FEEDS
from tasuke.formats.layout_docs import example_file


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def check(tmp_path: Path, kind: str, data: bytes, *more: str) -> tuple[int, dict[str, Any], str]:
    file = tmp_path / "feed.csv"
    file.write_bytes(data)
    status, out, err = run("check", kind, str(file), *more)
    return status, json.loads(out), err


@pytest.mark.parametrize("kind", FEEDS)
def test_check_good_file(kind: str, tmp_path: Path) -> None:
    status, report, err = check(tmp_path, kind, example_file(FEEDS[kind]))

    assert status == 0
    assert err == ""
    assert (report["rows"], report["rows_refused"], report["usable"], report["problems"]) == (1, 0, True, [])
    assert (report["file"], report["layout"]) == ("feed.csv", FEEDS[kind].id)


def test_check_reports_problems_with_their_places(tmp_path: Path) -> None:
    data = example_file(FEEDS["nhi"], {}, {"seq": "2", "acquired_on": "2026-02-30"}, {"seq": "3", "number": " 5"})

    status, report, err = check(tmp_path, "nhi", data)

    assert status == 1
    assert (report["rows"], report["rows_refused"]) == (2, 1)
    assert report["problems_by_severity"] == {"error": 1, "warning": 1}
    problem = report["problems"][0]
    assert (problem["line"], problem["column"], problem["field"]) == (3, 9, "資格取得年月日")
    assert (problem["code"], problem["file"]) == ("date_not_exist", "feed.csv")
    assert "feed.csv 3行目 9列目 「資格取得年月日」" in err


def test_check_with_warnings_alone_is_good(tmp_path: Path) -> None:
    status, report, _ = check(tmp_path, "nhi", example_file(FEEDS["nhi"], {"number": " 5"}))

    assert status == 0
    assert report["problems_by_code"] == [{"code": "spaces_trimmed", "field": "番号", "count": 1}]


def test_check_of_another_kind_of_file_says_which_it_may_be(tmp_path: Path) -> None:
    status, report, err = check(tmp_path, "nhi", example_file(FEEDS["tax"]))

    assert status == 1
    assert report["usable"] is False
    assert err.splitlines()[0] == (
        "feed.csv: 税情報（tax）のファイルのようです。国保・後期資格（nhi）としては取り込めません。"
    )
    assert report["problems"][0]["code"] == "other_kind"


def test_check_shows_only_so_many_problems(tmp_path: Path) -> None:
    data = example_file(FEEDS["nhi"], *({"seq": "x"} for _ in range(5)))

    status, report, _ = check(tmp_path, "nhi", data, "--most", "2")

    assert status == 1
    assert (len(report["problems"]), report["problems_left_off"], report["rows_refused"]) == (2, 3, 5)


@pytest.mark.parametrize(
    "arguments", [("check", "other", "feed.csv"), ("check", "nhi", "no-such-file.csv"), ("check", "nhi")]
)
def test_check_wrong_use(arguments: tuple[str, ...]) -> None:
    status, out, err = run(*arguments)

    assert status == 2
    assert out == ""
    assert err


def test_pages_are_written(tmp_path: Path) -> None:
    status, _, _ = run("pages", str(tmp_path / "interfaces"))

    assert status == 0
    assert {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "interfaces").iterdir()} == layout_docs.pages()
