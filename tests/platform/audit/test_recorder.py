import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connections

import tasuke
from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.platform.audit.models import AuditEvent

pytestmark = pytest.mark.django_db(databases=["subsidy"])
AT = datetime(2026, 11, 21, 1, 2, 3, 456789, tzinfo=UTC)


@pytest.fixture
def recorder():
    return Recorder(Origin(personal_id="k-1001", at=AT, office="141003", action="view-household", purpose="counter"))


def rows():
    return list(AuditEvent.objects.using("subsidy").order_by("id"))


def test_each_person_of_a_list_is_one_row_in_the_order_of_the_screen(recorder):
    recorder.read(["0000003", "0000001", "0000003"], "household")

    assert recorder.flush("subsidy") == 2
    assert [(r.kind, r.atena_no, r.personal_id, r.at, r.purpose) for r in rows()] == [
        ("read", "0000003", "k-1001", AT, "counter"),
        ("read", "0000001", "k-1001", AT, "counter"),
    ]


def test_everything_of_one_request_is_one_statement(recorder, django_assert_num_queries):
    recorder.read([f"{n:07}" for n in range(50)])
    recorder.changed(["0000001"], "address", before={"ward_code": "141003"}, after={"ward_code": "141011"})
    recorder.event(EventKind.REFUSED, "所得を見る")

    with django_assert_num_queries(1, using="subsidy"):
        assert recorder.flush("subsidy") == 52


def test_flushing_twice_writes_once(recorder):
    recorder.read(["0000001"])
    recorder.flush("subsidy")

    assert recorder.flush("subsidy") == 0
    assert len(rows()) == 1


def test_an_empty_list_is_on_record_without_a_person(recorder):
    recorder.searched("kana", 0, [])
    recorder.flush("subsidy")

    assert recorder.recorded
    assert [(r.kind, r.atena_no, json.loads(r.detail)) for r in rows()] == [("searched", "", {"by": "kana", "hits": 0})]


def test_an_office_event_is_no_record_of_a_person(recorder):
    recorder.event("refused", "所得を見る")

    assert not recorder.recorded


def test_one_number_instead_of_a_list_is_one_person(recorder):
    recorder.read("0000001")

    assert recorder.flush("subsidy") == 1


def test_names_and_addresses_are_recorded_as_changed_only(recorder):
    recorder.changed(
        ["0000001"],
        "person",
        before={"name": "山田 太郎", "ward_code": "1"},
        after={"name": "山田 次郎", "ward_code": "2"},
    )
    recorder.flush("subsidy")

    assert json.loads(rows()[0].detail) == {
        "after": {"name": "[***]", "ward_code": "2"},
        "before": {"name": "[***]", "ward_code": "1"},
        "what": "person",
    }


@pytest.mark.parametrize("text", ["123456789012", "1234-5678-9012", "１２３４５６７８９０１２", "x1234567890123"])
def test_twelve_digits_never_get_into_the_trail(recorder, text):
    recorder.event("not-found", f"/persons/{text}/")
    recorder.event("x", number=int("123456789012"), nested={"a": [text]})
    recorder.flush("subsidy")

    assert not any(text in r.detail or "123456789012" in r.detail for r in rows())


@pytest.mark.parametrize("path", ["a\x00b", "\ud800", "é" * 5_000, "\\N", "a\tb\nc"])
def test_any_path_can_be_recorded(recorder, path):
    recorder.event("not-found", path)

    assert recorder.flush("subsidy") == 1
    assert len(rows()[0].detail) < 400


def test_the_purpose_of_a_form_holds_for_the_whole_request(recorder):
    recorder.read(["0000001"])
    recorder.because("inspection")
    recorder.flush("subsidy")

    assert rows()[0].purpose == "inspection"


def test_without_a_clock_the_time_is_the_database_s():
    recorder = Recorder(Origin(personal_id="batch"))
    recorder.event(EventKind.RUN_DONE, "renew")
    recorder.flush("subsidy")

    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT now()")
        assert rows()[0].at == cursor.fetchone()[0]


def test_every_kind_has_a_japanese_word():
    assert all(kind.label for kind in EventKind)
    assert AuditEvent(kind="read").kind_label == "閲覧"
    assert AuditEvent(kind="of-a-later-version").kind_label == "of-a-later-version"


def test_every_kind_that_the_program_writes_has_a_japanese_word():
    written = set()
    for path in Path(tasuke.__file__).parent.rglob("*.py"):
        written |= set(re.findall(r"""\.event\(\s*"([a-z-]+)\"""", path.read_text("utf-8")))

    assert "user-created" in written
    assert written <= set(EventKind)


@pytest.mark.parametrize("typed", ["123456789012", "１２３４５６７８９０１２"])
def test_a_number_typed_as_an_id_does_not_get_in(typed):
    recorder = Recorder(Origin(typed, at=AT))
    recorder.event(EventKind.SIGN_IN_FAILED, "PIN")
    recorder.flush("subsidy")

    assert rows()[0].personal_id == "[***]"
