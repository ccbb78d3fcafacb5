"""A file whose own totals are wrong is taken, told and held: nothing of it is paid until a person accepts it."""

from datetime import date

import pytest

from tasuke.platform.access.testing import signed_in
from tasuke.platform.batch.models import RunProblem
from tasuke.platform.exchange.models import InboundFile
from tasuke.platform.exchange.services.record_files import NotHeld
from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, ClaimFinding
from tasuke.systems.subsidy.claims.queries import ledger_frame
from tasuke.systems.subsidy.claims.services.decide_file import decide_file
from tasuke.systems.subsidy.claims.services.decide_query import NotPayable, decide_query

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])


@pytest.fixture
def held(town, desk):
    """Two good claims and one of a wrong number under a GO that says five."""
    claims = [desk.claim(line=n, institution_code="1410000011", karte_no=str(n), cost=n * 1000) for n in (10, 20, 30)]
    kohis = [desk.kohi(line=10), desk.kohi(line=20, recipient_no=desk.NUMBER[2]), desk.kohi(line=30)]
    claims[1] |= {"name": "佐藤　一郎", "birth_date": date(2012, 2, 3), "sex": "1"}
    path = town.write(claims, kohis)
    data = path.read_bytes()
    at = data.rindex(b"GO,3,")
    path.write_bytes(data[:at] + b"GO,5," + data[at + 5 :])
    return path


def of(file):
    return InboundFile.objects.using("subsidy").get(pk=file.pk)


def test_the_file_is_held_and_nothing_is_paid(town, held):
    run = town.run(held)

    file = InboundFile.objects.using("subsidy").get()
    assert (file.state, file.rows, file.rejected) == ("held", 3, 0)
    assert "ファイルに書かれた合計は 5、実際のレセプトの合計は 3" in file.reason
    assert run.counts["合計不一致"] == 1
    problem = RunProblem.objects.using("subsidy").get(run=run, code="TOTALS_DIFFER")
    assert (problem.severity, problem.field, problem.value) == ("error", "GO 総件数", "5")
    assert problem.line
    assert not Claim.objects.filter(state="accepted").exists()
    assert ledger_frame(using="subsidy").is_empty()
    assert "合計は 5" in ClaimFinding.objects.filter(reason="FILE_TOTALS_DIFFER").first().billed


def test_a_claim_of_a_held_file_cannot_be_paid_alone_but_can_go_back(town, held):
    town.run(held)
    first, second = Claim.objects.filter(reasons=["FILE_TOTALS_DIFFER"]).order_by("pk")[:2]
    with pytest.raises(NotPayable, match="先に、ファイルを承認"):
        decide_query(using="subsidy", claim_id=first.pk, outcome="accept", note="可", by="p", now=town.NOW)

    decide_query(using="subsidy", claim_id=second.pk, outcome="return", note="誤り", by="p", now=town.NOW)

    assert ClaimEntry.objects.get().kind == "refuse"


def test_accepting_the_file_books_what_waited_for_it_alone(town, held, desk):
    town.run(held)
    waiting = Claim.objects.filter(reasons=["FILE_TOTALS_DIFFER"])
    doubtful = Claim.objects.filter(state="query").exclude(pk__in=waiting)
    assert (waiting.count(), doubtful.count()) == (2, 1)
    file = InboundFile.objects.using("subsidy").get()

    booked = decide_file(using="subsidy", file_id=file.pk, accept=True, note="電話で確認", by="係長", now=town.NOW)

    assert booked == 2
    assert (of(file).state, of(file).decided_by) == ("accepted", "係長")
    assert ledger_frame(using="subsidy")["subsidy"].sum() == sum(c.expected_subsidy for c in waiting)
    entry = decide_query(
        using="subsidy", claim_id=doubtful.get().pk, outcome="accept", note="別の診療", by="p", now=town.NOW
    )
    assert entry.kind == "accept"
    with pytest.raises(NotHeld):
        decide_file(using="subsidy", file_id=file.pk, accept=True, note="もう一度", by="係長", now=town.NOW)
    assert ClaimEntry.objects.count() == 3


def test_rejecting_the_file_makes_room_for_the_right_one(town, held):
    data = held.read_bytes()
    town.run(held)
    file = InboundFile.objects.using("subsidy").get()
    decide_file(using="subsidy", file_id=file.pk, accept=False, note="再送を依頼", by="係長", now=town.NOW)
    right = town.folder / "right.uke"
    at = data.rindex(b"GO,5,")
    right.write_bytes(data[:at] + b"GO,3," + data[at + 5 :])

    run = town.run(right)

    assert run.counts["accepted"] == 2
    assert not Claim.objects.filter(reasons__contains=["DUPLICATE_EARLIER"]).exists()
    assert ledger_frame(using="subsidy").height == 2


def test_a_held_file_twice_changes_nothing(town, held):
    town.run(held)
    before = list(Claim.objects.values())
    assert town.run(held) is None
    assert list(Claim.objects.values()) == before


def test_a_person_accepts_the_file_on_screen(town, held):
    town.run(held)
    file = InboundFile.objects.using("subsidy").get()
    client = signed_in("reviewer")
    text = client.get("/claims/").content.decode()
    assert "合計不一致" in text
    assert f"/claims/{file.pk}/totals/" in text
    assert "実際のレセプトの合計は 3" in client.get(f"/claims/{file.pk}/totals/").content.decode()
    assert client.post(f"/claims/{file.pk}/totals/", {"outcome": "accept"}).status_code == 422

    done = client.post(f"/claims/{file.pk}/totals/", {"outcome": "accept", "note": "審査支払機関に確認"}, follow=True)

    assert "2件を支給として記録しました" in done.content.decode()
    assert of(file).state == "accepted"
    assert client.get(f"/claims/{file.pk}/totals/").status_code == 404
    assert signed_in("auditor").get(f"/claims/{file.pk}/totals/").status_code == 403
