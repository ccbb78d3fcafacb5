from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from tasuke.platform.exchange.archive import fetch, sha256_of
from tasuke.platform.exchange.models import InboundFile
from tasuke.platform.exchange.services.record_files import (
    NotHeld,
    decide_held_file,
    hold_file,
    receive_file,
    record_outbound,
    refuse_file,
)

pytestmark = pytest.mark.django_db(databases=["subsidy"])
NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def archive(monkeypatch, tmp_path):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path))


def receive(data=b"abc", name="a.csv"):
    return receive_file(using="subsidy", kind="tax", name=name, data=data, by="p", now=NOW)


def test_a_file_is_kept_under_its_hash():
    file, new = receive()
    assert (new, file.sha256, fetch(file.sha256)) == (True, sha256_of(b"abc"), b"abc")


def test_the_same_bytes_under_another_name_are_the_same_file():
    first, _ = receive()
    second, new = receive(name="b.csv")
    assert (new, second.pk) == (False, first.pk)
    assert InboundFile.objects.using("subsidy").count() == 1


def outbound(reason=""):
    return record_outbound(
        using="subsidy", kind="zengin", key="2026-04-25", name="z.txt", data=b"x", rows=1, totals={"金額": 1}, by="p",
        now=NOW, reason=reason,
    )  # fmt: skip


def test_a_second_file_for_the_same_day_needs_a_reason():
    outbound()
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        outbound()
    assert outbound(reason="銀行の受付エラー").reason == "銀行の受付エラー"


def refuse(reason="空です"):
    return refuse_file(using="subsidy", kind="tax", name="a.csv", data=b"abc", reason=reason, by="p", now=NOW)


def test_a_refused_file_is_kept_with_its_reason_and_taken_when_it_can_be_used():
    file, fresh = refuse()
    assert (fresh, file.state, file.reason, file.received_by, fetch(file.sha256)) == (
        True,
        "refused",
        "空です",
        "p",
        b"abc",
    )
    assert refuse("まだ空です")[0].reason == "まだ空です"

    taken, new = receive()

    assert (new, taken.pk, taken.state, taken.reason) == (False, file.pk, "taken", "")
    assert refuse()[0].state == "taken"  # what was taken stays


def test_a_held_file_is_decided_once_by_a_named_person():
    file, _ = receive()
    with pytest.raises(NotHeld):
        decide_held_file(using="subsidy", file_id=file.pk, accept=True, note="確認", by="q", now=NOW)
    hold_file(using="subsidy", file=file, reason="総件数 3 / 2")

    done = decide_held_file(using="subsidy", file_id=file.pk, accept=True, note="電話で確認", by="q", now=NOW)

    assert (done.state, done.decided_by, done.note) == ("accepted", "q", "電話で確認")
    with pytest.raises(NotHeld):
        decide_held_file(using="subsidy", file_id=file.pk, accept=False, note="やめる", by="q", now=NOW)


@pytest.mark.parametrize("changes", [{"state": "held"}, {"state": "accepted", "reason": "x"}, {"decided_by": "q"}])
def test_the_database_refuses_a_state_without_its_reason_or_its_person(changes):
    file, _ = receive()
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        InboundFile.objects.using("subsidy").filter(pk=file.pk).update(**changes)
