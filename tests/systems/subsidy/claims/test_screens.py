"""Claims on screen: limits, reasons with both values, decisions on one or many, two people at one claim."""

import re
from datetime import date, datetime

import pytest
from django.db import connections

from tasuke.deploy.clock import TOKYO
from tasuke.platform.access.testing import signed_in
from tasuke.platform.batch.models import Run, RunState
from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry
from tasuke.systems.subsidy.claims.reasons import claim_reason_label
from tasuke.systems.subsidy.claims.screens import rule_words, value_words
from tasuke.systems.subsidy.claims.services.decide_query import decide_query
from tasuke.systems.subsidy.registry.models import ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
PERSON = "000000000000001"
NOTE = "医療機関に電話で確かめた"


def body(response):
    return " ".join(response.content.decode().split())


def events():
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT kind, atena_no, detail FROM audit_event ORDER BY id")
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def in_july(monkeypatch):
    """The office's day: decisions are booked in the months around it."""
    monkeypatch.setattr("tasuke.deploy.clock.now", lambda: datetime(2026, 7, 15, 9, tzinfo=TOKYO))


@pytest.fixture
def book(town, desk):
    """One accepted claim, two queries (too little and too much kept), one returned claim of nobody."""
    codes = ("1410000011", "1410000029", "1410000037", "1410000045")
    claims = [desk.claim(line=n + 2, institution_code=code) for n, code in enumerate(codes)]
    claims[3] |= {"name": "不明　太郎", "birth_date": date(1999, 1, 1)}
    kohi = [desk.kohi(line=2), desk.kohi(line=3, copay=500), desk.kohi(line=4, copay=900),
            desk.kohi(line=5, recipient_no="9999999")]  # fmt: skip
    town.run(town.write(claims, kohi))
    return {c.line: c for c in Claim.objects.using("subsidy").order_by("line")}


def address(claim, verb=""):
    return f"/claims/{claim.file_id}/{claim.line}/{verb}"


def states(book):
    return [book[n].state for n in sorted(book)]


def test_files_stand_by_month_with_what_waits(book, django_assert_max_num_queries):
    client = signed_in("reviewer")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get("/claims/"))
    assert "a.uke" in text
    assert f"判断待ちの疑義 {states(book).count('query')}件" in text


def test_the_query_list_shows_reason_rule_and_both_values(book, django_assert_max_num_queries):
    client = signed_in("reviewer")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get("/claims/queries/"))
    query = next(c for c in book.values() if c.state == "query")
    finding = query.findings.first()
    assert f">{query.file_id}-{query.line}</a>" in text
    assert finding.billed in text
    assert finding.ours in text
    assert rule_words(finding.rule) in text
    assert "copayment." not in text
    assert ("read", PERSON) in {e[:2] for e in events()}


def test_lists_in_other_states_and_filters(book):
    client = signed_in("reviewer")
    returned = next(c for c in book.values() if c.state == "return")
    accepted = next(c for c in book.values() if c.state == "accepted")
    assert f"{returned.file_id}-{returned.line}</a>" in body(client.get("/claims/queries/?state=return"))
    text = body(client.get("/claims/queries/?state=accepted"))
    assert f"{accepted.file_id}-{accepted.line}</a>" in text
    assert 'type="checkbox"' not in text
    nothing = "この条件のレセプトはありません"
    assert "正しく選択してください" in body(client.get("/claims/queries/?month=1999-01"))
    assert nothing in body(client.get("/claims/queries/?state=decided"))
    assert nothing in body(client.get("/claims/queries/?reason=TWO_CLASSES"))
    assert client.get("/claims/queries/?state=%27;--&month=x&after=999999999999999999999").status_code == 200


def test_values_of_the_machine_are_told_in_words(book):
    told = value_words("kawasaki-hitorioya 0000018 レセプト47244643330")
    assert "kawasaki-hitorioya" not in told
    assert told.endswith("レセプト11-3074")


