"""An inquiry from one municipality to another and back, through the real national stand-in."""

from datetime import date

import pytest

from tasuke.contracts import interface as i
from tasuke.systems.midserver.models import DailyCount, RoundState
from tests.systems.midserver.conftest import OTARU, SAPPORO, TAX, inquiry, replica, unified

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])
JUNE = {"date_from": date(2026, 6, 1), "date_to": date(2026, 7, 1)}


def register(world, *items, body=SAPPORO):
    return world.call(body, i.REGISTER_INQUIRIES, i.MidInquiries(items=items))


def results(world, body=SAPPORO):
    return world.call(body, i.INQUIRY_RESULTS, i.MidResultsRequest(after=0)).results


def states(world, *record_ids, body=SAPPORO):
    reply = world.call(body, i.INQUIRY_STATES, i.MidStatesRequest(record_ids=record_ids))
    return [one.state for one in reply.states]


def records(world, body, **more):
    return world.call(body, i.PROVISION_RECORDS, i.RecordsRequest(**(JUNE | more))).records


def troubles():
    return list(RoundState.objects.using("midserver").exclude(error="").values_list("tenant", "name", "error"))


def test_an_inquiry_is_answered_from_the_replica_and_recorded_on_both_sides(asked):
    assert register(asked, inquiry(1, unified(17))).accepted == 1
    assert states(asked, "900-2026-00000001") == ["registered"]
    asked.walk()
    assert troubles() == []
    (result,) = results(asked)
    assert (result.outcome, result.unified_no, result.provider) == ("found", unified(17), OTARU)
    assert result.records == ({"tax_year": 2026, "status_code": "3", "total_income": 3_120_001},)
    assert states(asked, "900-2026-00000001") == ["answered"]
    (mine,), (theirs,) = records(asked, SAPPORO), records(asked, OTARU)
    assert (mine.side, theirs.side) == ("requester", "provider")
    assert mine.permit_id == theirs.permit_id
    assert (mine.unified_no, theirs.unified_no) == (unified(17), unified(90))
    assert mine.items == theirs.items == ("status_code", "tax_year", "total_income")
    counts = dict(DailyCount.objects.using("midserver").filter(tenant=SAPPORO).values_list("what", "count"))
    assert (counts["inquiries_registered"], counts["inquiries_sent"], counts["answers_received"]) == (1, 1, 1)
