"""An inquiry from one municipality to another and back, through the real national stand-in."""

from datetime import date, time

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from tests.systems.midserver.conftest import KAWASAKI, OTARU, SAPPORO, TAX, inquiry, replica, unified

from tasuke.contracts import interface as i
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.unified import Empty
from tasuke.systems.midserver.models import DailyCount, RoundState
from tasuke.systems.midserver.services.announce import BadNotice, announce, set_hours, withdraw_notice
from tasuke.systems.midserver.tenancy import inside

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])
JUNE = {"date_from": date(2026, 6, 1), "date_to": date(2026, 7, 1)}
FIRST = "900-2026-00000001"


def register(world, *items, body=SAPPORO):
    return world.call(body, i.REGISTER_INQUIRIES, i.MidInquiries(items=items))


def results(world, body=SAPPORO, after=0, limit=1_000):
    return world.call(body, i.INQUIRY_RESULTS, i.MidResultsRequest(after=after, limit=limit)).results


def states(world, *record_ids, body=SAPPORO):
    reply = world.call(body, i.INQUIRY_STATES, i.MidStatesRequest(record_ids=record_ids))
    return [one.state for one in reply.states]


def records(world, body, **more):
    return world.call(body, i.PROVISION_RECORDS, i.RecordsRequest(**(JUNE | more))).records


def flag(world, operation, person, information=None, *, on=True):
    one = i.Flag(unified_no=person, information_code=information, on=on, reason="支援措置")
    return world.call(OTARU, operation, i.Flags(flags=(one,)))


def waiting(world, body=OTARU):
    return world.call(body, i.PROVISIONS, i.ProvisionRequests(after=0)).waiting


def answer(world, provision_id, **more):
    facts = {"provision_id": provision_id, "send": True, "reason": "確認済み", "personal_id": "T0001"}
    return world.call(OTARU, i.ANSWER_MANUALLY, i.ManualAnswer(**(facts | more)))


def troubles():
    return list(RoundState.objects.using("midserver").exclude(error="").values_list("tenant", "name", "error"))


def test_an_inquiry_is_answered_from_the_replica_and_recorded_on_both_sides(asked):
    assert register(asked, inquiry(1, unified(17))).accepted == 1
    assert states(asked, FIRST) == ["registered"]
    asked.run("send-mail")
    assert states(asked, FIRST) == ["sent"]
    asked.walk()
    assert troubles() == []
    (result,) = results(asked)
    assert (result.outcome, result.unified_no, result.provider) == ("found", unified(17), OTARU)
    assert result.records == ({"tax_year": 2026, "status_code": "3", "total_income": 3_120_001},)
    status = asked.call(SAPPORO, i.INQUIRY_STATES, i.MidStatesRequest(record_ids=(FIRST, "unknown"))).states
    assert [(s.state, s.detail_status, s.information_status) for s in status] == [("answered", "09", "01")]
    (mine,), (theirs,) = records(asked, SAPPORO), records(asked, OTARU)
    assert (mine.side, theirs.side) == ("requester", "provider")
    assert mine.permit_id == theirs.permit_id
    assert (mine.unified_no, theirs.unified_no) == (unified(17), unified(90))
    assert mine.items == theirs.items == ("status_code", "tax_year", "total_income")
    counts = dict(DailyCount.objects.using("midserver").filter(tenant=SAPPORO).values_list("what", "count"))
    assert (counts["inquiries_registered"], counts["inquiries_sent"], counts["answers_received"]) == (1, 1, 1)