def test_another_ward_or_scheme_is_not_there(book):
    query = next(c for c in book.values() if c.state == "query")
    for limits in ({"offices": ["141321"]}, {"schemes": ["kawasaki-shoni"]}):
        client = signed_in("reviewer", personal_id=f"only-{next(iter(limits))}", **limits)
        assert "この条件のレセプトはありません" in body(client.get("/claims/queries/"))
        assert client.get(address(query)).status_code == 404
        assert client.post(address(query, "decide/"), {"outcome": "accept", "note": NOTE}).status_code == 404
        ticked = {"claim": [query.pk], "outcome": "return", "note": NOTE}
        assert client.post("/claims/decide/", ticked).status_code == 404
    assert not ClaimEntry.objects.using("subsidy").exists()


def test_the_ward_that_a_family_moved_to_sees_its_claims(book):
    query = next(c for c in book.values() if c.state == "query")
    ResidentRecord.objects.using("subsidy").filter(atena_no=query.atena_no).update(ward_code="141321")
    for ward, there in (("141321", 200), (query.ward_code, 200), ("141330", 404)):
        client = signed_in("reviewer", personal_id=f"ward-{ward}", offices=[ward])
        assert client.get(address(query)).status_code == there


def test_one_claim_with_everything_about_it(book, django_assert_max_num_queries):
    query = next(c for c in book.values() if c.state == "query")
    client = signed_in("reviewer")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get(address(query)))
    for word in ("点検の結果", "資格の期間", "疑義を判断する", PERSON, "同じ人の、同じ月のほかのレセプト"):
        assert word in text
    assert client.get("/claims/999/1/").status_code == 404
    assert client.get("/claims/99999999999/1/").status_code == 404


def test_a_claim_of_nobody_is_on_record_by_its_number(book):
    returned = next(c for c in book.values() if not c.atena_no)
    text = body(signed_in("reviewer").get(address(returned)))
    assert "台帳のだれにも結び付いていません" in text
    assert any(f"claim {returned}" in detail for _, _, detail in events())


def decide(client, claim, **values):
    given = {"outcome": "accept", "note": NOTE, "booked_month": "令和8年7月", "burden": ""} | values
    return client.post(address(claim, "decide/"), given)


def test_a_query_is_paid_with_the_burden_that_was_found(book):
    query = next(c for c in book.values() if c.state == "query")
    client = signed_in("reviewer")
    wrong = decide(client, query, burden="99999999", note="")
    assert wrong.status_code == 422
    assert "入力を確かめてください" in body(wrong)
    assert "一部負担金は0円から" in body(decide(client, query, burden="99999999"))
    response = decide(client, query, burden="0")
    assert response.url == address(query)
    entry = ClaimEntry.objects.using("subsidy").get()
    assert (entry.subsidy, entry.note, f"{entry.booked_month}") == (query.basis, NOTE, "2026-07-01")
    assert entry.decided_by == "test-reviewer"
    assert ("changed", PERSON) in {e[:2] for e in events()}
    assert "疑義を解消" in body(client.get(address(query)))


def test_the_second_person_is_told_who_was_first_and_loses_nothing(book, town):
    query = next(c for c in book.values() if c.state == "query")
    decide_query(using="subsidy", claim_id=query.pk, outcome="return", note="x", by="先の人", now=town.NOW)
    response = decide(signed_in("reviewer"), query, note="私の長い説明")
    assert response.status_code == 422
    assert "先の人 が先に「疑義を過誤」と記録しています" in body(response)
    assert "私の長い説明" in body(response)


def test_several_queries_are_decided_with_few_statements(book, django_assert_max_num_queries):
    ids = [c.pk for c in book.values() if c.state == "query"]
    client = signed_in("reviewer")
    with django_assert_max_num_queries(15, using="subsidy"):
        response = client.post("/claims/decide/", {"claim": ids, "outcome": "return", "note": NOTE})
    assert response.url == "/claims/queries/"
    assert ClaimEntry.objects.using("subsidy").filter(kind="refuse").count() == len(ids)
    again = client.post("/claims/decide/", {"claim": ids, "outcome": "accept", "note": NOTE}, follow=True)
    assert "試験 職員(test-reviewer) が先に判断しています" in body(again)
    assert ClaimEntry.objects.using("subsidy").count() == len(ids)


