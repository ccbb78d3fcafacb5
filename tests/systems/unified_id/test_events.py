"""Events of residents: applied once, in order; gaps are named and fetched; requests for 符号 go out once."""

from datetime import date, timedelta

import pytest
from tests.systems.unified_id.conftest import AT, my_number

from tasuke.contracts.distribution import CONFIRM, PULL, PUSH, Events, Received, ResidentEvent
from tasuke.contracts.keys import SEALING_KEYS, SealingKey, SealingKeys
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.contracts.mediation import WANT_CODES, CodesTaken
from tasuke.contracts.unified import (
    PENDING_CODES,
    PUT_CODE_PROGRESS,
    CodeProgress,
    CodeProgressRequest,
    PendingCodesRequest,
)
from tasuke.platform.audit import Origin, Recorder
from tasuke.platform.crypto.sealed import keypair_of, open_with
from tasuke.platform.transport.links import bind, link_to
from tasuke.systems.unified_id import rounds
from tasuke.systems.unified_id.models import BusinessNumber, Merge, Person, Position
from tasuke.systems.unified_id.services.merge_persons import CannotMerge, merge_persons
from tasuke.systems.unified_id.services.unmerge_persons import unmerge_persons

pytestmark = [pytest.mark.django_db(databases=["unified_id"])]


def event(unified, n, status="1", **more):
    facts = {
        "name": "試験　花子",
        "birth_date": "2019-05-01",
        "sex": "2",
        "address": "試験市",
        "resident_status": status,
    }
    return ResidentEvent(
        sequence=n, event_id=f"e{n}", atena_no=more.pop("atena_no", str(n)), event_code="01",
        event_date=date(2026, 6, 1), recorded_at=AT, items=facts, my_number_sealed=unified.sealed(my_number(n)), **more,
    )  # fmt: skip


def push(unified, *events, last=0):
    unified.calls += 1
    request = Events(events=events, last=last or max(e.sequence for e in events))
    return link_to("unified_id", consumer="resident").call(PUSH, request, key=f"push-{unified.calls}")


def people():
    return Person.objects.using("unified_id").order_by("issued_at")


class Distribution:
    """The residents' distribution as far as this consumer sees it: keeps events, gives them when asked."""

    def __init__(self, events):
        self.events, self.confirmed = events, []

    def call(self, operation, request, *, key=""):
        if operation is PULL:
            after = [e for e in self.events if e.sequence > request.after][: request.limit]
            return Events(events=tuple(after), last=max(e.sequence for e in self.events))
        assert operation is CONFIRM
        self.confirmed.append(request.applied)
        return Received(applied=request.applied)


def test_a_gap_is_named_duplicates_are_dropped_and_a_pull_closes_it(unified):
    events = [event(unified, n) for n in range(1, 8)]
    assert push(unified, *events[:2]) == Received(applied=2, missing_from=None)
    assert push(unified, *events[4:]) == Received(applied=2, missing_from=3)
    assert people().count() == 2
    assert push(unified, *events[:2]).applied == 2
    source = Distribution(events)
    bind("resident", "unified_id", source)
    assert rounds.pull_missing(AT, limit=2) == {"events": 5}
    assert people().count() == 7
    assert source.confirmed == [7]
    assert rounds.pull_missing(AT) == {"events": 0}
    assert Position.objects.using("unified_id").get().applied == 7


def test_nobody_but_the_distribution_speaks_for_the_register_of_residents(unified):
    request = Events(events=(event(unified, 1),), last=1)
    with pytest.raises(Refused):
        unified.link.call(PUSH, request, key="push")
    assert not people().exists()


def test_a_bad_event_is_named_and_does_not_stop_the_others(unified):
    bad = event(unified, 2).model_copy(update={"my_number_sealed": "a.b.c.d.e"})
    assert push(unified, event(unified, 1), bad, event(unified, 3)).applied == 3
    assert people().count() == 2


def test_who_leaves_is_no_resident_and_who_is_none_is_registered_as_such(unified):
    push(unified, event(unified, 1), event(unified, 2, status="8"))
    assert list(people().order_by("unified_no").values_list("resident", flat=True)).count(True) == 1
    businesses = set(BusinessNumber.objects.using("unified_id").values_list("business_id", "atena_no"))
    assert businesses == {("001", "1"), ("031", "2")}
    push(unified, event(unified, 3, status="2", atena_no="1"))
    assert people().filter(resident=True).count() == 0
    assert people().filter(state="removed").count() == 1


