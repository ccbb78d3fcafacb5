"""Inquiries through the gateway, its real neighbours behind it."""

from datetime import timedelta

import pytest
from tests.systems.gateway.conftest import DATABASES, KAWASAKI, OTARU, Crash, item, member, unified

from tasuke.contracts import interface as mid
from tasuke.contracts.inquiry import (
    ANSWERS,
    CHOICES,
    SERVICE_STATE,
    AnswersRequest,
    ChoicesRequest,
)
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.unified import Empty
from tasuke.systems.gateway import answers as answers_module
from tasuke.systems.gateway import providing, tables
from tasuke.systems.gateway.models import AskError, HeldResult, Inquiry, MasterRow, NumberCode, PersonFlag, Provision
from tasuke.systems.unified_id.models import Person

pytestmark = [pytest.mark.django_db(databases=DATABASES)]
FIRST = "2026-00000001"


def test_codes_walk_until_every_number_has_one(ready):
    states = set(Person.objects.using("unified_id").values_list("linkage_state", flat=True))
    assert states == {"acquired"}
    rows = NumberCode.objects.using("gateway")
    assert set(rows.values_list("state", "reported")) == {("acquired", True)}


def test_an_inquiry_comes_back_in_the_words_of_the_business(ready):
    assert ready.ask(item(1)).accepted == 1
    assert ready.states(FIRST)[FIRST][0] == "waiting"
    ready.round()
    assert ready.states(FIRST)[FIRST][0] == "sent"
    ready.walk()
    (answer,) = ready.answers()
    assert (answer.record_id, answer.atena_no, answer.outcome) == (FIRST, "1", "found")
    assert answer.items == ({"tax_year": 2026, "status_code": "3", "total_income": 3_120_001},)
    assert ready.states(FIRST)[FIRST] == ("answered", "")


def test_nothing_known_over_there_is_an_answer_too(ready):
    ready.ask(item(1, "1", year=2020))
    ready.walk()
    assert [(a.outcome, a.items) for a in ready.answers()] == [("none", ())]


def test_the_same_inquiry_twice_is_asked_once(ready):
    ready.ask(item(1))
    reply = ready.ask(item(1), item(2, "2"))
    assert (reply.accepted, reply.known) == (1, 1)
    other = ready.ask(item(1, "2"))
    assert [e.code for e in other.errors] == ["E0004"]
    ready.walk()
    assert [a.record_id for a in ready.answers()] == [FIRST, "2026-00000002"]


def test_only_lawful_combinations_are_taken_and_good_rows_pass(ready):
    reply = ready.ask(
        item(1),
        item(2, information_code="TM00000000000999"),
        item(3, procedure_code="JT00000000000999"),
        item(4, provider="B999999"),
        item(5, year=None),
        item(6, protected=True),
        item(7, protected=True, extra_step="係長 審査一郎が承認"),
    )
    assert (reply.accepted, [e.row for e in reply.errors]) == (2, [2, 3, 4, 5, 6])
    assert AskError.objects.using("gateway").count() == 5
    assert Inquiry.objects.using("gateway").get(record_id="2026-00000007").undisclosed


def test_before_a_master_has_come_nothing_can_be_asked(city):
    assert city.ask(item(1)).accepted == 0


def test_the_code_of_a_ward_becomes_that_of_its_city(ready):
    ready.ask(item(1, provider="B141313"))  # 川崎区
    assert Inquiry.objects.using("gateway").get().provider == KAWASAKI