def test_deciding_several_needs_some_and_a_note(book):
    client = signed_in("reviewer")
    query = next(c for c in book.values() if c.state == "query")
    nothing = client.post("/claims/decide/", {"outcome": "accept", "note": NOTE, "back": "reason=&scheme="})
    assert nothing.status_code == 422
    assert "1件以上選んでください" in body(nothing)
    assert NOTE in body(nothing)
    assert f'value="{query.pk}"' in body(nothing)  # the list is still there to tick
    no_note = client.post("/claims/decide/", {"claim": [query.pk], "outcome": "accept"})
    assert no_note.status_code == 422
    assert re.search(rf'value="{query.pk}"[^>]*checked', body(no_note))


def test_one_comes_back_to_the_list_that_one_was_at(book):
    ids = [c.pk for c in book.values() if c.state == "query"]
    client = signed_in("reviewer")
    assert 'name="back" value="month=2026-05&amp;reason="' in body(client.get("/claims/queries/?month=2026-05&reason="))
    given = {"claim": ids[:1], "outcome": "return", "note": NOTE, "back": "month=2026-05&next=//elsewhere.example/"}
    response = client.post("/claims/decide/", given)
    assert response.url == "/claims/queries/?month=2026-05&next=%2F%2Felsewhere.example%2F"
    assert "1件を「過誤として返す」と記録しました" in body(client.get(response.url))


def test_nothing_is_booked_in_a_month_that_no_report_will_count(book, town):
    query = next(c for c in book.values() if c.state == "query")
    client = signed_in("reviewer")
    for month in ("2038-01", "2026-05", "2026-09"):
        wrong = decide(client, query, booked_month=month)
        assert wrong.status_code == 422
        assert "計上できるのは令和8年6月、令和8年7月、令和8年8月です" in body(wrong)
    Run.objects.using("subsidy").create(
        job="make-statistics", target="2026-06", parameters={"month": "2026-06"}, state=RunState.DONE,
        planned_by="x", planned_at=town.NOW, started_at=town.NOW, finished_at=town.NOW,
    )  # fmt: skip
    assert "計上できるのは令和8年7月、令和8年8月です" in body(decide(client, query, booked_month="2026-06"))
    assert not ClaimEntry.objects.using("subsidy").exists()
    assert decide(client, query, booked_month="2026-08").url == address(query)


def test_a_paid_claim_goes_back_with_a_reason(book):
    paid = next(c for c in book.values() if c.state == "accepted")
    client = signed_in("reviewer")
    assert "決定後の過誤" in body(client.get(address(paid)))
    given = {"reason": "AFTER_LOSS", "note": NOTE, "booked_month": "2026-07"}
    assert client.post(address(paid, "return/"), given | {"reason": "made up"}).status_code == 422
    assert client.post(address(paid, "return/"), given | {"reason": ""}).status_code == 422  # none is preset
    assert client.post(address(paid, "return/"), given).url == address(paid)
    assert claim_reason_label("AFTER_LOSS") in body(client.get(address(paid))).partition("経過")[2]
    assert ClaimEntry.objects.using("subsidy").get().subsidy == -paid.subsidy
    again = client.post(address(paid, "return/"), given)
    assert "先に「決定後の過誤」と記録しています" in body(again)


def test_looking_needs_a_purpose_and_a_role(book):
    query = next(iter(book.values()))
    assert signed_in("reviewer", purpose=None).get(address(query)).url.startswith("/purpose/")
    assert signed_in("clerk").get("/claims/").status_code == 403
    head = signed_in("head_office")
    assert "疑義を判断する" not in body(head.get(address(query)))
    assert decide(head, query).status_code == 403
    assert head.get(address(query, "decide/")).status_code == 403


def test_text_from_a_form_is_text(book):
    query = next(c for c in book.values() if c.state == "query")
    client = signed_in("reviewer")
    decide(client, query, note="<script>alert(1)</script>{{ 7|add:7 }}'; DROP TABLE x;--")
    text = body(client.get(address(query)))
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;" in text
    assert "{{ 7|add:7 }}" in text
