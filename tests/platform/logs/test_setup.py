"""Whatever is logged, by us or by a library: the lines are read back and searched for persons."""

import io
import json
import logging
import re
import unicodedata

import psycopg
import pytest
import structlog

from tasuke.platform.database.embedded import ensure_server
from tasuke.platform.logs.setup import set_up_logs

NAME, ROMAN, NUMBER = "山田 太郎", "NGUYEN VAN ANH", "123456789012"


@pytest.fixture
def lines():
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    set_up_logs(level="DEBUG", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def search(lines):
    """Grep all lines for the synthetic persons."""
    text = json.dumps(lines(), ensure_ascii=False)
    assert not any(unicodedata.category(c) == "Lo" for c in text)
    assert not re.search(r"\d{12}", text)
    assert "NGUYEN" not in text
    return lines()


def test_a_record_is_one_line_of_facts(lines):
    structlog.get_logger("tasuke.x").info("file received", kind="residents", rows=120)

    (line,) = lines()
    assert (line["event"], line["kind"], line["rows"], line["level"], line["logger"]) == (
        "file received",
        "residents",
        120,
        "info",
        "tasuke.x",
    )
    assert line["timestamp"]


def test_persons_in_facts_are_blotted_out(lines):
    log = structlog.get_logger()
    log.info("saved", name=ROMAN, person={"kana": ROMAN, "number": NUMBER, "rows": 3}, texts=[NAME, int(NUMBER)])
    log.info(f"saved {NAME} {NUMBER}")

    first, _ = search(lines)
    assert first["person"]["rows"] == 3


def test_records_of_libraries_are_masked_too(lines):
    logging.getLogger("django.request").warning("Not Found: %s", f"/persons/{NUMBER}/")
    logging.getLogger("other").info("query %(q)s", {"q": NAME})
    logging.getLogger("other").info("with extra", extra={"person_name": ROMAN})

    assert len(search(lines)) == 3


def test_an_exception_tells_where_and_what_but_not_whom(lines):
    try:
        try:
            raise ValueError(f"cannot read '{ROMAN}' {NAME}\n{ROMAN}")
        except ValueError as error:
            raise RuntimeError(NUMBER) from error
    except RuntimeError:
        structlog.get_logger().exception("import failed")
        logging.getLogger("library").exception("failed too")

    for line in search(lines):
        assert [one.split(":")[0] for one in line["exception"]] == ["builtins.RuntimeError", "builtins.ValueError"]
        assert "test_setup.py" in line["frames"][0]


def test_rows_that_the_database_quotes_are_left_out(lines):
    with psycopg.connect(ensure_server()) as connection:
        connection.execute("CREATE TEMPORARY TABLE person (name text PRIMARY KEY, no text CHECK (no <> name))")
        for statement in (
            "INSERT INTO person VALUES (%s, %s), (%s, %s)",
            "SELECT %s::int + %s::int + %s::int + %s::int",
        ):
            try:
                with connection.transaction():
                    connection.execute(statement, [ROMAN, NUMBER, ROMAN, NUMBER])
            except psycopg.Error:
                logging.getLogger("tasuke").exception("import failed")

    first, _ = search(lines)
    assert "person_pkey" in first["exception"][0]


def test_setting_up_twice_writes_each_record_once(lines):
    stream = io.StringIO()
    set_up_logs(level="INFO", stream=stream)
    logging.getLogger("x").info("once")

    assert lines() == []
    assert len(stream.getvalue().splitlines()) == 1


def test_what_json_does_not_know_is_told_by_its_type(lines):
    structlog.get_logger().info("x", thing=object(), day=psycopg)

    assert len(search(lines)) == 1
