"""名寄せ and its undoing in any order, against a plain list of what is one with what: no number ever changes."""

from datetime import date

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.systems.welfare.conftest import NOW, TODAY, event, facts, stream, subscribe

from tasuke.systems.welfare.models import IssuedNumber, Merge, PersonState
from tasuke.systems.welfare.services.issue_nonresident import issue_nonresident
from tasuke.systems.welfare.services.merge_numbers import CannotMerge, merge_numbers, unmerge_numbers
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["welfare"])
W = "welfare"
RESIDENT = "7"

steps = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("undo"), st.integers(0, 3), st.just(0)),
    ),
    max_size=14,
)


class Oracle:
    """Which number is one with which, by the rule alone: one step, from a 住登外者, no chains."""

    def __init__(self):
        self.into = {}

    def merge(self, one, other):
        if one in (other, RESIDENT) or one in self.into or other in self.into or one in self.into.values():
            return False
        self.into[one] = other
        return True

    def undo(self, one):
        return self.into.pop(one, None) is not None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_merging_and_undoing_in_any_order(drawn):
    with transaction.atomic(using=W):
        subscribe(kinds=("merge",))
        take_events(using=W, events=[event(1, RESIDENT)], last=1, at=NOW)
        given_numbers = [
            issue_nonresident(
                using=W,
                facts=facts(f"試験　{n}郎", birth_date=date(1985, 1, n)),
                business_id="900",
                by="S",
                on=TODAY,
                at=NOW,
            ).atena_no
            for n in (1, 2, 3)
        ]
        people = [*given_numbers, RESIDENT]
        oracle, told = Oracle(), []
        for what, a, b in drawn:
            one, other = people[a], people[b]
            if what == "merge":
                done = _merge(one, other)
                assert done == oracle.merge(one, other)
                told += [(one, other)] * done
            else:
                done = _undo(one)
                assert done == oracle.undo(one)
                told += [(one, None)] * done
        open_ones = Merge.objects.using(W).filter(undone_at__isnull=True)
        assert dict(open_ones.values_list("atena_no", "into_atena_no")) == oracle.into
        assert sorted(IssuedNumber.objects.using(W).values_list("atena_no", flat=True)) == sorted(given_numbers)
        assert set(PersonState.objects.using(W).values_list("atena_no", flat=True)) == set(people)
        assert [(c.atena_no, c.items["merged_into"]) for c in stream()] == told
        transaction.set_rollback(True, using=W)


def _merge(one, other):
    try:
        merge_numbers(using=W, atena_no=one, into=other, reason="同じ人", by="S", on=TODAY, at=NOW)
    except CannotMerge:
        return False
    return True


def _undo(one):
    merge = Merge.objects.using(W).filter(atena_no=one, undone_at__isnull=True).first()
    if merge is None:
        return False
    unmerge_numbers(using=W, merge_id=merge.pk, reason="別の人", by="S", on=TODAY, at=NOW)
    return True
