import pytest

from tasuke.platform.exchange.models import InboundFile
from tasuke.systems.subsidy.claims.models import Claim, ClaimFinding, ClaimKohi
from tasuke.systems.subsidy.claims.queries import ledger_frame

pytestmark = pytest.mark.django_db(databases=["subsidy"])


def test_a_file_becomes_decided_rows_and_the_ledger(town, desk):
    path = town.write(
        [desk.claim(), desk.claim(line=3, institution_code="1410000029")],
        [desk.kohi(), desk.kohi(line=3, recipient_no="9999999")],
    )
    run = town.run(path)
    assert run.counts["accepted"] == 1 and run.counts["return"] == 1
    ledger = ledger_frame(using="subsidy", months=[__import__("datetime").date(2026, 6, 1)])
    assert ledger["subsidy"].to_list() == [3000]
    returned = Claim.objects.get(state="return")
    assert returned.subsidy == 0
    assert returned.reasons[0] == "RECIPIENT_CHECK_DIGIT"
    assert InboundFile.objects.get().totals["subsidy"] == 3000
    assert ClaimFinding.objects.count() >= 1 and ClaimKohi.objects.count() == 0


def test_the_same_file_twice_changes_nothing(town, desk):
    path = town.write([desk.claim()], [desk.kohi()])
    town.run(path)
    before = list(Claim.objects.values())
    assert town.run(path) is None
    assert list(Claim.objects.values()) == before
