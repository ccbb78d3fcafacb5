"""A family moves in; the answer of the other city comes back through every system, and stands on every record."""

from datetime import date

import pytest
from tests.deploy.chain.conftest import CHAIN, CHILD, FATHER, MOTHER, OTARU, RECORD, Chain

from tasuke.contracts.interface import PROVISION_RECORDS, RecordsRequest
from tasuke.platform.transport.links import link_to
from tasuke.systems.nis.models import Record as NationalRecord
from tasuke.systems.subsidy.inquiries.services.take_over_answer import take_over_answer
from tasuke.systems.subsidy.registry.models import Income

pytestmark = pytest.mark.django_db(databases=CHAIN)
JUNE = RecordsRequest(date_from=date(2026, 6, 1), date_to=date(2026, 7, 1))


def test_the_income_of_a_family_that_moved_in_comes_the_lawful_way(family: Chain) -> None:
    asked = family.ask(FATHER, MOTHER)
    family.settle()
    for inquiry in asked:
        inquiry.refresh_from_db()
    assert [(i.state, i.outcome, i.reason) for i in asked] == [("answered", "found", "")] * 2
    father, _ = asked
    assert father.items == [RECORD]
    take_over_answer(using="subsidy", inquiry_id=father.pk, by="S0002", at=family.clock())
    income = Income.objects.get(atena_no=FATHER, recorded_to__isnull=True)
    assert (income.total_income, income.source) == (3_120_000, "inquiry")


def test_the_provision_stands_on_both_sides_and_at_the_centre(family: Chain) -> None:
    family.ask(FATHER)
    family.settle()
    (ours,) = link_to("midserver", consumer="gateway").call(PROVISION_RECORDS, JUNE).records
    (theirs,) = link_to("midserver", consumer=f"gateway:{OTARU}").call(PROVISION_RECORDS, JUNE).records
    assert (ours.side, theirs.side) == ("requester", "provider")
    assert ours.permit_id == theirs.permit_id
    assert ours.unified_no != theirs.unified_no
    assert (ours.requester, ours.provider, ours.outcome) == ("B011002", OTARU, "found")
    national = NationalRecord.objects.using("nis").filter(permit_id=ours.permit_id)
    assert sorted(national.values_list("event", flat=True)) == ["asked", "provided"]


def test_somebody_whom_the_other_city_does_not_know_is_answered_so(family: Chain) -> None:
    (asked,) = family.ask(CHILD)
    family.settle()
    asked.refresh_from_db()
    assert (asked.state, asked.outcome, asked.items) in [
        ("answered", "none", []),
        ("refused", "refused", []),
    ]
    assert asked.reason or asked.outcome == "none"