def test_a_business_asks_and_reads_in_its_own_name_only(ready):
    for call in (
        lambda: ready.business(ANSWERS, AnswersRequest(business_id="900", after=0), system="welfare"),
        lambda: ready.ask(item(1), business="777"),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.status == 403


def test_choices_are_those_of_the_master_without_ourselves(ready):
    found = ready.business(CHOICES, ChoicesRequest(business_id="900", on=ready.world.now.date()))
    assert ("JT00000000000901", "TM00000000000002") in {(c.procedure_code, c.information_code) for c in found.choices}
    assert {OTARU, KAWASAKI} <= {b.code for b in found.bodies}
    assert "B011002" not in {b.code for b in found.bodies}
    assert found.master_version >= 1


def test_somebody_unknown_is_refused_with_the_reason_and_the_others_go_on(ready):
    ready.ask(item(1, "999"), item(2))
    ready.walk()
    found = {a.record_id: a.outcome for a in ready.answers()}
    assert found == {FIRST: "refused", "2026-00000002": "found"}
    assert "統合宛名" in ready.states(FIRST)[FIRST][1]


def test_who_has_no_code_yet_waits_and_goes_on_by_itself(ready):
    ready.register({"20": 1020})
    ready.ask(item(1, "20"))
    ready.round()
    assert ready.states(FIRST)[FIRST] == ("waiting", "符号を取得中です")
    ready.walk()
    assert ready.states(FIRST)[FIRST][0] in ("answered", "refused")  # Otaru does not know the person


def test_a_day_without_the_national_side_loses_nothing_and_sends_each_once_in_order(ready):
    ready.midserver.away = True
    for n in range(1, 31):
        ready.ask(item(n, str(n % 2 + 1)))
        ready.round()
        ready.world.later(hours=1)
    state = ready.business(SERVICE_STATE, Empty())
    assert (state.open, state.waiting) == (False, 30)
    assert "応答しません" in ready.states(FIRST)[FIRST][1]
    ready.midserver.away = False
    ready.round(limit=7)
    ready.walk()
    assert [a.sequence for a in ready.answers()] == list(range(1, 31))
    sent = Inquiry.objects.using("gateway").order_by("pk").values_list("record_id", flat=True)
    assert sorted(a.record_id for a in ready.answers()) == list(sent)
    assert ready.midserver.calls.count("inquiries") == 5


def test_a_middle_server_that_falls_silent_within_a_round_leaves_the_rest_to_the_next(ready):
    inner, answering = ready.midserver.inner, {"service-state"}

    class Fading:
        def call(self, operation, request, *, key=""):
            if operation.name not in answering:
                raise Unreachable("応答しません")
            if operation is mid.REGISTER_INQUIRIES:
                answering.discard(operation.name)  # the first page is taken, and then nothing more
            return inner.call(operation, request, key=key)

    def stored():
        return list(Inquiry.objects.using("gateway").order_by("pk").values_list("state", flat=True))

    ready.ask(item(1))
    ready.round()
    ready.ask(*[item(n, str(n % 2 + 1)) for n in range(2, 7)])
    ready.midserver.inner = Fading()
    done = ready.round()
    # results and inquiries could not travel; the step between them that stays in the city was done
    assert (done["open"], done["unreachable"], done["converted"]) == (1, 2, 5)
    assert stored() == ["sent"] + ["ready"] * 5
    answering.add("inquiries")
    assert ready.round(limit=2)["unreachable"] == 2
    assert stored() == ["sent"] * 3 + ["ready"] * 3
    ready.midserver.inner = inner
    ready.walk()
    assert [a.sequence for a in ready.answers()] == [1, 2, 3, 4, 5, 6]
    assert sorted(a.record_id for a in ready.answers()) == [f"2026-{n:08d}" for n in range(1, 7)]


@pytest.mark.parametrize("operation", ["inquiries", "inquiry-results", "to-unified", "to-atena"])
def test_killed_in_the_middle_of_a_round_nothing_is_lost_or_done_twice(ready, operation):
    ready.ask(*[item(n, str(n % 2 + 1)) for n in range(1, 6)])
    ready.midserver.crash_after = {operation}
    ready.unified.crash_after = {operation}
    crashes = 0
    for _ in range(5):
        try:
            ready.round()
        except Crash:
            crashes += 1
        ready.world.walk()
    assert crashes
    ready.walk()
    assert [a.sequence for a in ready.answers()] == [1, 2, 3, 4, 5]
    assert sorted(a.record_id for a in ready.answers()) == [f"2026-{n:08d}" for n in range(1, 6)]


@pytest.mark.parametrize("operation", ["code-requests", "code-states", "code-progress", "pending-codes"])
def test_killed_while_codes_walk_every_number_gets_its_code_once(city, operation):
    city.register({str(n): n for n in range(1, 6)})
    city.midserver.crash_after = {operation}
    city.unified.crash_after = {operation}
    for _ in range(6):
        try:
            city.round()
        except Crash:
            continue
        finally:
            city.unified_round()
            city.world.walk()
    city.walk()
    people = Person.objects.using("unified_id")
    assert set(people.values_list("linkage_state", flat=True)) == {"acquired"}
    assert people.values("processing_no").distinct().count() == 5


def test_an_inquiry_that_was_not_sent_is_cancelled_at_once(ready):
    ready.ask(item(1), item(2, "2"))
    assert [s.state for s in ready.cancel(FIRST)] == ["cancelled"]
    ready.round()
    ready.cancel("2026-00000002")
    ready.round()
    assert ready.states("2026-00000002")["2026-00000002"][0] == "cancelled"
    ready.walk()
    assert ready.answers() == ()


def test_a_number_that_changed_hands_gives_nobody_the_answer(ready):
    ready.ask(item(1))
    ready.round()
    Inquiry.objects.using("gateway").update(atena_no="2")
    ready.walk()
    assert ready.answers() == ()
    assert "統合宛名が変わりました" in HeldResult.objects.using("gateway").get().problem


def test_a_code_that_no_table_knows_holds_the_answer_until_the_table_does(ready, monkeypatch):
    known = tables.codes()
    monkeypatch.setattr(tables, "codes", lambda: tuple(c for c in known if c.outside != "3"))
    ready.ask(item(1))
    ready.walk()
    assert ready.answers() == ()
    held = HeldResult.objects.using("gateway").get()
    assert "課税区分" in held.problem
    assert b"3120001" not in bytes(held.sealed)
    monkeypatch.setattr(tables, "codes", lambda: known)
    ready.walk()
    assert [a.outcome for a in ready.answers()] == ["found"]
    assert not HeldResult.objects.using("gateway").exists()


def test_a_message_that_is_refused_as_a_whole_leaves_one_row_standing(ready):
    ready.ask(*[item(n) for n in range(1, 6)])
    inner, name = ready.midserver.inner, "2026-00000003"

    class Choosy:
        def call(self, operation, request, *, key=""):
            if operation is mid.REGISTER_INQUIRIES and any(name in i.record_id for i in request.items):
                raise Refused("受け取れません")
            return inner.call(operation, request, key=key)

    ready.midserver.inner = Choosy()
    ready.walk()
    assert Inquiry.objects.using("gateway").get(record_id=name).state == "stuck"
    assert len(ready.answers()) == 4


def test_contents_are_sealed_and_erased_after_their_time(ready):
    ready.ask(item(1))
    ready.walk()
    row = answers_module.Answer.objects.using("gateway").get()
    assert b"total_income" not in bytes(row.sealed)
    ready.world.later(days=answers_module.KEEP_DAYS + 1)
    ready.round()
    (answer,) = ready.answers()
    assert (answer.items, answer.outcome) == ((), "found")
    assert "消去" in answer.reason


def flags_at_midserver(city):
    from tasuke.systems.midserver.tenancy import inside

    with inside("B011002") as room:
        return sorted(room.rows("SELECT kind, lifted_at IS NULL FROM flag", []))


def test_households_that_nobody_may_ask_for_wait_with_the_reason(ready):
    MasterRow.objects.using("gateway").filter(information_code=tables.provided()["household"].information_code).delete()
    ready.households("5", member("1", "02"))
    ready.midserver.calls.clear()
    ready.round()
    ready.round()
    assert "replica" not in ready.midserver.calls
    assert "組合せがありません" in Provision.objects.using("gateway").get().error


def test_a_protected_member_flags_the_household_and_the_flags_go_out_before_the_replica(ready):
    ready.households("5", member("1", "02"), member("2", protected=True))
    ready.unified.calls.clear()
    ready.midserver.calls.clear()
    done = ready.round()
    assert (done["flags"], done["flags_failed"]) == (2, 0)
    assert flags_at_midserver(ready) == [("manual", True)] * 2 + [("undisclosed", True)] * 2
    names = ready.midserver.calls
    assert names.index("undisclosed") < names.index("replica")
    assert set(Provision.objects.using("gateway").values_list("sent_version", "error")) == {(1, "")}
    refused = ready.ask(item(1), item(2, "3"))
    assert [e.row for e in refused.errors] == [1]  # the gateway knows it even when the business does not say so


def test_a_turn_sends_so_many_pages_all_flags_first_and_the_next_turn_goes_on(ready, monkeypatch):
    monkeypatch.setattr(providing, "PAGES", 1)
    ready.households("4", member("3", "02"), member("4"))
    ready.households("5", member("1", "02"), member("2", protected=True))
    done = [ready.round(limit=1) for _ in range(6)]
    assert [d["flags"] for d in done] == [1, 1, 0, 0, 0, 0]
    assert [d["replicas"] for d in done] == [0, 1, 1, 1, 1, 0]
    assert set(Provision.objects.using("gateway").values_list("sent_version", "error")) == {(1, "")}


def test_a_flag_of_somebody_unknown_holds_up_nobody_else_and_is_tried_again(ready, monkeypatch):
    monkeypatch.setattr(providing, "PAGES", 1)
    ready.households("5", member("1", "02"), member("0", protected=True))
    done = [ready.round(limit=1) for _ in range(3)]
    assert [(d["flags"], d["flags_failed"]) for d in done] == [(0, 1), (1, 0), (0, 0)]
    assert list(Provision.objects.using("gateway").filter(sent_version=1).values_list("atena_no", flat=True)) == ["1"]
    ready.register({"0": 60})
    ready.walk()
    ready.world.later(minutes=2)
    last = ready.round()
    assert (last["flags"], last["replicas"]) == (1, 1)


def test_a_replica_of_somebody_unknown_waits_longer_each_time(ready):
    ready.households("5", member("0", "02"))
    waits = []
    for _ in range(5):
        ready.round()
        row = Provision.objects.using("gateway").get()
        waits.append((row.retry_at - ready.world.now) // timedelta(minutes=1))
        ready.world.now = row.retry_at
    assert waits == [10, 10, 20, 40, 60]


def test_flags_are_lifted_by_a_person_alone(ready):
    from tasuke.platform.audit import Origin, Recorder
    from tasuke.systems.gateway.services.lift_flags import CannotLift, lift_flags

    def lift(atena_no):
        audit = Recorder(Origin("T0001"))
        lift_flags(using="gateway", atena_no=atena_no, reason="終了を確認", by="T0001", audit=audit, at=ready.world.now)

    ready.households("5", member("1", protected=True))
    ready.round()
    with pytest.raises(CannotLift):
        lift("1")
    ready.world.later(days=1)
    ready.households("5", member("1", protected=False))
    ready.round()
    assert PersonFlag.objects.using("gateway").get().on
    lift("1")
    ready.round()
    assert flags_at_midserver(ready) == [("manual", False), ("undisclosed", False)]
    ready.world.later(days=1)
    ready.households("5", member("1", protected=True))
    ready.round()
    assert PersonFlag.objects.using("gateway").get().on


def test_households_keep_their_newest_state_and_name_nobody(ready):
    ready.households("5", member("1", "02"), member("2"))
    ready.world.later(days=1)
    today = ready.world.now.date()
    ready.households("6", member("2", "02"))
    reply = ready.households("6", member("2"), as_of=today - timedelta(days=1))
    assert reply.refused
    ready.households("5", member("1", "02"))
    rows = {p.atena_no: p for p in Provision.objects.using("gateway")}
    assert [len(rows[no].records) for no in "12"] == [1, 1]
    assert not rows["2"].deleted
    assert "atena" not in str(rows["1"].records)
    before = rows["1"].version
    ready.households("5", member("1", "02"))
    assert Provision.objects.using("gateway").get(pk="1").version == before


def test_a_number_out_of_use_is_taken_out_at_the_middle_server_and_comes_back_with_a_new_code(ready):
    from tasuke.contracts.unified import REGISTER, RegisterRequest, Registration
    from tasuke.platform.transport.links import link_to

    gone = tuple(Registration(atena_no="1", resident=False, name="", removed=True) for _ in "x")
    for business in ("001", "900"):
        request = RegisterRequest(business_id=business, registrations=gone)
        link_to("unified_id", consumer="welfare").call(REGISTER, request, key=ready.key())
    ready.walk()
    person = Person.objects.using("unified_id").get(state="removed")
    assert person.told_at is not None
    assert not NumberCode.objects.using("gateway").filter(pk=person.pk).exists()
    ready.register({"1": 1})
    ready.walk()
    person.refresh_from_db()
    assert (person.state, person.linkage_state) == ("in_use", "acquired")
    ready.ask(item(1))
    ready.walk()
    assert [a.outcome for a in ready.answers()] == ["found"]
    assert unified(1) != person.pk