class Juki:
    """住基GW as far as this system sees it: its key, and what arrives."""

    def __init__(self):
        self.pair, self.items, self.away = keypair_of("nis"), [], False

    def call(self, operation, request, *, key=""):
        if self.away:
            raise Unreachable("away")
        if operation is SEALING_KEYS:
            return SealingKeys(keys=tuple(SealingKey(kid=kid, jwk=jwk) for kid, jwk in self.pair.public_jwks()))
        assert operation is WANT_CODES
        self.items += request.items
        return CodesTaken(taken=len(request.items), known=0)


def progress(unified, *rows):
    unified.calls += 1
    changed = tuple(CodeProgress(unified_no=no, processing_no=p, state=s) for no, p, s in rows)
    unified.link.call(PUT_CODE_PROGRESS, CodeProgressRequest(changed=changed), key=f"progress-{unified.calls}")


def test_a_processing_number_goes_out_once_with_the_number_it_belongs_to(unified):
    juki = Juki()
    bind("nis", "unified_id", juki)
    unified.register(*[unified.row(str(n), my_number(n)) for n in (1, 2, 3)])
    pending = unified.link.call(PENDING_CODES, PendingCodesRequest()).unified_nos
    assert len(pending) == 3
    progress(unified, *[(no, f"P{i}", "requested") for i, no in enumerate(pending)])
    juki.away = True
    assert rounds.run_round(AT)["unreachable"] == 1
    juki.away = False
    assert rounds.run_round(AT)["codes_sent"] == 3
    assert rounds.run_round(AT + timedelta(hours=1))["codes_posted"] == 0
    assert [i.processing_no for i in juki.items] == ["P0", "P1", "P2"]
    opened = {open_with(juki.pair, i.my_number_sealed, context="my_number").decode() for i in juki.items}
    assert opened == {my_number(n) for n in (1, 2, 3)}
    progress(unified, (pending[0], "P0", "acquired"), (pending[1], "OTHER", "acquired"), (pending[2], "P2", "failed"))
    progress(unified, *[(no, f"P{i}", "requested") for i, no in enumerate(pending)])  # told again, late
    states = dict(Person.objects.using("unified_id").values_list("unified_no", "linkage_state"))
    assert [states[no] for no in pending] == ["acquired", "sent", "failed"]
    assert unified.link.call(PENDING_CODES, PendingCodesRequest()).unified_nos == ()


def merge(source, target):
    return merge_persons(
        using="unified_id", source=source, target=target, reason="同じ人", by="S1", audit=Recorder(Origin("S1")), at=AT
    )


def test_a_merge_moves_the_links_and_can_be_undone(unified):
    unified.register(unified.row("1", my_number(1)))
    unified.register(unified.row("2", my_number(2)), business="031")
    one = BusinessNumber.objects.using("unified_id").get(atena_no="1").person_id
    two = BusinessNumber.objects.using("unified_id").get(atena_no="2").person_id
    with pytest.raises(CannotMerge):
        merge(one, two)  # a resident's number stays
    merge(two, one)
    assert BusinessNumber.objects.using("unified_id").filter(person_id=one).count() == 2
    with pytest.raises(CannotMerge):
        merge(two, one)
    again = unified.register(unified.row("9", my_number(2)), business="900")
    assert [e.code for e in again.errors] == ["E0004"]  # the number of before makes no second person
    undone = Merge.objects.using("unified_id").get()
    unmerge_persons(using="unified_id", merge_id=undone.pk, reason="別人", by="S2", audit=Recorder(Origin("S2")), at=AT)
    assert BusinessNumber.objects.using("unified_id").get(atena_no="2").person_id == two
    assert unified.register(unified.row("2", my_number(2)), business="031").unchanged == 1


def test_an_approval_that_has_ended_stops_no_other_work(unified):
    class Closed:
        def call(self, operation, request, *, key=""):
            raise Refused("この日に有効な利用承認がありません", status=403)

    bind("resident", "unified_id", Closed())
    assert rounds.run_round(AT)["refused"] == 1
