"""The gateway's result file beside our inquiries: compared, ended where it ended there, and nothing of it kept."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from tests.systems.subsidy.inquiries.test_screens import (
    CHILD,
    ELSEWHERE,
    FATHER,
    PENSION,
    TAX,
    answered,
    family,
    inquiry,
)

from tasuke.formats.inquiry_file import InquiryRow, ResultRow, render_results
from tasuke.platform.access.scope import Scope
from tasuke.platform.access.testing import signed_in
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.subsidy.inquiries.services.take_result_file import Match, take_result_file

__all__ = ["family"]
pytestmark = pytest.mark.django_db(databases=["subsidy", "gateway", "accounts"])
UNIFIED = "900000000000001"


def row(detail: str, information: str, *, year: int = 2026, **changes: str) -> ResultRow:
    facts = {
        "number_system": "01", "atena_no": FATHER, "unified_no": UNIFIED, "asked_at": "20260610100000000",
        "department": "141364", "user_id": "test-clerk", "requester": "B141305", "undisclosed": "0",
        "business_code": "", "procedure_code": "JT1", "delegating_requester": "", "delegating_provider": "",
        "provider": "B012033", "information_code": TAX, "condition": "1", "year_kind": "1",
        "start": f"{year}0401", "end": f"{year + 1}0331", **changes,
    }  # fmt: skip
    return ResultRow(InquiryRow(**facts), detail, information)


def take(*rows: ResultRow, **more: Any) -> Any:
    return take_result_file(
        using="subsidy", data=render_results(rows), scope=more.get("scope", Scope.of([(None, None)]))
    )


def test_each_row_is_told_beside_what_stands_here() -> None:
    answered(year=2026)
    refused, moving = inquiry(year=2025), inquiry(year=2024)
    inquiry(year=2023, state="refused")
    taken = take(
        row("09", "01"), row("90", "90", year=2025), row("09", "02", year=2024), row("09", "01", year=2023),
        row("09", "01", atena_no="0000009999"),
    )  # fmt: skip
    assert [line.match for line in taken.lines] == [
        Match.SAME, Match.ENDED, Match.ON_ITS_WAY, Match.DIFFERENT, Match.UNKNOWN,
    ]  # fmt: skip
    refused.refresh_from_db()
    moving.refresh_from_db()
    assert (refused.state, refused.reason) == ("refused", "結果ファイルによる")
    assert moving.state == "sent"  # its contents come by the link alone
    assert take(row("90", "90", year=2025)).lines[0].match is Match.SAME


def test_a_cancelled_one_and_one_without_a_year_are_found() -> None:
    gone = inquiry(information_code=PENSION, year=None)
    (line,) = take(row("91", "90", information_code=PENSION, condition="0", start="", end="")).lines
    gone.refresh_from_db()
    assert (line.match, line.told, gone.state) == (Match.ENDED, "取りやめ", "cancelled")


def test_good_rows_go_on_beside_bad_ones() -> None:
    answered()
    data = render_results([row("09", "01")]) + b"broken\r\n"
    taken = take_result_file(using="subsidy", data=data, scope=Scope.of([(None, None)]))
    assert (len(taken.lines), [problem.line for problem in taken.problems]) == (1, [2])


def test_the_screen_shows_the_rows_and_keeps_no_unified_number() -> None:
    answered()
    reviewer = signed_in("reviewer")
    assert "突き合わせる" in reviewer.get("/inquiries/results").content.decode()
    page = reviewer.post(
        "/inquiries/results", {"file": SimpleUploadedFile("KEKKA.DAT", render_results([row("09", "01")]))}
    )
    html = page.content.decode()
    assert "髙橋　太郎" in html
    assert "一致" in html
    assert UNIFIED not in html
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{UNIFIED}%"])
            assert cursor.fetchone() == (0,), table


def test_nothing_and_too_much_are_said_at_the_field() -> None:
    reviewer = signed_in("reviewer")
    assert reviewer.post("/inquiries/results", {}).status_code == 422
    large = SimpleUploadedFile("KEKKA.DAT", b"0" * (3 * 2**20 + 1))
    assert "大きすぎます" in reviewer.post("/inquiries/results", {"file": large}).content.decode()
    empty = reviewer.post("/inquiries/results", {"file": SimpleUploadedFile("KEKKA.DAT", b"broken")})
    assert "読める行がありません" in empty.content.decode()


def test_another_ward_ends_nothing_and_learns_nothing() -> None:
    made = inquiry()
    other = signed_in("reviewer", offices=[ELSEWHERE])
    file = SimpleUploadedFile("KEKKA.DAT", render_results([row("90", "90")]))
    html = other.post("/inquiries/results", {"file": file}).content.decode()
    assert "照会がありません" in html
    assert "髙橋" not in html
    assert Inquiry.objects.using("subsidy").get(pk=made.pk).state == "sent"
    assert CHILD not in html
