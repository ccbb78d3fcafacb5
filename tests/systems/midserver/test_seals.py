"""A national side gone bad: it carries seals that it cannot open, and what it changes or swaps is refused and kept."""

from datetime import date, timedelta

import pytest
from tests.systems.midserver.conftest import OTARU, SAPPORO, inquiry, replica, unified
from tests.systems.midserver.test_faults import refusals
from tests.systems.midserver.test_walk import records, register, results

from tasuke.contracts import interface as i
from tasuke.systems.midserver.tenancy import inside
from tasuke.systems.nis.answers import mediate_answers
from tasuke.systems.nis.asks import mediate_asks

pytestmark = pytest.mark.django_db(databases=["midserver", "nis"])
INTAKE = "tasuke.systems.nis.services.receive_envelopes"


def swapped(items):
    """Two good answers under each other's permit."""
    first, second = items
    return [
        first.model_copy(update={"answer_sealed": second.answer_sealed}),
        second.model_copy(update={"answer_sealed": first.answer_sealed}),
    ]


def changed(items):
    return [item.model_copy(update={"answer_sealed": item.answer_sealed[:-4] + "AAAA"}) for item in items]


def emptied(items):
    return [item.model_copy(update={"answer_sealed": "x"}) for item in items]


@pytest.mark.parametrize("bad", [swapped, changed, emptied])
def test_an_answer_that_was_changed_on_the_way_reaches_nobody_and_is_on_record(asked, monkeypatch, bad):
    def rogue(items, **more):
        return mediate_answers(bad(items), **more)

    monkeypatch.setattr(f"{INTAKE}.mediate_answers", rogue)
    register(asked, inquiry(1, unified(17)), inquiry(2, unified(17), year=2025))
    asked.call(OTARU, i.UPDATE_REPLICA, i.ReplicaUpdate(rows=(replica(unified(90), year=2025),)))
    asked.walk()
    found = [one for one in results(asked) if one.outcome == "found"]
    refused = [one for one in results(asked) if one.outcome == "refused"]
    assert (found, len(refused)) == ([], 2)
    assert all("復号できません" in one.reason and one.records == () for one in refused)
    assert refusals(SAPPORO) == [("outcome", "outcome")] * len(refused)
    # 番号法23条: both sides still keep that it was provided; ours says that it could not be used
    assert [one.outcome for one in records(asked, SAPPORO)] == ["refused"] * 2
    assert len(records(asked, OTARU)) == 2


def test_a_condition_that_was_changed_on_the_way_is_not_answered_and_on_record(asked, monkeypatch):
    def rogue(asks, **more):
        done = mediate_asks(asks, **more)
        for provider, items in done.permitted.items():
            done.permitted[provider] = [one.model_copy(update={"condition_sealed": "x.y"}) for one in items]
        return done

    monkeypatch.setattr(f"{INTAKE}.mediate_asks", rogue)
    register(asked, inquiry(1, unified(17), valid_from=date(2026, 1, 1)))
    asked.walk()
    assert refusals(OTARU) == [("permit", "permit")]
    assert records(asked, OTARU) == ()
    assert results(asked) == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"provider": SAPPORO}, "他の機関"),
        ({"expires_at": timedelta(days=-1)}, "期限"),
        ({"information_code": "TM00000000000777"}, "照合リスト"),
        ({"requester": "B999999"}, "配信マスター"),
    ],
)
def test_a_permit_that_does_not_fit_is_not_answered_whatever_core_says(asked, monkeypatch, change, why):
    def rogue(asks, **more):
        done = mediate_asks(asks, **more)
        for provider, items in done.permitted.items():
            done.permitted[provider] = [bent(one) for one in items]
        return done

    def bent(one):
        facts = {n: one.permit.issued_at + v if isinstance(v, timedelta) else v for n, v in change.items()}
        return one.model_copy(update={"permit": one.permit.model_copy(update=facts)})

    monkeypatch.setattr(f"{INTAKE}.mediate_asks", rogue)
    register(asked, inquiry(1, unified(17)))
    asked.walk()
    with inside(OTARU) as room:
        assert [why in row[0] for row in room.rows("SELECT reason FROM refusal")] == [True]
        assert room.value("SELECT count(*) FROM provision") == 0
    assert records(asked, OTARU) == ()
