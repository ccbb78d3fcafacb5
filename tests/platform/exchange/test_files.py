from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from tasuke.platform.exchange.archive import fetch, sha256_of
from tasuke.platform.exchange.models import InboundFile
from tasuke.platform.exchange.services.record_files import receive_file, record_outbound

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