def test_ten_thousand_at_once_with_bad_rows_named_and_no_row_twice(asked):
    people = {unified(1_000 + n): 1_000 + n for n in range(50)}
    asked.codes(SAPPORO, people)
    numbers = list(people)
    items = [inquiry(n, numbers[n % 50], year=2000 + n // 50) for n in range(10_000)]
    items[3] = inquiry(3, unified(999_999))  # no 符号
    items[4] = inquiry(4, numbers[0], procedure_code="JT00000000000999")  # not on the list
    items[5] = inquiry(5, numbers[0], year=None)
    items[6] = inquiry(7, numbers[7], year=2001)  # the id of the next row with another year
    reply = register(asked, *items)
    assert (reply.accepted, reply.known) == (9_996, 0)
    assert [(e.row, e.code) for e in reply.errors] == [(4, "E0101"), (5, "E0102"), (6, "E0102"), (8, "E0004")]
    again = register(asked, *items)
    assert (again.accepted, again.known, len(again.errors)) == (0, 9_996, 4)
    done = asked.run("send-mail")["send-mail"]
    assert (done["inquiries_sent"], done["letters_sent"]) == (9_996, 10)
    with inside(SAPPORO) as room:
        assert room.value("SELECT count(DISTINCT id) FROM inquiry WHERE state = 'sent'") == 9_996


def test_a_combination_that_ends_before_sending_is_refused_then(asked, monkeypatch):
    """Checked at registration and once more before sending: the list may have changed over night."""
    register(asked, inquiry(1, unified(17)))
    asked.call(SAPPORO, i.REMOVE_NUMBERS, i.Removal(unified_nos=(unified(17),)))
    asked.run("send-mail")
    (result,) = results(asked)
    assert (result.outcome, result.reason) == ("refused", "符号を取得していません")
    assert states(asked, FIRST) == ["refused"]


def test_an_inquiry_can_be_cancelled_until_it_is_sent(asked):
    register(asked, inquiry(1, unified(17)), inquiry(2, unified(17), year=2025))
    cancel = i.MidStatesRequest(record_ids=(FIRST,))
    assert asked.call(SAPPORO, i.CANCEL_INQUIRIES, cancel).states[0].state == "cancelled"
    asked.run("send-mail")
    both = i.MidStatesRequest(record_ids=(FIRST, "900-2026-00000002"))
    assert [s.state for s in asked.call(SAPPORO, i.CANCEL_INQUIRIES, both).states] == ["cancelled", "sent"]
    asked.walk()
    assert [r.record_id for r in results(asked)] == ["900-2026-00000002"]


def test_an_inquiry_waits_for_a_code_that_is_on_its_way(asked):
    asked.call(SAPPORO, i.REQUEST_CODES, i.CodeRequest(unified_nos=(unified(18),)))
    assert register(asked, inquiry(1, unified(18))).accepted == 1
    asked.walk()
    assert states(asked, FIRST) == ["registered"]


def test_results_come_in_pages_in_their_order(asked):
    register(asked, *(inquiry(n, unified(17), year=2020 + n) for n in range(7)))
    asked.walk()
    first = results(asked, limit=3)
    rest = results(asked, after=first[-1].sequence)
    assert [r.sequence for r in (*first, *rest)] == [1, 2, 3, 4, 5, 6, 7]
    assert {r.outcome for r in (*first, *rest)} == {"found", "none"}


def test_a_person_unknown_there_is_answered_with_nothing(asked):
    asked.codes(SAPPORO, {unified(18): 44})
    register(asked, inquiry(1, unified(18)))
    asked.walk()
    (result,) = results(asked)
    assert (result.outcome, result.reason) == ("none", "照会先に該当する情報がありません")


@pytest.mark.parametrize("information", [None, TAX])
def test_no_automatic_answer_for_a_flagged_person_or_information(asked, information):
    assert flag(asked, i.SET_MANUAL, unified(90), information).accepted == 1
    assert flag(asked, i.SET_MANUAL, unified(90), information).known == 1
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    assert results(asked) == ()
    assert records(asked, OTARU) == ()
    (request,) = waiting(asked)
    assert (request.unified_no, request.requester, request.why) == (unified(90), SAPPORO, "自動応答不可")
    assert waiting(asked, SAPPORO) == ()
    answer(asked, request.provision_id, send=False, reason="支援措置対象者のため")
    with pytest.raises(Refused, match="回答済み"):
        answer(asked, request.provision_id)
    asked.walk()
    assert [(r.outcome, r.records) for r in results(asked)] == [("withheld", ())]
    assert [r.outcome for r in records(asked, OTARU)] == ["withheld"]
    assert waiting(asked) == ()


def test_a_flag_on_other_information_stops_nothing_and_a_lifted_one_neither(asked):
    flag(asked, i.SET_MANUAL, unified(90), "TM00000000000901")
    flag(asked, i.SET_MANUAL, unified(90))
    assert flag(asked, i.SET_MANUAL, unified(90), on=False).accepted == 1
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    assert [r.outcome for r in results(asked)] == ["found"]
    with inside(OTARU) as room:
        assert room.value("SELECT count(*) FROM flag WHERE lifted_at IS NOT NULL AND lifted_by <> ''") == 1


@pytest.mark.parametrize("own_records", [None, ({"tax_year": 2026, "total_income": 5},), ()])
def test_an_official_sends_from_the_replica_or_what_is_given(asked, own_records):
    flag(asked, i.SET_MANUAL, unified(90))
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    answer(asked, waiting(asked)[0].provision_id, records=own_records)
    asked.walk()
    (result,) = results(asked)
    expected = {None: 3_120_001, (): None}.get(own_records if not own_records else 0, 5)
    assert [r.get("total_income") for r in result.records] == ([] if expected is None else [expected])
    assert result.outcome == ("none" if expected is None else "found")


def test_a_permit_that_has_run_out_cannot_be_answered_any_more(asked):
    flag(asked, i.SET_MANUAL, unified(90))
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    provision_id = waiting(asked)[0].provision_id
    asked.later(days=8)
    with pytest.raises(Refused, match="有効期限"):
        answer(asked, provision_id)
    asked.run("tidy")
    assert waiting(asked) == ()


@pytest.mark.parametrize("information", [None, TAX])
def test_undisclosed_is_marked_on_both_sides_at_both_grains(asked, information):
    flag(asked, i.SET_UNDISCLOSED, unified(90), information)
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    assert [r.outcome for r in results(asked)] == ["found"]
    assert [r.undisclosed for body in (SAPPORO, OTARU) for r in records(asked, body)] == [True, True]


def test_the_asking_side_may_mark_undisclosed_too(asked):
    register(asked, inquiry(1, unified(17), undisclosed=True))
    asked.walk()
    assert [r.undisclosed for body in (SAPPORO, OTARU) for r in records(asked, body)] == [True, True]


def test_an_older_replica_is_refused_a_newer_one_answers_and_an_ended_one_does_not(asked):
    def update(*rows):
        return asked.call(OTARU, i.UPDATE_REPLICA, i.ReplicaUpdate(rows=rows))

    assert update(replica(unified(90), version=3)).accepted == 1
    old = update(replica(unified(90), version=2), replica(unified(90), version=3))
    assert (old.accepted, old.known, [(e.row, e.code) for e in old.errors]) == (0, 1, [(1, "E0004")])
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    assert results(asked)[0].records[0]["total_income"] == 3_120_003
    assert update(replica(unified(90), version=5), replica(unified(90), version=4)).accepted == 1
    assert update(replica(unified(90), version=6, delete=True)).accepted == 1
    register(asked, inquiry(2, unified(17)))
    asked.walk()
    assert results(asked)[1].outcome == "none"
    unknown = update(replica(unified(90), information_code="TM00000000000555"))
    assert [e.code for e in unknown.errors] == ["E0102"]


def test_a_period_is_sealed_on_the_way_and_obeyed(world):
    account = {"procedure_code": "JT00000000000901", "information_code": "TM00000000000089"}
    refused = world.call(
        SAPPORO, i.REGISTER_INQUIRIES, i.MidInquiries(items=(inquiry(1, unified(17), year=None, **account),))
    )
    assert [e.code for e in refused.errors] == ["E0102"]  # a municipality is no account registry
    world.codes(SAPPORO, {unified(17): 1})
    world.codes(OTARU, {unified(90): 1})
    rows = (
        replica(unified(90), valid_from=date(2026, 1, 1), valid_to=date(2026, 4, 1)),
        replica(unified(90), valid_from=date(2026, 4, 1), version=2),
    )
    assert world.call(OTARU, i.UPDATE_REPLICA, i.ReplicaUpdate(rows=rows)).accepted == 2
    register(world, inquiry(1, unified(17), valid_from=date(2026, 3, 1), valid_to=date(2026, 4, 1)))
    world.walk()
    assert troubles() == []
    assert [r["total_income"] for r in results(world)[0].records] == [3_120_001]


def test_records_are_found_by_person_and_day_only(asked):
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    assert len(records(asked, SAPPORO, unified_no=unified(17))) == 1
    assert records(asked, SAPPORO, unified_no=unified(18)) == ()
    assert records(asked, SAPPORO, date_from=date(2026, 6, 11)) == ()
    assert len(records(asked, SAPPORO, date_from=date(2026, 6, 10), date_to=date(2026, 6, 11))) == 1


def test_outside_hours_nothing_but_the_service_state_answers(asked):
    set_hours(week={2: (time(8), time(20)), 3: (time(8), time(20))}, by="op", at=asked.now)
    register(asked, inquiry(1, unified(17)))  # a Wednesday, 9:00
    asked.later(hours=11)
    state = asked.call(SAPPORO, i.MID_SERVICE_STATE, Empty())
    assert not state.open
    assert state.opens_at is not None
    assert (state.opens_at.day, state.opens_at.hour) == (11, 8)
    with pytest.raises(Unreachable):
        results(asked)
    with pytest.raises(Unreachable):
        register(asked, inquiry(2, unified(17)))
    asked.later(hours=12)
    assert register(asked, inquiry(2, unified(17))).accepted == 1


def test_a_planned_stop_closes_and_opens_by_itself(asked):
    start, end = asked.now.replace(hour=10), asked.now.replace(hour=12)
    stop = announce(text="保守のため停止します", start=start, end=end, stop=True, by="op", at=asked.now)
    assert stop.during == DateTimeTZRange(start, end)
    with pytest.raises(BadNotice, match="別の停止"):
        announce(text="もう一つ", start=start, end=None, stop=True, by="op", at=asked.now)
    asked.later(hours=2)
    state = asked.call(SAPPORO, i.MID_SERVICE_STATE, Empty())
    assert (state.open, state.opens_at, state.note) == (False, end, "保守のため停止します")
    assert withdraw_notice(notice_id=stop.pk, at=asked.now)
    assert asked.call(SAPPORO, i.MID_SERVICE_STATE, Empty()).open


def test_the_master_tells_a_body_what_concerns_its_kind(asked):
    given = asked.call(KAWASAKI, i.GET_MASTER, i.MasterRequest(known=0))
    assert given.permissions
    assert all("municipality" in (p.requester_kind, p.provider_kind) for p in given.permissions)
    assert {b.code for b in given.bodies} >= {SAPPORO, OTARU}
    newest = asked.call(KAWASAKI, i.GET_MASTER, i.MasterRequest(known=given.version))
    assert (newest.permissions, newest.bodies) == ((), ())
